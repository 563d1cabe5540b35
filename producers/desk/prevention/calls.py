"""The call list of a call-centre: who is to be warned next, and that nobody is called twice.

A resident's phone is here only until the call is done; afterwards a keyed hash of it remembers, for a while, not to
call again.  All functions work in a transaction of the desk's database and get the time from outside.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from msgspec import Struct
from sqlalchemy import UniqueConstraint, delete, func, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from producers.desk.database import Table
from producers.desk.prevention.reading import Entry
from schemas.events import AffectedGroup

#: Nobody who was warned is called again within this time, nobody who asked not to be called within the other.
NOT_AGAIN_WITHIN: Final = timedelta(days=90)
NOT_WANTED_WITHIN: Final = timedelta(days=365)
#: A call that nobody answers is repeated after this time, and given up after so many.
RETRY_AFTER: Final = timedelta(hours=3)
MAX_TRIES: Final = 3
#: A resident that an operator has on the screen is offered to no other for so long.
HELD_FOR: Final = timedelta(minutes=15)
#: Somebody on a list that nobody works through any more is forgotten after this time.
KEPT: Final = timedelta(days=60)


class Answer(StrEnum):
    """How a call ended."""

    REACHED = "reached"
    NO_ANSWER = "no-answer"
    UNWANTED = "unwanted"


class Resident(Table):
    """Somebody to call."""

    __tablename__ = "residents"
    __table_args__ = (UniqueConstraint("source", "phone"),)

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    source: Mapped[str]
    phone: Mapped[str]
    name: Mapped[str]
    village: Mapped[str]
    group: Mapped[str | None]
    tries: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime]
    held_by: Mapped[str | None]
    held_until: Mapped[datetime | None]


class Called(Table):
    """A phone, as a keyed hash, that is not to be called before a time."""

    __tablename__ = "called"

    source: Mapped[str] = mapped_column(primary_key=True)
    digest: Mapped[bytes] = mapped_column(primary_key=True)
    until: Mapped[datetime]


class _Key(Table):
    """The key of these hashes: they must not be the same at any two desks."""

    __tablename__ = "called_key"

    number: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[bytes]


class Added(Struct, frozen=True):
    """What became of a list: residents added, already on the list, and called lately."""

    added: int
    known: int
    called: int


class Left(Struct, frozen=True):
    """How many residents can be called now, and how many later."""

    now: int
    later: int


def add(transaction: Session, source: str, entries: Iterable[Entry], now: datetime) -> Added:
    """Put people on the list of a call-centre, but for those who are on it or were called lately."""
    key = _key(transaction)
    waiting = set(transaction.scalars(select(Resident.phone).where(Resident.source == source)))
    called = set(transaction.scalars(select(Called.digest).where(Called.source == source, Called.until > now)))
    added = known = lately = 0
    for entry in entries:
        if entry.phone in waiting:
            known += 1
        elif _digest(key, entry.phone) in called:
            lately += 1
        else:
            waiting.add(entry.phone)
            group = entry.group.value if entry.group else None
            transaction.add(
                Resident(
                    source=source, phone=entry.phone, name=entry.name, village=entry.village, group=group, due_at=now
                )
            )
            added += 1
    return Added(added, known, lately)


def next_call(transaction: Session, source: str, account: str, now: datetime) -> Resident | None:
    """The resident to call next, held for this operator; the same one until the call is done."""
    free = or_(Resident.held_by.is_(None), Resident.held_by == account, Resident.held_until <= now)
    wanted = (
        select(Resident)
        .where(Resident.source == source, Resident.due_at <= now, free)
        .order_by(Resident.held_by.is_distinct_from(account), Resident.tries, Resident.due_at, Resident.number)
        .limit(1)
    )
    resident = transaction.scalars(wanted).first()
    if resident:
        resident.held_by, resident.held_until = account, now + HELD_FOR
    return resident


def finish(
    transaction: Session, source: str, account: str, number: int, answer: Answer, now: datetime
) -> Resident | None:
    """The resident whose call is done, off the list unless it is to be repeated; None if it was done before."""
    resident = transaction.get(Resident, number)
    if resident is None or resident.source != source or resident.held_by != account:
        return None
    resident.tries += 1
    if answer is Answer.NO_ANSWER and resident.tries < MAX_TRIES:
        resident.held_by = resident.held_until = None
        resident.due_at = now + RETRY_AFTER
        return resident
    until = now + (NOT_WANTED_WITHIN if answer is Answer.UNWANTED else NOT_AGAIN_WITHIN)
    transaction.merge(Called(source=source, digest=_digest(_key(transaction), resident.phone), until=until))
    transaction.delete(resident)
    return resident


def forget(transaction: Session, now: datetime) -> None:
    """Drop residents whom nobody has called for too long, and the marks of calls that may be repeated."""
    transaction.execute(delete(Resident).where(Resident.due_at < now - KEPT))
    transaction.execute(delete(Called).where(Called.until <= now))


def left(transaction: Session, source: str, now: datetime) -> Left:
    """How many are on the list of a call-centre."""
    due = transaction.scalar(
        select(func.count()).select_from(Resident).where(Resident.source == source, Resident.due_at <= now)
    )
    everybody = transaction.scalar(select(func.count()).select_from(Resident).where(Resident.source == source))
    return Left(due or 0, (everybody or 0) - (due or 0))


def clear(transaction: Session, source: str) -> int:
    """Take everybody off the list of a call-centre; how many."""
    result = transaction.execute(delete(Resident).where(Resident.source == source))
    return int(result.rowcount)  # type: ignore[attr-defined]


def group_of(resident: Resident) -> AffectedGroup | None:
    """The group that the resident belongs to."""
    return AffectedGroup(resident.group) if resident.group else None


def _key(transaction: Session) -> bytes:
    row = transaction.get(_Key, 1)
    if row is None:
        row = _Key(number=1, key=secrets.token_bytes(32))
        transaction.add(row)
    return row.key


def _digest(key: bytes, phone: str) -> bytes:
    return hashlib.blake2b(phone.encode(), key=key, digest_size=16).digest()
