"""What the evaluations share: reading a labelled set, precision and recall by category, a printed table."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

DATA = Path(__file__).parent / "data"


def read(name: str) -> list[dict[str, Any]]:
    """The cases of `data/<name>.jsonl`."""
    lines = (DATA / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines if line]


def category(case: dict[str, Any]) -> str:
    """The category that the id begins with: `neg-date-03` → `neg-date`."""
    return re.sub(r"-\d+$", "", case["id"])


class Scores:
    """True and false positives and misses, by category, and the failures in words."""

    def __init__(self) -> None:
        self.counts: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
        self.failures: list[str] = []

    def add(self, case: dict[str, Any], expected: Iterable[Any], found: Iterable[Any]) -> None:
        """One case: what should have been found, and what was."""
        wanted, got = set(expected), set(found)
        for name in (category(case), "all"):
            counts = self.counts[name]
            counts[0] += 1
            counts[1] += len(wanted & got)
            counts[2] += len(got - wanted)
            counts[3] += len(wanted - got)
        if wanted != got:
            missed, extra = sorted(map(str, wanted - got)), sorted(map(str, got - wanted))
            self.failures.append(f"{case['id']}: missed {missed}, extra {extra} in {case['text']!r}")

    @property
    def precision(self) -> float:
        """Share of what was found that is right."""
        _, hits, extra, _ = self.counts["all"]
        return hits / (hits + extra) if hits + extra else 1.0

    @property
    def recall(self) -> float:
        """Share of what should have been found that was."""
        _, hits, _, missed = self.counts["all"]
        return hits / (hits + missed) if hits + missed else 1.0

    def show(self, title: str) -> None:
        """Print the table by category, and each failure."""
        table = Table(title=f"{title}: precision {self.precision:.4f}, recall {self.recall:.4f}")
        for column in ("category", "cases", "right", "extra", "missed"):
            table.add_column(column, justify="left" if column == "category" else "right")
        for name in sorted(self.counts, key=lambda n: (n == "all", n)):
            table.add_row(name, *map(str, self.counts[name]))
        console = Console(width=120)
        console.print(table)
        for failure in self.failures:
            console.print(failure, markup=False, highlight=False)
