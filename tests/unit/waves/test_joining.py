"""A number that would page by itself is told although a wave of its scheme is open, and a campaign stays one wave."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import count

import pytest

from schemas.events import Alert, Signal
from streams.waves import Detector
from tests.unit.waves.histories import detector as shipped
from tests.unit.waves.test_stream import NOW, run, signal

SCHEME, REGION = "delivery", "KZ-33"
_IDS = count(1_000_000)


@pytest.fixture(scope="module")
def detector() -> Detector:
    return shipped()


def reports(*numbers: str, at: datetime = NOW, regional: bool = False) -> Iterator[Signal]:
    """One person's report of `numbers` under the scheme, as the signals it is."""
    place = next(_IDS)
    broad = f"scheme-region:{SCHEME}|{REGION}" if regional else f"scheme:{SCHEME}"
    for key in (broad, *(f"number:{number}" for number in numbers)):
        yield signal(place, key, received_at=at, happened_at=at, region=REGION, schemes=[SCHEME])


def number(place: int) -> str:
    return f"+7705{place:07}"


def wave_of_the_scheme(regional: bool = False) -> list[Signal]:
    """Two reports a day for four weeks, then forty people within the last day, each of another number."""
    days = [NOW - timedelta(days=29) + timedelta(hours=12 * n) for n in range(56)]
    many = [NOW - timedelta(hours=24) + timedelta(minutes=30 * n) for n in range(40)]
    times = [*days, *many]
    return [one for n, at in enumerate(times) for one in reports(number(n), at=at, regional=regional)]


def burst(*numbers: str, people: int = 5, at: datetime = NOW, regional: bool = False) -> list[Signal]:
    """`people` within as many minutes about the same numbers."""
    return [one for n in range(people) for one in reports(*numbers, at=at + timedelta(minutes=n), regional=regional)]


def pages(signals: list[Signal], detector: Detector, batch: int = 1) -> list[Alert]:
    return [alert for alert in run(signals, detector, batch) if alert.page]


NEW, SECOND, THIRD = number(777), number(778), number(779)


def test_a_new_number_under_an_open_scheme_is_told_by_its_fifth_reporter(detector: Detector) -> None:
    signals = wave_of_the_scheme()
    opened = pages(signals, detector, 20)
    assert [(page.change, page.key) for page in opened] == [("new", f"scheme:{SCHEME}")]
    told = pages([*signals, *burst(NEW, people=4)], detector, 20)
    assert len(told) == 1
    told = pages([*signals, *burst(NEW)], detector, 20)
    assert [page.change for page in told] == ["new", "more-numbers"]
    assert told[1].id == told[0].id
    assert (told[1].key, next(iter(told[1].keys)), told[1].rule) == (f"number:{NEW}", f"number:{NEW}", "number")
    assert told[1].decided_by in told[1].report_ids


def test_it_is_told_once_however_often_it_is_reported_or_replayed(detector: Detector) -> None:
    more = burst(NEW, people=30)
    told = pages([*wave_of_the_scheme(), *more, *more], detector, 20)
    assert [page.change for page in told] == ["new", "more-numbers"]


def test_a_number_of_a_regions_wave_goes_to_whom_numbers_go(detector: Detector) -> None:
    signals = [*wave_of_the_scheme(regional=True), *burst(NEW, regional=True)]
    region, joined = pages(signals, detector, 20)
    assert (region.key, region.route) == (f"scheme-region:{SCHEME}|{REGION}", "regional")
    assert (joined.id, joined.route, joined.change) == (region.id, "national", "more-numbers")


def test_numbers_that_follow_within_a_day_are_told_together_as_many_as_were_told(detector: Detector) -> None:
    signals = wave_of_the_scheme()
    for place in range(30):
        signals += burst(number(800 + place), people=6, at=NOW + timedelta(minutes=15 * place))
    found = run(signals, detector, 20)
    told = [alert for alert in found if alert.page]
    assert len({alert.id for alert in found}) == 1
    assert 4 <= len(told) <= 7
    named = {key for page in told for key in page.keys}
    assert len({f"number:{number(800 + place)}" for place in range(30)} & named) >= 16


def test_a_number_that_follows_after_a_day_is_told_at_once(detector: Detector) -> None:
    signals = [*wave_of_the_scheme(), *burst(NEW), *burst(SECOND, at=NOW + timedelta(hours=1))]
    later = NOW + timedelta(hours=30)
    told = pages([*signals, *burst(THIRD, at=later)], detector, 20)
    assert [next(iter(page.keys)).removeprefix("number:") for page in told[1:]] == [NEW, SECOND, THIRD]


def test_two_numbers_that_the_same_reports_name_are_one(detector: Detector) -> None:
    both = burst(NEW, "pay-delivery.example", people=30)
    assert [page.change for page in pages(both, detector)] == ["new"]
    assert [page.change for page in pages([*wave_of_the_scheme(), *both], detector, 20)] == ["new", "more-numbers"]


def test_a_scheme_that_rises_far_above_the_number_that_was_told_is_told(detector: Detector) -> None:
    quiet = wave_of_the_scheme()[:112]
    many = [one for n in range(80) for one in reports(number(5000 + n), at=NOW + timedelta(minutes=30 + 5 * n))]
    told = pages([*quiet, *burst(NEW), *many], detector, 20)
    assert [(page.change, page.key) for page in told] == [("new", f"number:{NEW}"), ("grew", f"number:{NEW}")]


def test_numbers_too_weak_to_be_told_keep_no_wave_of_a_scheme_alive(detector: Detector) -> None:
    signals = wave_of_the_scheme()
    for day in range(1, 18):
        signals += burst(number(900 + day), people=2, at=NOW + timedelta(days=day))
    found = run(signals, detector, 20)
    assert [alert.change for alert in found if alert.change in ("new", "ended")] == ["new", "ended"]


def test_a_number_too_weak_for_a_wave_that_ended_is_told_when_it_rises(detector: Detector) -> None:
    signals = [*wave_of_the_scheme(), *burst(NEW, people=2)]
    for day in range(1, 15):
        signals += burst(NEW, people=1, at=NOW + timedelta(days=day))
    told = pages([*signals, *burst(NEW, people=20, at=NOW + timedelta(days=15))], detector, 20)
    assert told[-1].key == f"number:{NEW}"
    assert len(told) == 2
