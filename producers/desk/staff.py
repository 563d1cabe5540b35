"""The people who may log in to the desk: a YAML file, typed and checked here.

The file holds argon2id hashes (RFC 9106), never a password.  The schema for editors and checks is
`schemas/generated/staff.schema.json`, generated from the types below.  A running desk notices a changed file by itself.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import argon2
import msgspec
import yaml
from msgspec import Meta, Struct

from producers.intake import Origin
from schemas.events import AreaCode, Channel, DistrictName, RegionCode, SourceName
from schemas.reference import regions

log: Final = logging.getLogger(__name__)

#: A password has at least and at most this many characters.
MIN_PASSWORD: Final = 12
MAX_PASSWORD: Final = 128

_hasher: Final = argon2.PasswordHasher()
#: A hash of nothing that anybody can type, so that an unknown account takes as long as a known one.
_NOBODY: Final = _hasher.hash(os.urandom(32).hex())


class StaffError(ValueError):
    """The staff file, or a change of it, can't be used; the message names the place and the remedy."""


class Role(StrEnum):
    """What somebody may do: consult residents, answer alerts, or only read."""

    OPERATOR = "operator"
    ONCALL = "oncall"
    ANALYST = "analyst"


class Person(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Somebody who may log in.

    `source` is the integration of the call-centre: what an operator saves is sent with its key.  `area_code` completes
    local numbers; `region` and `district` are what a report gets that names no other.
    """

    account: Annotated[str, Meta(pattern=r"^[a-z][a-z0-9.-]{1,31}$", description="what the person types to log in")]
    name: Annotated[str, Meta(min_length=1, max_length=80)]
    password: Annotated[str, Meta(pattern=r"^\$argon2id\$", description="made by ./saqbol staff password")]
    roles: Annotated[list[Role], Meta(min_length=1, max_length=3)]
    source: SourceName = "desk"
    region: RegionCode | None = None
    district: DistrictName | None = None
    area_code: AreaCode | None = None
    language: Literal["ru", "kk"] = "ru"

    def origin(self) -> Origin:
        """What the person's reports are stamped with."""
        return Origin(
            source=self.source,
            channel=Channel.HOTLINE,
            area_code=self.area_code,
            region=self.region,
            district=self.district,
        )


class StaffFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Content of the file."""

    staff: Annotated[list[Person], Meta(max_length=1000)]


def read(path: Path) -> list[Person]:
    """Everybody in a staff file.  Raises StaffError."""
    try:
        people = msgspec.convert(yaml.safe_load(path.read_text(encoding="utf-8")), StaffFile).staff
    except OSError as error:
        raise StaffError(f"{path}: {error.strerror}; ./saqbol staff add makes it") from error
    except (yaml.YAMLError, UnicodeDecodeError, msgspec.ValidationError) as error:
        raise StaffError(f"{path}: {error}") from error
    check(people, path)
    return people


def check(people: list[Person], path: Path) -> None:
    """Raises StaffError, which names the file `path`, for what the types can't say."""
    accounts = [person.account for person in people]
    for person in people:
        if accounts.count(person.account) > 1:
            raise StaffError(f"{path}: the account {person.account} is there twice; each person needs an own one")
        if person.region and person.region not in regions():
            raise StaffError(f"{path}: region of {person.account}: use one of {', '.join(sorted(regions()))}")
        try:
            argon2.extract_parameters(person.password)
        except argon2.exceptions.InvalidHash:
            raise StaffError(
                f"{path}: password of {person.account} is no argon2id hash; make it with ./saqbol staff password"
            ) from None


def write(path: Path, people: Iterable[Person]) -> None:
    """Replace a staff file as a whole.  Who may read it stays as it was; a new file only its owner can read."""
    path.parent.mkdir(parents=True, exist_ok=True)
    mode = path.stat().st_mode & 0o777 if path.exists() else 0o600
    draft = path.with_suffix(".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        content: Any = {"staff": [msgspec.to_builtins(person) for person in people]}
        yaml.safe_dump(content, file, allow_unicode=True, sort_keys=False)
    draft.chmod(mode)
    draft.replace(path)


def hash_password(password: str, account: str) -> str:
    """The argon2id hash of a new password.  Raises StaffError, which says what a password must be like."""
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        raise StaffError(f"a password has {MIN_PASSWORD} to {MAX_PASSWORD} characters; a sentence is easy to remember")
    if account in password.casefold() or len(set(password)) < 5:
        raise StaffError("a password must not hold the account's name or repeat a few characters; choose another one")
    return _hasher.hash(password)


def verify(person: Person | None, password: str) -> bool:
    """Whether this is the person's password; takes as long for nobody.  Costs 64 MB and tens of milliseconds."""
    try:
        return (
            _hasher.verify(person.password if person else _NOBODY, password[: MAX_PASSWORD + 1]) and person is not None
        )
    except argon2.exceptions.VerificationError:
        return False


class Staff:
    """The people of a staff file by account, read again when the file changes."""

    def __init__(self, path: Path) -> None:
        """Raises StaffError if the file can't be used."""
        self._path = path
        self._changed = self._stamp()
        self._people = {person.account: person for person in read(path)}

    def find(self, account: str) -> Person | None:
        """The person with this account, as the file says now.

        A file that became unusable changes nothing: those who were there stay, until it can be read again.
        """
        stamp = self._stamp()
        if stamp != self._changed:
            self._changed = stamp
            try:
                self._people = {person.account: person for person in read(self._path)}
            except StaffError as error:
                log.error("the staff file is not used: %s", error)
        return self._people.get(account)

    def name_of(self, account: str | None) -> str:
        """The name of the person with this account; the account itself of somebody who is not of the staff."""
        person = self.find(account) if account else None
        return person.name if person else account or ""

    def _stamp(self) -> tuple[int, int] | None:
        try:
            status = self._path.stat()
        except OSError:
            return None
        return status.st_mtime_ns, status.st_ino
