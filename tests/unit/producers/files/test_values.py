"""What cells mean."""

from __future__ import annotations

import contextlib
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producers.files.values import (
    USUAL_FORMATS,
    CellError,
    Value,
    as_bool,
    as_region,
    as_sum,
    as_text,
    as_time,
    plain,
)

ALMATY = ZoneInfo("Asia/Almaty")


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (None, ""),
        (" Мамлютка ", "Мамлютка"),
        (77051234567.0, "77051234567"),
        (1.5, "1.5"),
        (True, "да"),
        (datetime(2026, 1, 14), "14.01.2026"),
        (datetime(2026, 1, 14, 9, 30), "14.01.2026 09:30:00"),
        (date(2026, 1, 14), "14.01.2026"),
    ],
)
def test_text_is_what_people_see(cell: Value, text: str) -> None:
    assert as_text(cell) == text


@pytest.mark.parametrize(
    ("cells", "moment"),
    [
        (["14.01.2026 09:30"], "2026-01-14T04:30:00+00:00"),
        (["14.01.2026"], "2026-01-13T19:00:00+00:00"),
        (["4.1.2026 9:05:07"], "2026-01-04T04:05:07+00:00"),
        (["2026-01-14 09:30:00"], "2026-01-14T04:30:00+00:00"),
        (["2026-01-14T09:30:00Z"], "2026-01-14T09:30:00+00:00"),
        (["2026-01-14T09:30:00+06:00"], "2026-01-14T03:30:00+00:00"),
        (["14.01.2026", "09:30"], "2026-01-14T04:30:00+00:00"),
        ([datetime(2026, 1, 14, 9, 30)], "2026-01-14T04:30:00+00:00"),
        ([datetime(2026, 1, 14), time(9, 30)], "2026-01-14T04:30:00+00:00"),
        ([date(2026, 1, 14)], "2026-01-13T19:00:00+00:00"),
        # the whole country has been five hours ahead since March 2024, most of it was six before
        (["14.01.2024 09:30"], "2024-01-14T03:30:00+00:00"),
    ],
)
def test_times_are_local_unless_they_say_otherwise(cells: list[Value], moment: str) -> None:
    found = as_time(cells, USUAL_FORMATS, ALMATY)
    assert found is not None
    assert found.astimezone(UTC).isoformat() == moment


def test_an_empty_time_is_none_and_another_format_can_be_named() -> None:
    assert as_time([None, " "], USUAL_FORMATS, ALMATY) is None
    assert as_time(["01/14/26"], ["%m/%d/%y"], ALMATY) == datetime(2026, 1, 14, tzinfo=ALMATY)


@pytest.mark.parametrize("cell", ["вчера", "31.02.2026", "14.13.2026", "46036"])
def test_what_is_no_time_is_said_without_repeating_it(cell: str) -> None:
    with pytest.raises(CellError, match=r"write it like 14\.01\.2026") as caught:
        as_time([cell], USUAL_FORMATS, ALMATY)
    assert cell not in str(caught.value)


@pytest.mark.parametrize(
    ("cell", "tenge"),
    [
        ("150000", 150_000),
        ("150 000", 150_000),
        ("1\u00a0500\u202f000 тг.", 1_500_000),
        ("1.500.000", 1_500_000),
        ("1,500,000.49", 1_500_000),
        ("150 000,50 тенге", 150_001),
        ("2 000 ₸", 2_000),
        (150_000, 150_000),
        (99.9, 100),
        ("0", 0),
    ],
)
def test_sums(cell: Value, tenge: int) -> None:
    assert as_sum(cell) == tenge


@pytest.mark.parametrize("cell", ["много", "150 тыс", "-5", "1.5.0", "$100"])
def test_what_is_no_sum_is_said(cell: str) -> None:
    with pytest.raises(CellError, match="no sum"):
        as_sum(cell)


@pytest.mark.parametrize(
    ("cell", "meant"), [("Да", True), ("жоқ", False), (True, True), (1.0, True), ("нет ", False), ("Иә", True)]
)
def test_yes_and_no(cell: Value, meant: bool) -> None:
    assert as_bool(cell) is meant
    with pytest.raises(CellError):
        as_bool("может быть")


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("KZ-59", "KZ-59"),
        ("Северо-Казахстанская область", "KZ-59"),
        ("СКО", "KZ-59"),
        ("алматы  Қаласы", "KZ-75"),
        ("г. Алматы", "KZ-75"),
        ("Алматинская обл.", "KZ-19"),
    ],
)
def test_regions_by_code_or_name(cell: str, code: str) -> None:
    assert as_region(cell) == code


@pytest.mark.parametrize("cell", ["KZ-99", "Москва", "?"])
def test_another_place_is_no_region(cell: str) -> None:
    with pytest.raises(CellError):
        as_region(cell)


@given(st.text(max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    for read in (as_sum, as_bool, as_region, lambda cell: as_time([cell], USUAL_FORMATS, ALMATY)):
        with contextlib.suppress(CellError):
            read(text)


@given(st.text())
def test_plain_is_stable(text: str) -> None:
    assert plain(plain(text)) == plain(text)
