"""`./saqbol calibrate`: thresholds by budget, learned from history and written for review."""

from __future__ import annotations

from dataclasses import replace
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
    plain_errors,
    read_feedback,
    reading,
    show_thresholds,
    writable,
    write_calibration,
)
from streams.waves import load_detector
from streams.waves.calibration import calibrate as learn
from streams.waves.learning import Listener


def calibrate(
    data: Data,
    out: Annotated[Path, typer.Option(help="File to write; put it in place of calibration.yaml once it is reviewed.")],
    until: Annotated[str | None, typer.Option(help="Learn only from what lies before this date.")] = None,
    budget: Budget = None,
    feedback: Annotated[
        Path | None, typer.Option(help="What people said of waves: what `./saqbol oncall feedback` writes.")
    ] = None,
    rules: Rules = ALERTS,
) -> None:
    """Replay history, and write the thresholds that would have kept to the budget."""
    with plain_errors():
        writable(out, "--out")
        detector = load_detector(rules)
        end = moment_of(until, "--until") if until else None
        pages = budget_a_day(budget)
        lessons = read_feedback(feedback) if feedback else []
        with reading(data) as (history, say):
            detector = replace(detector, daily=history.daily)
            listener, steps = Listener(detector), []
            for batch in history.batches():
                if end is not None and batch.now >= end:
                    break
                steps.append(listener.hear(batch))
            calibration = learn(steps, listener.learned, detector, pages, say, lessons)
        write_calibration(calibration, out)
    console = Console()
    console.print(f"{out}: from {calibration.origin}")
    show_thresholds(console, calibration)
    console.print(f"Review it, then put it in place of {rules / 'calibration.yaml'} and restart the waves worker.")
