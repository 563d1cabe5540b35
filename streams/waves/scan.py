"""The scan of one series: distinct reporters in windows that end now, against what the series lets expect.

A window's score is that of `likelihood`.

`observe` and `scan` have no clock and know one series only.  They say what was counted (`Candidate`); whether it is a
wave is judged by `fold`, which knows how much was reported at all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from statistics import median
from typing import Final

from msgspec import Struct

from schemas.events import Signal
from streams.waves.glance import baseline, outstanding
from streams.waves.likelihood import PRIOR_A_DAY, likelihood_ratio
from streams.waves.rules import Detector
from streams.waves.series import (
    CHANNEL_SKETCH,
    HOUR,
    SKETCH,
    Bucket,
    Evidence,
    Series,
    Union,
    add,
    counted,
    counts,
    day_of,
    family_of,
    hour_of,
    reporters_in,
    seconds,
    sketch_size,
)
from streams.waves.traffic import BASELINE_DAYS, Exposure, Volume
from streams.waves.windows import DAY_WINDOWS, MOST_DAYS, windows

#: Days of traffic a baseline is taken over at least, so that a young system doesn't trust a day or two.
FEWEST_DAYS: Final = 7.0
#: One person is no wave.
FEWEST_REPORTERS: Final = 2
#: Reports of one person that weigh in the traffic, against what is usual: more are a flood, no growth of all.
MOST_A_PERSON: Final = 2.0
#: Signals received within this many seconds are scanned once, so that a flood costs one scan a minute.
RUN: Final = 60


class Figure(Struct, frozen=True, array_like=True):
    """What was counted in one window, from `start` to `end` (epoch seconds, `end` exclusive).

    `observed`: distinct reporters, in a window of days those of each day summed, which is what `baseline` is for the 28
    local days before day number `before`; `identified`: distinct reporters that are not anonymous.
    """

    start: int
    end: int
    before: int
    observed: float
    identified: float
    baseline: float


class Candidate(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A series that may show a wave, as counted at `at` (epoch seconds); with `volume` alone, a channel's traffic.

    `newest` is the id of the report received last, which brought it about.
    """

    key: str
    at: int
    figures: list[Figure] = []
    own_days: int = 0
    evidence: list[Evidence] = []
    volume: Volume | None = None
    newest: str | None = None


class Excess(Struct, frozen=True, array_like=True):
    """The window that stands out most.  `known_days`: days of traffic, or of the series, the expectation rests on."""

    window: int
    start: int
    observed: float
    identified: float
    expected: float
    score: float
    known_days: float


def observe(series: Series | None, signals: Sequence[Signal], detector: Detector) -> tuple[Series, list[Candidate]]:
    """Add `signals` of one key in their order, and scan as they come in: (the series, candidates in time order).

    How a stream is cut into batches does not change which waves are found.
    """
    candidates: list[Candidate] = []
    family = family_of(signals[0].key) if signals else ""
    for batch in _runs(signals):
        series = add(series, batch)
        candidate = None
        if family == "channel":
            candidate = _volume(series, batch)
        elif counting := [signal for signal in batch if counts(signal) and not signal.backfill]:
            newest = max(counting, key=lambda signal: signal.received_at)
            candidate = scan(series, detector, newest.report_id)
        if candidate is not None:
            candidates.append(candidate)
    if series is None:
        raise ValueError("observe needs at least one signal")
    return series, candidates


