"""Static files of the pages, by fixed names, and the security headers of every answer."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from litestar import Response, Router, get
from litestar.exceptions import NotFoundException
from litestar.response import File
from litestar.types import Message, Scope

from producers.gateway.openapi import swagger_files

_FOLDER: Final = Path(__file__).parent / "static"
_TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
_FILES: Final = {path.name: path for path in _FOLDER.iterdir()} | swagger_files()

#: Nothing from elsewhere, nothing inline, no frame around our pages.
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
#: Swagger UI styles its elements inline and carries its icons as data.
_DOCS_POLICY: Final = _POLICY.replace("style-src 'self'", "style-src 'self' 'unsafe-inline'").replace(
    "img-src 'self'", "img-src 'self' data:"
)
_HEADERS: Final = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
)


async def add_security_headers(message: Message, scope: Scope) -> None:
    """Hook before an answer is sent: the policy of what a page may load, and that nobody may guess a file's type."""
    if message["type"] != "http.response.start":
        return
    policy = _DOCS_POLICY if scope.get("path_template") == "/docs" else _POLICY
    message.setdefault("headers", [])
    message["headers"] = [*message["headers"], *_HEADERS, (b"content-security-policy", policy.encode())]


@get("/{name:str}", include_in_schema=False, cache_control=None)
async def static_file(name: str) -> Response[Any]:
    """One of the known files."""
    if name not in _FILES:
        raise NotFoundException
    path = _FILES[name]
    return File(
        path,
        media_type=_TYPES[path.suffix],
        content_disposition_type="inline",
        headers={"Cache-Control": "public, max-age=300, must-revalidate"},
    )


router: Final = Router(path="/static", route_handlers=[static_file])
