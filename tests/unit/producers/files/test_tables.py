"""Tables of every usual kind give the same rows."""

from __future__ import annotations

import itertools
import zipfile
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from producers.files.encoding import EncodingError, examine
from producers.files.mapping import TableForm
from producers.files.tables import MAX_CELL, Row, TableError, open_table
from producers.files.values import as_text, plain
from tests import agency

PLAIN = TableForm()
WANTED = agency.HEADINGS[:6]
ROWS = agency.rows(5, datetime(2026, 1, 14, 9, 30))


def read(path: Path, columns: Sequence[str] = WANTED, form: TableForm = PLAIN) -> list[Row]:
    with open_table(path, examine(path, form.encoding), form, columns) as table:
        assert table.fraction() <= 1
        return list(table.rows())


def texts(rows: list[Row]) -> list[dict[str, str]]:
    return [{name: as_text(value) for name, value in row.cells.items()} for row in rows]


@pytest.mark.parametrize(
    ("encoding", "delimiter"),
    [*itertools.product(("utf-8", "utf-8-sig", "cp1251", "utf-16"), (";", ",")), ("utf-8", "\t"), ("cp1251", "|")],
)
def test_csv_of_every_encoding_and_delimiter(tmp_path: Path, encoding: str, delimiter: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(agency.as_csv(ROWS, encoding, delimiter))
    found = read(path)
    assert [row.number for row in found] == [2, 3, 4, 5, 6]
    assert texts(found) == [{plain(name): value for name, value in row.items()} for row in ROWS]
    assert not any(row.surplus for row in found)


def test_kazakh_letters_of_an_old_encoding_are_named_in_the_mapping(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(agency.as_csv([agency.row(1, datetime(2026, 1, 14), Район="Қызылжар ауданы")], "kz1048"))
    (row,) = read(path, form=TableForm(encoding="kz-1048"))
    assert row.cells["район"] == "Қызылжар ауданы"


def test_xlsx_with_dates_and_numbers_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    agency.write_xlsx(path, ROWS)
    found = read(path)
    assert [row.number for row in found] == [2, 3, 4, 5, 6]
    assert found[0].cells["дата звонка"] == datetime(2026, 1, 14)
    assert as_text(found[2].cells["ущерб, тг"]) == "150000"
    assert found[0].cells["фабула"] == ROWS[0]["Фабула"]


def test_headings_further_down_and_another_sheet(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes("Отчёт за январь\r\n\r\n".encode() + agency.as_csv(ROWS))
    assert [row.number for row in read(path, form=TableForm(header_row=3))] == [4, 5, 6, 7, 8]
    book = tmp_path / "a.xlsx"
    agency.write_xlsx(book, ROWS)
    with pytest.raises(TableError, match="there is no sheet Лист7; there are Sheet"):
        read(book, form=TableForm(sheet="Лист7"))
    assert len(read(book, form=TableForm(sheet="Sheet"))) == 5


def test_blank_rows_are_no_rows_and_surplus_cells_are_noticed(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("Фабула;Банк\n;\n\nЗвонили;Халык;лишнее\nЗвонили\n", encoding="utf-8")
    found = read(path, ["Фабула"])
    assert [(row.number, row.surplus) for row in found] == [(4, True), (5, False)]


def test_headings_are_compared_without_case_and_spaces(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(" ФАБУЛА  дела ;Банк\nЗвонили;Халык\n", encoding="utf-8")
    assert read(path, ["Фабула дела"])[0].cells["фабула дела"] == "Звонили"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("Текст;Банк\nа;б\n", r"no column «Фабула»; the row of headings has «Текст», «Банк»"),
        ("", "no names"),
        ("Фабула;Фабула\nа;б\n", "is there twice"),
    ],
)
def test_a_table_without_the_columns_is_refused(tmp_path: Path, content: str, said: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(TableError, match=said):
        read(path, ["Фабула"])


def test_a_quotation_mark_that_is_never_closed_is_named_with_its_row(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('Фабула\nодин\n"два\n' + "три\n" * (MAX_CELL // 3), encoding="utf-8")
    with pytest.raises(TableError, match="row 3 can't be read"):
        read(path, ["Фабула"])


def test_damaged_utf8_is_not_taken_for_windows_1251(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(agency.as_csv(ROWS)[:-40] + b"\xff\xfe" + agency.as_csv(ROWS)[-40:])
    with pytest.raises(EncodingError, match="damaged"):
        examine(path)


def test_bytes_that_no_encoding_knows_are_named_with_their_row(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes("Фабула\nзвонили\n".encode("cp1251") + b"\x98\n")
    with pytest.raises(TableError, match="no text in Windows-1251; name the encoding in the mapping"):
        read(path, ["Фабула"])


@pytest.mark.parametrize("content", [b"PK\x03\x04 and nothing more", b"\xd0\xcf\x11\xe0old"])
def test_what_is_no_whole_workbook_is_said(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.xlsx"
    path.write_bytes(content)
    with pytest.raises((TableError, EncodingError), match="save it"):
        read(path)


@pytest.mark.parametrize("limit", ["MAX_XLSX_BYTES", "MAX_SHARED_BYTES"])
def test_a_workbook_that_would_fill_the_memory_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    path = tmp_path / "a.xlsx"
    agency.write_xlsx(path, ROWS)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("xl/sharedStrings.xml", "x" * 1000)
    monkeypatch.setattr(f"producers.files.tables.{limit}", 900)
    with pytest.raises(TableError, match="save it as CSV"):
        read(path)


def test_a_zip_that_is_no_workbook_is_said(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", "x")
    with pytest.raises(TableError, match="save it"):
        read(path)


cyrillic = st.text(st.characters(codec="cp1251", exclude_characters="\x00\r"), max_size=20)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(content=st.lists(st.tuples(cyrillic, cyrillic), max_size=8), encoding=st.sampled_from(["utf-8", "cp1251"]))
def test_any_text_comes_out_as_it_went_in(tmp_path: Path, content: list[tuple[str, str]], encoding: str) -> None:
    rows = [agency.row(1, datetime(2026, 1, 14), Фабула=story, Банк=bank) for story, bank in content]
    path = tmp_path / "a.csv"
    path.write_bytes(agency.as_csv(rows, encoding))
    found = read(path)
    assert [(as_text(r.cells["фабула"]), as_text(r.cells["банк"])) for r in found] == [
        (story.strip(), bank.strip()) for story, bank in content
    ]
