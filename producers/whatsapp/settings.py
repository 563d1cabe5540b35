"""What the WhatsApp bot can be told from outside; all of it through the environment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from msgspec import Meta

from producers.bots.settings import BotSettings, load


class Settings(BotSettings, frozen=True, kw_only=True):
    """Settings of one process of the WhatsApp bot, beside those that all bots share."""

    port: Annotated[int, Meta(ge=1, le=65535)] = 8083
    source: str = "whatsapp-bot"
    #: SAQBOL_WHATSAPP_TOKEN or _TOKEN_FILE: access token of the system user, for sending.
    token: str
    #: SAQBOL_WHATSAPP_PHONE_ID: the id (not the number) of the business phone; messages to others are not ours.
    phone_id: Annotated[str, Meta(pattern=r"^[0-9]+$")]
    #: SAQBOL_WHATSAPP_APP_SECRET or _FILE: the app's secret, with which Meta signs what it sends.
    app_secret: str
    #: SAQBOL_WHATSAPP_VERIFY_TOKEN or _FILE: what was typed in beside the webhook's address, at random.
    verify_token: str
    #: SAQBOL_WHATSAPP_API: the Graph API with its version.
    api: str = "https://graph.facebook.com/v23.0"


def from_environment(environment: Mapping[str, str]) -> Settings:
    """Settings from environment variables.  Raises producers.bots.settings.SettingsError."""
    return load(
        Settings,
        "WHATSAPP",
        environment,
        plain={"api": "API", "phone_id": "PHONE_ID"},
        secrets={"token": "TOKEN", "app_secret": "APP_SECRET", "verify_token": "VERIFY_TOKEN"},
    )
