"""What replaying history teaches beside thresholds: when reports come, how much days differ, which numbers go on."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from statistics import mean, median
from typing import Final, NamedTuple

import msgspec
import phonenumbers
from phonenumbers import NumberParseException

from streams.waves.calendar import Profile, is_holiday, weekday_of
from streams.waves.history import Batch, Replay
from streams.waves.kinds import kind_of
from streams.waves.rules import STIRRING, Detector, Family, Standing, Threshold
from streams.waves.scan import Candidate, judge
from streams.waves.series import DAY, day_of, family_of, start_of
from streams.waves.traffic import BASELINE_DAYS, Exposure, Traffic, Volume, record

#: A stirring number went on if this many distinct people reported it within this many days after the first.
WENT_ON_REPORTERS: Final = 10
WENT_ON_DAYS: Final = 5
#: Numbers that a kind's or prefix's parent counts for: beliefs about the few are drawn towards the many.
SHRINKAGE: Final = 10.0
#: Bounds of a standing's weight.  Never below 1: a wave of an unusual kind must not need more people than any other.
WEIGHTS: Final = (1.0, 2.0)
#: Fewest days that a kind of day must have in the history for its weight to be taken from there.
FEWEST_OF_A_KIND: Final = 3
#: Families whose daily counts tell how much days differ.
BROAD: Final[tuple[Family, ...]] = ("scheme", "scheme-region", "region")
#: Keys that are enough to guess the country of numbers without a plus.
SAMPLE: Final = 300


class Step(NamedTuple):
    """Candidates of one batch of the history, and when it ended (epoch seconds)."""

    now: int
    candidates: list[Candidate]


class Learned(NamedTuple):
    """What was counted beside the candidates: reports by hour of the day, daily reporters of broad series."""

    hours: Mapping[int, int]
    daily_counts: Mapping[str, Mapping[int, float]]


class Listener:
    """Replays a history for a calibration, which needs every candidate that may count.

    In the first four weeks everything broad stands out, as nothing is usual yet, and no page of that time counts: only
    narrow series are scanned then.
    """

    def __init__(self, detector: Detector) -> None:
        """Thresholds are taken to be so low that no candidate is left out for them."""
        low = {rule.id: Threshold(2 * STIRRING, "") for rules in detector.rules.values() for rule in rules}
        calibration = msgspec.structs.replace(detector.calibration, thresholds=low)
        self._all = replace(detector, calibration=calibration)
        narrow = {family: rules for family, rules in detector.rules.items() if family not in BROAD}
        self._replayed = Replay(replace(self._all, rules=narrow))
        self._baseline_from: int | None = None

    def hear(self, batch: Batch) -> Step:
        """The candidates of the next batch."""
        if self._baseline_from is None:
            self._baseline_from = start_of(day_of(batch.now) + BASELINE_DAYS)
        if batch.now >= self._baseline_from:
            self._replayed.detector = self._all
        return Step(batch.now, self._replayed.feed(batch))

    @property
    def learned(self) -> Learned:
        """What was counted so far."""
        return Learned(self._replayed.hours, self._replayed.daily_counts)


def country_of(numbers: Sequence[str], default: str) -> str:
    """The country whose numbers most of `numbers` without a plus are; `default` when in doubt."""
    bare = [number for number in numbers if number.isdigit() and len(number) > 6]
    sample = bare[:: max(1, len(bare) // SAMPLE)][:SAMPLE]

    def valid(country: str) -> int:
        count = 0
        for number in sample:
            try:
                parsed = phonenumbers.parse(number, country)
            except NumberParseException:
                continue
            count += phonenumbers.is_valid_number_for_region(parsed, country)
        return count

    if not sample or valid(default) >= len(sample) / 2:
        return default
    return max(sorted(phonenumbers.SUPPORTED_REGIONS), key=valid)


def profile_of(volumes: Mapping[int, int], hours: Mapping[int, int], default: Profile) -> Profile:
    """Weights of hours, weekdays and holidays: medians over days, against the median of the four weeks around."""
    relative = {
        day: count / max(1.0, median(volumes[d] for d in range(day - 14, day + 15) if d in volumes))
        for day, count in volumes.items()
    }
    by_weekday: dict[int, list[float]] = defaultdict(list)
    holiday: list[float] = []
    for day, value in relative.items():
        (holiday if is_holiday(day) else by_weekday[weekday_of(day)]).append(value)
    enough = all(len(by_weekday[weekday]) >= FEWEST_OF_A_KIND for weekday in range(7))
    weekdays = [median(by_weekday[weekday]) for weekday in range(7)] if enough else default.weekdays
    average = mean(weekdays)
    seen = sum(hours.values())
    spread = len([hour for hour, count in hours.items() if count]) > 1
    return Profile(
        hours=[round(24 * (hours.get(hour, 0) + 1) / (seen + 24), 3) for hour in range(24)]
        if spread
        else default.hours,
        weekdays=[round(max(0.01, weight / average), 3) for weight in weekdays],
        holiday=round(median(holiday) / average, 3) if len(holiday) >= FEWEST_OF_A_KIND else default.holiday,
    )


def dispersions(
    daily_counts: Mapping[str, Mapping[int, float]],
    volumes: Mapping[int, int],
    default: Mapping[Family, float],
) -> dict[Family, float]:
    """Size of the negative binomial for a day of each family, by moments: Σe² / Σ((c − e)² − e) over days and series.

    e is what the series' share of all reports lets expect of a day.  The largest twentieth of deviations is left out,
    as waves are not what days usually differ by.  A family without enough days keeps its default.
    """
    found = dict(default)
    total = sum(volumes.values())
    for family in BROAD:
        pairs: list[tuple[float, float]] = []
        for key, counts in daily_counts.items():
            share = sum(counts.values()) / total
            if family_of(key) == family and share * total / len(volumes) >= 1:
                pairs += [(share * volume, counts.get(day, 0.0)) for day, volume in volumes.items()]
        pairs.sort(key=lambda pair: (pair[1] - pair[0]) ** 2 / pair[0])
        kept = pairs[: len(pairs) * 19 // 20]
        if len(kept) < 100:
            continue
        excess = sum((count - expected) ** 2 - expected for expected, count in kept)
        size = sum(expected**2 for expected, _ in kept) / excess if excess > 0 else 1000.0
        found[family] = round(min(max(size, 0.5), 1000.0), 2)
    return found


def standings(steps: Sequence[Step], detector: Detector) -> list[Standing]:
    """How numbers of each kind and prefix went on after they stirred, and the weight that gives them.

    The share that went on is drawn from all numbers to a kind, and from the kind to a prefix (beta-binomial,
    `SHRINKAGE`); the weight is the square root of its odds against those of all numbers, within `WEIGHTS`.
    """
    stirred: dict[str, int] = {}
    went_on: set[str] = set()
    for step, exposure in _exposures(steps, detector):
        for candidate in step.candidates:
            if family_of(candidate.key) != "number":
                continue
            excess = judge(candidate.figures, exposure, detector.dispersion("number"), candidate.own_days)
            if excess is None or (candidate.key not in stirred and excess.score < STIRRING):
                continue
            since = start_of(day_of(stirred.setdefault(candidate.key, candidate.at)) + 1)
            until = since + WENT_ON_DAYS * DAY
            if any(f.observed >= WENT_ON_REPORTERS and since <= f.start and f.end <= until for f in candidate.figures):
                went_on.add(candidate.key)
    seen, good = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    for key, at in stirred.items():
        if at > steps[-1].now - (WENT_ON_DAYS + 1) * DAY:
            continue
        kind = kind_of(key.partition(":")[2], detector.calibration.country)
        for place in {(kind.label, ""), (kind.label, kind.prefix), ("", "")}:
            seen[place] += 1
            good[place] += key in went_on
    overall = (good["", ""] + 1) / (seen["", ""] + 2)
    found = []
    for label, prefix in sorted(seen, key=lambda place: (-seen[place], place)):
        if not label or seen[label, prefix] < SHRINKAGE:
            continue
        of_kind = (good[label, ""] + SHRINKAGE * overall) / (seen[label, ""] + SHRINKAGE)
        share = (good[label, prefix] + SHRINKAGE * of_kind) / (seen[label, prefix] + SHRINKAGE) if prefix else of_kind
        weight = (share / (1 - share) * (1 - overall) / overall) ** 0.5
        bounded = round(min(max(weight, WEIGHTS[0]), WEIGHTS[1]), 2)
        if bounded != 1 or not prefix:
            found.append(Standing(label, prefix, seen[label, prefix], good[label, prefix], bounded))
    return found


def _exposures(steps: Iterable[Step], detector: Detector) -> Iterator[tuple[Step, Exposure]]:
    """Each step, with the exposure at its end."""
    traffic = Traffic()
    for step in steps:
        for volume in (c.volume for c in step.candidates if c.volume is not None):
            record(traffic, volume, step.now)
        yield step, Exposure(detector.calendar, detector.calibration.reference_volume, traffic, day_of(step.now))


def volumes_of(steps: Sequence[Step]) -> dict[int, int]:
    """Reports of each local day, over all channels."""
    by_source: dict[str, dict[int, int]] = defaultdict(dict)
    for step in steps:
        for volume in (c.volume for c in step.candidates if c.volume is not None):
            _merge(by_source[volume.source], volume)
    total: Counter[int] = Counter()
    for days in by_source.values():
        total.update(days)
    return dict(sorted(total.items()))


def _merge(days: dict[int, int], volume: Volume) -> None:
    for day, count in volume.days.items():
        days[day] = max(days.get(day, 0), count)
