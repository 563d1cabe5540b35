"""Calibration: what replaying history teaches, and thresholds that keep to a budget of pages.

Everything here is set on what lies before one moment.  Nominal probabilities are useless on such data: a threshold is
the lowest score at which replaying that history would have stayed within the budget.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from statistics import mean, median
from typing import Final, NamedTuple

import msgspec
import phonenumbers
from phonenumbers import NumberParseException

from schemas.events import Alert
from streams.oncall.decisions import Feedback
from streams.waves.calendar import Profile, date_of, is_holiday, weekday_of
from streams.waves.campaigns import QUIET, Campaigns, Member
from streams.waves.folding import Judge, fold, judge_with
from streams.waves.kinds import kind_of
from streams.waves.rules import STIRRING, Calibration, Detector, Family, Rule, Standing, Threshold
from streams.waves.scan import PRIOR_A_DAY, Candidate, judge, likelihood_ratio
from streams.waves.series import DAY, day_of, family_of, seconds, start_of
from streams.waves.traffic import BASELINE_DAYS, Exposure, Traffic, Volume, record

#: A history shorter than this many days teaches nothing.
FEWEST_DAYS: Final = 42
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
#: Digits after the point of a threshold, and the highest that is tried.
PRECISION: Final = 0.1
HIGHEST: Final = 1000.0
#: Pages that one counts for which people called false.
FALSE_COUNTS: Final = 2
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


def listening(detector: Detector) -> Detector:
    """`detector` with thresholds so low that no candidate a calibration may need is left out."""
    low = {rule.id: Threshold(2 * STIRRING, "") for rules in detector.rules.values() for rule in rules}
    return replace(detector, calibration=msgspec.structs.replace(detector.calibration, thresholds=low))


def calibrate(
    steps: Sequence[Step],
    learned: Learned,
    detector: Detector,
    budget: float | None = None,
    progress: Callable[[str], None] = lambda _: None,
    feedback: Sequence[Feedback] = (),
) -> Calibration:
    """The calibration that `steps` teach, for the rules of `detector`.

    `budget` is the pages a day of all rules together; without it each rule keeps to its own.  Of `feedback`, what
    people said of waves in that history, a page called false counts as `FALSE_COUNTS` pages, and the explanations say
    how many missed waves would be paged.  Raises ValueError when the history is too short.
    """
    volumes = _volumes(steps)
    if len(volumes) < FEWEST_DAYS:
        raise ValueError(f"{len(volumes)} days with reports before that date; a calibration needs {FEWEST_DAYS}")
    progress("profile")
    keys = sorted({c.key for step in steps for c in step.candidates if c.key.startswith("number:")})
    start = detector.calibration
    base = msgspec.structs.replace(
        start,
        origin=f"history of {len(volumes)} days with reports, {date_of(min(volumes))} to {date_of(max(volumes))}",
        country=country_of([key.partition(":")[2] for key in keys], start.country),
        reference_volume=round(mean(volumes.values()), 1),
        profile=profile_of(volumes, learned.hours, start.profile),
        standings=[],
    )
    base = msgspec.structs.replace(base, dispersion=dispersions(learned.daily_counts, volumes, start.dispersion))
    progress("standing of kinds of numbers")
    base = msgspec.structs.replace(base, standings=standings(steps, replace(detector, calibration=base)))
    return _thresholds(steps, replace(detector, calibration=base), sorted(volumes), budget, progress, feedback)


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


def replay(steps: Iterable[Step], detector: Detector, judged: Judge | None = None) -> Iterator[list[Alert]]:
    """Alerts of each step; `judged` as for `fold`."""
    campaigns: Campaigns | None = None
    for step in steps:
        campaigns, alerts = fold(campaigns, step.candidates, step.now, detector, judged)
        yield alerts


def _remembering(judged: Judge) -> Judge:
    """`judged`, asked once for each candidate: the traffic of a history is the same in every trial."""
    known: dict[int, Member | None] = {}

    def remembered(candidate: Candidate, exposure: Exposure) -> Member | None:
        place = id(candidate)
        if place not in known:
            known[place] = judged(candidate, exposure)
        return known[place]

    return remembered


def _thresholds(
    steps: Sequence[Step],
    detector: Detector,
    days: Sequence[int],
    budget: float | None,
    progress: Callable[[str], None],
    feedback: Sequence[Feedback],
) -> Calibration:
    """`detector.calibration` with the threshold of each rule, in turn, the one with the largest budget last.

    The first four weeks only build baselines; pages are counted over the days with reports after them.
    """
    first = days[0] + BASELINE_DAYS
    counted = [day for day in days if day >= first]
    rules = sorted((rule for some in detector.rules.values() for rule in some), key=lambda rule: rule.budget_a_day)
    asked = sum(rule.budget_a_day for rule in rules)
    present = {family_of(c.key) for step in steps for c in step.candidates if c.volume is None}
    if "number" in present:
        present.add("campaign")
    found = {rule.id: Threshold(HIGHEST, "") for rule in rules}
    judged = _remembering(judge_with(detector))
    # A threshold that follows its pages would hide how many it lets through.
    detector = replace(detector.of_history(daily=detector.daily), paced=False)
    spends: dict[str, float] = {}
    for place, rule in enumerate(rules):
        if rule.family not in present:
            found[rule.id] = detector.calibration.thresholds[rule.id]
            continue
        own = rule.budget_a_day if budget is None else rule.budget_a_day / asked * budget
        last = budget is not None and not any(other.family in present for other in rules[place + 1 :])
        # The last rule may spend what the others left.
        counted_rules = {r.id for r in rules} if last else {rule.id}
        a_day = budget if last and budget is not None else own
        allowed = a_day * len(counted)

        def pages(score: float, rule: Rule = rule, counted_rules: set[str] = counted_rules) -> list[Alert]:
            trial = _with(detector, {**found, rule.id: Threshold(score, "")})
            return [
                alert
                for alerts in replay(steps, trial, judged)
                for alert in alerts
                if alert.page and alert.rule in counted_rules and day_of(_time_of(alert)) >= first
            ]

        def cost(score: float, pages: Callable[[float], list[Alert]] = pages) -> int:
            return sum(FALSE_COUNTS if _said(alert, "false", feedback) else 1 for alert in pages(score))

        low, high = STIRRING, 8 * STIRRING
        while cost(high) > allowed and high < HIGHEST:
            low, high = high, 2 * high
        while high - low > PRECISION:
            middle = (low + high) / 2
            low, high = (low, middle) if cost(middle) <= allowed else (middle, high)
        score = round(high, 1)
        progress(f"threshold of {rule.id}")
        left = max(a_day - sum(spends.values()), own) if last else own
        told = pages(score)
        spends[rule.id] = len(told) / len(counted)
        words = _words(rule, score, len(told), a_day, counted, detector) + _lessons(rule, told, feedback)
        found[rule.id] = Threshold(score, words, round(left, 3))
    return msgspec.structs.replace(detector.calibration, thresholds=found)


def _with(detector: Detector, thresholds: dict[str, Threshold]) -> Detector:
    return replace(detector, calibration=msgspec.structs.replace(detector.calibration, thresholds=thresholds))


def _words(rule: Rule, score: float, pages: int, budget: float, days: Sequence[int], detector: Detector) -> str:
    size = detector.dispersion(rule.family)
    unit = "numbers" if rule.family == "campaign" else "people"

    def enough(days: int) -> int:
        expected = days * PRIOR_A_DAY
        return next(n for n in range(1, 100_000) if likelihood_ratio(n, expected, size * days) >= score)

    return (
        f"{pages} pages in the {len(days)} days with reports from {date_of(days[0])} to {date_of(days[-1])}, for a "
        f"budget of {budget:.2f} a day; on average days where none was known before, {enough(1)} {unit} within one day "
        f"or {enough(3)} within three"
    )


def _said(alert: Alert, verdict: str, feedback: Sequence[Feedback]) -> list[Feedback]:
    """What people said with that verdict of the wave that `alert` tells: by its id, or its series in those days."""
    return [
        one
        for one in feedback
        if one.verdict == verdict
        and (
            (one.alert_id is not None and one.alert_id == alert.id)
            or ((one.key == alert.key or one.key in alert.keys) and abs(_time_of(alert) - seconds(one.at)) <= QUIET)
        )
    ]


def _lessons(rule: Rule, told: Sequence[Alert], feedback: Sequence[Feedback]) -> str:
    """In words, what people's verdicts meant for a threshold."""
    false = sum(bool(_said(alert, "false", feedback)) for alert in told)
    missed = [one for one in feedback if one.verdict == "missed" and one.key and family_of(one.key) == rule.family]
    heard = [one for one in missed if any(_said(alert, "missed", [one]) for alert in told)]
    return (f"; {false} of them were called false and count twice" if false else "") + (
        f"; of {len(missed)} waves that were missed it would page {len(heard)}" if missed else ""
    )


def _time_of(alert: Alert) -> int:
    return seconds(alert.updated_at or alert.detected_at)


def _volumes(steps: Sequence[Step]) -> dict[int, int]:
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
