"""Places against the labelled set.  Run with -s to see the table."""

from __future__ import annotations

from schemas import reference
from streams.understanding.place import find_place
from tests.evaluation.scoring import Scores, read


def test_place() -> None:
    """Region and district told by the text alone; a district is compared by its Russian name."""
    scores = Scores()
    for case in read("place"):
        found = find_place(case["text"])
        name = reference.districts()[found.district].name.ru if found.district else None
        expected = {("region", case["region"]), ("district", (case["district"] or "").lower())}
        got = {("region", found.region), ("district", (name or "").lower())}
        scores.add(case, expected, got)
    scores.show("Place")
    assert scores.recall >= 0.95
