"""What watching costs: time per report of a history, and how large the state of a series is.

    python -m tests.benchmarks.waves.cost

One core, the functions of the stream, invented reports at the rate of three million a year: numbers of very different
fame (Zipf), each of one of twenty schemes, from twenty regions of very different size.  The first four weeks cost most,
as nothing is usual yet; after them cost does not grow with history.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from time import process_time
from typing import Final

import numpy as np
from rich.console import Console

from schemas import reference
from streams.waves import Campaigns, Folder, load_detector
from streams.waves.history import Batch, Replay, Row
from streams.waves.series import DAY, HOUR, start_of
from tests.benchmarks.waves.injection import HOURS
from tests.benchmarks.waves.tables import markdown, write

DAYS: Final = 42
FOUR_WEEKS: Final = 28
A_DAY: Final = 8_200
MANY: Final = 3_000_000
FIRST: Final = 20_000
SEED: Final = 7


@dataclass(frozen=True)
class Kind:
    """A kind of history: what it tells beside number and reporter."""

    name: str
    hourly: bool
    broad: bool


KINDS: Final = (
    Kind("days, numbers", hourly=False, broad=False),
    Kind("days, schemes, regions", hourly=False, broad=True),
    Kind("hours, numbers", hourly=True, broad=False),
    Kind("hours, schemes, regions", hourly=True, broad=True),
)


def batches(kind: Kind) -> Iterator[Batch]:
    """The reports of each day or hour."""
    random = np.random.default_rng(SEED)
    schemes, regions = list(reference.schemes()), list(reference.regions())
    sizes = 1 / np.arange(1, len(regions) + 1)
    for day in range(FIRST, FIRST + DAYS):
        numbers = random.zipf(1.4, A_DAY) % 10**7
        hours = random.choice(24, A_DAY, p=HOURS / HOURS.sum()) * HOUR + random.integers(HOUR, size=A_DAY)
        lived = random.choice(len(regions), A_DAY, p=sizes / sizes.sum())
        rows = [
            Row(
                start_of(day) + int(hours[place]) if kind.hourly else start_of(day + 1) - 1,
                f"+7705{n:07}",
                f"{day}-{place}",
                schemes[n % len(schemes)] if kind.broad else "",
                regions[lived[place]] if kind.broad else "",
            )
            for place, n in enumerate(numbers)
        ]
        for bucket, group in groupby(sorted(rows), lambda row: row.at // HOUR):
            yield Batch((bucket + 1) * HOUR - 1, list(group))


def measure(kind: Kind) -> tuple[list[str], list[int]]:
    """A row of the table, and the sizes of all states."""
    detector = load_detector(Path("deploy/alerts")).of_history(daily=not kind.hourly)
    replayed, folder = Replay(detector), Folder(Campaigns(), detector)
    taken = np.zeros(DAYS)
    for batch in batches(kind):
        began = process_time()
        folder.fold(replayed.feed(batch), batch.now)
        taken[(batch.now - start_of(FIRST)) // DAY] += process_time() - began
    first, later = (part.mean() / A_DAY * 1e6 for part in (taken[:FOUR_WEEKS], taken[FOUR_WEEKS:]))
    in_all = (first * FOUR_WEEKS * A_DAY + later * (MANY - FOUR_WEEKS * A_DAY)) / 1e6 / 60
    return [kind.name, f"{first:.0f}", f"{later:.0f}", f"{in_all:.0f}"], sorted(map(len, replayed.states.values()))


def main() -> None:
    """Measure, print and write the table."""
    table = []
    for kind in KINDS:
        row, sizes = measure(kind)
        table.append(row)
    head = ["history", "µs a report, first four weeks", "µs a report, after them", "minutes for 3 million, of one year"]
    content = (
        markdown(head, table)
        + f"\n\nOf the last one {len(sizes):,} series were kept, of {np.median(sizes):,.0f} bytes at the median and "
        f"{sizes[-1]:,} at most."
    )
    Console().print(content)
    write("cost", content)


if __name__ == "__main__":
    main()
