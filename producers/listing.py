"""The list of numbers that fraudsters use now, for partners: suspected and confirmed ones, never official ones.

It is read page by page in the order of the numbers, which never changes, so that each number comes once whatever is
reported meanwhile, and written as it is read: its length does not matter.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec
from elasticsearch import AsyncElasticsearch
from msgspec import Struct

from schemas.documents import number_kind
from schemas.events import FoundContact
from schemas.indices import NUMBERS
from schemas.reference import Words
from streams.reputation import State
from streams.understanding.numbers import official

#: What can be listed.  A number that was only reported is nobody's business: one report marks no number.
LISTED: Final = (State.SUSPECTED, State.CONFIRMED)
#: Numbers read at a time.
PAGE: Final = 1_000
#: Stands in every list.
NOTICE: Final = Words(
    ru=(
        "Номер звонящего можно подделать: его владелец может ни о чём не знать. "
        "Список нельзя использовать для блокировки официальных номеров."
    ),
    kk=(
        "Қоңырау шалушының нөмірін қолдан жасауға болады: нөмірдің иесі бұдан бейхабар болуы мүмкін. "
        "Бұл тізімді ресми нөмірлерді бұғаттауға пайдалануға болмайды."
    ),
    en=(
        "A calling number can be spoofed, and its owner may know nothing of it. "
        "This list must not be used to block official numbers."
    ),
)
COLUMNS: Final = (
    *("number", "kind", "state", "reporters", "schemes", "regions", "first_seen", "last_seen", "until"),
    *("made_at", "notice"),
)

#: Cells that a spreadsheet would take for a formula (OWASP, CSV injection); a phone number is none.
_FORMULA: Final = re.compile(r"^(?!\+[0-9]+$)[=+\-@\t\r]")


class ListedNumber(Struct, frozen=True, kw_only=True):
    """A number on the list: why it is there, and until when if nobody reports it again."""

    value: str
    kind: str
    state: State
    reporters: int
    schemes: list[str] = []
    regions: list[str] = []
    first_seen: datetime | None = None
    last_seen: datetime | None = None
    until: datetime | None = msgspec.field(name="fades_at", default=None)


class Page(Struct, frozen=True):
    """Numbers in order, how many there are in all, and where the next page begins (None: there is none)."""

    numbers: list[ListedNumber]
    total: int
    after: str | None


async def read_page(
    client: AsyncElasticsearch, states: Sequence[State], now: datetime, after: str | None = None
) -> Page:
    """The numbers in one of these states at `now` (aware) that come after the number `after`.

    Raises elasticsearch.ApiError or elasticsearch.TransportError while the index can't be read.
    """
    found = await client.search(
        index=NUMBERS,
        query={
            "bool": {
                "filter": [
                    {"terms": {"state": [state.value for state in states]}},
                    {"range": {"fades_at": {"gt": now.isoformat()}}},
                ]
            }
        },
        sort=[{"value": "asc"}],
        size=PAGE,
        search_after=[after] if after is not None else None,
        track_total_hits=True,
        ignore_unavailable=False,
    )
    hits = found["hits"]["hits"]
    numbers = [msgspec.convert(hit["_source"], ListedNumber, strict=False) for hit in hits]
    return Page(
        [number for number in numbers if not is_official(number.value)],
        found["hits"]["total"]["value"],
        numbers[-1].value if len(hits) == PAGE else None,
    )


def is_official(value: str) -> bool:
    """Whether a number is official by the table of today, whatever the index says."""
    return official(FoundContact(raw=value, kind=number_kind(value), value=value)) is not None


async def as_csv(pages: AsyncIterator[Page], made_at: datetime, notice: str) -> AsyncIterator[bytes]:
    """The list as CSV (RFC 4180, UTF-8), a line with `COLUMNS` first; codes within a cell are separated by spaces."""
    yield _csv([COLUMNS])
    async for page in pages:
        yield _csv([_row(number, made_at, notice) for number in page.numbers])


async def as_json(pages: AsyncIterator[Page], states: Sequence[State], made_at: datetime) -> AsyncIterator[bytes]:
    """The list as one JSON object: `made_at`, `notice` by language, `states`, `numbers`."""
    head = {"made_at": made_at, "notice": NOTICE, "states": list(states)}
    yield msgspec.json.encode(head)[:-1] + b',"numbers":['
    first = True
    async for page in pages:
        items = b",".join(msgspec.json.encode(_json(number)) for number in page.numbers)
        if items:
            yield items if first else b"," + items
            first = False
    yield b"]}"


def _json(number: ListedNumber) -> dict[str, Any]:
    fields = {name: getattr(number, name) for name in ListedNumber.__struct_fields__}
    return {"number": fields.pop("value"), **{name: value for name, value in fields.items() if value is not None}}


def _row(number: ListedNumber, made_at: datetime, notice: str) -> list[str]:
    cells = (
        number.value,
        number.kind,
        number.state.value,
        str(number.reporters),
        " ".join(number.schemes),
        " ".join(number.regions),
        *(moment.isoformat() if moment else "" for moment in (number.first_seen, number.last_seen, number.until)),
        made_at.isoformat(),
        notice,
    )
    return [safe_cell(cell) for cell in cells]


def safe_cell(cell: str) -> str:
    """A cell that no spreadsheet runs as a formula: such a one gets an apostrophe before it."""
    return f"'{cell}" if _FORMULA.match(cell) else cell


def _csv(rows: Sequence[Sequence[str]]) -> bytes:
    file = io.StringIO()
    csv.writer(file, lineterminator="\r\n").writerows(rows)
    return file.getvalue().encode()