def _runs(signals: Sequence[Signal]) -> Iterator[Sequence[Signal]]:
    """`signals` cut where another minute of receipt begins."""
    if len({signal.received_at for signal in signals}) == 1:
        yield signals
        return
    for _, run in groupby(signals, lambda signal: seconds(signal.received_at) // RUN):
        yield list(run)


def scan(series: Series, detector: Detector, newest: str | None = None) -> Candidate | None:
    """What `series` shows at its clock, or None when that is far from any threshold.

    `newest`: id of the report received last.
    """
    family = family_of(series.key)
    if family not in detector.rules:
        return None
    now = series.clock
    first = day_of(now) - max(DAY_WINDOWS) + 1
    if sum([len(bucket.identified) for day, bucket in series.days.items() if day >= first]) < FEWEST_REPORTERS:
        return None
    starts = outstanding(series, detector)
    if not starts:
        return None
    figures = _figures(series, detector.daily)
    if not figures:
        return None
    own_days = sum(day < figures[-1].before for day in series.days)
    # The calendar alone: a channel that is down can raise the score, so the floor is low.
    promising = [figure for figure in figures if figure.start in starts]
    rough = judge(promising, detector.calendar_only, detector.dispersion(family), own_days)
    if rough is None or rough.score < detector.floor(family):
        return None
    evidence = [item for item in series.evidence if item.happened >= rough.start]
    return Candidate(key=series.key, at=now, figures=figures, own_days=own_days, evidence=evidence, newest=newest)


def judge(figures: Sequence[Figure], exposure: Exposure, dispersion: float, own_days: int) -> Excess | None:
    """The window with the highest score under `exposure`, or None when none holds more than expected.

    `dispersion` is the negative binomial's size for one day; a window of several days has that many times as much.
    Days without any report are gaps, not calm: a window has up to `MOST_DAYS` others.
    """
    best: tuple[float, Figure, float, float | None] | None = None
    for figure in figures:
        days = exposure.days(figure.start, figure.end)
        if days > MOST_DAYS:
            continue
        known = exposure.baseline(figure.before, figure.baseline)
        rate = figure.baseline / (BASELINE_DAYS if known is None else max(known, FEWEST_DAYS))
        # An hour that has only begun counts as a whole one: two people in its first minute are no wave.
        begun = max(1.0, HOUR / (figure.end - figure.start))
        expected = exposure.window(figure.start, figure.end, figure.observed) * begun * (rate + PRIOR_A_DAY)
        score = likelihood_ratio(figure.observed, expected, dispersion * days)
        if score > 0 and (best is None or score > best[0]):
            best = score, figure, expected, known
    if best is None:
        return None
    score, figure, expected, known = best
    return Excess(
        window=figure.end - figure.start,
        start=figure.start,
        observed=figure.observed,
        identified=figure.identified,
        expected=expected,
        score=score,
        known_days=own_days if known is None else known,
    )


def _figures(series: Series, daily: bool) -> list[Figure]:
    """What each window holds, the shortest first; windows without an identified reporter are left out."""
    now = series.clock
    size = sketch_size(series.key)
    figures = []
    ending = windows(hour_of(now), day_of(now), daily)
    for buckets, hourly in ((series.hours, True), (series.days, False)):
        identified, anonymous = Union(size), Union(size)
        by_days = 0.0
        # Windows contain one another: each adds what is older than the one before.
        left = sorted(number for number in buckets if number <= ending[0 if hourly else -1].last)
        for window in (window for window in ending if window.hourly is hourly):
            while left and left[-1] >= window.first:
                bucket = buckets[left.pop()]
                identified.add(bucket.identified)
                anonymous.add(bucket.anonymous)
                by_days += counted(bucket.identified, size)
            distinct = identified.count()
            if not distinct:
                continue
            figures.append(
                Figure(
                    start=window.start,
                    end=window.end if daily else now + 1,
                    before=window.before,
                    # A crowd that can't be told from one person never outweighs people who can.
                    observed=(distinct if hourly else by_days) + min(anonymous.count(), distinct),
                    identified=distinct,
                    baseline=baseline(series, window.before),
                )
            )
    return figures


def _volume(series: Series, batch: Sequence[Signal]) -> Candidate:
    """The channel's reports in the hours and days that `batch` touched.

    Where fewer people than usual made them, they count for as many as `MOST_A_PERSON` times what is usual of so many.
    """
    received = {seconds(signal.received_at) for signal in batch}
    happened = {min(seconds(signal.happened_at), seconds(signal.received_at)) for signal in batch}
    usual: dict[int, float] = {}

    def reports(buckets: dict[int, Bucket], touched: set[int], day: Callable[[int], int]) -> dict[int, int]:
        found = {}
        for number in sorted(touched & buckets.keys()):
            bucket = buckets[number]
            count = reporters_in(bucket, CHANNEL_SKETCH)
            if bucket.people:
                if day(number) not in usual:
                    usual[day(number)] = _reports_a_person(series, day(number))
                count = min(count, MOST_A_PERSON * usual[day(number)] * counted(bucket.people, SKETCH))
            found[number] = round(count)
        return found

    arrived = {n: series.received[n] for n in map(hour_of, received) if n in series.received}
    return Candidate(
        key=series.key,
        at=series.clock,
        volume=Volume(
            source=series.key.partition(":")[2],
            hours=reports(series.hours, set(map(hour_of, happened)), lambda hour: day_of(hour * HOUR)),
            days=reports(series.days, set(map(day_of, happened)), lambda day: day),
            received={n: round(reporters_in(arrived[n], CHANNEL_SKETCH)) for n in sorted(arrived)},
        ),
    )


def _reports_a_person(series: Series, before: int) -> float:
    """How many reports one person makes in a day, by the 28 days before the day `before`; 1 while nothing is known."""
    return median(
        [
            reporters_in(bucket, CHANNEL_SKETCH) / counted(bucket.people, SKETCH)
            for day, bucket in series.days.items()
            if before - BASELINE_DAYS <= day < before and bucket.people
        ]
        or [1.0]
    )
