"""Sessions: kept on the server, by the hash of a random id that only the browser knows.

They are in the database, so that a restart of the desk leaves a shift logged in.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.orm import Session as Transaction

from producers.desk.database import Table
from producers.desk.staff import Person

#: A session ends after this time without a request, and after this time in any case: a shift.
IDLE: Final = timedelta(hours=2)
ABSOLUTE: Final = timedelta(hours=12)
#: How often it is written down that a session is in use.
_TOUCH_EVERY: Final = timedelta(minutes=1)
_ID_BYTES: Final = 32


class Login(Table):
    """One session.  `password` is a mark of the password it was opened with: another one ends it."""

    __tablename__ = "sessions"

    id_sha256: Mapped[str] = mapped_column(primary_key=True)
    account: Mapped[str] = mapped_column(index=True)
    password: Mapped[str]
    csrf: Mapped[str]
    opened_at: Mapped[datetime]
    seen_at: Mapped[datetime]


def open_(transaction: Transaction, person: Person, now: datetime) -> str:
    """A new session's id, 256 random bits; sessions that are over are deleted on the way."""
    transaction.execute(delete(Login).where((Login.seen_at <= now - IDLE) | (Login.opened_at <= now - ABSOLUTE)))
    session_id = secrets.token_urlsafe(_ID_BYTES)
    transaction.add(
        Login(
            id_sha256=_hash(session_id),
            account=person.account,
            password=_mark(person),
            csrf=secrets.token_urlsafe(_ID_BYTES),
            opened_at=now,
            seen_at=now,
        )
    )
    return session_id


def find(transaction: Transaction, session_id: str, now: datetime) -> Login | None:
    """The session with this id unless it is over; that it is in use is noted."""
    login = transaction.get(Login, _hash(session_id))
    if login is None or now - login.seen_at >= IDLE or now - login.opened_at >= ABSOLUTE:
        return None
    if now - login.seen_at >= _TOUCH_EVERY:
        login.seen_at = now
    return login


def is_of(login: Login, person: Person) -> bool:
    """Whether the person still has the password that the session was opened with."""
    return secrets.compare_digest(login.password, _mark(person))


def end(transaction: Transaction, session_id: str) -> None:
    """End a session, if it is one."""
    transaction.execute(delete(Login).where(Login.id_sha256 == _hash(session_id)))


def _hash(session_id: str) -> str:
    return hashlib.sha256(session_id.encode("utf-8", "surrogatepass")).hexdigest()


def _mark(person: Person) -> str:
    return hashlib.sha256(person.password.encode()).hexdigest()[:32]
