"""What keeps somebody who tries passwords out: a wait that grows with every failure, per account and per address.

Failures are in the database, so that a restart forgives nothing.  An account that does not exist is treated like one
that does.  The longest wait is a quarter of an hour, because locking somebody out on purpose would be as bad.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete
from sqlalchemy.orm import Mapped, Session, mapped_column

from producers.desk.database import Table

#: Failures without a wait: of an account, and of an address, behind which a whole call-centre may sit.
FREE_PER_ACCOUNT: Final = 5
FREE_PER_ADDRESS: Final = 20
FIRST_WAIT: Final = timedelta(seconds=30)
LONGEST_WAIT: Final = timedelta(minutes=15)
#: Failures are forgotten after this time without a further one.
FORGET_AFTER: Final = timedelta(hours=12)


class Failures(Table):
    """Tries since the last success of a key, which is a hash of an account's name or of an address."""

    __tablename__ = "failures"

    key: Mapped[str] = mapped_column(primary_key=True)
    count: Mapped[int]
    last_at: Mapped[datetime]


def wait_after(failures: int, free: int) -> timedelta:
    """How long nothing is tried after so many failures: nothing up to `free`, then doubling from 30 s to 15 min."""
    if failures < free:
        return timedelta(0)
    return min(FIRST_WAIT * (1 << min(failures - free, 20)), LONGEST_WAIT)


def begin(session: Session, account: str, address: str, now: datetime) -> timedelta | None:
    """Count a try before its password is looked at; None if it may go on, else how long to wait.

    Counting first means that many tries at once can't slip through while the first is being verified.
    """
    session.execute(delete(Failures).where(Failures.last_at < now - FORGET_AFTER))
    rows: list[Failures] = []
    longest = timedelta(0)
    for key, free in _keys(account, address):
        row = session.get(Failures, key) or Failures(key=key, count=0, last_at=now)
        longest = max(longest, row.last_at + wait_after(row.count, free) - now)
        rows.append(row)
    if longest > timedelta(0):
        return longest
    for row in rows:
        row.count += 1
        row.last_at = now
        session.add(row)
    return None


def succeed(session: Session, account: str, address: str) -> None:
    """Forget the account's failures, and of the address this one try, which was none."""
    (account_key, _), (address_key, _) = _keys(account, address)
    session.execute(delete(Failures).where(Failures.key == account_key))
    if row := session.get(Failures, address_key):
        row.count -= 1


def _keys(account: str, address: str) -> tuple[tuple[str, int], tuple[str, int]]:
    return (_key("account", account), FREE_PER_ACCOUNT), (_key("address", address), FREE_PER_ADDRESS)


def _key(kind: str, value: str) -> str:
    """A hash, because what is typed into the field of the account may be a password."""
    return hashlib.sha256(f"{kind}\x1f{value}".encode("utf-8", "surrogatepass")).hexdigest()
