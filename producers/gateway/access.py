"""The access log: what was asked and answered, and nothing of what was said.

The path is the route's template, never the address as it was typed, which may hold anything; there is no query
string, no body, no address of the client.
"""

from __future__ import annotations

import logging
import time
from typing import Final

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

log: Final = logging.getLogger("producers.gateway.access")

#: Requests of machines that ask every few seconds whether all is well; not worth a line.
_QUIET: Final = frozenset({"/health/live", "/health/ready", "/metrics"})


def with_access_log(app: ASGIApp) -> ASGIApp:
    """`app`, each of whose requests leaves one line: method, route, status, milliseconds."""

    async def logged(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await app(scope, receive, send)
            return
        started = time.perf_counter()
        status = 0

        async def watch(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await app(scope, receive, watch)
        finally:
            route = scope.get("path_template") or "(no route)"
            if route not in _QUIET:
                milliseconds = (time.perf_counter() - started) * 1000
                log.info("%s %s %d %.1f ms", scope["method"], route, status, milliseconds)

    return logged
