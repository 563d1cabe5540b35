"""From a submission about a warning given to the record that is published."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from producers.intake import Origin
from producers.prevention import read_prevention
from producers.problems import FieldProblem, InvalidError, MalformedError
from producers.reporters import ReporterHasher
from schemas.events import Channel, report_id
from schemas.prevention import Activity, Prevention, PreventionSubmission

NOW = datetime(2026, 1, 14, 9, 30, tzinfo=UTC)
DESK = Origin(source="mamlyut-desk", channel=Channel.HOTLINE, area_code="71541", region="KZ-59", district="Мамлютский")
HASHER = ReporterHasher(b"k" * 32)


def read(**fields: Any) -> Prevention:
    body = {"source_ref": "call-1", "activity": "call", **fields}
    return read_prevention(msgspec.json.encode(body), DESK, NOW, HASHER).prevention


def wrong(**fields: Any) -> set[str]:
    with pytest.raises(InvalidError) as caught:
        read(**fields)
    assert all(problem.remedy for problem in caught.value.problems)
    return {problem.field for problem in caught.value.problems}


def test_the_shortest_record_is_completed() -> None:
    assert read() == Prevention(
        id=report_id("mamlyut-desk", "call-1"),
        source="mamlyut-desk",
        source_ref="call-1",
        activity=Activity.CALL,
        recorded_at=NOW,
        happened_at=NOW,
        region="KZ-59",
        district="Мамлютский",
        people=1,
    )


def test_what_is_told_stays() -> None:
    told = read(happened_at="2026-01-14T10:00:00+05:00", region="KZ-33", village="Новомихайловка, 5 км", people=24)
    assert told.happened_at == datetime(2026, 1, 14, 5, 0, tzinfo=UTC)
    assert (told.region, told.district, told.village, told.people) == ("KZ-33", None, "Новомихайловка, 5 км", 24)


def test_nobody_reached_is_nobody() -> None:
    assert read(reached=False).people == 0
    assert wrong(reached=False, people=2) == {"/people"}
    assert wrong(people=0) == {"/people"}


@pytest.mark.parametrize("reference", ["+77051234567", "87051234567", "resident-77051234567-2"])
def test_a_residents_phone_in_the_reference_becomes_a_hash(reference: str) -> None:
    intake = read_prevention(msgspec.json.encode({"source_ref": reference, "activity": "call"}), DESK, NOW, HASHER)
    assert intake.prevention.source_ref.startswith("h-")
    assert "7051234567" not in str(intake.prevention)
    assert intake.masked == {"source-ref": 1}
    assert intake.prevention.id == read(source_ref=reference).id


@pytest.mark.parametrize("village", ["Иванова, 8 705 123 45 67", "@ivanova_kz", "a@b.kz", "тел. +77051234567"])
def test_a_place_that_reaches_a_person_is_refused(village: str) -> None:
    assert wrong(village=village) == {"/village"}
    assert wrong(district=village) == {"/district"}


def test_a_secret_in_a_place_is_masked() -> None:
    assert "870213300143" not in (read(village="с. Минкесер, ИИН 870213300143").village or "")


def test_every_wrong_field_is_named() -> None:
    assert wrong(
        source_ref="\u0000",
        activity="dance",
        region="KZ-99",
        topic="no-such-scheme",
        happened_at="2090-01-01T00:00:00Z",
        people=-1,
        phone="+77051234567",
    ) == {"/source_ref", "/activity", "/region", "/topic", "/happened_at", "/people", "/phone"}
    with pytest.raises(MalformedError):
        read_prevention(b"{", DESK, NOW, HASHER)


json_values = st.none() | st.booleans() | st.integers() | st.text() | st.lists(st.text(), max_size=2)


@given(st.dictionaries(st.sampled_from(PreventionSubmission.__struct_fields__) | st.text(max_size=8), json_values))
def test_whatever_is_sent_is_read_or_refused_with_a_field(fields: dict[str, Any]) -> None:
    fields_wrong: Sequence[FieldProblem] = ()
    record: Prevention | None = None
    try:
        record = read(**fields)
    except InvalidError as error:
        fields_wrong = error.problems
    assert fields_wrong or msgspec.json.decode(msgspec.json.encode(record), type=Prevention) == record
