"""Masking against the labelled set.  Run with -s to see the table."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from streams.understanding.secrets import mask
from tests.evaluation.scoring import SETS, Scores, read


@pytest.mark.parametrize("which", [*SETS, "-blind4", "-blind5", "-blind6", "-blind7"])
def test_no_secret_survives(which: str) -> None:
    """Recall by value, and by kind; what has to stay is a failure of its own."""
    survived, kinds, destroyed = Scores(), Scores(), Scores()
    for case in read("secrets" + which):
        masked = mask(case["text"], case.get("own_numbers", ()))
        values = {s["value"] for s in case["secrets"]}
        survived.add(case, values, {value for value in values if value not in masked.text})
        kinds.add(case, {s["kind"] for s in case["secrets"]}, masked.kinds)
        destroyed.add(case, case["keep"], {kept for kept in case["keep"] if kept in masked.text})
    survived.show(f"Secrets masked{which}")
    kinds.show(f"Kinds of secrets{which}")
    destroyed.show(f"Kept what has to stay{which}")
    assert survived.recall >= 0.99
    assert destroyed.recall == 1.0
    assert kinds.precision >= 0.97


_CUE = re.compile(r"(?i)\b(?:код\w*|парол\w*|пин\w*|смс|иин|жсн|cvv|құпия\w*)\b")
_LOOKALIKES = str.maketrans("аеорсухАЕОРСУХ", "aeopcyxAEOPCYX")


@pytest.mark.parametrize(
    "disguise",
    [
        pytest.param(" ".join, id="spaced"),
        pytest.param(".".join, id="dotted"),
        pytest.param("\u200b".join, id="zero-width"),
        pytest.param("\u00ad".join, id="soft hyphens"),
        pytest.param(lambda cue: re.sub("[аеиоуы]", lambda m: 3 * m[0], cue, count=1), id="lengthened"),
        pytest.param(lambda cue: cue.translate(_LOOKALIKES), id="look-alikes"),
        pytest.param(str.upper, id="capitals"),
    ],
)
def test_disguised_cues_are_understood(disguise: Callable[[str], str]) -> None:
    """The words that tell a secret, written so that no plain search finds them."""
    survived, destroyed = Scores(), Scores()
    for case in read("secrets"):
        text = _CUE.sub(lambda m: disguise(m[0]), case["text"])
        masked = mask(text, case.get("own_numbers", ())).text
        values = {s["value"] for s in case["secrets"] if s["value"] in text}
        survived.add(case, values, {value for value in values if value not in masked})
        kept = {value for value in case["keep"] if value in text}
        destroyed.add(case, kept, {value for value in kept if value in masked})
    assert survived.recall >= 0.99, survived.failures
    assert destroyed.recall == 1.0, destroyed.failures
