"""The detector beside its peers on real reports, all at the same measured load.

    python -m tests.benchmarks.waves.evaluation

Our thresholds are set on what lies before `UNTIL` for one page a day, and the alarms from there on are scored.  A peer
gets the threshold with which it sends as many alarms in the scored months as we did: the best it can do at that load.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from datetime import date
from pathlib import Path
from time import process_time
from typing import Final

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from schemas.events import Alert
from streams.waves import load_detector
from streams.waves.backtest import Backtest, alarm_line
from streams.waves.calendar import number_of
from streams.waves.history import History
from streams.waves.series import start_of
from tests.benchmarks.waves import peers
from tests.benchmarks.waves.real import DATA, MISS, UNTIL, Reports, delays, interval, load, waves
from tests.benchmarks.waves.tables import markdown, write

BUDGET: Final = 1.0
#: Numbers of a campaign that count as named.
NAMED: Final = 20
#: Where ElastAlert 2 is installed, apart from our own environment.
ENVIRONMENT: Final = Path(".saqbol") / "cache" / "elastalert"
ROOT: Final = Path(__file__).parents[3]


def replay(path: Path) -> Backtest:
    """The backtest of the scored months, thresholds set on what lies before."""
    history = History([path])
    until = start_of(number_of(date.fromisoformat(UNTIL)))
    test = Backtest(load_detector(ROOT / "deploy" / "alerts"), until, BUDGET)
    test.run(history.batches(), history.daily)
    return test


def days_by_number(reports: Reports, alarms: list[Alert]) -> dict[str, list[int]]:
    """Days on which an alarm named a number."""
    found: dict[str, list[int]] = defaultdict(list)
    for alarm in alarms:
        line = alarm_line(alarm, daily=True)
        for number in (line.get("keys") or [line["key"]])[:NAMED]:
            found[number].append(reports.index(line["at"]))
    return found


def cell(values: NDArray[np.float64], starts: NDArray[np.int64], form: str) -> str:
    """A mean with its bootstrap interval."""
    low, high = interval(values, starts)
    return f"{values.mean():{form}} ({low:{form}} to {high:{form}})"


def main() -> None:
    """Compare, print and write the table."""
    if not DATA.exists():
        sys.exit(f"no {DATA}: the comparison needs the real reports")
    began = process_time()
    test = replay(DATA)
    took = process_time() - began
    reports = load()
    first = reports.index(UNTIL)
    days = len(reports.days) - first
    found = waves(reports, first)
    starts = np.array([start for _, start in found])
    load_of = {"SaqBol": len(test.alarms)}
    by_detector = {"SaqBol": delays(found, days_by_number(reports, test.alarms))}
    for name, score in peers.PEERS.items():
        alarms = peers.at_load(reports, score(reports.counts), first, len(test.alarms))
        load_of[name], by_detector[name] = sum(map(len, alarms.values())), delays(found, alarms)
    alarms = peers.spike_rule(reports, first, len(test.alarms), ENVIRONMENT)
    name = "ElastAlert 2 SpikeRule"
    load_of[name], by_detector[name] = sum(map(len, alarms.values())), delays(found, alarms)
    plain = by_detector["plain Poisson scan"]
    table = [
        [
            name,
            f"{load_of[name] / days:.2f}",
            cell((late < MISS).astype(float), starts, ".0%"),
            cell(late, starts, ".2f"),
            "–" if late is plain else cell(plain - late, starts, "+.2f"),
        ]
        for name, late in sorted(by_detector.items(), key=lambda item: float(item[1].mean()))
    ]
    content = markdown(
        ["detector", "alarms a day", "waves detected", "mean delay, days", "days earlier than the plain scan, paired"],
        table,
    )
    missed = [reports.days[day] for (_, day), late in zip(found, by_detector["SaqBol"], strict=True) if late == MISS]
    content += (
        f"\n\n{len(found)} waves that start on {len(np.unique(starts))} of {days} days with reports from {UNTIL} on; "
        f"a miss counts as {MISS} days.  In brackets: 95 % bootstrap intervals, waves that start on one day drawn "
        f"together.  Waves that SaqBol missed began on: {', '.join(missed) or '–'}.  "
        f"{test.reports:,} reports, calibration included, took {took:.0f} s of one core."
    )
    Console().print(content)
    write("peers", content)


if __name__ == "__main__":
    main()
