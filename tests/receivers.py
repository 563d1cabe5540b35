"""Messengers on loopback: HTTP services that can be dead or hang, and a mail server; they keep who was told what."""

from __future__ import annotations

import email
import email.policy
import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller
from msgspec import Struct


class Told(Struct, frozen=True):
    """One message that arrived: by which way (`person-way`), what it said, and what a mail refers to."""

    way: str
    title: str
    body: str
    thread: str = ""


class Messengers:
    """An HTTP server with a way at each path, and a mail server with a way at each address."""

    def __init__(self) -> None:
        self.told: list[Told] = []
        self.dead: set[str] = set()
        #: Called with the way when a message arrives, before it is answered.
        self.on_arrival: Callable[[str], None] = lambda _: None
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._http.daemon_threads = True
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._mail_port = free.getsockname()[1]
        self._mail = Controller(self, hostname="127.0.0.1", port=self._mail_port)

    def http(self, way: str) -> str:
        """The Apprise URL of a way over HTTP."""
        return f"json://127.0.0.1:{self._http.server_port}/{way}"

    def mail(self, way: str) -> str:
        """The Apprise URL of a way by e-mail."""
        address = f"?from=saqbol@example.kz&to={way}@example.kz&mode=insecure"
        return f"mailto://127.0.0.1:{self._mail_port}/{address}"

    @contextmanager
    def running(self) -> Iterator[None]:
        """Both servers, until the end of the block."""
        thread = threading.Thread(target=self._http.serve_forever)
        thread.start()
        self._mail.start()
        try:
            yield
        finally:
            self._mail.stop()
            self._http.shutdown()
            self._http.server_close()
            thread.join()

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        """A mail, by aiosmtpd's rules."""
        way = envelope.rcpt_tos[0].partition("@")[0]
        self.on_arrival(way)
        if way in self.dead:
            return "451 dead"
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        body = message.get_body(("plain", "html"))
        assert body is not None
        self.told.append(Told(way, str(message["subject"]), body.get_content(), str(message["references"])))
        return "250 OK"

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        messengers = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                content = json.loads(self.rfile.read(int(self.headers["content-length"])))
                way = self.path.strip("/")
                if way not in messengers.dead:
                    messengers.told.append(Told(way, content["title"], content["message"]))
                messengers.on_arrival(way)
                self.send_response(503 if way in messengers.dead else 200)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        return Handler
