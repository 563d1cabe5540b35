"""How updates come in: fetched by long polling, or brought to the webhook by Telegram with its secret."""

from __future__ import annotations

import asyncio
import hmac
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
from litestar import Request, Response, post
from telegram import Bot, Update
from telegram.error import InvalidToken, TelegramError

from producers.bots.messages import Event
from producers.bots.references import Naming
from producers.gateway.service import read_body
from producers.telegram.channel import asked_to_wait
from producers.telegram.reading import ALLOWED, read_update

log: Final = logging.getLogger(__name__)

WEBHOOK: Final = "/telegram/webhook"
#: Seconds that Telegram holds a request until there is something to fetch, and what the network may take besides.
POLL: Final = 25
_NETWORK: Final = 10.0
#: Wait after a failure, doubled up to the longest.
_FIRST_WAIT: Final = 1.0
_LONGEST_WAIT: Final = 30.0
#: The Bot API does not mind the case of a method's name; by this one the library gives updates as they came, so that
#: one that it can't read does not hold up the others.
_GET_UPDATES: Final = "getupdates"
_SECRET: Final = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - the name of a header

Receive = Callable[[Event], None]


class Updates:
    """From an update as it came to an event handed over; knows whether Telegram answered last."""

    def __init__(self, bot: Bot, naming: Naming, receive: Receive) -> None:
        self._bot, self._naming, self._receive = bot, naming, receive
        self.reachable = False

    def take(self, update: Any) -> None:
        """Hand an update over, or say in the log that it can't be read: then it would be no better the next time.

        Raises what `receive` raises: then it must come again.
        """
        try:
            read = Update.de_json(update, self._bot)
            event = read_update(read, self._naming, datetime.now(UTC))
        except Exception as error:
            log.warning("an update can't be read: %s", type(error).__name__)
            return
        if event is not None:
            self._receive(event)

    async def poll(self) -> None:
        """Fetch updates for ever.  One is let go (by the next request) only after it was handed over."""
        offset, wait = 0, _FIRST_WAIT
        while True:
            try:
                wanted = {"offset": offset, "timeout": POLL, "allowed_updates": list(ALLOWED)}
                updates: Any = await self._bot.do_api_request(_GET_UPDATES, wanted, read_timeout=POLL + _NETWORK)
                self.reachable, wait = True, _FIRST_WAIT
                for update in updates:
                    self.take(update)
                    offset = max(offset, int(update["update_id"]) + 1)
            except Exception as error:
                self.reachable = False
                log.warning("updates can't be fetched: %s", type(error).__name__)
                await asyncio.sleep(max(wait, asked_to_wait(error)))
                wait = min(wait * 2, _LONGEST_WAIT)


@post(WEBHOOK, status_code=200, include_in_schema=False)
async def webhook(request: Request[Any, Any, Any]) -> Response[None]:
    """Take one update: 200 once it is safe, 403 without the secret, 400 if it is no JSON object."""
    given = request.headers.get(_SECRET, "")
    if not hmac.compare_digest(given.encode(), request.app.state.secret.encode()):
        return Response(None, status_code=403)
    try:
        update = msgspec.json.decode(await read_body(request), type=dict)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Response(None, status_code=400)
    request.app.state.updates.take(update)
    return Response(None, status_code=200)


async def until_done(what: str, attempt: Callable[[], Any]) -> None:
    """Await `attempt()`, again and again until Telegram answers.  Raises InvalidToken."""
    wait = _FIRST_WAIT
    while True:
        try:
            await attempt()
        except InvalidToken:
            raise
        except TelegramError as error:
            log.warning("%s: %s", what, type(error).__name__)
            await asyncio.sleep(max(wait, asked_to_wait(error)))
            wait = min(wait * 2, _LONGEST_WAIT)
        else:
            return
