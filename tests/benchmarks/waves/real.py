"""Real unwanted-call reports, the waves in them, and how alarms are scored.

What a wave is and how an alarm is scored is as in `score_waves.py` beside the data: a number that at most 3 distinct
reporters named in 14 days, then 2 on a day, and 30 (summed over days) within 7; its delay is the days until an alarm,
a miss is 7.  Days are days with reports.
"""

from __future__ import annotations

import csv
import gzip
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

DATA: Final = Path(__file__).parents[4] / "shared" / "data" / "unwanted-calls-2020.csv.gz"
#: Thresholds are set on what lies before, waves are scored from there on.
UNTIL: Final = "2020-05-14"

WARM_UP: Final = 30
WEEK: Final = 7
#: A number with fewer reports can be no wave and meets no threshold worth its name; peers don't look at it.
FEWEST: Final = 5
MISS: Final = 7
RESAMPLES: Final = 10_000


@dataclass(frozen=True)
class Reports:
    """`counts[number, day]`: distinct reporters, for the numbers with at least `FEWEST`."""

    days: list[str]
    numbers: list[str]
    counts: NDArray[np.float64]

    def index(self, date: str) -> int:
        """Place of the first day from `date` on."""
        return next(place for place, day in enumerate([*self.days, "9999"]) if day >= date)


def load(path: Path = DATA) -> Reports:
    """Distinct reporters of each number and day; malformed numbers are left out, as by the scorer."""
    seen: dict[tuple[str, str], set[str]] = defaultdict(set)
    with gzip.open(path, "rt", newline="") as handle:
        for row in csv.DictReader(handle):
            number = row["number"]
            if number.isdigit() and len(number) == 10 and len(set(number)) > 2:
                seen[number, row["observed_at"]].add(row["reporter"])
    days = sorted({day for _, day in seen})
    place = {day: index for index, day in enumerate(days)}
    totals: dict[str, int] = defaultdict(int)
    for (number, _), reporters in seen.items():
        totals[number] += len(reporters)
    numbers = sorted(number for number, total in totals.items() if total >= FEWEST)
    row_of = {number: index for index, number in enumerate(numbers)}
    counts = np.zeros((len(numbers), len(days)))
    for (number, day), reporters in seen.items():
        if number in row_of:
            counts[row_of[number], place[day]] = len(reporters)
    return Reports(days, numbers, counts)


def waves(reports: Reports, first: int) -> list[tuple[str, int]]:
    """(number, day) of each wave that starts from day `first` on."""
    found = []
    for number, counts in zip(reports.numbers, reports.counts, strict=True):
        resume = WARM_UP
        for day in np.flatnonzero(counts >= 2):
            if day < resume or day >= len(reports.days) - WEEK:
                continue
            if counts[day : day + WEEK].sum() >= 30 and counts[max(0, day - 14) : day].sum() <= 3:
                found.append((number, int(day)))
                resume = day + 28
    return [(number, day) for number, day in found if day >= first]


def delays(found: Iterable[tuple[str, int]], alarms: Mapping[str, list[int]]) -> NDArray[np.float64]:
    """Delay of each wave in days with reports; `alarms`: days on which an alarm named a number."""
    return np.array(
        [min([day - start for day in alarms.get(n, ()) if 0 <= day - start < WEEK] + [MISS]) for n, start in found],
        dtype=float,
    )


def interval(values: NDArray[np.float64], starts: NDArray[np.int64]) -> tuple[float, float]:
    """95 % bootstrap interval of the mean; waves that start on one day are drawn together, as they are one campaign."""
    random = np.random.default_rng(20200514)
    groups = [values[starts == start] for start in np.unique(starts)]
    sums = np.array([group.sum() for group in groups])
    sizes = np.array([len(group) for group in groups])
    drawn = random.integers(0, len(groups), (RESAMPLES, len(groups)))
    means = sums[drawn].sum(1) / sizes[drawn].sum(1)
    low, high = np.quantile(means, [0.025, 0.975])
    return float(low), float(high)
