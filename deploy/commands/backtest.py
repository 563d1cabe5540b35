"""`./saqbol backtest`: what would have been heard of a history, and when."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from deploy.commands._waves import (
    ALERTS,
    Budget,
    Data,
    Rules,
    budget_a_day,
    moment_of,
    pages_table,
    plain_errors,
    reading,
    show_thresholds,
    writable,
    write_lines,
)
from streams.waves import load_detector
from streams.waves.backtest import Backtest, counts_of, day_of_page
from streams.waves.calendar import date_of
from streams.waves.history import History

#: Alarms shown in the table; all are in the file.
SHOWN = 20


def backtest(
    data: Data,
    calibrate_until: Annotated[str, typer.Option(help="Thresholds are set on what lies before this date.")],
    budget: Budget = None,
    alarms: Annotated[Path | None, typer.Option(help="Write one line of JSON per alarm here.")] = None,
    plot: Annotated[Path | None, typer.Option(help="Draw each wave with its alarm: a .html or .png file.")] = None,
    rules: Rules = ALERTS,
) -> None:
    """Replay reports through the detector of the stream and say what it would have paged from a date on."""
    with plain_errors():
        if plot is not None and plot.suffix not in (".html", ".png"):
            raise ValueError(f"--plot {plot} is neither a .html nor a .png file")
        writable(alarms, "--alarms")
        writable(plot, "--plot")
        test = Backtest(load_detector(rules), moment_of(calibrate_until, "--calibrate-until"), budget_a_day(budget))
        with reading(data) as (history, say):
            test.run(history.batches(), history.daily, say)
        if alarms is not None:
            write_lines(test.alarms, history.daily, alarms)
        if plot is not None:
            from deploy.wave_plot import draw  # noqa: PLC0415 - drawing is slow to import

            draw(test.alarms, counts_of(History(data).batches(), test.alarms), plot)
    _show(test, history.daily)


def _show(test: Backtest, daily: bool) -> None:
    console = Console()
    days = len(test.days)
    title = f"{len(test.alarms)} alarms in {days} days with reports: {len(test.alarms) / days:.2f} a day"
    console.print(pages_table(title, test.alarms[-SHOWN:], daily))
    if len(test.alarms) > SHOWN:
        console.print(f"the last {SHOWN} of {len(test.alarms)} alarms")
    first, last = min(test.days), max(test.days)
    weeks = Counter((day_of_page(alarm) - first) // 7 for alarm in test.alarms)
    console.print("alarms by week: " + " ".join(str(weeks[week]) for week in range((last - first) // 7 + 1)))
    calibration = test.detector.calibration
    console.print(f"{test.reports:,} reports; alarms from {date_of(first)} to {date_of(last)}; {calibration.origin}")
    show_thresholds(console, calibration)
