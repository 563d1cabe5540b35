"""The pages of the desk, in the order of the navigation: one module a page."""

from __future__ import annotations

from typing import Final

from producers.desk.page import Page

#: A page of yours: `from producers.desk.pages import NAME` above, `NAME.PAGE` here.
PAGES: Final[tuple[Page, ...]] = ()
