"""What would become of a file: every row read and checked as the gateway would, and nothing sent."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import Final

from msgspec import Struct, field

from producers.files.rows import RowReader, said_of
from producers.files.tables import Table
from producers.intake import Intake, Origin, read_report
from producers.problems import FieldProblem, SubmissionError
from producers.reporters import KEY_BYTES, ReporterHasher
from schemas.events import Channel, Report

#: Reports shown as they would be.
SAMPLE: Final = 3
_EVERY: Final = 200


class Preview(Struct, kw_only=True):
    """What was found: rows that can be sent and rows that can't, the first reports, and problems by field."""

    good: int = 0
    bad: int = 0
    backfill: int = 0
    earliest: datetime | None = None
    latest: datetime | None = None
    sample: list[Report] = field(default_factory=list)
    problems: Counter[tuple[str, str, str]] = field(default_factory=Counter)


def preview(table: Table, reader: RowReader, source: str, now: datetime, progress: Callable[[float], None]) -> Preview:
    """Read the whole table.  `problems` counts rows by (field, problem, remedy); reporters are hashed with a new key.

    Raises TableError.
    """
    found = Preview()
    hasher = ReporterHasher(secrets.token_bytes(KEY_BYTES))
    origin = Origin(source=source, channel=Channel.FILE)
    for number, row in enumerate(table.rows()):
        item = reader.item(row)
        problems: list[FieldProblem] = item.problems
        if item.submission is not None:
            try:
                _add(found, read_report(item.submission, origin, now, hasher))
            except SubmissionError as error:
                problems = list(error.problems)
        found.bad += bool(problems)
        found.problems.update((p.field, said_of(p, reader), p.remedy) for p in problems)
        if number % _EVERY == 0:
            progress(table.fraction())
    return found


def _add(found: Preview, intake: Intake) -> None:
    report = intake.report
    found.good += 1
    found.backfill += report.backfill
    found.earliest = min(found.earliest or report.happened_at, report.happened_at)
    found.latest = max(found.latest or report.happened_at, report.happened_at)
    if len(found.sample) < SAMPLE:
        found.sample.append(report)
