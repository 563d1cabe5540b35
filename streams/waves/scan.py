"""The scan: are more distinct reporters in a window that ends now than the series lets expect?

Expectation-based Poisson scan statistic (Neill, Int. J. Forecasting 2009): c·ln(c/e) − (c − e) for c > e, the largest
over the windows; c = distinct reporters in the window, e = window · (mean a day over the 28 days before it + a prior
for the never seen).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import groupby
from math import log
from typing import Final

from msgspec import Struct

from schemas.events import Signal
from streams.waves.rules import Detector, Rule
from streams.waves.series import (
    DAY,
    DAY_SKETCH,
    HOUR,
    HOUR_SKETCH,
    UTC_OFFSET,
    Evidence,
    Series,
    add,
    counts,
    day_of,
    distinct,
    hour_of,
    seconds,
)

HOUR_WINDOWS: Final = (1, 2, 3, 6, 12, 24)
DAY_WINDOWS: Final = (2, 3, 5, 7)
BASELINE_DAYS: Final = 28
#: Reporters a day expected of a series never seen before: what lets it alarm, and only from several reporters on.
PRIOR_A_DAY: Final = 0.5


class Candidate(Struct, frozen=True, kw_only=True):
    """A series above the threshold of a rule at one moment; `fold` makes waves of them.  Times are epoch seconds."""

    key: str
    rule: str
    at: int
    started: int
    window: int
    observed: int
    expected: float
    score: float
    evidence: list[Evidence]


class Excess(Struct, frozen=True):
    """The window of a series that stands out most.  `window` in seconds, `start` in epoch seconds."""

    window: int
    start: int
    observed: float
    identified: float
    expected: float
    score: float


def poisson_score(observed: float, expected: float) -> float:
    """Log likelihood ratio of a Poisson mean of `observed` against `expected`; 0 unless more than expected."""
    if observed <= expected:
        return 0.0
    return observed * log(observed / expected) - (observed - expected)


def observe(series: Series | None, signals: Sequence[Signal], detector: Detector) -> tuple[Series, list[Candidate]]:
    """Add `signals` of one key in their order, and scan as they come in: (the series, candidates in time order).

    Signals that were received within the same minute are scanned once, so that a flood costs one scan a minute and how
    a stream is cut into batches does not change which waves are found.
    """
    candidates: list[Candidate] = []
    for _, run in groupby(signals, lambda signal: seconds(signal.received_at) // 60):
        batch = list(run)
        series = add(series, batch)
        if any(counts(signal) and not signal.backfill for signal in batch):
            candidate = scan(series, max(seconds(signal.received_at) for signal in batch), detector)
            if candidate is not None:
                candidates.append(candidate)
    if series is None:
        raise ValueError("observe needs at least one signal")
    return series, candidates


def scan(series: Series, now: int, detector: Detector) -> Candidate | None:
    """The candidate of `series` at `now` (epoch seconds; at least its clock) under the most severe rule it meets."""
    rules = detector.rules.get(series.key.partition(":")[0], ())
    if not rules or not series.evidence:
        return None
    now = max(now, series.clock)
    excess = strongest(series, now)
    if excess is None:
        return None
    evidence = [item for item in series.evidence if item.happened >= excess.start]
    for rule in rules:
        if _meets(rule, series, excess, evidence, detector):
            return Candidate(
                key=series.key,
                rule=rule.id,
                at=now,
                started=min((item.happened for item in evidence), default=excess.start),
                window=excess.window,
                observed=round(excess.observed),
                expected=excess.expected,
                score=excess.score,
                evidence=evidence,
            )
    return None


def strongest(series: Series, now: int) -> Excess | None:
    """The window ending at `now` with the highest score, or None when none holds more than expected."""
    best: Excess | None = None
    for window, start, buckets, size in _windows(series, now):
        identified, anonymous = distinct(buckets, size)
        # A crowd that can't be told from one person never outweighs people who can.
        observed = identified + min(anonymous, identified)
        mean = _baseline(series, day_of(start))
        expected = window / DAY * (mean + PRIOR_A_DAY)
        score = poisson_score(observed, expected)
        if score > 0 and (best is None or score > best.score):
            best = Excess(window, start, observed, identified, expected, score)
    return best


def moment(epoch: int) -> datetime:
    """Epoch seconds as an aware datetime."""
    return datetime.fromtimestamp(epoch, UTC)


def _windows(series: Series, now: int) -> list[tuple[int, int, list[list[int]], int]]:
    """(length, start, buckets, sketch size) of each window that ends at `now`; the last bucket has only begun."""
    hour, day = hour_of(now), day_of(now)
    found = []
    for length in HOUR_WINDOWS:
        first = hour - length + 1
        found.append((length * HOUR, first * HOUR, _between(series.hours, first, hour), HOUR_SKETCH))
    for length in DAY_WINDOWS:
        first = day - length + 1
        found.append((length * DAY, first * DAY - UTC_OFFSET, _between(series.days, first, day), DAY_SKETCH))
    return found


def _between(buckets: dict[int, list[int]], first: int, last: int) -> list[list[int]]:
    return [bucket for number, bucket in buckets.items() if first <= number <= last]


def _baseline(series: Series, first_day: int) -> float:
    """Mean distinct reporters a day over the 28 days before `first_day`, imports included."""
    total = 0.0
    for bucket in _between(series.days, first_day - BASELINE_DAYS, first_day - 1):
        total += sum(distinct([[value & ~2 for value in bucket]], DAY_SKETCH))
    return total / BASELINE_DAYS


def _meets(rule: Rule, series: Series, excess: Excess, evidence: list[Evidence], detector: Detector) -> bool:
    filters = rule.filters
    baseline_days = len(_between(series.days, 0, day_of(excess.start) - 1))
    return (
        excess.score >= detector.thresholds[rule.id].score
        and excess.identified >= rule.minimum_reporters
        and baseline_days >= rule.minimum_baseline_days
        and sum(item.victim for item in evidence) >= filters.minimum_victims
        and sum(item.loss_kzt for item in evidence) >= filters.minimum_loss_kzt
        and (not filters.regions or any(item.region in filters.regions for item in evidence))
        and (not filters.schemes or any(scheme in filters.schemes for item in evidence for scheme in item.schemes))
    )
