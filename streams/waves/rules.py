"""Alert rules and their calibration: data files in `deploy/alerts/`, read and checked here."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from schemas.reference import regions, schemes
from streams.waves.calendar import Calendar, Profile
from streams.waves.kinds import Kind
from streams.waves.located import RuleError, line_of_item, read
from streams.waves.traffic import Exposure

Family = Literal["number", "official", "campaign", "scheme", "scheme-region", "region", "pattern", "channel"]
Severity = Literal["low", "medium", "high", "critical"]
SEVERITIES: Final[tuple[Severity, ...]] = ("low", "medium", "high", "critical")
_DAYS: Final = {"day": 1.0, "week": 7.0, "month": 30.4}

#: Name of the calibration's file within the folder of rules.
CALIBRATION: Final = "calibration.yaml"
#: Score from which a number counts as stirring: too little for a page, enough to be one of many that rise together.
STIRRING: Final = 3.0
#: Families whose series are numbers' own: nothing is expected of one never seen before.
NARROW: Final = ("number", "official", "pattern")

__all__ = ["Calibration", "Detector", "Rule", "RuleError", "Standing", "Threshold", "load_detector"]


class Filters(Struct, frozen=True, forbid_unknown_fields=True):
    """What a wave must be about for a rule to apply; an empty list admits everything."""

    regions: list[Annotated[str, Meta(pattern=r"^KZ-[0-9]{2}$")]] = []
    schemes: list[str] = []
    minimum_victims: Annotated[int, Meta(ge=0)] = 0
    minimum_loss_kzt: Annotated[int, Meta(ge=0)] = 0


class Rule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who is told about waves of one family, and how sure we must be.

    `budget` is how many pages the person in charge accepts: `N/day`, `N/week` or `N/month`; calibration turns it into a
    threshold.  `minimum_reporters` are distinct identified reporters of the series; for a campaign, `minimum_numbers`
    counts instead.  `minimum_baseline_days`: days of traffic before the window (0: pages from the start).
    """

    id: Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9-]*$")]
    family: Family
    budget: Annotated[str, Meta(pattern=r"^[0-9]+(\.[0-9]+)?/(day|week|month)$", description="e.g. 1/day")]
    severity: Severity
    route: Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9-]*$")]
    minimum_reporters: Annotated[int, Meta(ge=0, le=10_000)] = 0
    minimum_numbers: Annotated[int, Meta(ge=3, le=1_000)] = 3
    minimum_baseline_days: Annotated[int, Meta(ge=0, le=28)] = 0
    filters: Filters = Filters()

    @property
    def budget_a_day(self) -> float:
        """Pages a day."""
        return per_day(self.budget)


class RuleFile(Struct, frozen=True, forbid_unknown_fields=True):
    """Content of a file of rules."""

    rules: list[Rule]


class Threshold(Struct, frozen=True, forbid_unknown_fields=True):
    """The score a rule pages from, and in words where it comes from.

    `pages_a_day` is what it was set for, and the purse of the rule earns; null: the budget of the rule.
    """

    score: Annotated[float, Meta(gt=0)]
    explanation: str
    pages_a_day: Annotated[float, Meta(gt=0)] | None = None


class Standing(Struct, frozen=True, forbid_unknown_fields=True):
    """How numbers of one kind, or of one prefix of it, went on after they stirred: `weight` multiplies their scores."""

    kind: str
    prefix: str
    stirred: Annotated[int, Meta(ge=0)]
    went_on: Annotated[int, Meta(ge=0)]
    weight: Annotated[float, Meta(ge=0.1, le=10)]


class Calibration(Struct, frozen=True, forbid_unknown_fields=True):
    """What replaying history taught: content of `calibration.yaml`.

    `country` is that of numbers written without a plus (ISO 3166-1); `reference_volume` the reports of an average day
    of that history (null: what is usual at the time); `dispersion` the negative binomial's size for one day, by family.
    """

    origin: str
    country: Annotated[str, Meta(pattern=r"^[A-Z]{2}$")]
    reference_volume: Annotated[float, Meta(gt=0)] | None
    profile: Profile
    dispersion: dict[Family, Annotated[float, Meta(gt=0)]]
    standings: list[Standing]
    thresholds: dict[str, Threshold]


