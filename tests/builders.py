"""Reports and signals for tests, with everything that a test does not care about filled in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from schemas.events import Channel, Medium, Outcome, Report, Signal, Stance, report_id
from streams.refinement import Record

NOW = datetime(2026, 1, 20, 6, 0, tzinfo=UTC)


def a_report(**changes: Any) -> Report:
    """A valid report of NOW."""
    source, ref = changes.pop("source", "hotline-test"), changes.pop("source_ref", "1")
    given: dict[str, Any] = {
        "id": report_id(source, ref),
        "source": source,
        "source_ref": ref,
        "channel": Channel.HOTLINE,
        "received_at": NOW,
        "happened_at": NOW - timedelta(hours=1),
        "text": "Звонили из банка, просили код из смс",
    }
    return Report(**{**given, **changes})


def a_record(report: Report | None = None, *, value: bytes | None = None, **changes: Any) -> Record:
    """The record of `report` (or of raw `value`) as the broker logged it at NOW."""
    report = report or a_report()
    given: dict[str, Any] = {
        "topic": "fraud.reports.v1",
        "partition": 0,
        "offset": 7,
        "logged_at": NOW,
        "key": report.id.encode(),
        "value": msgspec.json.encode(report) if value is None else value,
    }
    return Record(**{**given, **changes})


def a_signal(**changes: Any) -> Signal:
    """A signal about one number by an identified reporter."""
    given: dict[str, Any] = {
        "key": "number:+77051234567",
        "report_id": "r1",
        "reporter": "a" * 32,
        "anonymous": False,
        "happened_at": NOW,
        "received_at": NOW,
        "source": "telegram-bot",
        "channel": Channel.TELEGRAM,
        "medium": Medium.CALL,
        "stance": Stance.REPORT,
        "outcome": Outcome.ATTEMPT,
    }
    return Signal(**{**given, **changes})
