from __future__ import annotations

import json
from datetime import timedelta

import msgspec
import pytest

from schemas.events import EnrichedReport, RejectedReport, RejectReason, Report
from streams.refinement import Seen, first_copy, refine
from tests.builders import NOW, a_record, a_report

CARD = "4111 1111 1111 1111"


def rejected(**changes: object) -> RejectedReport:
    verdict = refine(a_record(**changes))  # type: ignore[arg-type]
    assert isinstance(verdict, RejectedReport)
    return verdict


def understood(report: Report) -> EnrichedReport:
    verdict = refine(a_record(report))
    assert isinstance(verdict, EnrichedReport)
    return verdict


def changed(**fields: object) -> bytes:
    return json.dumps({**msgspec.to_builtins(a_report()), **fields}, ensure_ascii=False).encode()


def test_a_valid_report_is_understood() -> None:
    assert understood(a_report()).report.id == a_report().id


@pytest.mark.parametrize("garbage", [b"\xff\xfe\x00", b"{", b"", b"[" * 100_000, b"\x80abc", b'"\xed\xa0\x80"'])
def test_garbage_is_undecodable_and_nothing_of_it_is_kept(garbage: bytes) -> None:
    verdict = rejected(value=garbage)
    assert (verdict.reason, verdict.record) == (RejectReason.UNDECODABLE, None)


def test_json_of_another_shape_is_invalid() -> None:
    assert rejected(value=b"[1, 2]").reason is RejectReason.INVALID
    assert rejected(value=b"null").reason is RejectReason.INVALID


def test_an_event_of_a_future_version_waits_for_an_upgrade() -> None:
    assert rejected(value=changed(version=2)).reason is RejectReason.UNSUPPORTED_VERSION
    assert rejected(value=changed(version=2, channel="viber")).reason is RejectReason.UNSUPPORTED_VERSION


def test_an_unknown_field_of_a_newer_publisher_is_tolerated() -> None:
    assert isinstance(refine(a_record(value=changed(mood="bad"))), EnrichedReport)


def test_a_rejection_names_the_field_and_keeps_no_secret() -> None:
    verdict = rejected(
        value=changed(channel=f"карта {CARD}", text=f"карта {CARD}, код из смс 4821", reporter="87051234567")
    )
    assert verdict.reason is RejectReason.INVALID
    assert "$.channel" in verdict.detail
    for secret in (CARD, "4821", "87051234567"):
        assert secret not in msgspec.json.encode(verdict).decode()


def test_a_rejection_does_not_keep_the_phone_that_is_the_reporters_own() -> None:
    verdict = rejected(value=changed(channel="pigeon", contacts=[{"value": "8 705 123 45 67", "role": "own"}]))
    assert "123 45 67" not in msgspec.json.encode(verdict).decode()


def test_an_id_that_is_not_derived_from_source_and_reference_is_refused() -> None:
    other = a_report(source_ref="other")
    assert rejected(value=changed(id=other.id)).reason is RejectReason.WRONG_ID
    assert rejected(key=b"something else").reason is RejectReason.WRONG_ID


@pytest.mark.parametrize(
    ("field", "ago"),
    [
        ("received_at", -timedelta(minutes=11)),
        ("received_at", timedelta(days=401)),
        ("happened_at", -timedelta(minutes=11)),
        ("happened_at", timedelta(days=6 * 365)),
    ],
)
def test_impossible_times_are_refused(field: str, ago: timedelta) -> None:
    verdict = rejected(value=changed(**{field: (NOW - ago).isoformat()}))
    assert verdict.reason is RejectReason.WRONG_TIME
    assert field in verdict.detail


def test_the_first_copy_wins() -> None:
    first = a_report()
    retry = a_report(received_at=NOW + timedelta(minutes=5))
    verdict, seen = first_copy(understood(first), None, a_record(first))
    again, same = first_copy(understood(retry), seen, a_record(retry))
    assert isinstance(again, EnrichedReport)
    assert again.report == verdict.report  # type: ignore[union-attr]
    assert same == seen


def test_a_retry_without_a_time_of_its_own_keeps_the_first_one() -> None:
    first = a_report(happened_at=NOW)
    retry = a_report(received_at=NOW + timedelta(minutes=5), happened_at=NOW + timedelta(minutes=5))
    _, seen = first_copy(understood(first), None, a_record(first))
    again, _ = first_copy(understood(retry), seen, a_record(retry))
    assert isinstance(again, EnrichedReport)
    assert again.report.happened_at == NOW


def test_the_same_incident_in_an_agencys_next_file_is_no_conflict() -> None:
    first = a_report()
    _, seen = first_copy(understood(first), None, a_record(first))
    older = msgspec.structs.replace(first, backfill=True)
    verdict, _ = first_copy(understood(older), seen, a_record(older))
    assert isinstance(verdict, EnrichedReport)


def test_another_report_under_the_same_reference_is_a_conflict() -> None:
    _, seen = first_copy(understood(a_report()), None, a_record())
    other = a_report(text="совсем другой рассказ о звонке")
    verdict, remembered = first_copy(understood(other), seen, a_record(other))
    assert isinstance(verdict, RejectedReport)
    assert (verdict.reason, remembered) == (RejectReason.CONFLICT, seen)


def test_what_is_remembered_survives_serialisation() -> None:
    _, seen = first_copy(understood(a_report()), None, a_record())
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(seen), type=Seen) == seen
