"""Alert rules and thresholds: data files in `deploy/alerts/`, read and checked here, errors named by file and line."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Final, Literal

import msgspec
import yaml
from msgspec import Meta, Struct

Family = Literal["number", "official", "scheme", "scheme-region", "region", "pattern", "channel"]
Severity = Literal["low", "medium", "high", "critical"]
SEVERITIES: Final[tuple[Severity, ...]] = ("low", "medium", "high", "critical")

#: Name of the file of thresholds within the folder of rules.
THRESHOLDS: Final = "thresholds.yaml"


class RuleError(ValueError):
    """A file of rules or thresholds is wrong; the message names file, line, what is wrong and the remedy."""


class Filters(Struct, frozen=True, forbid_unknown_fields=True):
    """What a wave must be about for a rule to apply; an empty list admits everything."""

    regions: list[Annotated[str, Meta(pattern=r"^KZ-[0-9]{2}$")]] = []
    schemes: list[str] = []
    minimum_victims: Annotated[int, Meta(ge=0)] = 0
    minimum_loss_kzt: Annotated[int, Meta(ge=0)] = 0


class Rule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who is told about waves of one family, and how sure we must be.

    `budget` is how many pages the person in charge accepts, `N/day`, `N/week` or `N/month`; calibration turns it into
    a threshold.  `minimum_reporters` are distinct identified reporters; `minimum_baseline_days` are days with reports
    of the series before the window (0: a series never seen before pages too).
    """

    id: Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9-]*$")]
    family: Family
    minimum_reporters: Annotated[int, Meta(ge=2, le=10_000)]
    budget: Annotated[str, Meta(pattern=r"^[0-9]+(\.[0-9]+)?/(day|week|month)$")]
    severity: Severity
    route: str
    minimum_baseline_days: Annotated[int, Meta(ge=0, le=28)] = 0
    filters: Filters = Filters()


class Threshold(Struct, frozen=True, forbid_unknown_fields=True):
    """The score a rule pages from, and in words where it comes from."""

    score: Annotated[float, Meta(gt=0)]
    explanation: str


class Detector(Struct, frozen=True):
    """Everything a scan needs to know beside the series: the rules by family, and their thresholds by rule id."""

    rules: dict[str, tuple[Rule, ...]]
    thresholds: dict[str, Threshold]


def load_detector(folder: Path) -> Detector:
    """Rules of every `*.yaml` in `folder` with the thresholds of `thresholds.yaml`; raises `RuleError`."""
    rules: dict[str, list[Rule]] = {}
    seen: dict[str, Path] = {}
    for path in sorted(folder.glob("*.yaml")):
        if path.name == THRESHOLDS:
            continue
        for rule in _read(path, dict[Literal["rules"], list[Rule]])["rules"]:
            if rule.id in seen:
                raise RuleError(f"{path}: rule {rule.id!r} is in {seen[rule.id]} already; give it another id")
            seen[rule.id] = path
            rules.setdefault(rule.family, []).append(rule)
    path = folder / THRESHOLDS
    thresholds = _read(path, dict[Literal["thresholds"], dict[str, Threshold]])["thresholds"]
    for rule_id in sorted(seen.keys() - thresholds.keys()):
        raise RuleError(f"{path}: no threshold for rule {rule_id!r} of {seen[rule_id]}; run `./saqbol calibrate`")
    order = {severity: number for number, severity in enumerate(SEVERITIES)}
    return Detector(
        rules={family: tuple(sorted(some, key=lambda rule: -order[rule.severity])) for family, some in rules.items()},
        thresholds=thresholds,
    )


def _read(path: Path, kind: Any) -> Any:
    try:
        return msgspec.convert(yaml.safe_load(path.read_text(encoding="utf-8")), kind)
    except FileNotFoundError:
        raise RuleError(f"{path}: there is no such file") from None
    except (yaml.YAMLError, msgspec.ValidationError) as error:
        raise RuleError(f"{path}: {error}") from None
