"""What the evaluations share: reading a labelled set, precision and recall by category, a printed table."""

from __future__ import annotations

import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Set
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

DATA = Path(__file__).parent / "data"
#: What follows the name of a labelled set of numbers, secrets, languages or places: the first set and two later ones.
SETS = ("", "-blind2", "-blind3")


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


def half(case: Mapping[str, Any]) -> int:
    """In which half (0 or 1) of its set a case lies: fixed by its id, whatever else the set holds."""
    return hashlib.sha256(case["id"].encode()).digest()[0] % 2


class TagScores:
    """Micro-averaged F1 of schemes and demands, and how many innocent texts got a scheme."""

    def __init__(self) -> None:
        self.counts: dict[str, dict[str, list[int]]] = {"schemes": {}, "demands": {}}
        self.cases = self.innocent = self.tagged = 0

    def add(self, case: Mapping[str, Any], schemes: Set[str], demands: Set[str]) -> None:
        """One labelled case (`demands` None: not labelled) and what was found in it."""
        self.cases += 1
        if not case["is_fraud"]:
            self.innocent += 1
            self.tagged += bool(schemes)
        for field, got in (("schemes", schemes), ("demands", demands)):
            if case[field] is None:
                continue
            wanted = set(case[field])
            for code in wanted | got:
                counts = self.counts[field].setdefault(code, [0, 0, 0])
                counts[0] += code in wanted and code in got
                counts[1] += code not in wanted
                counts[2] += code not in got

    def shares(self, field: str) -> tuple[float, float, float]:
        """Precision, recall and F1, micro-averaged over the codes."""
        right, extra, missed = (sum(c[i] for c in self.counts[field].values()) for i in range(3))
        return (
            right / max(1, right + extra),
            right / max(1, right + missed),
            2 * right / max(1, 2 * right + extra + missed),
        )

    def f1(self, field: str) -> float:
        """Micro-averaged over the codes."""
        return self.shares(field)[2]

    @property
    def innocent_tagged(self) -> float:
        """Share of the innocent texts that got a scheme."""
        return self.tagged / self.innocent if self.innocent else 0.0

    def show(self, title: str) -> None:
        """Print the figures, and the counts of every code."""
        table = Table(
            title=f"{title}: {self.cases} texts; "
            f"F1 of schemes {self.f1('schemes'):.3f}, of demands {self.f1('demands'):.3f}; "
            f"innocent texts tagged {self.tagged} of {self.innocent}"
        )
        for column in ("code", "right", "extra", "missed"):
            table.add_column(column, justify="left" if column == "code" else "right")
        for field in self.counts:
            for code, counts in sorted(self.counts[field].items()):
                table.add_row(code, *map(str, counts))
            table.add_section()
        Console(width=120).print(table)
