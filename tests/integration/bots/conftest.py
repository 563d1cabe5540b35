"""All workers, a gateway in front of them, the messengers' servers, and each bot as a process of its own."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from deploy.stack.local import Stack
from producers import integrations
from producers.intake import Origin
from producers.integrations import Permission
from schemas.events import Channel
from tests.agents.conftest import workers
from tests.chat_servers import GraphServer, TelegramServer
from tests.gateway_process import Gateway, _Process, free_port, wait_for

__all__ = ["workers"]

APP_SECRET = "0123456789abcdef0123456789abcdef"
VERIFY_TOKEN = "verify-me"
WEBHOOK_SECRET = "webhook-secret_1"


class BotProcess(_Process):
    """A bot with an address of its own; what it must not forget stays when it is restarted."""

    def __init__(self, module: str, home: Path, gateway_url: str, settings: dict[str, str]) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.home = home
        name = f"SAQBOL_{module.upper()}_"
        given = {f"{name}{key}": value for key, value in {**settings, "PORT": str(self.port)}.items()}
        environment = os.environ | given | {"SAQBOL_GATEWAY_URL": gateway_url, "SAQBOL_HOME": str(home)}
        super().__init__([sys.executable, "-m", f"producers.{module}"], home / f"{module}.log", environment)

    def told(self) -> str:
        """What it has logged."""
        return self.log.read_text(encoding="utf-8")


@pytest.fixture(scope="package")
def gateway(stack: Stack, request: pytest.FixtureRequest) -> Iterator[Gateway]:
    """A gateway that knows the bots, once the workers work."""
    request.getfixturevalue("workers")
    with tempfile.TemporaryDirectory(prefix="saqbol-gateway-") as home:
        gateway = Gateway(Path(home), stack.bootstrap_servers, elasticsearch=stack.elasticsearch_url)
        for source, channel in (("telegram-test", Channel.TELEGRAM), ("whatsapp-test", Channel.WHATSAPP)):
            origin = Origin(source=source, channel=channel)
            may = [Permission.REPORT, Permission.LOOK_UP]
            gateway.keys[source] = integrations.add(gateway.integrations, origin, may)
        try:
            gateway.start()
            gateway.wait_until_ready()
            yield gateway
        finally:
            gateway.end()


@contextmanager
def telegram_running(
    server: TelegramServer, gateway_url: str, key: str, home: Path, **settings: str
) -> Iterator[BotProcess]:
    """The Telegram bot, alive."""
    given = {"TOKEN": server.TOKEN, "API": server.url, "KEY": key, "SOURCE": "telegram-test", **settings}
    bot = BotProcess("telegram", home, gateway_url, given)
    try:
        bot.start()
        wait_for(lambda: is_alive(bot))
        yield bot
    finally:
        bot.end()


@contextmanager
def whatsapp_running(server: GraphServer, gateway_url: str, key: str, home: Path) -> Iterator[BotProcess]:
    """The WhatsApp bot, alive; its secrets are in files."""
    secrets = {"TOKEN": server.TOKEN, "KEY": key, "APP_SECRET": APP_SECRET, "VERIFY_TOKEN": VERIFY_TOKEN}
    for name, value in secrets.items():
        (home / name).write_text(value + "\n", encoding="ascii")
    files = {f"{name}_FILE": str(home / name) for name in secrets}
    given = {"PHONE_ID": server.PHONE_ID, "API": f"{server.url}/v23.0", "SOURCE": "whatsapp-test", **files}
    bot = BotProcess("whatsapp", home, gateway_url, given)
    try:
        bot.start()
        wait_for(lambda: is_alive(bot))
        yield bot
    finally:
        bot.end()


def is_alive(bot: BotProcess) -> bool:
    """Whether it answers."""
    try:
        return httpx.get(f"{bot.url}/health/live", timeout=5).status_code == 200
    except httpx.TransportError:
        return False
