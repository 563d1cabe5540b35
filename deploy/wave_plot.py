"""Draws the waves of a backtest: distinct reporters by day, and the moment of the alarm."""

from __future__ import annotations

import html
import io
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import matplotlib as mpl
from matplotlib.dates import ConciseDateFormatter
from matplotlib.figure import Figure

from schemas.events import Alert
from streams.waves.backtest import day_of_page, value_of
from streams.waves.calendar import date_of

#: Days drawn before the first alarm of a wave and after the last.
MARGIN: Final = 14
COLUMNS: Final = 3
#: Size of one wave's panel, in inches.
WIDTH, HEIGHT = 5.0, 2.2

_BAR: Final = "#4878a8"
_ALARM: Final = "#c03028"


def draw(alarms: Sequence[Alert], counts: Mapping[str, Mapping[int, int]], path: Path) -> None:
    """Write a picture (.png) or a page (.html) with a panel for each wave of `alarms`.

    `counts`: distinct reporters by local day of each series, as `counts_of` tells.
    """
    waves: dict[str, list[Alert]] = {}
    for alarm in alarms:
        waves.setdefault(alarm.id, []).append(alarm)
    rows = max(1, -(-len(waves) // COLUMNS))
    figure = Figure(figsize=(COLUMNS * WIDTH, rows * HEIGHT), layout="constrained")
    for place, pages in enumerate(waves.values(), start=1):
        _panel(figure.add_subplot(rows, COLUMNS, place), pages, counts)
    figure.supxlabel("Bars: distinct reporters a day. Red line: the alarm.", fontsize=9)
    if path.suffix == ".png":
        figure.savefig(path, dpi=80)
        return
    drawn = io.StringIO()
    # Text stays text, so that a number can be searched for in the page.
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "saqbol"}):
        figure.savefig(drawn, format="svg", metadata={"Date": None})
    title = html.escape(f"{len(waves)} waves, {len(alarms)} alarms")
    svg = drawn.getvalue()
    path.write_text(
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title><h1>{title}</h1>'
        f"{svg[svg.index('<svg') :]}</html>\n",
        encoding="utf-8",
    )


def _panel(axes: Any, pages: Sequence[Alert], counts: Mapping[str, Mapping[int, int]]) -> None:
    last = pages[-1]
    days = [day_of_page(page) for page in pages]
    keys = list(last.keys) or [last.key]
    span = range(days[0] - MARGIN, days[-1] + MARGIN + 1)
    total = [sum(counts.get(key, {}).get(day, 0) for key in keys) for day in span]
    axes.bar([date_of(day) for day in span], total, color=_BAR)
    for day in days:
        axes.axvline(date_of(day) + timedelta(hours=12), color=_ALARM)
    name = value_of(last.key) if last.family != "campaign" else f"{value_of(last.key)}, {len(keys)} numbers"
    axes.set_title(f"{last.family} {name}: {pages[0].observed} against {pages[0].expected:.1f}", fontsize=9)
    axes.tick_params(labelsize=7)
    axes.locator_params(axis="y", nbins=4, integer=True)
    locator: Any = axes.xaxis.get_major_locator()
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]
