"""What a row of another agency's table becomes, by its mapping."""

from __future__ import annotations

from copy import deepcopy
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest
import yaml

from producers.files.mapping import ImportMapping, MappingError, load_mapping
from producers.files.rows import BACKFILL_AFTER, RowReader
from producers.files.tables import Row
from producers.files.values import plain
from producers.validation import decode_submission
from schemas.events import ContactRole, Outcome, ReportSubmission
from schemas.generate import FOLDER
from tests import agency

NOW = datetime(2026, 1, 14, 9, 30, tzinfo=UTC)


def reader(mapping: dict[str, Any], now: datetime = NOW) -> RowReader:
    return RowReader(msgspec.convert(mapping, ImportMapping), b"key", now)


def mapped(**fields: Any) -> dict[str, Any]:
    return {"fields": {"text": {"column": "Текст"}, **fields}}


def cells(**given: Any) -> dict[str, Any]:
    return {plain(name): value for name, value in given.items()}


def submission(mapping: dict[str, Any], row: dict[str, Any]) -> ReportSubmission:
    item = reader(mapping).item(Row(2, cells(**row), False))
    assert item.submission is not None, item.problems
    return decode_submission(item.submission)


def test_a_reference_that_says_two_things_is_named_and_a_row_that_is_there_twice_is_not() -> None:
    read = reader(agency.MAPPING)
    first = agency.row(3, datetime(2026, 1, 14, 9, 30))
    rows = [first, first, {**first, "Телефон мошенника": "8 705 111 22 33"}, {**first, "№ обращения": "4/26"}]
    items = [read.item(Row(number, cells(**row), False)) for number, row in enumerate(rows, 2)]
    assert [[problem.field for problem in item.problems] for item in items] == [[], [], ["/source_ref"], []]
    assert items[0].submission == items[1].submission
    assert items[2].submission is None


def test_a_whole_row() -> None:
    said = submission(agency.MAPPING, agency.row(3, datetime(2026, 1, 14, 9, 30)))
    assert said.source_ref == "3/26"
    assert said.happened_at == datetime(2026, 1, 14, 4, 30, tzinfo=UTC)
    assert [(c.value, c.role) for c in said.contacts] == [
        ("8 705 003 45 67", ContactRole.SUSPECT),
        ("1414", ContactRole.SUSPECT),
    ]
    assert (said.region, said.district, said.loss_kzt) == ("KZ-59", "Мамлютский", 150_000)
    assert (said.outcome, said.medium, said.affected_group) == (Outcome.VICTIM, "call", "elderly")
    assert said.reporter == "+7 701 999 00 03"
    assert said.backfill is False


def test_an_empty_cell_says_nothing_and_a_meaning_of_emptiness_counts() -> None:
    said = submission(agency.MAPPING, agency.row(3, NOW, Статус="", Банк=None, Район=" ", **{"Ущерб, тг": None}))
    assert said.outcome is Outcome.UNKNOWN
    assert (said.bank, said.district, said.loss_kzt) == (None, None, None)


def test_every_cell_that_cannot_be_read_is_named_and_never_repeated() -> None:
    wrong = agency.row(3, NOW, Статус="секрет", Область="секрет", **{"Ущерб, тг": "секрет", "Дата звонка": "секрет"})
    item = reader(agency.MAPPING).item(Row(2, cells(**wrong), True))
    assert item.submission is None
    assert {p.field for p in item.problems} == {"/outcome", "/region", "/loss_kzt", "/happened_at", ""}
    assert all(p.problem and p.remedy for p in item.problems)
    assert "секрет" not in str(item.problems)


@pytest.mark.parametrize(
    ("told", "backfill"),
    [
        (NOW, False),
        (NOW - BACKFILL_AFTER + timedelta(minutes=1), False),
        (NOW - BACKFILL_AFTER - timedelta(minutes=1), True),
        (None, True),
    ],
)
def test_old_material_and_such_without_a_time_never_pages(told: datetime | None, backfill: bool) -> None:
    mapping = mapped(happened_at={"column": "Когда"})
    said = submission(mapping, {"Текст": "Звонили", "Когда": told.isoformat() if told else None})
    assert said.backfill is backfill
    assert submission(mapping | mapped(backfill={"constant": False}), {"Текст": "Звонили"}).backfill is False


