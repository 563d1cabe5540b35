"""What watching costs: time per report, and how large the state of a series is.

    python -m tests.benchmarks.waves.cost

One core, the functions of the stream, invented reports: numbers of very different fame (Zipf), so that some series are
full and most hold one report.  The time is that of the last quarter against the first: it does not grow with history.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from time import process_time
from typing import Final

import numpy as np
from rich.console import Console

from streams.waves import Campaigns, fold, load_detector
from streams.waves.history import Batch, Replay, Row
from streams.waves.series import start_of
from tests.benchmarks.waves.tables import markdown, write

DAYS: Final = 80
A_DAY: Final = 2_500
FIRST: Final = 20_000
SEED: Final = 7


def batches() -> Iterator[Batch]:
    """The reports of each day."""
    random = np.random.default_rng(SEED)
    for day in range(FIRST, FIRST + DAYS):
        end = start_of(day + 1) - 1
        numbers = random.zipf(1.4, A_DAY) % 10**7
        rows = [Row(end, f"+7705{n:07}", f"{day}-{place}", "prize", "KZ-75") for place, n in enumerate(numbers)]
        yield Batch(end, rows)


def main() -> None:
    """Measure, print and write the table."""
    detector = replace(load_detector(Path("deploy/alerts")), daily=True)
    replayed, state = Replay(detector), Campaigns()
    taken = []
    for batch in batches():
        began = process_time()
        state, _ = fold(state, replayed.feed(batch), batch.now, detector)
        taken.append(process_time() - began)
    quarter = DAYS // 4
    sizes = np.array(sorted(map(len, replayed.states.values())))
    table = [
        ["µs a report, first 20 days", f"{sum(taken[:quarter]) / quarter / A_DAY * 1e6:.0f}"],
        ["µs a report, last 20 days", f"{sum(taken[-quarter:]) / quarter / A_DAY * 1e6:.0f}"],
        ["series kept", f"{len(sizes):,}"],
        ["bytes of a series, median", f"{np.median(sizes):,.0f}"],
        ["bytes of a series, largest", f"{sizes[-1]:,}"],
    ]
    content = markdown([f"{DAYS * A_DAY:,} reports in {DAYS} days", ""], table)
    Console().print(content)
    write("cost", content)


if __name__ == "__main__":
    main()
