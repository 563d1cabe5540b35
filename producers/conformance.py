"""Which events would be refused, and why: submissions as the gateway takes them, records as refine takes them.

Pure: an event's bytes go in, what is wrong with each field comes out; the same checks as those that decide.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

import msgspec
from msgspec import Struct

from producers.intake import checked_submission
from producers.problems import FieldProblem, SubmissionError
from producers.repeats import Repeats
from producers.reporters import KEY_BYTES, ReporterHasher
from producers.validation import Contract
from schemas.events import RejectedReport, RejectReason, Report, report_id
from schemas.topics import REPORTS, topics
from streams.refinement import Record, masked_record, refine

#: Longest submission that the gateway takes, in bytes.
MAX_SUBMISSION_BYTES: Final = 262_144

_REPORT: Final = Contract(Report, {})
#: The gateway hashes reporters, whatever its key is.
_HASHER: Final = ReporterHasher(bytes(KEY_BYTES))
#: The field that a reason of refine is about.
_FIELDS: Final = {
    RejectReason.UNSUPPORTED_VERSION: "/version",
    RejectReason.WRONG_ID: "/id",
}
_UNMASKED: Final = FieldProblem(
    field="",
    problem="holds a secret that should have been masked",
    remedy="publish with ReportProducer or through the gateway, which mask before they send",
)
_TOO_LARGE: Final = FieldProblem(field="", problem="is too large", remedy="shorten its texts")


class EventKind(StrEnum):
    """What a line is: a submission to the gateway, or a record of `fraud.reports.v1`."""

    SUBMISSION = "submission"
    REPORT = "report"


class Finding(Struct, frozen=True):
    """One event: its line from 1, what it was taken for, and what is wrong with it (nothing: it would be taken)."""

    line: int
    kind: EventKind
    problems: tuple[FieldProblem, ...]


def check_lines(lines: Iterable[bytes], now: datetime, kind: EventKind | None = None) -> Iterator[Finding]:
    """What would become of each line that is not blank, received at `now` (aware); of several copies the first wins.

    kind: what the lines are; None: a line with an `id` is a record, any other a submission.
    """
    repeats = Repeats()
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        taken_for = kind or kind_of(line)
        problems = check_submission(line, now) if taken_for is EventKind.SUBMISSION else check_report(line, now)
        yield Finding(number, taken_for, tuple(problems or repeats.problems(line)))


def kind_of(line: bytes) -> EventKind:
    """What a line looks like."""
    try:
        body = msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return EventKind.SUBMISSION
    return EventKind.REPORT if isinstance(body, dict) and "id" in body else EventKind.SUBMISSION


def check_submission(raw: bytes, now: datetime) -> list[FieldProblem]:
    """What the gateway would refuse in the body of `POST /v1/reports`."""
    if len(raw) > MAX_SUBMISSION_BYTES:
        return [_TOO_LARGE]
    return _problems_of(lambda: checked_submission(raw, now, _HASHER))


def check_report(raw: bytes, now: datetime) -> list[FieldProblem]:
    """What refine would reject in the value of a record logged at `now`, and what should never have been in it."""
    if len(raw) > topics()[REPORTS].max_message_bytes:
        return [_TOO_LARGE]
    if problems := _problems_of(lambda: _REPORT.decode(raw)):
        return problems
    report = _REPORT.decode(raw)
    key = report_id(report.source, report.source_ref)
    verdict = refine(Record(topic=REPORTS, partition=0, offset=0, logged_at=now, key=key.encode(), value=raw))
    if isinstance(verdict, RejectedReport):
        return [_explained(verdict)]
    body: dict[str, Any] = msgspec.json.decode(raw)
    return [
        FieldProblem(field=f"/{name}", problem=_UNMASKED.problem, remedy=_UNMASKED.remedy)
        for name, value in body.items()
        if masked_record(value, name) != value
    ]


def _explained(rejected: RejectedReport) -> FieldProblem:
    """A rejection in the words of a field's problem."""
    problem, _, remedy = rejected.detail.partition("; ")
    field = _FIELDS.get(rejected.reason, "")
    if rejected.reason is RejectReason.WRONG_TIME:
        name, _, problem = problem.partition(" ")
        field = f"/{name}"
    return FieldProblem(field=field, problem=problem, remedy=remedy or "send what the contract says")


def _problems_of(read: Callable[[], object]) -> list[FieldProblem]:
    try:
        read()
    except SubmissionError as error:
        return list(error.problems)
    return []
