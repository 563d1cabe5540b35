"""What the desk can be told from outside, each with its default; all of it through the environment."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta, Struct

#: Names of this machine by which a desk that listens on loopback is asked for.
_LOOPBACK: Final = ("127.0.0.1", "localhost", "[::1]")


class SettingsError(ValueError):
    """A setting is missing or wrong; the message names it and the remedy."""


class Settings(Struct, frozen=True, kw_only=True):
    """Settings of one desk process."""

    #: SAQBOL_DESK_HOST: address to listen on; loopback, so that opening it to others is a decision.
    host: str = "127.0.0.1"
    #: SAQBOL_DESK_PORT
    port: Annotated[int, Meta(ge=1, le=65535)] = 8081
    #: SAQBOL_DESK_ORIGIN: how browsers reach it, e.g. https://desk.example.kz; default: http on this machine.
    origin: str = ""
    #: SAQBOL_DESK_STAFF_FILE: who may log in (see producers.desk.staff).
    staff: Path
    #: SAQBOL_DESK_KEYS: folder with the gateway's API key of each source, in a file by the source's name.
    keys: Path
    #: SAQBOL_DESK_DATABASE: file of the desk's own database; made if it is missing.
    database: Path
    #: SAQBOL_GATEWAY_URL: where reports are sent.
    gateway: str = "http://127.0.0.1:8080"
    #: SAQBOL_PUBLIC_URL: address of the gateway's pages as browsers reach it, whose warnings to print are linked; by
    #: default they are not.
    public_url: Annotated[str, Meta(pattern=r"^(https?://[^\s/?#]+/?)?$")] = ""
    #: SAQBOL_KAFKA: bootstrap servers, host:port, separated by commas; for decisions and the audit log.
    kafka: str = "127.0.0.1:9092"
    #: SAQBOL_ELASTICSEARCH: URL.
    elasticsearch: str = "http://127.0.0.1:9200"
    #: SAQBOL_ELASTICSEARCH_USER, and the file with the password, SAQBOL_ELASTICSEARCH_PASSWORD_FILE (default: none).
    elasticsearch_user: str | None = None
    elasticsearch_password: Path | None = None
    #: SAQBOL_LINK_KEY_FILE: the key that signs the links in messages, as the notify worker has it (default: no links).
    link_key: Path | None = None
    #: SAQBOL_DESK_TRUSTED_PROXIES: addresses whose X-Forwarded-For is believed, separated by commas; none by default.
    trusted_proxies: str = ""

    @property
    def secure(self) -> bool:
        """Whether browsers reach the desk by https."""
        return self.origin.startswith("https://")

    @property
    def hosts(self) -> frozenset[str]:
        """Values of the header Host under which this desk answers: with others, a page elsewhere rebinds its name."""
        return self._own | {urlsplit(self.origin).netloc} if self.origin else self._own

    @property
    def origins(self) -> frozenset[str]:
        """Values of the header Origin that our own pages send."""
        return frozenset({self.origin} if self.origin else {f"http://{host}" for host in self._own})

    @property
    def _own(self) -> frozenset[str]:
        return frozenset(f"{name}:{self.port}" for name in _LOOPBACK)


_NAMES: Final = {
    "host": "SAQBOL_DESK_HOST",
    "port": "SAQBOL_DESK_PORT",
    "origin": "SAQBOL_DESK_ORIGIN",
    "staff": "SAQBOL_DESK_STAFF_FILE",
    "keys": "SAQBOL_DESK_KEYS",
    "database": "SAQBOL_DESK_DATABASE",
    "gateway": "SAQBOL_GATEWAY_URL",
    "public_url": "SAQBOL_PUBLIC_URL",
    "kafka": "SAQBOL_KAFKA",
    "elasticsearch": "SAQBOL_ELASTICSEARCH",
    "elasticsearch_user": "SAQBOL_ELASTICSEARCH_USER",
    "elasticsearch_password": "SAQBOL_ELASTICSEARCH_PASSWORD_FILE",
    "link_key": "SAQBOL_LINK_KEY_FILE",
    "trusted_proxies": "SAQBOL_DESK_TRUSTED_PROXIES",
}

#: What a setting of a narrower type than text must be.
_EXPECTED: Final = {
    "port": "a port number, 1 to 65535",
    "public_url": "an address without a path, such as https://saqbol.example",
}


def from_environment(environment: Mapping[str, str]) -> Settings:
    """Settings from environment variables; an empty one counts as unset.  Raises SettingsError."""
    given: dict[str, Any] = {field: environment[name] for field, name in _NAMES.items() if environment.get(name)}
    for field, what in (("staff", "a file"), ("keys", "a folder"), ("database", "a file")):
        if field not in given:
            raise SettingsError(f"{_NAMES[field]} is not set; it must name {what}")
    try:
        settings = msgspec.convert(given, Settings, strict=False, dec_hook=lambda kind, value: kind(value))
    except msgspec.ValidationError as error:
        field = str(error).rpartition("$.")[2].rstrip("`")
        raise SettingsError(f"{_NAMES[field]} must be {_EXPECTED[field]}") from None
    parts = urlsplit(settings.origin)
    if settings.origin and (
        parts.scheme not in {"http", "https"} or f"{parts.scheme}://{parts.netloc}" != settings.origin
    ):
        raise SettingsError(f"{_NAMES['origin']} must be a scheme and a host, such as https://desk.example.kz")
    if not settings.origin and settings.host not in {"127.0.0.1", "::1", "localhost"}:
        raise SettingsError(
            f"{_NAMES['host']} opens the desk to other machines: say in {_NAMES['origin']} how browsers reach it"
        )
    return settings
