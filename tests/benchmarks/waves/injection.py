"""Waves injected into half a year of hours: how many people report before the page, and how many pages are false.

    python -m tests.benchmarks.waves.injection

The background is resampled from real reports with a fixed seed: for each of 26 weeks a real week is drawn, its numbers
renamed so that no number lasts longer than it did in truth, one in sixteen taken (Kazakhstan has a sixteenth of the
people), each report given an hour by a daily course and each number one of twenty schemes.  Rules and thresholds are
the shipped ones, as for a start without history; the first 4 weeks build baselines.  Waves are injected into the rest
in two ways, their numbers new ones of prefixes that the background has, so that they are of its kinds:

- apart: one begins every four days, when the one before is over, of each kind in turn and of another scheme than the
  two before; twice, with waves of their own;
- every day: one each day, so that several are open at once.
"""

from __future__ import annotations

import csv
import gzip
import sys
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from pathlib import Path
from statistics import mean, median
from typing import Final, NamedTuple

import msgspec
import numpy as np
from rich.console import Console

from schemas.events import Alert
from streams.waves import Campaigns, Detector, Folder, load_detector
from streams.waves.backtest import value_of
from streams.waves.calendar import number_of
from streams.waves.history import Batch, Replay, Row
from streams.waves.series import DAY, HOUR, start_of
from tests.benchmarks.waves.real import DATA
from tests.benchmarks.waves.tables import markdown, write

WEEKS: Final = 26
BASELINE_WEEKS: Final = 4
SHARE: Final = 16
SEED: Final = 1414
SCHEMES: Final = tuple(f"scheme-{n}" for n in range(20))
RATES: Final = (5, 10, 20, 50)
SPREAD: Final = 30
#: Hours a wave lasts, and reporters after which it stops.
LASTS: Final = 48
LARGEST: Final = 200
#: Days from one wave to the next when they are apart, and how often the time is lived with others.
APART: Final = 4
TIMES: Final = 2
#: Numbers of a page that count as named, as in `score_waves.py`.
NAMED: Final = 20
#: Course of a day: nothing at night, most in the late morning, on into the evening.
HOURS: Final = np.array([1, 1, 1, 1, 1, 1, 3, 6, 10, 14, 16, 16, 15, 15, 16, 16, 15, 14, 13, 12, 10, 7, 4, 2], float)
FIRST: Final = number_of(date(2025, 1, 6))
REAL_WEEKS: Final = 24


class Kind(NamedTuple):
    """Reporters an hour, on one number or spread over `SPREAD`."""

    rate: int
    spread: bool


KINDS: Final = tuple(Kind(rate, spread) for spread in (False, True) for rate in RATES)


@dataclass(frozen=True)
class Wave:
    """An injected wave: its kind, its numbers and their scheme, and when people reported."""

    kind: Kind
    scheme: str
    numbers: frozenset[str]
    times: list[int]