@dataclass(frozen=True)
class Detector:
    """Everything that judges series: rules by family, the most severe first, and the calibration.

    `daily`: the history tells days only, so there are no windows of hours.  `paced`: thresholds follow the pages of the
    last weeks.
    """

    rules: dict[str, tuple[Rule, ...]]
    calibration: Calibration
    daily: bool = False
    paced: bool = True
    calendar: Calendar = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "calendar", Calendar(self.calibration.profile))

    def of_history(self, *, daily: bool) -> Detector:
        """The detector for reports of the past, in days with `daily`: a file is no channel that could fall silent."""
        return replace(self, rules={f: some for f, some in self.rules.items() if f != "channel"}, daily=daily)

    @cached_property
    def calendar_only(self) -> Exposure:
        """Exposure as the calendar has it, while nothing is known of the traffic."""
        return Exposure(self.calendar, None, None, 0)

    @cached_property
    def _weights(self) -> dict[tuple[str, str], float]:
        return {(some.kind, some.prefix): some.weight for some in self.calibration.standings}

    def threshold(self, rule: Rule) -> float:
        """Score that `rule` pages from."""
        return self.calibration.thresholds[rule.id].score

    def pages_a_day(self, rule: Rule) -> float:
        """Pages a day that the threshold of `rule` was set for."""
        return self.calibration.thresholds[rule.id].pages_a_day or rule.budget_a_day

    def dispersion(self, family: str) -> float:
        """Size of the negative binomial for one day of a series of `family`."""
        return self.calibration.dispersion[family]  # type: ignore[index]

    def floor(self, family: str) -> float:
        """Score below which the scan of a series says nothing."""
        if family == "number":
            return STIRRING / 2
        lowest = min(self.threshold(rule) for rule in self.rules[family])
        return lowest / 2

    def weight(self, kind: Kind) -> float:
        """Factor of a number's score by its kind and prefix; 1 where history says nothing."""
        return self._weights.get((kind.label, kind.prefix), self._weights.get((kind.label, ""), 1.0))


def per_day(budget: str) -> float:
    """Pages a day of a budget such as `1/week`."""
    number, _, unit = budget.partition("/")
    return float(number) / _DAYS[unit]


def load_detector(folder: Path) -> Detector:
    """Rules of every `*.yaml` in `folder` with the calibration beside them; raises `RuleError`."""
    rules = load_rules(folder)
    path = folder / CALIBRATION
    calibration = read(path, Calibration)
    for rule in rules:
        if rule.id not in calibration.thresholds:
            raise RuleError(f"{path}: no threshold for rule {rule.id!r}; run `./saqbol calibrate`")
        if rule.family not in calibration.dispersion:
            raise RuleError(f"{path}: no dispersion for family {rule.family!r}; run `./saqbol calibrate`")
    return Detector(by_family(rules), calibration)


def load_rules(folder: Path) -> list[Rule]:
    """All rules of the `*.yaml` files in `folder`; raises `RuleError` naming file and line."""
    paths = [path for path in sorted(folder.glob("*.yaml")) if path.name != CALIBRATION]
    if not paths:
        raise RuleError(f"{folder}: no file of rules (*.yaml) there")
    rules: list[Rule] = []
    seen: dict[str, str] = {}
    for path in paths:
        for index, rule in enumerate(read(path, RuleFile).rules):
            place = f"{path}:{line_of_item(path, 'rules', index)}"
            if rule.id in seen:
                raise RuleError(f"{place}: rule {rule.id!r} stands in {seen[rule.id]} already; give it another id")
            if per_day(rule.budget) == 0:
                raise RuleError(f"{place}: a budget of no pages; remove the rule instead")
            _check_filters(rule, place)
            seen[rule.id] = place
            rules.append(rule)
    return rules


def by_family(rules: list[Rule]) -> dict[str, tuple[Rule, ...]]:
    """Rules by family, the most severe first."""
    order = {severity: number for number, severity in enumerate(SEVERITIES)}
    families = {rule.family for rule in rules}
    return {
        family: tuple(sorted((r for r in rules if r.family == family), key=lambda r: (-order[r.severity], r.id)))
        for family in sorted(families)
    }


def _check_filters(rule: Rule, place: str) -> None:
    for name, given, known in (
        ("scheme", rule.filters.schemes, schemes()),
        ("region", rule.filters.regions, regions()),
    ):
        unknown = [code for code in given if code not in known]
        if unknown:
            raise RuleError(f"{place}: unknown {name} {unknown[0]!r}; one of {', '.join(sorted(known))}")
