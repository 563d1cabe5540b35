"""The integrations that may publish through the gateway: a YAML file, typed and checked here.

A key is a random 256-bit token; the file holds its SHA-256 only, so that reading the file gives nobody a key.  The
schema for editors and checks is `integrations.schema.json`, generated from the types below.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Final

import limits
import msgspec
import yaml
from msgspec import Meta, Struct

from producers.intake import Origin
from schemas.events import AreaCode, Channel, DistrictName, RegionCode, SourceName

#: JSON Schema of the file, for editors and checks.
FILE_SCHEMA: Final = Path(__file__).with_name("integrations.schema.json")
#: Reports a minute that an integration may send unless its entry says otherwise.
DEFAULT_RATE: Final = "6000/minute"
#: The source of reports from the gateway's own web form; no integration may take its name.
WEB_FORM: Final = "web-form"
_KEY_PREFIX: Final = "sb_"


class IntegrationsError(ValueError):
    """The integrations file can't be used; the message names the file and the place."""


class Integration(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """One integration: who it is, the SHA-256 of its key, and what its reports have in common."""

    source: SourceName
    channel: Channel
    key_sha256: Annotated[
        str, Meta(pattern=r"^[0-9a-f]{64}$", description="SHA-256 of the API key, as printed by sha256sum")
    ]
    area_code: AreaCode | None = None
    region: RegionCode | None = None
    district: DistrictName | None = None
    rate: Annotated[str, Meta(description="reports it may send, such as 6000/minute")] = DEFAULT_RATE

    def origin(self) -> Origin:
        """What its reports are stamped with."""
        return Origin(
            source=self.source,
            channel=self.channel,
            area_code=self.area_code,
            region=self.region,
            district=self.district,
        )


class IntegrationsFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Content of the file."""

    integrations: Annotated[list[Integration], Meta(max_length=1000)]


class Integrations:
    """The integrations by key."""

    def __init__(self, entries: Iterable[Integration]) -> None:
        self._entries = tuple((bytes.fromhex(entry.key_sha256), entry) for entry in entries)

    def by_key(self, key: str) -> Integration | None:
        """The integration whose key this is.  Every entry is compared, each in constant time."""
        digest = hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()
        found = None
        for known, entry in self._entries:
            if hmac.compare_digest(known, digest):
                found = entry
        return found


def load(path: Path) -> Integrations:
    """The integrations of a YAML file.  Raises IntegrationsError."""
    try:
        content = msgspec.convert(yaml.safe_load(path.read_text(encoding="utf-8")), IntegrationsFile)
    except OSError as error:
        raise IntegrationsError(f"{path}: {error.strerror}") from error
    except (yaml.YAMLError, UnicodeDecodeError, msgspec.ValidationError) as error:
        raise IntegrationsError(f"{path}: {error}") from error
    for what in ("source", "key_sha256"):
        values = [getattr(entry, what) for entry in content.integrations]
        if len(set(values)) < len(values):
            raise IntegrationsError(f"{path}: two integrations have the same {what}; each needs its own")
    for entry in content.integrations:
        if entry.source == WEB_FORM:
            raise IntegrationsError(f"{path}: the source {entry.source} is the gateway's own; choose another name")
        try:
            limits.parse(entry.rate)
        except ValueError as error:
            raise IntegrationsError(f"{path}: rate of {entry.source}: write it like {DEFAULT_RATE}") from error
    return Integrations(content.integrations)


def new_key() -> str:
    """A fresh API key with 256 random bits."""
    return _KEY_PREFIX + secrets.token_urlsafe(32)


def create(path: Path, origins: Iterable[Origin], rate: str = DEFAULT_RATE) -> dict[str, str]:
    """Write an integrations file with a fresh key for each origin, and return the keys by source.

    Only its owner can read the file; it replaces an older one as a whole, so that nobody ever reads half of it.
    """
    keys: dict[str, str] = {}
    entries: list[Any] = []
    for origin in origins:
        keys[origin.source] = key = new_key()
        digest = hashlib.sha256(key.encode()).hexdigest()
        fields = msgspec.to_builtins(origin) | {"key_sha256": digest, "rate": rate}
        entries.append(fields)
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".new")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        yaml.safe_dump({"integrations": entries}, file, allow_unicode=True, sort_keys=False)
    draft.replace(path)
    return keys
