"""Places against the labelled set.  Run with -s to see the table."""

from __future__ import annotations

import pytest

from schemas import reference
from streams.understanding.place import find_place
from tests.evaluation.scoring import SETS, Scores, read


@pytest.mark.parametrize("which", [*SETS, "-blind5", "-blind6"])
def test_place(which: str) -> None:
    """Region and district told by the text alone; a district is compared by its Russian name."""
    scores = Scores()
    for case in read("place" + which):
        found = find_place(case["text"])
        name = reference.districts()[found.district].name.ru if found.district else None
        expected = {("region", case["region"]), ("district", (case["district"] or "").lower())}
        got = {("region", found.region), ("district", (name or "").lower())}
        scores.add(case, expected, got)
    scores.show(f"Place{which}")
    assert scores.recall >= 0.95
