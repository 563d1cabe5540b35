"""Histories for tests: a steady background, and waves in it, as the rows of a backtest."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from itertools import groupby
from pathlib import Path
from typing import Final

from streams.waves import Detector, load_detector
from streams.waves.backtest import Backtest
from streams.waves.calendar import number_of
from streams.waves.history import Batch, Row
from streams.waves.series import DAY, HOUR, day_of, start_of

ALERTS: Final = Path(__file__).parents[3] / "deploy" / "alerts"
FIRST: Final = number_of(date(2025, 3, 3))
DAYS: Final = 72
CALIBRATION_DAYS: Final = 50
#: Reports an average day of the background, and the numbers that they are spread over.
USUAL: Final = 60
NUMBERS: Final = 400


def detector() -> Detector:
    """The shipped rules and calibration."""
    return load_detector(ALERTS)


def background(seed: int = 1, days: Sequence[int] = range(DAYS), hourly: bool = False) -> list[Row]:
    """Reports of numbers that anybody may name on any of `days` (counted from `FIRST`), at the end of the day."""
    draw = random.Random(seed)
    rows = []
    for day in range(DAYS):
        for place in range(draw.randrange(USUAL - 10, USUAL + 10)):
            number = f"+7705{draw.randrange(NUMBERS):07}"
            at = start_of(FIRST + day) + draw.randrange(DAY) if hourly else start_of(FIRST + day + 1) - 1
            if day in days:
                rows.append(Row(at, number, f"person-{day}-{place}", "", ""))
    return sorted(rows)


def wave(number: str, day: int, people: Sequence[int], hourly: bool = False) -> list[Row]:
    """`people[n]` new people report `number` on day `day + n`; within the hour before noon when `hourly`."""
    rows = []
    for later, count in enumerate(people):
        for place in range(count):
            noon = start_of(FIRST + day + later) + 11 * HOUR + place * 60
            at = noon if hourly else start_of(FIRST + day + later + 1) - 1
            rows.append(Row(at, number, f"victim-{number}-{later}-{place}", "", ""))
    return rows


def batches(rows: Sequence[Row], hourly: bool = False) -> Iterator[Batch]:
    """The rows as a history has them: by day, or by hour."""
    length = HOUR if hourly else DAY
    for bucket, group in groupby(sorted(rows), lambda row: row.at // HOUR if hourly else day_of(row.at)):
        begin = bucket * HOUR if hourly else start_of(bucket)
        yield Batch(begin + length - 1, list(group))


def backtest(rows: Sequence[Row], hourly: bool = False, budget: float = 0.3) -> Backtest:
    """The alarms after `CALIBRATION_DAYS`, thresholds set on what lies before."""
    some = detector()
    if hourly:  # campaigns of days are enough for one test
        some = replace(some, rules={"number": some.rules["number"]})
    test = Backtest(some, start_of(FIRST + CALIBRATION_DAYS), budget)
    test.run(batches(rows, hourly), daily=not hourly)
    return test
