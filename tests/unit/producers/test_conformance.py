"""Which events would be refused: the same answers as of those that decide, and no value repeated."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from typer.testing import CliRunner

from deploy import cli
from producers.conformance import EventKind, check_lines
from producers.gateway.examples import REPORT as SUBMISSION
from producers.intake import Origin, read_report
from producers.problems import FieldProblem
from producers.reporters import ReporterHasher
from schemas.events import Channel
from tests.builders import a_report

NOW = datetime(2026, 1, 20, 6, 0, tzinfo=UTC)


def problems(*events: dict[str, Any], kind: EventKind | None = None) -> list[tuple[FieldProblem, ...]]:
    lines = [msgspec.json.encode(event) + b"\n" for event in events]
    return [finding.problems for finding in check_lines(lines, NOW, kind)]


def fields(*events: dict[str, Any], kind: EventKind | None = None) -> list[set[str]]:
    return [{problem.field for problem in found} for found in problems(*events, kind=kind)]


def record(**changes: Any) -> dict[str, Any]:
    body: dict[str, Any] = msgspec.to_builtins(a_report())
    return {**body, **changes}


def test_good_events_have_no_problems() -> None:
    assert problems(SUBMISSION, record()) == [(), ()]
    assert [f.kind for f in check_lines([msgspec.json.encode(e) for e in (SUBMISSION, record())], NOW)] == [
        EventKind.SUBMISSION,
        EventKind.REPORT,
    ]


def test_what_the_gateway_makes_of_a_submission_is_a_good_record() -> None:
    origin = Origin(source="bot", channel=Channel.TELEGRAM)
    raw = msgspec.json.encode(SUBMISSION | {"text": "сказала код 4821 из смс", "bank": "карта 4400430123456784"})
    report = read_report(raw, origin, NOW, ReporterHasher(b"k" * 32)).report
    assert problems(msgspec.to_builtins(report)) == [()]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"text": 5}, "/text"),
        ({"contacts": [{"value": "1414", "role": "enemy"}]}, "/contacts/0/role"),
        ({"happened_at": "2090-01-01T00:00:00Z"}, "/happened_at"),
        ({"region": "KZ-99"}, "/region"),
        ({"colour": "red"}, "/colour"),
        ({"text": "x" * 10_001}, "/text"),
        ({"source_ref": ""}, "/source_ref"),
    ],
)
def test_a_wrong_submission_is_named(change: dict[str, Any], field: str) -> None:
    assert fields(SUBMISSION | change) == [{field}]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"id": "00000000-0000-5000-8000-000000000000"}, "/id"),
        ({"id": "x"}, "/id"),
        ({"version": 7}, "/version"),
        ({"received_at": (NOW + timedelta(hours=1)).isoformat()}, "/received_at"),
        ({"received_at": (NOW - timedelta(days=500)).isoformat()}, "/received_at"),
        ({"happened_at": (NOW + timedelta(hours=1)).isoformat()}, "/happened_at"),
        ({"happened_at": "2016-01-01T00:00:00Z"}, "/happened_at"),
        ({"channel": "pigeon"}, "/channel"),
        ({"reporter": "+77051234567"}, "/reporter"),
        ({"text": "сказала код 4821 из смс"}, "/text"),
        ({"contacts": [{"value": "+77051234567", "role": "own"}]}, "/contacts"),
    ],
)
def test_a_wrong_record_is_named(change: dict[str, Any], field: str) -> None:
    assert fields(record(**change)) == [{field}]


def test_a_record_may_have_fields_that_are_not_known_yet() -> None:
    assert fields(record(colour="red")) == [set()]
    assert fields(record(colour="red"), kind=EventKind.SUBMISSION)[0] >= {"/id", "/colour"}


def test_the_first_event_of_a_reference_wins() -> None:
    other = SUBMISSION | {"text": "Другая история"}
    assert fields(SUBMISSION, SUBMISSION, other, SUBMISSION) == [set(), set(), {"/source_ref"}, set()]
    later = record(received_at=(NOW - timedelta(minutes=1)).isoformat())
    assert fields(record(), later, record(text="Другая история")) == [set(), set(), {"/source_ref"}]


def test_lines_that_are_no_events_are_named_and_blank_ones_left_out() -> None:
    lines = [b"\n", b"{\n", b"[1]\n", b"\xff\n", b"  \n", b"[" * 100_000]
    found = list(check_lines(lines, NOW))
    assert [finding.line for finding in found] == [2, 3, 4, 6]
    assert all(finding.problems for finding in found)


def test_one_that_is_too_large_is_named() -> None:
    assert fields(SUBMISSION | {"text": "x" * 300_000}) == [{""}]
    assert fields(record(text="x" * 2_000_000)) == [{""}]


def run(path: Path, *options: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(cli.build("check-events"), ["check-events", str(path), *options])
    return result.exit_code, result.stdout, result.stderr


def test_the_command_says_where_and_why_and_nothing_of_what_was_said(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    now = datetime.now(UTC)
    secret = "4400430123456784"
    good = record(received_at=now.isoformat(), happened_at=now.isoformat())
    lines = [SUBMISSION, good, SUBMISSION | {"loss_kzt": secret, "medium": secret}]
    path.write_text("\n".join(json.dumps(line) for line in lines) + "\n" + "x" * 3_000_000 + "\n")
    code, output, summary = run(path)
    assert code == 1
    assert f"{path}:3: /loss_kzt must be a whole number; send a whole number" in output.splitlines()
    assert f"{path}:4: the submission is too large; shorten its texts" in output.splitlines()
    assert summary == "4 events, 2 of them would be refused\n"
    assert secret not in output


def test_the_command_is_content_with_good_events(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_text(json.dumps(SUBMISSION))
    assert run(path) == (0, "", "1 events, 0 of them would be refused\n")
    assert run(path, "--as", "report")[0] == 1
    assert run(tmp_path / "none.jsonl")[0] == 2
