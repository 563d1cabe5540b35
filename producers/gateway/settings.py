"""What the gateway can be told from outside, each with its default; all of it through the environment."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta, Struct


class SettingsError(ValueError):
    """A setting is missing or wrong; the message names it and the remedy."""


class Settings(Struct, frozen=True, kw_only=True):
    """Settings of one gateway process."""

    #: SAQBOL_GATEWAY_HOST: address to listen on; loopback, so that opening it to others is a decision.
    host: str = "127.0.0.1"
    #: SAQBOL_GATEWAY_PORT
    port: Annotated[int, Meta(ge=1, le=65535)] = 8080
    #: SAQBOL_KAFKA: bootstrap servers, host:port, separated by commas.
    kafka: str = "127.0.0.1:9092"
    #: SAQBOL_ELASTICSEARCH: URL of the index that numbers are looked up in.
    elasticsearch: str = "http://127.0.0.1:9200"
    #: SAQBOL_ELASTICSEARCH_USER, and the file with its password; without them no authentication.
    elasticsearch_user: str | None = None
    elasticsearch_password: Path | None = None
    #: SAQBOL_INTEGRATIONS_FILE: who may use the gateway, and what for (see producers.integrations).
    integrations: Path
    #: SAQBOL_HMAC_KEY_FILE: the key that reporters are hashed with (see producers.reporters).
    hmac_key: Path
    #: SAQBOL_TRUSTED_PROXIES: addresses whose X-Forwarded-For is believed, separated by commas; none by default.
    trusted_proxies: str = ""
    #: SAQBOL_PUBLIC_URL: address of the web form as people reach it, for the code on printed warnings, such as
    #: https://saqbol.example; by default the address by which a warning is asked for.
    public_url: Annotated[str, Meta(pattern=r"^(https?://[^\s/?#]+/?)?$")] = ""


_NAMES: Final = {
    "host": "SAQBOL_GATEWAY_HOST",
    "port": "SAQBOL_GATEWAY_PORT",
    "kafka": "SAQBOL_KAFKA",
    "elasticsearch": "SAQBOL_ELASTICSEARCH",
    "elasticsearch_user": "SAQBOL_ELASTICSEARCH_USER",
    "elasticsearch_password": "SAQBOL_ELASTICSEARCH_PASSWORD_FILE",
    "integrations": "SAQBOL_INTEGRATIONS_FILE",
    "hmac_key": "SAQBOL_HMAC_KEY_FILE",
    "trusted_proxies": "SAQBOL_TRUSTED_PROXIES",
    "public_url": "SAQBOL_PUBLIC_URL",
}

#: What a setting of a narrower type than text must be.
_EXPECTED: Final = {
    "port": "a port number, 1 to 65535",
    "public_url": "an address without a path, such as https://saqbol.example",
}


def from_environment(environment: Mapping[str, str]) -> Settings:
    """Settings from environment variables; an empty one counts as unset.  Raises SettingsError."""
    given: dict[str, Any] = {field: environment[name] for field, name in _NAMES.items() if environment.get(name)}
    for field in ("integrations", "hmac_key"):
        if field not in given:
            raise SettingsError(f"{_NAMES[field]} is not set; it must name a file")
    try:
        return msgspec.convert(given, Settings, strict=False, dec_hook=lambda kind, value: kind(value))
    except msgspec.ValidationError as error:
        field = str(error).rpartition("$.")[2].rstrip("`")
        raise SettingsError(f"{_NAMES[field]} must be {_EXPECTED[field]}") from None
