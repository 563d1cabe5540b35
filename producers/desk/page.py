"""The layout of every page of the desk, and what a page is.

A page is a module in `pages/` with a `PAGE`, and a line in `pages.PAGES`.  Its texts are in `wording/NAME.yaml`, its
template is `templates/NAME.html`, which extends `base.html`; its own style and script are static files that the
template names.  The texts of a page and `wording/base.yaml` are in the template as `t`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

import jinja2
from litestar import MediaType, Request, Response, Router
from litestar.types import ControllerRouterHandler
from msgspec import Struct

from producers.desk.access import CSRF_FIELD, requires
from producers.desk.staff import Person, Role
from producers.desk.texts import LANGUAGES, texts
from producers.web.languages import preferred

LANGUAGE_COOKIE: Final = "desk-language"

_templates: Final = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).with_name("templates")),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


class Page(Struct, frozen=True, kw_only=True):
    """A page: its name (also the text with its title in the navigation), where it lives, for whom, its routes.

    `handlers` have paths below `path`; only people with one of `roles` reach them.
    """

    name: str
    path: str
    roles: Sequence[Role]
    handlers: Sequence[ControllerRouterHandler]

    def router(self) -> Router:
        """The page's routes, closed to everybody else."""
        return Router(path=self.path, guards=[requires(*self.roles)], route_handlers=self.handlers)

    def is_for(self, person: Person) -> bool:
        """Whether the person may open it."""
        return bool(set(self.roles) & set(person.roles))


def language_of(request: Request[Any, Any, Any]) -> str:
    """The language of the answer, one of `LANGUAGES`: the one chosen, else the person's, else the browser's."""
    chosen = request.cookies.get(LANGUAGE_COOKIE, "")
    if chosen in LANGUAGES:
        return chosen
    person: Person | None = request.scope.get("user")
    return person.language if person else preferred(request.headers.get("accept-language", ""), LANGUAGES)


def render(
    request: Request[Any, Any, Any],
    name: str,
    *,
    status: int = 200,
    headers: dict[str, str] | None = None,
    **values: Any,
) -> Response[str]:
    """The page `templates/NAME.html` with the texts `wording/NAME.yaml` and `values`.  Nobody may keep a copy."""
    language = language_of(request)
    person: Person | None = request.scope.get("user")
    pages: Sequence[Page] = request.app.state.pages
    html = _templates.get_template(f"{name}.html").render(
        t=SimpleNamespace(**texts("base", language), **texts(name, language)),
        language=language,
        languages=LANGUAGES,
        here=request.url.path,
        person=person,
        csrf=request.auth.csrf if person else "",
        csrf_field=CSRF_FIELD,
        pages=[page for page in pages if person and page.is_for(person)],
        current=name,
        **values,
    )
    return Response(
        html, status_code=status, media_type=MediaType.HTML, headers={"Cache-Control": "no-store", **(headers or {})}
    )