def background() -> list[Row]:
    """Half a year of reports, in time order."""
    random = np.random.default_rng(SEED)
    weeks: dict[int, list[tuple[int, str, str]]] = defaultdict(list)
    first = number_of(date(2020, 2, 17))
    with gzip.open(DATA, "rt", newline="") as handle:
        for row in csv.DictReader(handle):
            week, weekday = divmod(number_of(date.fromisoformat(row["observed_at"])) - first, 7)
            well_formed = row["number"].isdigit() and len(row["number"]) == 10
            if 0 <= week < REAL_WEEKS and well_formed and hash_of(row["number"]) % SHARE == 0:
                weeks[week].append((weekday, row["number"], row["reporter"]))
    rows: list[Row] = []
    shares = HOURS / HOURS.sum()
    # Runs of four real weeks, so that what lasts for weeks in truth does here.
    starts = random.integers(0, REAL_WEEKS - 3, -(-WEEKS // 4))
    for place in range(WEEKS):
        block = place // 4
        drawn = weeks[int(starts[block]) + place % 4]
        hours = random.choice(24, len(drawn), p=shares)
        seconds = random.integers(0, HOUR, len(drawn))
        for number, (weekday, real, area) in enumerate(drawn):
            at = start_of(FIRST + 7 * place + weekday) + int(hours[number]) * HOUR + int(seconds[number])
            rows.append(
                Row(
                    at,
                    renamed(real, block),
                    f"{area}-{place}-{number}",
                    SCHEMES[hash_of(real) // SHARE % len(SCHEMES)],
                    "",
                )
            )
    return sorted(rows)


def renamed(number: str, block: int) -> str:
    """Another number of the same prefix for each block of weeks."""
    return f"{number[:6]}{(int(number[6:]) + 1237 * block) % 10_000:04}"


def hash_of(text: str) -> int:
    """A number that stands for `text`, the same in every run."""
    return int.from_bytes(text.encode(), "big") % 1_000_003


def injected(seed: int, quiet: list[Row], every: int) -> list[Wave]:
    """A wave `every` so many days after the baseline, at any hour, of each kind in turn."""
    random = np.random.default_rng(seed)
    known = sorted({row.number for row in quiet})
    taken = set(known)
    waves: list[Wave] = []

    def new_number() -> str:
        while True:
            number = f"{known[random.integers(len(known))][:6]}{random.integers(10_000):04}"
            if number not in taken:
                taken.add(number)
                return number

    for place, day in enumerate(range(FIRST + 7 * BASELINE_WEEKS + 7, FIRST + 7 * WEEKS - 7, every)):
        kind = KINDS[(place + seed) % len(KINDS)]
        start = start_of(day) + int(random.integers(0, DAY))
        gaps = random.exponential(HOUR / kind.rate, LARGEST)
        times = [int(at) for at in start + np.cumsum(gaps) if at < start + LASTS * HOUR]
        numbers = frozenset(new_number() for _ in range(SPREAD if kind.spread else 1))
        others = [scheme for scheme in SCHEMES if scheme not in {wave.scheme for wave in waves[-2:]}]
        waves.append(Wave(kind, others[random.integers(len(others))], numbers, times))
    return waves


def rows_of(waves: list[Wave], seed: int) -> list[Row]:
    """The reports of the waves."""
    random = np.random.default_rng(seed)
    rows = []
    for place, wave in enumerate(waves):
        numbers = sorted(wave.numbers)
        for n, at in enumerate(wave.times):
            rows.append(Row(at, numbers[random.integers(len(numbers))], f"victim-{place}-{n}", wave.scheme, ""))
    return rows


def batches(rows: list[Row]) -> Iterator[Batch]:
    """The reports of each hour."""
    for hour, group in groupby(sorted(rows), lambda row: row.at // HOUR):
        yield Batch((hour + 1) * HOUR - 1, list(group))


class Time:
    """The time from the end of the baseline on, which can be lived again with other waves in it."""

    def __init__(self, quiet: list[Row], detector: Detector) -> None:
        """Replay what lies before."""
        begin = start_of(FIRST + 7 * BASELINE_WEEKS)
        replayed, folder = Replay(detector), Folder(Campaigns(), detector)
        for batch in batches([row for row in quiet if row.at < begin]):
            folder.fold(replayed.feed(batch), batch.now)
        self._detector, self._states, self._campaigns = detector, replayed.states, msgspec.msgpack.encode(folder.state)
        self._rows = [row for row in quiet if row.at >= begin]

    def pages(self, waves: list[Wave]) -> list[Alert]:
        """The pages with `waves` in it."""
        replayed = Replay(self._detector, self._states)
        folder = Folder(msgspec.msgpack.decode(self._campaigns, type=Campaigns), self._detector)
        found: list[Alert] = []
        for batch in batches(self._rows + rows_of(waves, SEED)):
            found += [alert for alert in folder.fold(replayed.feed(batch), batch.now) if alert.page]
        return found


class Heard(NamedTuple):
    """How many people had reported when a wave was paged (None: it never was), and how many pages were about it."""

    reporters: int | None
    pages: int


def heard(wave: Wave, told: list[Alert]) -> Heard:
    """What was told of a wave: by a page that names its number, or of many numbers one of them or their scheme."""
    begin, end = wave.times[0], wave.times[-1] + DAY
    times = []
    for page in told:
        at = int((page.updated_at or page.detected_at).timestamp())
        numbers = [value_of(key) for key in page.keys if key.startswith("number:")][:NAMED]
        mine = wave.numbers & {value_of(page.key), *numbers}
        if wave.kind.spread:
            mine |= {wave.scheme, f"scheme {wave.scheme}"} & {value_of(key) for key in (page.key, *page.keys)}
        if mine and begin <= at <= end:
            times.append(at)
    return Heard(bisect_left(wave.times, min(times) + 1) if times else None, len(times))


def table_of(waves: list[Wave], told: list[list[Alert]]) -> str:
    """What was told of each kind of wave, as a table; `told` has the pages of the time that each wave is in."""
    table = []
    for kind in KINDS:
        mine = [heard(wave, pages) for wave, pages in zip(waves, told, strict=True) if wave.kind == kind]
        found = sorted(one.reporters for one in mine if one.reporters is not None)
        table.append([
            f"{SPREAD} numbers of one scheme" if kind.spread else "one number",
            str(kind.rate),
            str(len(mine)),
            f"{len(found) / len(mine):.0%}",
            f"{median(found):g}" if found else "–",
            f"{np.quantile(found, 0.9):.0f}" if found else "–",
            f"{mean(one.pages for one in mine if one.pages):.1f}" if found else "–",
        ])  # fmt: skip
    return markdown(
        ["wave on", "reporters an hour", "waves", "paged", "reporters until the page, median", "9 of 10", "pages each"],
        table,
    )


def main() -> None:
    """Run the study and write its tables."""
    if not DATA.exists():
        sys.exit(f"no {DATA}: the study needs the real reports")
    console, quiet = Console(), background()
    days = 7 * (WEEKS - BASELINE_WEEKS)
    detector = load_detector(Path("deploy/alerts")).of_history(daily=False)
    time = Time(quiet, detector)
    calm = time.pages([])
    rules = Counter(page.rule for page in calm)
    parts = ", ".join(f"{rule} {count}" for rule, count in sorted(rules.items()))
    budgets = {rule.id: rule.budget_a_day * 365 for some in detector.rules.values() for rule in some}
    content = (
        f"Without any injected wave: {len(calm)} pages in {days} days ({parts}), which is "
        f"{len(calm) / days * 365:.0f} a year; the budgets of these rules are "
        f"{sum(budgets[rule] for rule in rules):.0f}.  {len(quiet) / 7 / WEEKS:.0f} reports a day; some of the pages "
        "are about real waves of the real data.\n\n"
    )
    console.print(content)
    apart, told = [], []
    for seed in range(SEED, SEED + TIMES):
        waves = injected(seed, quiet, APART)
        apart += waves
        told += [time.pages(waves)] * len(waves)
    content += f"One wave every {APART} days:\n\n{table_of(apart, told)}\n\n"
    console.print(content)
    daily = injected(SEED, quiet, 1)
    content += f"One wave every day:\n\n{table_of(daily, [time.pages(daily)] * len(daily))}"
    console.print(content)
    write("injection", content)


if __name__ == "__main__":
    main()
