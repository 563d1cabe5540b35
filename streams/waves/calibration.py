"""Calibration: thresholds that keep to a budget of pages, with what else a history teaches (`learning`).

Everything here is set on what lies before one moment.  Nominal probabilities are useless on such data: a threshold is
the lowest score at which replaying that history would have stayed within the budget.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from statistics import mean
from typing import Final

import msgspec

from schemas.events import Alert
from streams.oncall.decisions import Feedback
from streams.waves.calendar import date_of
from streams.waves.campaigns import QUIET, Campaigns, Member
from streams.waves.folding import Folder, Judge, judge_with
from streams.waves.learning import (
    Learned,
    Step,
    country_of,
    dispersions,
    profile_of,
    standings,
    volumes_of,
)
from streams.waves.likelihood import PRIOR_A_DAY, likelihood_ratio
from streams.waves.rules import STIRRING, Calibration, Detector, Rule, Threshold
from streams.waves.scan import Candidate
from streams.waves.series import day_of, family_of, seconds
from streams.waves.traffic import BASELINE_DAYS, Exposure

#: A history shorter than this many days teaches nothing.
FEWEST_DAYS: Final = 42
#: Digits after the point of a threshold, and the highest that is tried.
PRECISION: Final = 0.1
HIGHEST: Final = 1000.0
#: Pages that one counts for which people called false.
FALSE_COUNTS: Final = 2


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
    volumes = volumes_of(steps)
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


def replay(steps: Iterable[Step], detector: Detector, judged: Judge | None = None) -> Iterator[list[Alert]]:
    """Alerts of each step; `judged` as for `fold`."""
    folder = Folder(Campaigns(), detector, judged)
    for step in steps:
        yield folder.fold(step.candidates, step.now)


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
