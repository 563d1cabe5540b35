"""The log of warnings given: kept until the gateway has each, counted for the shift.

Rows hold what `fraud.prevention.v1` may hold, so no name and no phone, and go after a month.
"""

from __future__ import annotations

import logging
import uuid
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec
from msgspec import Struct
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from producers.desk.database import Table
from producers.desk.gateway import GatewayAwayError, GatewayRefusedError
from producers.desk.service import Desk
from producers.desk.staff import Person
from schemas.prevention import Activity, PreventionSubmission

log: Final = logging.getLogger(__name__)

#: Where the gateway takes them.
PATH: Final = "/v1/prevention"
#: A warning that the gateway does not have after this time is told of: it is more than on its way.
LATE: Final = timedelta(seconds=15)
#: Rows older than this are forgotten, sent or refused.
KEPT: Final = timedelta(days=31)


class Given(Table):
    """A warning given, as it is sent."""

    __tablename__ = "warnings_given"

    reference: Mapped[str] = mapped_column(primary_key=True)
    source: Mapped[str] = mapped_column(index=True)
    account: Mapped[str]
    at: Mapped[datetime]
    activity: Mapped[str]
    reached: Mapped[bool]
    people: Mapped[int]
    body: Mapped[bytes]
    sent: Mapped[bool] = mapped_column(default=False, index=True)
    problem: Mapped[str | None]


#: What tells the rows that are still to be sent.
_UNSENT: Final = (~Given.sent, Given.problem.is_(None))


class Shift(Struct, frozen=True):
    """What was done since a time: calls and people reached by one operator, calls of the whole call-centre."""

    calls: int
    reached: int
    centre: int


def record(transaction: Session, person: Person, now: datetime, **fields: Any) -> None:
    """Promise that this warning gets to the gateway; `fields` as in PreventionSubmission.

    Raises msgspec.ValidationError, which names the field, and then nothing is promised.
    """
    given = {"source_ref": str(uuid.uuid4()), "happened_at": now, **fields}
    submission = msgspec.convert(msgspec.to_builtins(given), PreventionSubmission)
    transaction.add(
        Given(
            reference=submission.source_ref,
            source=person.source,
            account=person.account,
            at=now,
            activity=submission.activity.value,
            reached=submission.reached,
            people=submission.people,
            body=msgspec.json.encode(submission),
        )
    )


def shift(transaction: Session, person: Person, since: datetime) -> Shift:
    """The counters of the shift."""
    calls = (
        select(func.count())
        .select_from(Given)
        .where(Given.source == person.source, Given.activity == Activity.CALL.value, Given.at >= since)
    )
    own = calls.where(Given.account == person.account)
    reached = own.where(Given.reached)
    return Shift(*(transaction.scalar(query) or 0 for query in (own, reached, calls)))


def refused(transaction: Session, source: str) -> list[str]:
    """What the gateway said of warnings that it will never take, newest first; it names fields and no values."""
    rows = select(Given.problem).where(Given.source == source, Given.problem.is_not(None)).order_by(Given.at.desc())
    return [problem for problem in transaction.scalars(rows) if problem]


def late(transaction: Session, source: str, now: datetime) -> int:
    """How many warnings the gateway should have by now and does not have."""
    unsent = select(func.count()).select_from(Given).where(Given.source == source, *_UNSENT, Given.at <= now - LATE)
    return transaction.scalar(unsent) or 0


async def deliver(desk: Desk) -> None:
    """Take everything to the gateway that it will have now; a call-centre whose key is wrong holds up no other."""
    for source in await desk.database.run(lambda t: t.scalars(select(Given.source).where(*_UNSENT).distinct()).all()):
        try:
            while await _deliver(desk, source):
                pass
        except GatewayAwayError:
            log.warning("warnings given by %s wait for the gateway", source)


async def _deliver(desk: Desk, source: str) -> bool:
    """Whether there was one to deliver.  Raises GatewayAwayError."""
    oldest = select(Given).where(Given.source == source, *_UNSENT).order_by(Given.at).limit(1)
    given = await desk.database.run(lambda t: t.scalars(oldest).first())
    if given is None:
        return False
    done: dict[str, Any] = {"sent": True}
    try:
        await desk.gateway.post(given.source, PATH, msgspec.Raw(given.body))
    except GatewayRefusedError as error:
        log.error("the gateway refuses a warning given: %s", error)
        done = {"problem": str(error)[:500]}
    await desk.database.run(lambda t: t.execute(update(Given).where(Given.reference == given.reference).values(**done)))
    return True


def forget(transaction: Session, now: datetime) -> None:
    """Drop what is old and done."""
    old = Given.at < now - KEPT
    transaction.execute(delete(Given).where(old, Given.sent | Given.problem.is_not(None)))
