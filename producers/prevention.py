"""From a submission about a warning given to a `Prevention` that is safe to publish.

Pure, like `producers.intake`.  Nothing that reaches a person who was warned may get through: a source_ref that holds a
phone becomes a keyed hash, a village that holds a contact is refused.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from producers.intake import Origin, clean, kept_reference, wrong_identifier, wrong_region, wrong_time
from producers.problems import FieldProblem, InvalidError
from producers.reporters import ReporterHasher
from producers.validation import Contract
from schemas.events import ContactKind, report_id
from schemas.prevention import Activity, Prevention, PreventionBody, PreventionSubmission
from schemas.reference import schemes
from streams.understanding.numbers import find_contacts
from streams.understanding.secrets import mask

#: What a channel sends about a warning given.
PREVENTION: Final = Contract(PreventionSubmission, {"source_ref": "?", "activity": Activity.CALL.value})
#: Longest name of a place in the contract.
_MAX_PLACE: Final = 100
#: Contacts that have no place in the name of a place; short digits may be a house or a kilometre.
_REACHES: Final = frozenset({ContactKind.E164, ContactKind.HANDLE, ContactKind.EMAIL, ContactKind.INVALID})


class PreventionIntake(Struct, frozen=True):
    """A warning given, ready to publish, and how many secrets of each kind were masked in it."""

    prevention: Prevention
    masked: Annotated[dict[str, int], Meta(description="kind of secret → number of places")]


def read_prevention(
    raw: bytes | msgspec.Raw, origin: Origin, recorded_at: datetime, hasher: ReporterHasher
) -> PreventionIntake:
    """The record that a submission's JSON becomes, recorded at `recorded_at` (aware).

    The integration's region and district hold where it names neither.  Raises MalformedError, or InvalidError with
    every wrong field.
    """
    try:
        submission = PREVENTION.decode(raw)
    except InvalidError as error:
        rest = error.rest
        further = _problems(rest, recorded_at) if isinstance(rest, PreventionSubmission) else ()
        raise InvalidError([*error.problems, *further]) from None
    problems = list(_problems(submission, recorded_at))
    if problems:
        raise InvalidError(problems)
    kinds: Counter[str] = Counter()

    def place(value: str | None) -> str | None:
        result = mask(clean(value or ""))
        kinds.update(result.kinds)
        return result.text[:_MAX_PLACE].strip() or None

    source_ref, hashed = kept_reference(origin.source, submission.source_ref, hasher)
    kinds["source-ref"] += hashed
    body = {name: getattr(submission, name) for name in PreventionBody.__struct_fields__}
    body |= {"district": place(submission.district), "village": place(submission.village)}
    if body["region"] is None and body["district"] is None:
        body |= {"region": origin.region, "district": origin.district}
    if not submission.reached:
        body["people"] = 0
    happened_at = submission.happened_at.astimezone(UTC) if submission.happened_at else recorded_at
    prevention = Prevention(
        **body,
        id=report_id(origin.source, source_ref),
        source=origin.source,
        source_ref=source_ref,
        recorded_at=recorded_at,
        happened_at=happened_at,
    )
    return PreventionIntake(prevention, dict(+kinds))


def reaches_somebody(place: str) -> bool:
    """Whether what should be the name of a place holds a phone or another contact."""
    return any(contact.kind in _REACHES for contact in find_contacts(place))


def _problems(submission: PreventionSubmission, recorded_at: datetime) -> Iterator[FieldProblem]:
    """What is wrong beyond single fields' types."""
    yield from wrong_identifier("source_ref", submission.source_ref)
    yield from wrong_time("happened_at", submission.happened_at, recorded_at)
    yield from wrong_region(submission.region)
    if submission.topic is not None and submission.topic not in schemes():
        yield FieldProblem(
            field="/topic",
            problem="is the code of no scheme",
            remedy=f"leave it out for a general warning, or send one of {', '.join(schemes())}",
        )
    for name in ("village", "district"):
        if reaches_somebody(getattr(submission, name) or ""):
            yield FieldProblem(
                field=f"/{name}",
                problem="holds a phone or another contact",
                remedy="send the name of the place alone: nothing that reaches a person is kept",
            )
    if submission.reached and submission.people == 0:
        yield FieldProblem(
            field="/people",
            problem="is 0 though somebody was reached",
            remedy="send how many listened, or reached: false",
        )
    if not submission.reached and submission.people > 1:
        yield FieldProblem(
            field="/people", problem="is more than 0 though nobody was reached", remedy="leave it out, or send 0"
        )
