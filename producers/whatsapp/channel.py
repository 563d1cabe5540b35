"""The Graph API's messages as the engine's channel."""

from __future__ import annotations

import logging
from typing import Any, Final

import httpx

from producers.bots.engine import ChannelError
from producers.bots.messages import Event, Option, Reply
from producers.bots.retrying import persist

log: Final = logging.getLogger(__name__)

#: Limits of the Cloud API, in characters: of a text, of the text above buttons; and how many buttons it may have.
MAX_BODY: Final = 4096
MAX_INTERACTIVE_BODY: Final = 1024
MAX_BUTTONS: Final = 3
MAX_ROWS: Final = 10
#: Seconds that a request may take.
TIMEOUT: Final = 10.0
#: Codes of errors that pass by themselves: rate limits of the app, the account, the phone and the pair of phones, and
#: services that are down (Cloud API, "Error codes").
_PASSING: Final = {1, 2, 4, 80007, 130429, 131000, 131016, 131056}


class GraphError(Exception):
    """The Graph API refused: status, its code for the error, and the seconds that it asks us to wait."""

    def __init__(self, status: int, code: int, wait: float) -> None:
        super().__init__(f"status {status}, code {code}")
        self.status, self.code, self.wait = status, code, wait


class WhatsAppChannel:
    """Sends replies from one business phone."""

    def __init__(self, api: str, phone_id: str, token: str) -> None:
        """`api`: the Graph API with its version; `phone_id`: of the business phone; `token`: the access token."""
        self._path = f"{api.rstrip('/')}/{phone_id}/messages"
        self._http = httpx.AsyncClient(headers={"Authorization": f"Bearer {token}"}, timeout=TIMEOUT)
        self.reachable = True

    async def close(self) -> None:
        """Let go of the connections."""
        await self._http.aclose()

    async def send(self, chat: str, reply: Reply) -> None:
        """Deliver a reply.  Raises ChannelError: the day after the person's last message is over, or Meta is away."""
        body = message(chat, reply)
        try:
            await persist(lambda: self._post(body), _wait)
        except (GraphError, httpx.HTTPError) as error:
            self.reachable = isinstance(error, GraphError) and error.status < httpx.codes.INTERNAL_SERVER_ERROR
            raise ChannelError(str(error) if isinstance(error, GraphError) else type(error).__name__) from None
        self.reachable = True

    async def acknowledge(self, event: Event, label: str) -> None:
        """Nothing: WhatsApp shows a choice as a message of the person."""

    async def _post(self, body: dict[str, Any]) -> None:
        reply = await self._http.post(self._path, json=body)
        if reply.is_success:
            return
        after = reply.headers.get("retry-after", "")
        raise GraphError(reply.status_code, _code(reply), float(after) if after.isdecimal() else 0.0)


def message(chat: str, reply: Reply) -> dict[str, Any]:
    """A reply as the body of `POST /{phone id}/messages`; `chat` is a phone, or the id of a person who hides it."""
    text = f"*{reply.title}*\n\n{reply.text}" if reply.title else reply.text
    whom = {"to": chat.removeprefix("+")} if chat.startswith("+") else {"recipient": chat}
    content: dict[str, Any]
    if reply.options:
        interactive = {
            "type": "button" if len(reply.options) <= MAX_BUTTONS else "list",
            "body": {"text": text[:MAX_INTERACTIVE_BODY]},
            "action": _action(reply),
        }
        content = {"type": "interactive", "interactive": interactive}
    else:
        content = {"type": "text", "text": {"preview_url": False, "body": text[:MAX_BODY]}}
    return {"messaging_product": "whatsapp", "recipient_type": "individual", **whom, **content}


def _action(reply: Reply) -> dict[str, Any]:
    """Up to three buttons, or a menu of up to ten rows."""
    if len(reply.options) <= MAX_BUTTONS:
        return {"buttons": [{"type": "reply", "reply": _option(option)} for option in reply.options]}
    return {"button": reply.menu, "sections": [{"rows": [_option(option) for option in reply.options[:MAX_ROWS]]}]}


def _option(option: Option) -> dict[str, str]:
    return {"id": option.token, "title": option.label}


def _code(reply: httpx.Response) -> int:
    try:
        return int(reply.json()["error"]["code"])
    except (ValueError, KeyError, TypeError):
        return 0


def _wait(error: Exception) -> float | None:
    """Least seconds to wait before another attempt, None where none will help."""
    if isinstance(error, httpx.TransportError):
        return 0.0
    if isinstance(error, GraphError):
        passing = error.status in {429} or error.status >= httpx.codes.INTERNAL_SERVER_ERROR or error.code in _PASSING
        return error.wait if passing else None
    return None
