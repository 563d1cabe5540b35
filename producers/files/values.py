"""What a cell of another agency's table means: texts, times, sums, yes and no, regions.  Pure.

A reader returns the value, or raises `CellError`, which says what is wrong and what to do, and never repeats the cell.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime, time
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from schemas.reference import regions
from streams.understanding.place import find_place

#: A cell as a file gives it.
Value = str | int | float | bool | datetime | date | time | None

#: How times are written unless the mapping says otherwise; beside these, RFC 3339.
USUAL_FORMATS: Final = (
    *("%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M", "%d.%m.%Y"),
    *("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d"),
)

_SPACES: Final = re.compile(r"\s+")
_CURRENCY: Final = re.compile(r"(?:kzt|тенге|теңге|тнг|тг|₸)\.?$", re.IGNORECASE)
#: 1500000, 1 500 000, 1.500.000, 1,500,000, each perhaps with tiyn behind a comma or a point.
_SUM: Final = re.compile(r"([0-9]{1,3}(?:[.,'][0-9]{3})+|[0-9]+)(?:[.,]([0-9]{1,2}))?")
_WORDS: Final = {
    **dict.fromkeys(("да", "иә", "yes", "true", "1", "+"), True),
    **dict.fromkeys(("нет", "жоқ", "no", "false", "0", "-"), False),
}


class CellError(ValueError):
    """A cell that makes no sense: what is wrong with it, and what to do."""

    def __init__(self, problem: str, remedy: str) -> None:
        self.problem, self.remedy = problem, remedy
        super().__init__(f"{problem}; {remedy}")


def as_text(value: Value) -> str:
    """The cell as people see it; a number without a fraction has no point, an empty cell is an empty text."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "да" if value else "нет"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime):
        return value.strftime("%d.%m.%Y %H:%M:%S" if value.time() != time.min else "%d.%m.%Y")
    if isinstance(value, date):
        return value.strftime("%d.%m.%Y")
    return str(value).strip()


def plain(text: str) -> str:
    """A text as values and headings are compared: without case and without superfluous spaces."""
    return _SPACES.sub(" ", text).strip().casefold()


def as_time(values: Sequence[Value], formats: Sequence[str], zone: ZoneInfo) -> datetime | None:
    """The moment (aware) in one cell, or in a date's and a time's; None if they are empty.  Raises CellError.

    What names no time zone is a local time of `zone`; a day without a time begins at midnight.
    """
    given = [value for value in values if as_text(value)]
    if not given:
        return None
    match given:
        case [datetime() as moment]:
            return _in_zone(moment, zone)
        case [datetime() | date() as day, time() as clock]:
            return _in_zone(datetime.combine(day, clock), zone)
        case [date() as day]:
            return _in_zone(datetime.combine(day, time.min), zone)
    text = " ".join(as_text(value) for value in given)
    for form in formats:
        try:
            return _in_zone(datetime.strptime(text, form), zone)
        except ValueError:
            continue
    try:
        return _in_zone(datetime.fromisoformat(text), zone)
    except ValueError:
        raise CellError(
            "is no date in a known format", f"write it like {_shown(formats)}, or name its format"
        ) from None


def as_sum(value: Value) -> int:
    """Whole tenge.  Raises CellError."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return round(value)
    text = _CURRENCY.sub("", _SPACES.sub("", as_text(value)))
    found = _SUM.fullmatch(text)
    if found is None:
        raise CellError("is no sum of money", "write it in digits, e.g. 150 000")
    tiyn = (found[2] or "0").ljust(2, "0")
    return int(re.sub(r"\D", "", found[1])) + (int(tiyn) >= 50)


def as_bool(value: Value) -> bool:
    """Yes or no.  Raises CellError."""
    known = _WORDS.get(plain(as_text(value)))
    if known is None:
        raise CellError("is neither yes nor no", "write да or нет, or list its values in the mapping")
    return known


def as_region(value: Value) -> str:
    """The code of a region, from its code or any way to name it («СКО», «г. Алматы»).  Raises CellError."""
    code = _region(as_text(value))
    if code is None:
        raise CellError("is no region of Kazakhstan", "write its name or its code, or list it in the mapping")
    return code


@lru_cache(maxsize=1024)  # a table names few places, often
def _region(text: str) -> str | None:
    return text if text in regions() else find_place(text).region


def _in_zone(moment: datetime, zone: ZoneInfo) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)


def _shown(formats: Sequence[str]) -> str:
    """Formats as a person writes them: the moment 14 January 2026, 09:30."""
    moment = datetime(2026, 1, 14, 9, 30)
    return " or ".join(moment.strftime(form) for form in formats[:3])
