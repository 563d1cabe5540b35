"""Static files of the gateway's pages, and the security headers of every answer."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from litestar.types import Message, Scope

from producers.gateway.openapi import swagger_files
from producers.web import assets

#: Swagger UI styles its elements inline and carries its icons as data.
_DOCS_POLICY: Final = assets.POLICY.replace("style-src 'self'", "style-src 'self' 'unsafe-inline'").replace(
    "img-src 'self'", "img-src 'self' data:"
)


async def add_security_headers(message: Message, scope: Scope) -> None:
    """Hook before an answer is sent."""
    docs = scope.get("path_template") == "/docs"
    assets.add_security_headers(message, _DOCS_POLICY if docs else assets.POLICY)


router: Final = assets.static_router(
    assets.SHARED | assets.files_in(Path(__file__).with_name("static")) | swagger_files()
)
