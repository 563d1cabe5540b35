"""The layout of every page of the desk, and what a page is.

A page is a module in `pages/` with a `PAGE`, and a line in `pages.PAGES`.  Its texts are in `wording/NAME.yaml`, its
template is `templates/NAME.html`, which extends `base.html`; its own style and script are static files that the
template names.  The texts of a page and `wording/base.yaml` are in the template as `t`.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

import jinja2
from litestar import MediaType, Request, Response, Router
from litestar.types import ControllerRouterHandler
from msgspec import Struct

from producers.desk.access import CSRF_FIELD, requires
from producers.desk.service import Desk
from producers.desk.staff import Person, Role
from producers.desk.texts import LANGUAGES, Language, texts
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

    `handlers` have paths below `path`; only people with one of `roles` reach them.  `work` runs as long as the desk.
    """

    name: str
    path: str
    roles: Sequence[Role]
    handlers: Sequence[ControllerRouterHandler]
    work: Callable[[Desk], Coroutine[Any, Any, None]] | None = None

    def router(self) -> Router:
        """The page's routes, closed to everybody else."""
        return Router(path=self.path, guards=[requires(*self.roles)], route_handlers=self.handlers)

    def is_for(self, person: Person) -> bool:
        """Whether the person may open it."""
        return bool(set(self.roles) & set(person.roles))


def language_of(request: Request[Any, Any, Any]) -> Language:
    """The language of the answer: the one chosen, else the person's, else the browser's."""
    person: Person | None = request.scope.get("user")
    wanted = request.cookies.get(LANGUAGE_COOKIE, "")
    if wanted not in LANGUAGES:
        wanted = person.language if person else preferred(request.headers.get("accept-language", ""), LANGUAGES)
    return "kk" if wanted == "kk" else "ru"


def render(
    request: Request[Any, Any, Any],
    name: str,
    *,
    template: str | None = None,
    status: int = 200,
    headers: dict[str, str] | None = None,
    here: str | None = None,
    **values: Any,
) -> Response[str]:
    """The page `templates/NAME.html` with the texts `wording/NAME.yaml` and `values`.  Nobody may keep a copy.

    `template` names another one with the same texts, such as a fragment that the page's script asks for.  `here` is
    where the page can be got in the other language, if not at the address of the request.
    """
    language = language_of(request)
    person: Person | None = request.scope.get("user")
    pages: Sequence[Page] = request.app.state.pages
    html = _templates.get_template(f"{template or name}.html").render(
        t=SimpleNamespace(**texts("base", language), **texts(name, language)),
        language=language,
        languages=LANGUAGES,
        here=here or request.url.path,
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