def test_without_an_id_the_row_is_its_own_reference_and_tells_nobody_what_is_in_it() -> None:
    row = {"Текст": "Звонили", "Телефон заявителя": "+77051234567"}
    first = submission(mapped(), row).source_ref
    assert first == submission(mapped(), dict(reversed(row.items()))).source_ref
    assert first != submission(mapped(), row | {"Телефон заявителя": "+77051234568"}).source_ref
    other_key = RowReader(msgspec.convert(mapped(), ImportMapping), b"another", NOW).read(cells(**row))
    assert first != other_key.fields["source_ref"]


def test_a_row_that_is_too_large_or_not_text_is_named() -> None:
    assert (
        reader(mapped()).item(Row(2, cells(Текст="я" * 300_000), False)).problems[0].problem == "the row is too large"
    )
    assert reader(mapped()).item(Row(2, cells(Текст="\ud800"), False)).problems


def test_the_columns_behind_a_field() -> None:
    read = reader(agency.MAPPING)
    assert read.columns_of("/happened_at") == ["Дата звонка", "Время"]
    assert read.columns_of("/contacts/0/value") == ["Телефон мошенника"]
    assert read.columns_of("/nothing") == []
    assert set(read.columns) == set(agency.HEADINGS) - {"Отдел"}


def test_the_mapping_fits_its_schema_and_loads(tmp_path: Path) -> None:
    path = agency.write_mapping(tmp_path / "map.yaml")
    schema = yaml.safe_load((FOLDER / "import-mapping.schema.json").read_text(encoding="utf-8"))
    jsonschema.validate(yaml.safe_load(path.read_text(encoding="utf-8")), schema)
    assert load_mapping(path).zone == "Asia/Almaty"


def changed(**fields: Any) -> dict[str, Any]:
    mapping = deepcopy(agency.MAPPING)
    mapping["fields"] |= fields
    return mapping


@pytest.mark.parametrize(
    ("mapping", "said"),
    [
        ({"fields": {"bank": {"column": "Банк"}}}, "neither text nor contacts"),
        (changed() | {"zone": "Asia/Astana?"}, "no time zone"),
        (changed(colour={"column": "Цвет"}), "colour.*known there are .*bank"),
        (changed(text={"colum": "Фабула"}), "colum.*known there are column, columns"),
        (changed(happened_at={"column": "Дата", "format": "%d"}), "known there are column, columns, formats"),
        (changed(contacts=[{"column": "Номер", "rol": "own"}]), "known there are column, split, role"),
        (changed() | {"table": {"encoding": "klingon"}}, "one of utf-8, windows-1251"),
        (changed(outcome={"column": "Статус", "values": {"умер": "dead"}}), r"'dead' .*send one of .*victim"),
        (changed(outcome={"constant": "dead"}), r"fields\.outcome: 'dead'"),
        (changed(bank={}), r"fields\.bank: give a column"),
        (changed(bank={"column": "Банк", "constant": "Халык"}), r"fields\.bank: give a column"),
        (changed(happened_at={}), r"fields\.happened_at: give a column"),
        (changed() | {"table": {"header_row": 0}}, "header_row"),
        ("nothing", "Expected `object`"),
    ],
)
def test_a_wrong_mapping_is_refused_with_the_place(tmp_path: Path, mapping: Any, said: str) -> None:
    path = agency.write_mapping(tmp_path / "map.yaml", mapping)
    with pytest.raises(MappingError, match=said) as caught:
        load_mapping(path)
    assert str(path) in str(caught.value)


def test_a_missing_or_broken_mapping_is_named(tmp_path: Path) -> None:
    with pytest.raises(MappingError, match="No such file"):
        load_mapping(tmp_path / "none.yaml")
    (tmp_path / "old.yaml").write_bytes("zone: Алматы".encode("cp1251"))
    with pytest.raises(MappingError, match="no text in UTF-8"):
        load_mapping(tmp_path / "old.yaml")
    (tmp_path / "broken.yaml").write_text("fields: [")
    with pytest.raises(MappingError, match=r"broken\.yaml"):
        load_mapping(tmp_path / "broken.yaml")
