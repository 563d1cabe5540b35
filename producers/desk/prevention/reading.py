"""Reads a call list from CSV.  Pure.

The first row names the columns, in Russian, Kazakh or English: phone (required), name, village, group.  UTF-8 or
Windows-1251; separated by commas, semicolons or tabs.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from typing import Final

from msgspec import Struct

from producers.prevention import reaches_somebody
from schemas.events import AffectedGroup, ContactKind
from streams.understanding.numbers import normalise

#: Limits of a list: bytes of the file, rows, characters of a cell, and of a name or a village.
MAX_BYTES: Final = 2_000_000
MAX_ROWS: Final = 10_000
MAX_CELL: Final = 100_000
MAX_TEXT: Final = 100

_COLUMNS: Final[Mapping[str, frozenset[str]]] = {
    "phone": frozenset({"phone", "телефон", "номер", "номер телефона", "нөмір", "телефон нөмірі"}),
    "name": frozenset({"name", "имя", "фио", "аты", "аты-жөні", "тегі аты"}),
    "village": frozenset({"village", "село", "населённый пункт", "населенный пункт", "ауыл", "елді мекен"}),
    "group": frozenset({"group", "группа", "кто", "санат", "топ"}),
}
_GROUPS: Final[Mapping[str, AffectedGroup]] = {
    **{group.value: group for group in AffectedGroup},
    **dict.fromkeys(("пожилые", "пожилой", "пожилая", "пенсионер", "пенсионерка"), AffectedGroup.ELDERLY),
    **dict.fromkeys(("зейнеткер", "қарт", "қарттар"), AffectedGroup.ELDERLY),
    **dict.fromkeys(("взрослый", "взрослая", "взрослые", "ересек", "ересектер"), AffectedGroup.ADULT),
    **dict.fromkeys(("студент", "студентка", "студенты", "студенттер"), AffectedGroup.STUDENT),
    **dict.fromkeys(("несовершеннолетний", "школьник", "школьница", "оқушы"), AffectedGroup.MINOR),
    **dict.fromkeys(("предприниматель", "ип", "кәсіпкер"), AffectedGroup.ENTREPRENEUR),
    **dict.fromkeys(("инвалид", "с инвалидностью", "мүгедек", "мүгедектігі бар"), AffectedGroup.DISABLED),
}


class Entry(Struct, frozen=True):
    """Somebody to call: the phone in E.164, and what is known of them."""

    phone: str
    name: str = ""
    village: str = ""
    group: AffectedGroup | None = None


class WrongRow(Struct, frozen=True):
    """A row that can't be taken: its line in the file, and why (`phone`, `long`, `village`, `group`)."""

    line: int
    problem: str


class CallListError(ValueError):
    """The file is no call list; `problem` says why (`size`, `rows`, `encoding`, `header`)."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem


def read_call_list(content: bytes, area_code: str | None) -> tuple[list[Entry], list[WrongRow]]:
    """(entries, wrong rows) of a file; `area_code` completes local numbers.  A phone that is there twice counts once.

    Raises CallListError.
    """
    if len(content) > MAX_BYTES:
        raise CallListError("size")
    csv.field_size_limit(MAX_CELL)  # of the process: whoever reads tables sets its own
    rows = csv.reader(io.StringIO(text := _decoded(content)), delimiter=_delimiter(text))
    try:
        header = _header(next(rows, []))
        entries: dict[str, Entry] = {}
        wrong: list[WrongRow] = []
        for count, row in enumerate(_filled(rows), start=1):
            if count > MAX_ROWS:
                raise CallListError("rows")
            found = _entry({name: row[at].strip() for name, at in header.items() if at < len(row)}, area_code)
            if isinstance(found, Entry):
                entries.setdefault(found.phone, found)
            else:
                wrong.append(WrongRow(rows.line_num, found))
    except csv.Error as error:
        raise CallListError("header") from error
    return list(entries.values()), wrong


def _filled(rows: Iterator[list[str]]) -> Iterator[list[str]]:
    return (row for row in rows if any(cell.strip() for cell in row))


def _entry(cells: Mapping[str, str], area_code: str | None) -> Entry | str:
    """The entry, or what is wrong with the row."""
    phone = normalise(cells.get("phone", ""), area_code)
    if phone.kind is not ContactKind.E164:
        return "phone"
    name, village, group = (cells.get(column, "") for column in ("name", "village", "group"))
    if max(len(name), len(village)) > MAX_TEXT:
        return "long"
    if reaches_somebody(village):
        return "village"
    if group and group.casefold() not in _GROUPS:
        return "group"
    return Entry(phone.value, name, village, _GROUPS.get(group.casefold()))


def _decoded(content: bytes) -> str:
    """Raises CallListError for what is text in neither encoding."""
    for encoding in ("utf-8-sig", "cp1251"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise CallListError("encoding")


def _delimiter(text: str) -> str:
    first = text.partition("\n")[0]
    return max(";,\t", key=first.count)


def _header(names: list[str]) -> dict[str, int]:
    """Place of each known column.  Raises CallListError if none holds phones."""
    found: dict[str, int] = {}
    for at, name in enumerate(names):
        for column, known in _COLUMNS.items():
            if name.strip().casefold() in known:
                found.setdefault(column, at)
    if "phone" not in found:
        raise CallListError("header")
    return found
