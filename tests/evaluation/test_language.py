"""Languages against the labelled set.  Run with -s to see the table."""

from __future__ import annotations

from streams.understanding.language import detect
from tests.evaluation.scoring import Scores, category, read


def test_language() -> None:
    """The goal counts texts of four words and more; shorter ones are shown apart."""
    long, short = Scores(), Scores()
    for case in read("language"):
        scores = short if category(case).startswith("short") else long
        scores.add(case, {case["language"]}, {str(detect(case["text"]))})
    long.show("Language, texts of four words and more")
    short.show("Language, shorter texts")
    assert long.recall >= 0.97
    assert short.recall >= 0.8
