"""What a bot can be told from outside: the settings that all share, and how they are read from the environment."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar

import msgspec
from msgspec import Meta, Struct

from schemas.events import SourceName


class SettingsError(ValueError):
    """A setting is missing or wrong; the message names it and the remedy, never a secret."""


class BotSettings(Struct, frozen=True, kw_only=True):
    """Settings that all bots share; `{BOT}` is the bot's own part of a name, e.g. TELEGRAM."""

    #: SAQBOL_{BOT}_HOST: address to listen on; loopback, so that opening it to others is a decision.
    host: str = "127.0.0.1"
    #: SAQBOL_{BOT}_PORT
    port: Annotated[int, Meta(ge=1, le=65535)]
    #: SAQBOL_{BOT}_SOURCE: the name of its integration in the gateway's file.
    source: SourceName
    #: SAQBOL_{BOT}_KEY or _KEY_FILE: that integration's API key, which may report and look up.
    key: str
    #: SAQBOL_GATEWAY_URL: the gateway.
    gateway: str = "http://127.0.0.1:8080"
    #: SAQBOL_HOME: data folder; what the bot must not forget lies in `bots` there.
    home: Path = Path(".saqbol")

    @property
    def database(self) -> Path:
        """The bot's own file."""
        return self.home / "bots" / f"{self.source}.sqlite"


T = TypeVar("T", bound=BotSettings)

_SHARED: Final = {"host": "{}_HOST", "port": "{}_PORT", "source": "{}_SOURCE"}


def load(
    kind: type[T], bot: str, environment: Mapping[str, str], *, plain: Mapping[str, str], secrets: Mapping[str, str]
) -> T:
    """Settings of type `kind` for `bot` (e.g. TELEGRAM); an empty variable counts as unset.

    `plain` and `secrets` are the bot's own fields and the ends of their variables' names; a secret may also be in the
    file that the variable with `_FILE` at its end names.  Raises SettingsError.
    """
    prefix = f"SAQBOL_{bot}"
    names = {field: end.format(prefix) for field, end in _SHARED.items()}
    names |= {field: f"{prefix}_{end}" for field, end in plain.items()}
    names |= {"gateway": "SAQBOL_GATEWAY_URL", "home": "SAQBOL_HOME"}
    given: dict[str, Any] = {field: environment[name] for field, name in names.items() if environment.get(name)}
    for field, end in {"key": "KEY", **secrets}.items():
        value = _secret(environment, f"{prefix}_{end}")
        if value:
            given[field] = value
    names |= {field: f"{prefix}_{end}" for field, end in {"key": "KEY", **secrets}.items()}
    for info in msgspec.structs.fields(kind):
        if info.required and info.name not in given:
            also = " or a file by " + names[info.name] + "_FILE" if info.name in {"key", *secrets} else ""
            raise SettingsError(f"{names[info.name]} is not set; give it{also}")
    try:
        return msgspec.convert(given, kind, strict=False, dec_hook=lambda kind, value: kind(value))
    except msgspec.ValidationError as error:
        field = str(error).rpartition("`$.")[2].rstrip("`")
        raise SettingsError(f"{names.get(field, 'a setting')} has a wrong value") from None


def _secret(environment: Mapping[str, str], name: str) -> str:
    """A secret from its variable or its file; "" if neither is set.  Raises SettingsError."""
    if environment.get(name):
        return environment[name]
    path = environment.get(f"{name}_FILE")
    if not path:
        return ""
    try:
        value = Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        cause = error.strerror if isinstance(error, OSError) else "is not text"
        raise SettingsError(f"{name}_FILE: {path}: {cause}") from None
    if not value:
        raise SettingsError(f"{name}_FILE: {path} is empty")
    return value
