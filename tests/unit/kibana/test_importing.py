"""The import of the bundles, against a server that answers as Kibana's API of saved objects does."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from email.message import Message
from email.parser import BytesParser
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from deploy.kibana import bundle
from deploy.kibana.importing import KibanaError, import_bundles


class Kibana(BaseHTTPRequestHandler):
    """Takes a multipart body with a file of NDJSON, and answers what `answers` says of it."""

    server: Server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        head = f"Content-Type: {self.headers['Content-Type']}\r\n\r\n".encode()
        (part,) = BytesParser().parsebytes(head + body).get_payload()
        assert isinstance(part, Message)
        payload = part.get_payload(decode=True)
        assert isinstance(payload, bytes)
        objects = [json.loads(line) for line in payload.decode().splitlines() if line]
        self.server.seen.append({"path": self.path, "headers": dict(self.headers), "objects": objects})
        status, answer = self.server.answer(objects)
        self.send_response(status)
        self.end_headers()
        self.wfile.write(json.dumps(answer).encode())

    def log_message(self, format: str, *args: object) -> None:
        """Stay silent."""


class Server(HTTPServer):
    seen: list[dict[str, Any]]
    status = 200
    refused: list[dict[str, Any]]

    def answer(self, objects: list[Any]) -> tuple[int, dict[str, Any]]:
        taken = len(objects) - len(self.refused)
        answer: dict[str, Any] = {"success": not self.refused, "successCount": taken}
        return self.status, answer | ({"errors": self.refused} if self.refused else {})


@pytest.fixture
def kibana() -> Iterator[Server]:
    with Server(("127.0.0.1", 0), Kibana) as server:
        server.seen, server.refused = [], []
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def url(server: Server) -> str:
    return f"http://127.0.0.1:{server.server_port}"


def test_imports_every_bundle_over_what_is_there(kibana: Server) -> None:
    said = import_bundles(f"{url(kibana)}/", ("saqbol_provisioner", "secret"))
    assert len(said) == len(bundle.files()) == len(kibana.seen)
    for request, text in zip(kibana.seen, bundle.files().values(), strict=True):
        assert request["path"] == "/api/saved_objects/_import?overwrite=true"
        assert request["headers"]["Kbn-Xsrf"]
        login = request["headers"]["Authorization"].removeprefix("Basic ")
        assert base64.b64decode(login) == b"saqbol_provisioner:secret"
        assert request["objects"] == [json.loads(line) for line in text.splitlines()]


def test_says_what_kibana_did_not_take(kibana: Server) -> None:
    kibana.refused = [{"type": "dashboard", "id": "saqbol-now-ru", "error": {"type": "unsupported_type"}}]
    with pytest.raises(KibanaError, match="dashboard saqbol-now-ru: unsupported_type"):
        import_bundles(url(kibana))


def test_says_when_the_user_may_not(kibana: Server) -> None:
    kibana.status = 403
    with pytest.raises(KibanaError, match="privilege to manage saved objects"):
        import_bundles(url(kibana))


@pytest.mark.parametrize("address", ["http://127.0.0.1:1", "127.0.0.1:5601", "file:///etc/passwd"])
def test_says_when_there_is_no_kibana(address: str) -> None:
    with pytest.raises(KibanaError, match=r"Kibana"):
        import_bundles(address)
