"""The list of bad numbers as it is written: JSON, and CSV that no spreadsheet runs."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producers.listing import COLUMNS, NOTICE, ListedNumber, Page, as_csv, as_json, is_official, safe_cell
from streams.reputation import State

NOW = datetime(2026, 1, 14, 10, 0, tzinfo=UTC)


def listed(value: str) -> ListedNumber:
    return ListedNumber(
        value=value, kind="e164", state=State.SUSPECTED, reporters=4, schemes=["a", "b"], last_seen=NOW, until=NOW
    )


async def pages(*sizes: int) -> AsyncIterator[Page]:
    """Pages with so many numbers each."""
    number = 0
    for size in sizes:
        numbers = [listed(f"+7705{number + n:07}") for n in range(size)]
        number += size
        yield Page(numbers, sum(sizes), None)


@pytest.mark.parametrize("sizes", [(), (0,), (1,), (2, 3), (0, 2, 0, 1)])
async def test_json_is_one_document_whatever_the_pages(sizes: tuple[int, ...]) -> None:
    written = b"".join([piece async for piece in as_json(pages(*sizes), [State.SUSPECTED], NOW)])
    content = json.loads(written)
    assert content["notice"] == {"ru": NOTICE.ru, "kk": NOTICE.kk, "en": NOTICE.en}
    assert (content["made_at"], content["states"]) == ("2026-01-14T10:00:00Z", ["suspected"])
    assert [item["number"] for item in content["numbers"]] == [f"+7705{n:07}" for n in range(sum(sizes))]
    assert all("first_seen" not in item for item in content["numbers"])


async def test_csv_has_a_line_a_number_that_says_when_and_what_not_to_do() -> None:
    written = b"".join([piece async for piece in as_csv(pages(2, 1), NOW, NOTICE.ru)]).decode()
    rows = list(csv.DictReader(io.StringIO(written)))
    assert tuple(rows[0]) == COLUMNS
    assert [row["number"] for row in rows] == ["+77050000000", "+77050000001", "+77050000002"]
    assert {(row["made_at"], row["notice"], row["schemes"]) for row in rows} == {(NOW.isoformat(), NOTICE.ru, "a b")}


@pytest.mark.parametrize(
    ("cell", "safe"),
    [
        ("+77051234567", "+77051234567"),
        ("=HYPERLINK(A1)", "'=HYPERLINK(A1)"),
        ("+77051234567+A1", "'+77051234567+A1"),
        ("-1+1", "'-1+1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("KASPI", "KASPI"),
        ("", ""),
    ],
)
def test_a_formula_is_made_a_text(cell: str, safe: str) -> None:
    assert safe_cell(cell) == safe


@given(st.text())
def test_no_cell_begins_like_a_formula(cell: str) -> None:
    safe = safe_cell(cell)
    assert safe.lstrip("'") == cell.lstrip("'") or safe == f"'{cell}"
    assert not safe or safe[0] not in "=-@\t\r+" or (safe[1:].isascii() and safe[1:].isdecimal())


@pytest.mark.parametrize("value", ["1414", "102", "gov.kz", "elicense.gov.kz"])
def test_official_numbers_are_known_whatever_the_index_says(value: str) -> None:
    assert is_official(value)


@pytest.mark.parametrize("value", ["+77051234567", "egov-kz.site", "HELLO", "telegram:@name"])
def test_others_are_not(value: str) -> None:
    assert not is_official(value)
