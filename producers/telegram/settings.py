"""What the Telegram bot can be told from outside; all of it through the environment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from msgspec import Meta

from producers.bots.settings import BotSettings, SettingsError, load


class Settings(BotSettings, frozen=True, kw_only=True):
    """Settings of one process of the Telegram bot, beside those that all bots share."""

    port: Annotated[int, Meta(ge=1, le=65535)] = 8082
    source: str = "telegram-bot"
    #: SAQBOL_TELEGRAM_TOKEN or _TOKEN_FILE: the bot's token from @BotFather.
    token: str
    #: SAQBOL_TELEGRAM_API: the Bot API server; one's own, if one runs it.
    api: str = "https://api.telegram.org"
    #: SAQBOL_TELEGRAM_WEBHOOK: the https address that Telegram sends updates to; without it the bot fetches them.
    webhook: str = ""
    #: SAQBOL_TELEGRAM_WEBHOOK_SECRET or _FILE: comes with every update; needed with a webhook.
    webhook_secret: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{0,256}$")] = ""


def from_environment(environment: Mapping[str, str]) -> Settings:
    """Settings from environment variables.  Raises SettingsError."""
    settings = load(
        Settings,
        "TELEGRAM",
        environment,
        plain={"api": "API", "webhook": "WEBHOOK"},
        secrets={"token": "TOKEN", "webhook_secret": "WEBHOOK_SECRET"},
    )
    if settings.webhook and not settings.webhook_secret:
        raise SettingsError(
            "SAQBOL_TELEGRAM_WEBHOOK_SECRET is not set; with a webhook give 1 to 256 letters, digits, _ or -, at random"
        )
    return settings
