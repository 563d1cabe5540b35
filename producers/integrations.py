"""The integrations that may use the gateway, and what for: a YAML file, typed and checked here.

A key is a random 256-bit token; the file holds its SHA-256 only, so that reading the file gives nobody a key.  The
schema for editors and checks is `integrations.schema.json`, generated from the types below.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import os
import secrets
import time
from collections.abc import Iterable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import limits
import msgspec
import yaml
from msgspec import Meta, Struct

from producers.intake import Origin
from schemas.events import AreaCode, Channel, DistrictName, RegionCode, SourceName

log: Final = logging.getLogger(__name__)

#: JSON Schema of the file, for editors and checks.
FILE_SCHEMA: Final = Path(__file__).with_name("integrations.schema.json")
#: What an integration may send, and apart from that what it may look up, unless its entry says otherwise.
DEFAULT_RATE: Final = "6000/minute"
#: The source of reports from the gateway's own web form; no integration may take its name.
WEB_FORM: Final = "web-form"
_KEY_PREFIX: Final = "sb_"


class IntegrationsError(ValueError):
    """The integrations file can't be used; the message names the file and the place."""


class Permission(StrEnum):
    """What an integration may do: send reports, look a number up, fetch the list of bad ones, record warnings given."""

    REPORT = "report"
    LOOK_UP = "look-up"
    EXPORT = "export"
    PREVENTION = "prevention"


class Integration(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """One integration: who it is, the SHA-256 of its key, what it may do, and what its reports have in common."""

    source: SourceName
    channel: Channel
    key_sha256: Annotated[
        str, Meta(pattern=r"^[0-9a-f]{64}$", description="SHA-256 of the API key, as printed by sha256sum")
    ]
    area_code: AreaCode | None = None
    region: RegionCode | None = None
    district: DistrictName | None = None
    rate: Annotated[str, Meta(description="what it may send, and as many numbers it may look up: 6000/minute")] = (
        DEFAULT_RATE
    )
    may: tuple[Permission, ...] = (Permission.REPORT,)

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


class IntegrationsFromFile:
    """The integrations of a file as it is now: a change holds within seconds, a wrong file changes nothing."""

    #: Seconds between two looks at the file.
    LOOK_EVERY: Final = 2.0

    def __init__(self, path: Path) -> None:
        """Read the file.  Raises IntegrationsError."""
        self._path = path
        self._looked = time.monotonic()
        self._stamp = self._stamped()
        self._known = load(path)

    def by_key(self, key: str) -> Integration | None:
        """As `Integrations.by_key`, looking at the file first if the last look is old."""
        if time.monotonic() >= self._looked + self.LOOK_EVERY:
            self._looked = time.monotonic()
            stamp = self._stamped()
            if stamp != self._stamp:
                self._stamp = stamp
                self._reload()
        return self._known.by_key(key)

    def _reload(self) -> None:
        try:
            self._known = load(self._path)
        except IntegrationsError as error:
            log.error("the integrations stay as they were: %s", error)
        else:
            log.info("the integrations were read anew")

    def _stamped(self) -> tuple[int, int, int] | None:
        try:
            status = self._path.stat()
        except OSError:
            return None
        return status.st_ino, status.st_size, status.st_mtime_ns


def load(path: Path) -> Integrations:
    """The integrations of a YAML file.  Raises IntegrationsError."""
    return Integrations(read(path))


def read(path: Path) -> list[Integration]:
    """The entries of a YAML file, in order.  Raises IntegrationsError."""
    try:
        content = msgspec.convert(yaml.safe_load(path.read_text(encoding="utf-8")), IntegrationsFile)
    except OSError as error:
        raise IntegrationsError(f"{path}: {error.strerror}") from error
    except (yaml.YAMLError, UnicodeDecodeError, msgspec.ValidationError) as error:
        raise IntegrationsError(f"{path}: {error}") from error
    if problem := _problem(content.integrations):
        raise IntegrationsError(f"{path}: {problem}")
    return content.integrations


def _problem(entries: Sequence[Integration]) -> str | None:
    """What the types can't express."""
    for what in ("source", "key_sha256"):
        values = [getattr(entry, what) for entry in entries]
        if len(set(values)) < len(values):
            return f"two integrations have the same {what}; each needs its own"
    for entry in entries:
        if entry.source == WEB_FORM:
            return f"the source {entry.source} is the gateway's own; choose another name"
        try:
            limits.parse(entry.rate)
        except ValueError:
            return f"rate of {entry.source}: write it like {DEFAULT_RATE}"
    return None


def new_key() -> str:
    """A fresh API key with 256 random bits."""
    return _KEY_PREFIX + secrets.token_urlsafe(32)


def entry_of(origin: Origin, key: str, may: Sequence[Permission], rate: str = DEFAULT_RATE) -> Integration:
    """The entry of an integration with this key."""
    return Integration(
        source=origin.source,
        channel=origin.channel,
        key_sha256=hashlib.sha256(key.encode()).hexdigest(),
        area_code=origin.area_code,
        region=origin.region,
        district=origin.district,
        rate=rate,
        may=tuple(may),
    )


def create(
    path: Path,
    origins: Iterable[Origin],
    rate: str = DEFAULT_RATE,
    may: Sequence[Permission] = (Permission.REPORT,),
) -> dict[str, str]:
    """Write an integrations file with a fresh key for each origin, and return the keys by source.

    It replaces an older file.
    """
    keys = {origin.source: (origin, new_key()) for origin in origins}
    save(path, [entry_of(origin, key, may, rate) for origin, key in keys.values()])
    return {source: key for source, (_, key) in keys.items()}


def add(path: Path, origin: Origin, may: Sequence[Permission], rate: str = DEFAULT_RATE) -> str:
    """Add an integration to a file, which need not exist yet, and return its fresh key.  Raises IntegrationsError."""
    key = new_key()
    entries = [*(read(path) if path.exists() else []), entry_of(origin, key, may, rate)]
    if problem := _problem(entries):
        raise IntegrationsError(f"{path}: {problem}")
    save(path, entries)
    return key


def revoke(path: Path, source: str) -> None:
    """Take an integration out of a file, so that its key opens nothing any more.  Raises IntegrationsError."""
    entries = read(path)
    rest = [entry for entry in entries if entry.source != source]
    if len(rest) == len(entries):
        raise IntegrationsError(f"{path}: there is no integration {source}")
    save(path, rest)


def save(path: Path, entries: Sequence[Integration]) -> None:
    """Write the file as a whole, so that nobody ever reads half of it.

    Who may read it stays as it was; a new file only its owner can read.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    mode = path.stat().st_mode & 0o777 if path.exists() else 0o600
    draft = path.with_suffix(".new")
    draft.unlink(missing_ok=True)
    content = {"integrations": msgspec.to_builtins(list(entries))}
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        yaml.safe_dump(content, file, allow_unicode=True, sort_keys=False)
    draft.chmod(mode)
    draft.replace(path)
