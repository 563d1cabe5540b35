"""`python -m producers.whatsapp`: serve, with settings from the environment (see producers.whatsapp.settings)."""

from __future__ import annotations

import asyncio
import logging
import os
import sqlite3
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from producers.bots.drafts import Bot
from producers.bots.engine import Engine
from producers.bots.gateway import GatewayClient
from producers.bots.references import Naming
from producers.bots.server import Health, create_app, serve
from producers.bots.settings import SettingsError
from producers.bots.store import Store
from producers.whatsapp.channel import MAX_ROWS, WhatsAppChannel
from producers.whatsapp.settings import Settings, from_environment
from producers.whatsapp.webhook import verify, webhook
from schemas.events import Channel


async def run(settings: Settings) -> int:
    """Serve until SIGTERM or SIGINT."""
    gateway = GatewayClient(settings.gateway, settings.key)
    channel = WhatsAppChannel(settings.api, settings.phone_id, settings.token)
    store = Store(settings.database)
    naming = Naming(settings.app_secret, "wa")
    who = Bot(source=settings.source, channel=Channel.WHATSAPP, rows=MAX_ROWS)
    engine = Engine(who, store, gateway, channel, naming)

    @asynccontextmanager
    async def work() -> AsyncIterator[None]:
        engine.start()
        try:
            yield
        finally:
            await engine.stop()

    health = Health(gateway, engine, lambda: channel.reachable)
    state = {"settings": settings, "naming": naming, "engine": engine, "health": health}
    try:
        await serve(create_app([verify, webhook], work, state), settings, asyncio.Event())
    finally:
        store.close()
        await channel.close()
        await gateway.close()
    return 0


def main() -> int:
    """Serve.  Returns 2, with the reason on stderr, if it is set up wrongly."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    for name in ("httpx", "httpcore"):  # they log addresses
        logging.getLogger(name).setLevel(logging.CRITICAL)
    try:
        return asyncio.run(run(from_environment(os.environ)))
    except (SettingsError, OSError, sqlite3.Error) as error:
        sys.stderr.write(f"The WhatsApp bot can't start: {error}\n")
        return 2


if __name__ == "__main__":
    sys.exit(main())
