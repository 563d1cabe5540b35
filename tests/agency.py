"""A file as another agency sends it: Russian headings, dates and sums as people write them; all of it invented."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import openpyxl
import yaml

HEADINGS: Final = (
    *("№ обращения", "Дата звонка", "Время", "Область", "Район", "Фабула", "Телефон мошенника"),
    *("Телефон заявителя", "Статус", "Ущерб, тг", "Банк", "Возраст", "Отдел"),
)

MAPPING: Final[dict[str, Any]] = {
    "fields": {
        "source_ref": {"column": "№ обращения"},
        "happened_at": {"columns": ["Дата звонка", "Время"]},
        "text": {"column": "Фабула"},
        "contacts": [{"column": "Телефон мошенника", "split": ",;"}],
        "reporter": {"column": "Телефон заявителя"},
        "region": {"column": "Область"},
        "district": {"column": "Район"},
        "medium": {"constant": "call"},
        "outcome": {"column": "Статус", "values": {"потерпевший": "victim", "попытка": "attempt", "": "unknown"}},
        "loss_kzt": {"column": "Ущерб, тг"},
        "bank": {"column": "Банк"},
        "affected_group": {"column": "Возраст", "values": {"пенсионер": "elderly"}, "otherwise": "adult"},
    }
}


def row(number: int, at: datetime, tag: str = "26", **changes: Any) -> dict[str, Any]:
    """A row by heading; the agency numbers its papers `number/tag`."""
    story = (
        f"Позвонил «следователь», говорил о кредите; случай {number}.\nСказала код 4821 из СМС, потом положила трубку"
    )
    given = {
        "№ обращения": f"{number}/{tag}",
        "Дата звонка": at.strftime("%d.%m.%Y"),
        "Время": at.strftime("%H:%M"),
        "Область": "СКО",
        "Район": "Мамлютский",
        "Фабула": story,
        "Телефон мошенника": f"8 705 {number % 1000:03} 45 67, 1414",
        "Телефон заявителя": f"+7 701 999 {number // 100 % 100:02} {number % 100:02}",
        "Статус": "Потерпевший" if number % 3 == 0 else "попытка",
        "Ущерб, тг": "150 000,00" if number % 3 == 0 else "",
        "Банк": "Народный банк",
        "Возраст": "пенсионер",
        "Отдел": "дежурная часть",
    }
    return {**given, **changes}


def rows(count: int, last: datetime, tag: str = "26", **changes: Any) -> list[dict[str, Any]]:
    """`count` rows, one an hour, the last of them at `last` (local time, naive)."""
    return [row(n, last - timedelta(hours=count - n), tag, **changes) for n in range(1, count + 1)]


def as_csv(content: Sequence[dict[str, Any]], encoding: str = "utf-8", delimiter: str = ";") -> bytes:
    """The rows as CSV with a line of headings."""
    file = io.StringIO()
    writer = csv.DictWriter(file, HEADINGS, delimiter=delimiter, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(content)
    return file.getvalue().encode(encoding)


def write_xlsx(path: Path, content: Sequence[dict[str, Any]]) -> None:
    """The rows as a sheet whose dates, times and sums are what a spreadsheet makes of them."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(HEADINGS)
    for given in content:
        at = datetime.strptime(f"{given['Дата звонка']} {given['Время']}", "%d.%m.%Y %H:%M")
        loss = 150_000 if given["Ущерб, тг"] else None
        cells = {**given, "Дата звонка": at.replace(hour=0, minute=0), "Время": at.time(), "Ущерб, тг": loss}
        sheet.append([cells[name] for name in HEADINGS])
    book.save(path)


def write_mapping(path: Path, mapping: dict[str, Any] = MAPPING) -> Path:
    """The mapping as a file."""
    path.write_text(yaml.safe_dump(mapping, allow_unicode=True, sort_keys=False), encoding="utf-8")
    return path
