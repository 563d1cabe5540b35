"""Static files by fixed names, and the security headers of every answer."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from litestar import Response, Router, get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from litestar.response import File
from litestar.types import Message

#: Nothing from elsewhere, nothing inline, no frame around our pages.
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS: Final = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),  # with none at all browsers send `Origin: null` with our own forms
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
_TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}


def files_in(folder: Path) -> dict[str, Path]:
    """The files of a folder by name."""
    return {path.name: path for path in folder.iterdir()}


#: The style and the icon of all our pages.
SHARED: Final = files_in(Path(__file__).with_name("static"))


def add_security_headers(message: Message, policy: str = POLICY) -> None:
    """Before an answer is sent: the policy of what a page may load, and that nobody may guess a file's type."""
    if message["type"] == "http.response.start":
        message["headers"] = [
            *message.get("headers", []),
            *_HEADERS,
            (b"content-security-policy", policy.encode()),
        ]


def static_router(files: Mapping[str, Path]) -> Router:
    """Serves these files, by name, at `/static/NAME`, and nothing else."""

    @get("/{name:str}", include_in_schema=False, cache_control=None, opt={"public": True})
    async def static_file(name: FromPath[str]) -> Response[Any]:
        """One of the known files."""
        if name not in files:
            raise NotFoundException
        path = files[name]
        return File(
            path,
            media_type=_TYPES[path.suffix],
            content_disposition_type="inline",
            headers={"Cache-Control": "public, max-age=300, must-revalidate"},
        )

    return Router(path="/static", route_handlers=[static_file])
