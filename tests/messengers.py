"""Servers on loopback that speak the documented HTTP of Telegram's Bot API and of WhatsApp's Graph API.

They keep what the bot sends, and fail when a test wants them to.
"""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl

#: (status, body) of an answer.
Answer = tuple[int, dict[str, Any]]


class Messenger:
    """An HTTP server with a queue of failures to answer with before it works again."""

    def __init__(self) -> None:
        self.failures: list[Answer] = []
        self.wrong: list[str] = []
        self._arrived = threading.Condition()

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(handler) -> None:
                raw = handler.rfile.read(int(handler.headers.get("content-length", 0)))
                status, body = self.answer(handler.path, dict(handler.headers.items()), raw)
                payload = json.dumps(body).encode()
                with contextlib.suppress(ConnectionError):  # a bot that was killed hears nothing
                    handler.send_response(status)
                    handler.send_header("content-type", "application/json")
                    handler.send_header("content-length", str(len(payload)))
                    handler.end_headers()
                    handler.wfile.write(payload)

            do_GET = do_POST

            def log_message(self, *_: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True

        self.server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def answer(self, path: str, headers: dict[str, str], raw: bytes) -> Answer:
        raise NotImplementedError

    @contextlib.contextmanager
    def running(self) -> Iterator[Messenger]:
        thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield self
        finally:
            self.server.shutdown()
            self.server.server_close()
            thread.join()


class TelegramServer(Messenger):
    """The Bot API for one bot: https://core.telegram.org/bots/api."""

    TOKEN = "123456:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw"

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self._updates: list[dict[str, Any]] = []
        self._next = 1000

    def update(self, **content: Any) -> dict[str, Any]:
        """Put an update into the queue; returns it as it will be fetched."""
        with self._arrived:
            self._next += 1
            update = {"update_id": self._next, **content}
            self._updates.append(update)
            self._arrived.notify_all()
        return update

    def write(self, chat: int, text: str = "", **more: Any) -> dict[str, Any]:
        """A person writes to the bot."""
        return self.update(message=telegram_message(chat, self._next + 5000, text, **more))

    def tap(self, chat: int, label: str) -> dict[str, Any]:
        """A person taps the newest button with this label."""
        for call in reversed(self.said(chat)):
            rows = json.loads(call.get("reply_markup", '{"inline_keyboard": []}'))["inline_keyboard"]
            for button in (button for row in rows for button in row):
                if button["text"] == label:
                    message = telegram_message(
                        chat, 77, call["text"], sender={"id": 1, "is_bot": True, "first_name": "b"}
                    )
                    person = {"id": chat, "is_bot": False, "first_name": "A", "language_code": "ru"}
                    query = {"id": f"q{self._next}", "from": person, "chat_instance": "1", "message": message}
                    return self.update(callback_query={**query, "data": button["callback_data"]})
        raise AssertionError(f"no button {label}")

    def said(self, chat: int, since: int = 0) -> list[dict[str, Any]]:
        """What was sent to a chat, after the first `since` messages."""
        sent = [body for name, body in list(self.calls) if name == "sendmessage" and body["chat_id"] == str(chat)]
        return sent[since:]

    def answer(self, path: str, _: dict[str, str], raw: bytes) -> Answer:
        bot, name = path[1:].split("/", 1)
        if bot != f"bot{self.TOKEN}":
            return 401, {"ok": False, "error_code": 401, "description": "Unauthorized"}
        body = dict(parse_qsl(raw.decode()))
        method = name.lower()
        if method == "getupdates":
            return 200, {"ok": True, "result": self._fetch(int(body.get("offset", 0)), float(body.get("timeout", 0)))}
        if self.failures and method == "sendmessage":
            return self.failures.pop(0)
        self.calls.append((method, body))
        return 200, {"ok": True, "result": self._result(method, body)}

    def _fetch(self, offset: int, timeout: float) -> list[dict[str, Any]]:
        deadline = time.monotonic() + min(timeout, 2)
        with self._arrived:
            self._updates = [update for update in self._updates if update["update_id"] >= offset]
            while not self._updates and time.monotonic() < deadline:
                self._arrived.wait(0.2)
            return self._updates[:100]

    def _result(self, method: str, body: dict[str, Any]) -> Any:
        if method == "getme":
            return {"id": 123456, "is_bot": True, "first_name": "SaqBol", "username": "saqbol_bot"}
        if method in ("sendmessage", "editmessagetext"):
            return telegram_message(int(body["chat_id"]), 77, body["text"])
        return True


def telegram_message(chat: int, number: int, text: str = "", **more: Any) -> dict[str, Any]:
    """A message in a private chat, in the documented shape."""
    sender = more.pop("sender", {"id": chat, "is_bot": False, "first_name": "Айгүл", "language_code": "ru"})
    given = {"text": text} if text else {}
    return {
        "message_id": number,
        "date": int(time.time()),
        "chat": {"id": chat, "type": "private", "first_name": "Айгүл"},
        "from": sender,
        **given,
        **more,
    }


class GraphServer(Messenger):
    """The Graph API's `POST /{version}/{phone id}/messages`."""

    PHONE_ID = "106540352242922"
    TOKEN = "EAAGtest"

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[dict[str, Any]] = []
        self.tries = 0

    def said(self, phone: str, since: int = 0) -> list[dict[str, Any]]:
        """What was sent to a phone, after the first `since` messages."""
        return [body for body in list(self.sent) if body.get("to") == phone or body.get("recipient") == phone][since:]

    def button(self, phone: str, label: str) -> dict[str, str]:
        """The newest button or row with this label: its id and title."""
        for body in reversed(self.said(phone)):
            action = body.get("interactive", {}).get("action", {})
            buttons = [button["reply"] for button in action.get("buttons", ())]
            rows = [row for section in action.get("sections", ()) for row in section["rows"]]
            for option in (*buttons, *rows):
                if option["title"] == label:
                    return dict(option)
        raise AssertionError(f"no button {label}")

    def answer(self, path: str, headers: dict[str, str], raw: bytes) -> Answer:
        self.tries += 1
        authorised = {k.lower(): v for k, v in headers.items()}.get("authorization") == f"Bearer {self.TOKEN}"
        if not authorised:
            return 401, {"error": {"message": "Invalid OAuth access token", "type": "OAuthException", "code": 190}}
        if path != f"/v23.0/{self.PHONE_ID}/messages":
            return 404, {"error": {"message": "Unknown path", "type": "GraphMethodException", "code": 100}}
        if self.failures:
            return self.failures.pop(0)
        body = json.loads(raw)
        self.sent.append(body)
        whom = body.get("to") or body.get("recipient")
        contacts = [{"input": whom, "wa_id": whom}]
        message = {"id": f"wamid.answer{len(self.sent)}"}
        return 200, {"messaging_product": "whatsapp", "contacts": contacts, "messages": [message]}


def whatsapp_message(phone: str, number: str, text: str = "", **more: Any) -> dict[str, Any]:
    """A message to the business phone, in the documented shape."""
    given = {"type": "text", "text": {"body": text}} if text else {}
    return {"from": phone, "id": f"wamid.{number}", "timestamp": str(int(time.time())), **given, **more}


def whatsapp_notification(*messages: dict[str, Any], phone_id: str = GraphServer.PHONE_ID, **more: Any) -> bytes:
    """A notification of the webhook that holds messages, or whatever else its value holds."""
    value: dict[str, Any] = {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "77172000000", "phone_number_id": phone_id},
        **more,
    }
    if messages:
        people = [{"profile": {"name": "Айгүл"}, "wa_id": m["from"]} for m in messages if "from" in m]
        value |= {"contacts": people, "messages": list(messages)}
    change = {"field": "messages", "value": value}
    body = {"object": "whatsapp_business_account", "entry": [{"id": "102290129340398", "changes": [change]}]}
    return json.dumps(body, ensure_ascii=False).encode()
