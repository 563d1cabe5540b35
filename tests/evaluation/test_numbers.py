"""Numbers against the labelled set.  Run with -s to see the table."""

from __future__ import annotations

import pytest

from schemas.events import ContactKind
from streams.understanding.numbers import find_contacts
from tests.evaluation.scoring import SETS, Scores, read

_WITHOUT_IDENTITY = {ContactKind.HIDDEN, ContactKind.INVALID}


@pytest.mark.parametrize("which", [*SETS, "-blind5", "-blind6"])
def test_numbers(which: str) -> None:
    scores = Scores()
    for case in read("numbers" + which):
        found = find_contacts(case["text"], case.get("area_code"))
        scores.add(
            case,
            {(c["value"], c["kind"]) for c in case["expect"]},
            {(c.value, str(c.kind)) for c in found if c.kind not in _WITHOUT_IDENTITY},
        )
    scores.show(f"Numbers{which}")
    assert scores.precision >= 0.98
    assert scores.recall >= 0.98


@pytest.mark.parametrize("which", [*SETS, "-blind5", "-blind6"])
def test_roles(which: str) -> None:
    """The role of each contact whose role the text tells; `official` is as right as `helpline`."""
    scores = Scores()
    for case in read("numbers" + which):
        roles = {c["value"]: c["role"] for c in case["expect"] if "role" in c}
        got = {c.value: str(c.role) for c in find_contacts(case["text"], case.get("area_code"))}
        same = {v: "helpline" if roles[v] == "helpline" and got.get(v) == "official" else got.get(v) for v in roles}
        scores.add(case, roles.items(), {(value, role) for value, role in same.items() if role})
    scores.show(f"Roles{which}")
    assert scores.precision >= 0.95
    assert scores.recall >= 0.95
