"""Backtest: what would have been heard of a history, and when, by the detector that runs in the stream.

Thresholds are set on what lies before one moment; alarms are those after it, each following from what was known then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Final

from schemas.events import Alert
from streams.waves.calendar import date_of
from streams.waves.calibration import calibrate
from streams.waves.campaigns import Campaigns
from streams.waves.folding import Folder
from streams.waves.history import Batch
from streams.waves.learning import Listener, Step
from streams.waves.rules import Detector
from streams.waves.series import DAY, HOUR, day_of, family_of

#: Report ids that an alarm names as evidence.
MAX_REPORTS: Final = 20


@dataclass
class Backtest:
    """A backtest as it goes on: `alarms` so far, and `detector` with the calibration once it is learned."""

    detector: Detector
    until: int
    budget: float | None
    alarms: list[Alert] = field(default_factory=list)
    reports: int = 0
    days: set[int] = field(default_factory=set)

    def run(self, batches: Iterator[Batch], daily: bool, progress: Callable[[str], None] = lambda _: None) -> None:
        """Replay `batches`: calibrate on those before `until` (epoch seconds), then collect the pages.

        `budget` is the pages a day of all rules together (None: each rule has its own).  Raises ValueError when what
        lies before is too short, or nothing lies after.
        """
        self.detector = self.detector.of_history(daily=daily)
        listener = Listener(self.detector)
        steps: list[Step] = []
        folder: Folder | None = None
        for batch in batches:
            self.reports += len(batch.rows)
            step = listener.hear(batch)
            if batch.now < self.until:
                steps.append(step)
                continue
            if steps:
                calibration = calibrate(steps, listener.learned, self.detector, self.budget, progress)
                self.detector = replace(self.detector, calibration=calibration)
                folder = Folder(Campaigns(), self.detector)
                for earlier in steps:
                    folder.fold(earlier.candidates, earlier.now)
                steps = []
            if folder is None:
                raise ValueError("no reports before that date to calibrate on")
            self.days.add(day_of(batch.now))
            self.alarms += [alert for alert in folder.fold(step.candidates, step.now) if alert.page]
        if folder is None:
            raise ValueError("no reports from that date on")


def alarm_line(alert: Alert, daily: bool) -> dict[str, Any]:
    """An alarm as a line of JSON has it; keys are those of the file, untouched."""
    at = alert.updated_at or alert.detected_at
    values = [value_of(key) for key in alert.keys if family_of(key) in ("number", "official")]
    several = alert.family == "campaign" or len(values) > 1
    window = alert.window_seconds
    return {
        "at": date_of(day_of_page(alert)).isoformat() if daily else at.isoformat(),
        "family": alert.family,
        **({"keys": values} if several else {"key": value_of(alert.key)}),
        "window": f"{window // DAY}d" if window >= DAY and window % DAY == 0 else f"{-(-window // HOUR)}h",
        "observed": alert.observed,
        "expected": alert.expected,
        "score": alert.score,
        "evidence": {
            "rule": alert.rule,
            "change": alert.change,
            "wave": alert.id,
            "since": alert.started_at.isoformat(),
            "series": alert.keys,
            "schemes": alert.schemes,
            "regions": alert.regions,
            "reports": alert.report_ids[:MAX_REPORTS],
        },
    }


def value_of(key: str) -> str:
    """What a series is about: its key without the family; of an official number only the number."""
    family, _, value = key.partition(":")
    return value.partition("|")[0] if family == "official" else value


def counts_of(batches: Iterator[Batch], alarms: list[Alert]) -> dict[str, dict[int, int]]:
    """Distinct reporters by local day of each number, scheme or region that `alarms` name, for drawing them."""
    wanted = {key for alarm in alarms for key in (*alarm.keys, alarm.key)}
    seen: dict[str, dict[int, set[str]]] = {key: {} for key in sorted(wanted)}
    for batch in batches:
        for row in batch.rows:
            for key in (
                f"number:{row.number}",
                f"official:{row.number}|{row.scheme or 'unknown'}",
                f"scheme:{row.scheme}",
                f"region:{row.region}",
                f"scheme-region:{row.scheme}|{row.region}",
            ):
                if key in seen:
                    seen[key].setdefault(day_of(row.at), set()).add(row.reporter)
    return {key: {day: len(who) for day, who in days.items()} for key, days in seen.items()}


def day_of_page(alert: Alert) -> int:
    """Number of the local day of an alarm."""
    return day_of(int((alert.updated_at or alert.detected_at).timestamp()))
