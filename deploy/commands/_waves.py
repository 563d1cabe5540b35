"""What the commands about waves share: arguments, errors in plain words, a progress bar, the calibration's file."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Annotated, Final

import msgspec
import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Table

from schemas.events import Alert
from streams.oncall.decisions import Feedback
from streams.waves.backtest import alarm_line
from streams.waves.calendar import number_of
from streams.waves.history import History, HistoryError, size_of
from streams.waves.rules import Calibration, RuleError, per_day
from streams.waves.series import start_of

ALERTS: Final = Path(__file__).parent.parent / "alerts"

Data = Annotated[
    list[Path], typer.Argument(help="CSV files, gzipped or not: observed_at,number,reporter[,scheme,region].")
]
Rules = Annotated[Path, typer.Option("--rules", help="Folder of the alert rules.", show_default="deploy/alerts")]
Budget = Annotated[
    str | None, typer.Option(help="Pages of all rules together, e.g. 1/day or 3/week; else each rule has its own.")
]


@contextmanager
def plain_errors() -> Iterator[None]:
    """Turn what is wrong with the input into one line and exit code 1."""
    try:
        yield
    except (HistoryError, RuleError, ValueError) as error:
        typer.echo(f"saqbol: {error}", err=True)
        raise typer.Exit(1) from error


@contextmanager
def reading(paths: list[Path]) -> Iterator[tuple[History, Callable[[str], None]]]:
    """The history of `paths`, with a progress bar on stderr, and a function that says what else is going on."""
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
    ) as bar:
        total = size_of(paths)
        task = bar.add_task("replaying", total=total)
        done = {"bytes": 0, "last": 0}

        def progress(position: int) -> None:
            if position < done["last"]:  # the next file
                done["bytes"] += done["last"]
            done["last"] = position
            bar.update(task, completed=done["bytes"] + position, description="replaying")

        yield History(paths, progress), lambda text: bar.update(task, description=f"calibrating: {text}")


def writable(path: Path | None, option: str) -> None:
    """Raise ValueError, before a long replay, when `path` can't be written."""
    if path is None:
        return
    if path.is_dir() or not path.parent.is_dir():
        wrong = "is a folder" if path.is_dir() else f"lies in {path.parent}, which is no folder"
        raise ValueError(f"{option} {path} {wrong}; name a file")
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        raise ValueError(f"{option} {path} can't be written; choose another place")


def budget_a_day(budget: str | None) -> float | None:
    """Pages a day; raises ValueError in plain words."""
    if budget is None:
        return None
    number, slash, unit = budget.partition("/")
    if (
        not slash
        or unit not in ("day", "week", "month")
        or not number.replace(".", "", 1).isdigit()
        or not float(number)
    ):
        raise ValueError(f"--budget {budget!r} is not a number of pages such as 1/day, 3/week or 2/month")
    return per_day(budget)


def moment_of(day: str, option: str) -> int:
    """Epoch seconds at which a day such as 2026-01-14 begins; raises ValueError in plain words."""
    try:
        return start_of(number_of(date.fromisoformat(day)))
    except ValueError:
        raise ValueError(f"{option} {day!r} is not a date such as 2026-01-14") from None


def read_feedback(path: Path) -> list[Feedback]:
    """What people said of waves, a line of JSON each; raises ValueError naming the line."""
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise ValueError(f"{path}: {error.strerror}") from None
    found = []
    for number, line in enumerate(lines, start=1):
        try:
            one = msgspec.json.decode(line, type=Feedback)
        except msgspec.MsgspecError as error:
            raise ValueError(f"{path}:{number}: {error}") from None
        if one.at.tzinfo is None:
            raise ValueError(f"{path}:{number}: at has no time zone; write e.g. 2026-01-14T09:30:00+05:00")
        if one.key is None and one.alert_id is None:
            raise ValueError(f"{path}:{number}: neither key nor alert_id; name the series or the alert")
        found.append(one)
    return found


def write_calibration(calibration: Calibration, path: Path) -> None:
    """Write `calibration` for people to review."""
    header = (
        "# What replaying history taught.  Written by `./saqbol calibrate`; read it before it is put to use.\n"
        "# Each threshold says in words what it takes.  standings: how numbers of a kind went on after they stirred.\n"
    )
    path.write_text(header + msgspec.yaml.encode(calibration).decode(), encoding="utf-8")


def show_thresholds(console: Console, calibration: Calibration) -> None:
    """Print the threshold of each rule, and where it comes from."""
    for rule_id, threshold in sorted(calibration.thresholds.items()):
        console.print(f"  {rule_id}: {threshold.score:.1f} ({threshold.explanation})")


def write_lines(pages: Sequence[Alert], daily: bool, path: Path) -> None:
    """Write one line of JSON per page."""
    lines = [json.dumps(alarm_line(page, daily), ensure_ascii=False) for page in pages]
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def pages_table(title: str, pages: Sequence[Alert], daily: bool) -> Table:
    """A table with a row per page."""
    table = Table(title=title, box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for column in ("at", "rule", "key", "window", "observed", "expected", "score", "why"):
        # Wide enough for a number in one piece.
        table.add_column(
            column, overflow="fold", no_wrap=column not in ("rule", "key"), min_width=12 if column == "key" else None
        )
    for page in pages:
        line = alarm_line(page, daily)
        key = line.get("key") or f"{len(line['keys'])} numbers: {', '.join(line['keys'][:3])} …"
        counts = (str(page.observed), f"{page.expected:.2f}", f"{page.score:.1f}")
        table.add_row(line["at"], page.rule, key, line["window"], *counts, page.change)
    return table
