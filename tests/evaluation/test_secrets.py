"""Masking against the labelled set.  Run with -s to see the table."""

from __future__ import annotations

from streams.understanding.secrets import mask
from tests.evaluation.scoring import Scores, read


def test_no_secret_survives() -> None:
    """Recall by value, and by kind; what has to stay is a failure of its own."""
    survived, kinds, destroyed = Scores(), Scores(), Scores()
    for case in read("secrets"):
        masked = mask(case["text"], case.get("own_numbers", ()))
        values = {s["value"] for s in case["secrets"]}
        survived.add(case, values, {value for value in values if value not in masked.text})
        kinds.add(case, {s["kind"] for s in case["secrets"]}, masked.kinds)
        destroyed.add(case, case["keep"], {kept for kept in case["keep"] if kept in masked.text})
    survived.show("Secrets masked")
    kinds.show("Kinds of secrets")
    destroyed.show("Kept what has to stay")
    assert survived.recall >= 0.99
    assert destroyed.recall == 1.0
    assert kinds.precision >= 0.97
