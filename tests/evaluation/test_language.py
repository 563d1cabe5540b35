"""Languages against the labelled set.  Run with -s to see the table."""

from __future__ import annotations

import pytest

from streams.understanding.language import detect
from tests.evaluation.scoring import SETS, Scores, category, read


@pytest.mark.parametrize("which", [*SETS, "-blind5", "-blind6"])
def test_language(which: str) -> None:
    """The goal counts texts of four words and more; shorter ones are shown apart."""
    long, short = Scores(), Scores()
    for case in read("language" + which):
        scores = short if category(case).startswith("short") else long
        scores.add(case, {case["language"]}, {str(detect(case["text"]))})
    long.show(f"Language{which}, texts of four words and more")
    short.show(f"Language{which}, shorter texts")
    assert long.recall >= 0.97
    assert short.recall >= 0.8
