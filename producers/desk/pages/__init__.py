"""The pages of the desk, in the order of the navigation: one module a page."""

from __future__ import annotations

from typing import Final

from producers.desk.page import Page
from producers.desk.pages import alerts, consultation, warnings

#: A page of yours: a module of this package, imported above, and its `PAGE` here.
PAGES: Final[tuple[Page, ...]] = (consultation.PAGE, warnings.PAGE, alerts.PAGE)
