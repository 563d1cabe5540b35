"""`python -m producers.telegram`: serve, with settings from the environment (see producers.telegram.settings)."""

from __future__ import annotations

import asyncio
import logging
import os
import sqlite3
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from telegram import Bot
from telegram.error import InvalidToken
from telegram.request import HTTPXRequest

from producers.bots import drafts
from producers.bots.engine import MAX_CHATS, Engine
from producers.bots.gateway import GatewayClient
from producers.bots.references import Naming
from producers.bots.server import Health, create_app, serve
from producers.bots.settings import SettingsError
from producers.bots.store import Store
from producers.telegram.channel import TelegramChannel
from producers.telegram.reading import ALLOWED
from producers.telegram.settings import Settings, from_environment
from producers.telegram.updates import Updates, until_done, webhook
from schemas.events import Channel

log: Final = logging.getLogger("producers.telegram")

#: Seconds that a request to Telegram may take.
_TIMEOUT: Final = 10.0


async def run(settings: Settings) -> int:
    """Serve until SIGTERM or SIGINT.  Returns 2 if Telegram does not know the token."""
    bot = _connect(settings)
    gateway = GatewayClient(settings.gateway, settings.key)
    store = Store(settings.database)
    naming = Naming(settings.token, "tg")
    channel = TelegramChannel(bot)
    who = drafts.Bot(source=settings.source, channel=Channel.TELEGRAM)
    engine = Engine(who, store, gateway, channel, naming)
    updates = Updates(bot, naming, engine.receive)
    stop = asyncio.Event()

    async def listen() -> None:
        """Make Telegram send updates, or fetch them for ever."""
        await until_done("Telegram does not answer", bot.initialize)
        await until_done("the menu is not set", channel.introduce)
        if settings.webhook:
            await until_done("the webhook is not set", lambda: _set_webhook(bot, settings))
            updates.reachable = True
        else:
            await until_done("the webhook is not removed", bot.delete_webhook)
            await updates.poll()

    async def listening() -> None:
        try:
            await listen()
        except InvalidToken:
            log.error("Telegram does not know the token; take a fresh one from @BotFather")
            stop.set()

    @asynccontextmanager
    async def work() -> AsyncIterator[None]:
        engine.start()
        task = asyncio.create_task(listening())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await engine.stop()

    health = Health(gateway, engine, lambda: updates.reachable)
    state = {"secret": settings.webhook_secret, "updates": updates, "health": health}
    try:
        await serve(create_app([webhook] if settings.webhook else [], work, state), settings, stop)
    finally:
        store.close()
        await gateway.close()
        await bot.shutdown()
    return 2 if stop.is_set() else 0


def _connect(settings: Settings) -> Bot:
    request = HTTPXRequest(
        connection_pool_size=MAX_CHATS + 4,
        read_timeout=_TIMEOUT,
        write_timeout=_TIMEOUT,
        connect_timeout=_TIMEOUT,
        pool_timeout=_TIMEOUT,
    )
    api = settings.api.rstrip("/")
    return Bot(settings.token, base_url=f"{api}/bot", base_file_url=f"{api}/file/bot", request=request)


async def _set_webhook(bot: Bot, settings: Settings) -> None:
    await bot.set_webhook(settings.webhook, secret_token=settings.webhook_secret, allowed_updates=ALLOWED)


def main() -> int:
    """Serve.  Returns 2, with the reason on stderr or in the log, if it is set up wrongly."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    for name in ("httpx", "httpcore", "telegram"):  # they log addresses, which hold the token
        logging.getLogger(name).setLevel(logging.CRITICAL)
    try:
        settings = from_environment(os.environ)
        return asyncio.run(run(settings))
    except (SettingsError, OSError, sqlite3.Error) as error:
        sys.stderr.write(f"The Telegram bot can't start: {error}\n")
        return 2


if __name__ == "__main__":
    sys.exit(main())
