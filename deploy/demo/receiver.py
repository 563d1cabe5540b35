"""A small HTTP server that stands for the phone of the person on call: it takes Apprise's JSON and keeps it.

`GET /` shows what has arrived, as plain text.  It listens on loopback only, on any free port.
"""

from __future__ import annotations

import json
import threading
import time
from datetime import UTC, datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Final

from msgspec import Struct

from deploy.home import HOST

#: A page longer than this is none (bytes).
MAX_BODY: Final = 262_144


class Page(Struct, frozen=True):
    """What the person on call got; `clock` is time.monotonic at its arrival, in seconds."""

    title: str
    text: str
    at: datetime
    clock: float


class Receiver:
    """The server, as a context manager.  `pages` is what has arrived, in order."""

    def __init__(self) -> None:
        self.pages: list[Page] = []
        self._server = ThreadingHTTPServer((HOST, 0), _handler(self.pages))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, name="receiver", daemon=True)

    @property
    def url(self) -> str:
        """Where a browser sees the pages."""
        return f"http://{HOST}:{self._server.server_port}/"

    @property
    def apprise_url(self) -> str:
        """The same for Apprise, which posts JSON there."""
        return f"json://{HOST}:{self._server.server_port}/"

    def __enter__(self) -> Receiver:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _handler(pages: list[Page]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = 10

        def do_POST(self) -> None:
            """Keep a page: a JSON object with the texts `title` and `message`."""
            try:
                length = int(self.headers.get("Content-Length", ""))
            except ValueError:
                self._answer(HTTPStatus.LENGTH_REQUIRED, "send Content-Length")
                return
            if not 0 <= length <= MAX_BODY:
                self._answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"at most {MAX_BODY} bytes")
                return
            try:
                body = json.loads(self.rfile.read(length))
                page = Page(str(body["title"]), str(body["message"]), datetime.now(UTC), time.monotonic())
            except (ValueError, TypeError, KeyError):
                self._answer(HTTPStatus.BAD_REQUEST, 'send JSON: {"title": "…", "message": "…"}')
                return
            pages.append(page)
            self._answer(HTTPStatus.OK, "received")

        def do_GET(self) -> None:
            """Show what has arrived."""
            shown = [f"{page.at.astimezone():%H:%M:%S}  {page.title}\n\n{page.text}" for page in pages]
            self._answer(HTTPStatus.OK, "\n\n\n".join(shown) or "no pages yet")

        def log_message(self, format: str, *args: object) -> None:
            """Stay silent: the terminal shows the demo."""

        def _answer(self, status: HTTPStatus, text: str) -> None:
            data = (text + "\n").encode()
            self.send_response(status)
            self.send_header("Content-Type", "text/plain; charset=utf-8")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

    return Handler
