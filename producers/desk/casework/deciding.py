"""What the people on call decide, from a form to `fraud.decisions.v1`.

A decision is on its way to Kafka, to the notify worker and back through the index for a second or two; the desk shows
it at once, from its own database, until the case has heard of it.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

import msgspec
from msgspec.structs import replace
from sqlalchemy import delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from producers.desk.casework.reading import AlertView
from producers.desk.database import Table
from producers.desk.outbox import Outbox
from producers.desk.staff import Person
from schemas.cases import Case, Decision, DecisionKind, Step, StepKind, Via
from schemas.events import Alert, AlertStatus
from schemas.reference import regions, schemes
from schemas.topics import DECISIONS
from streams.oncall.links import LIFETIME
from streams.understanding.numbers import normalise
from streams.understanding.secrets import mask

#: How long a series may be kept quiet at most, and what the page offers (hours).
SILENCES: Final = (1, 4, 12, 24, 72, 168)
MAX_NOTE: Final = 500
#: How old a missed wave may be.
MAX_MISSED: Final = timedelta(days=90)
#: A decision that no case has heard of by then is no longer shown as made.
_SHOWN_FOR: Final = timedelta(hours=1)
#: Decisions are remembered for longer than a signed link works, so that a link makes one decision only.
_KEPT_FOR: Final = 2 * LIFETIME

_KINDS: Final = {
    "acknowledge": DecisionKind.ACKNOWLEDGED,
    "real": DecisionKind.REAL,
    "false": DecisionKind.FALSE,
    "silence": DecisionKind.SILENCED,
    "resume": DecisionKind.RESUMED,
}
#: The step of a case that a decision about an alert becomes.
_STEPS: Final = {
    DecisionKind.ACKNOWLEDGED: StepKind.ACKNOWLEDGED,
    DecisionKind.REAL: StepKind.CLOSED,
    DecisionKind.FALSE: StepKind.CLOSED,
    DecisionKind.SILENCED: StepKind.SILENCED,
    DecisionKind.RESUMED: StepKind.RESUMED,
}


class WrongFieldError(ValueError):
    """A field of the form can't be used; `field` is its name."""

    def __init__(self, field: str) -> None:
        super().__init__(field)
        self.field = field


class Made(Table):
    """A decision that was made here lately."""

    __tablename__ = "decisions_made"

    id: Mapped[str] = mapped_column(primary_key=True)
    alert_id: Mapped[str | None] = mapped_column(index=True)
    at: Mapped[datetime]
    body: Mapped[bytes]


def about_alert(form: Mapping[str, str], alert: Alert, person: Person, now: datetime) -> Decision:
    """The decision about an alert that a form says.  Raises WrongFieldError."""
    kind = _KINDS.get(form.get("kind", ""))
    if kind is None:
        raise WrongFieldError("kind")
    note = _note(form)
    if kind is DecisionKind.SILENCED and not note:
        raise WrongFieldError("note")
    silenced = kind is DecisionKind.SILENCED
    return Decision(
        id=str(uuid.uuid4()),
        kind=kind,
        at=now,
        by=person.account,
        via=Via.PAGE,
        alert_id=alert.id,
        key=alert.key if silenced else None,
        until=now + timedelta(hours=_hours(form)) if silenced else None,
        note=note,
    )


def missed_wave(form: Mapping[str, str], person: Person, now: datetime) -> Decision:
    """The report of a wave that nobody was paged for: of a number, or of a scheme, in a region or anywhere.

    Raises WrongFieldError.
    """
    try:
        happened_at = datetime.fromisoformat(form.get("happened_at", ""))
    except ValueError:
        raise WrongFieldError("happened_at") from None
    if happened_at.tzinfo is None or not now - MAX_MISSED <= happened_at <= now:
        raise WrongFieldError("happened_at")
    note = _note(form)
    if not note:
        raise WrongFieldError("note")
    return Decision(
        id=str(uuid.uuid4()),
        kind=DecisionKind.MISSED,
        at=now,
        by=person.account,
        via=Via.PAGE,
        key=_series(form, person),
        happened_at=happened_at,
        note=note,
    )


def is_made(transaction: Session, decision_id: str) -> bool:
    """Whether this decision was made here before."""
    return transaction.get(Made, decision_id) is not None


def make(transaction: Session, outbox: Outbox, decision: Decision) -> bool:
    """Promise in a transaction that a decision gets to its topic; call `outbox.hurry` once it is committed.

    Whether it is new: one that was made before is not made again.
    """
    if is_made(transaction, decision.id):
        return False
    transaction.execute(delete(Made).where(Made.at < decision.at - _KEPT_FOR))
    transaction.add(
        Made(id=decision.id, alert_id=decision.alert_id, at=decision.at, body=msgspec.json.encode(decision))
    )
    outbox.put(transaction, DECISIONS, decision)
    return True


def made(transaction: Session, now: datetime) -> list[Decision]:
    """What was decided here lately, oldest first."""
    rows = transaction.scalars(select(Made).where(Made.at >= now - _SHOWN_FOR).order_by(Made.at))
    return [msgspec.json.decode(row.body, type=Decision) for row in rows]


def with_made(shown: AlertView, lately: list[Decision]) -> AlertView:
    """The alert as it will be once its case has heard of the decisions that were made here."""
    case = shown.case
    for decision in lately:
        if decision.alert_id == case.alert_id and decision.id not in case.decisions:
            case = _decided(case, decision)
    return AlertView(shown.alert, case, shown.over)


def _decided(case: Case, decision: Decision) -> Case:
    step = Step(at=decision.at, kind=_STEPS[decision.kind], person=decision.by)
    if decision.kind is DecisionKind.ACKNOWLEDGED:
        if case.status is not AlertStatus.OPEN:
            return case
        step = replace(step, via=decision.via)
        case = replace(case, status=AlertStatus.ACKNOWLEDGED, acknowledged_at=decision.at, acknowledged_by=decision.by)
    elif decision.kind is DecisionKind.SILENCED:
        step = replace(step, until=decision.until, detail=decision.note)
    elif decision.kind is not DecisionKind.RESUMED:
        real = decision.kind is DecisionKind.REAL
        step = replace(step, real=real)
        case = replace(
            case,
            status=AlertStatus.CLOSED,
            closed_at=decision.at,
            closed_by=decision.by,
            real=real,
            note=decision.note or case.note,
        )
    return replace(case, steps=[*case.steps, step])


def _note(form: Mapping[str, str]) -> str:
    """The note, without secrets.  Raises WrongFieldError if it is too long."""
    note = mask(form.get("note", "").strip()).text
    if len(note) > MAX_NOTE:
        raise WrongFieldError("note")
    return note


def _hours(form: Mapping[str, str]) -> int:
    hours = form.get("hours", "")
    if not hours.isdecimal() or int(hours[:4]) not in SILENCES:
        raise WrongFieldError("hours")
    return int(hours)


def _series(form: Mapping[str, str], person: Person) -> str:
    """The series that a missed wave was in."""
    number, scheme, region = (form.get(name, "").strip() for name in ("number", "scheme", "region"))
    if number:
        value = normalise(number, person.area_code).value
        if not value:
            raise WrongFieldError("number")
        return f"number:{value}"
    if scheme and scheme not in schemes():
        raise WrongFieldError("scheme")
    if region and region not in regions():
        raise WrongFieldError("region")
    if scheme and region:
        return f"scheme-region:{scheme}|{region}"
    if scheme:
        return f"scheme:{scheme}"
    if region:
        return f"region:{region}"
    raise WrongFieldError("number")
