"""Schemes and demands of a text: which story is told, and what the person is asked to do.

The knowledge is in `rules/`: concepts (words) and, for each scheme and demand, rules over concepts with points.  A
label is given when the points of its rules reach 1; its confidence grows with the points.  Every tag carries the words
that gave it.
"""

from __future__ import annotations

import math
from functools import lru_cache

from msgspec import Struct

from schemas.events import Tag
from streams.understanding.reading import THRESHOLD, Firing, Reading, points, reader
from streams.understanding.rulebook import Label, rulebook

#: How many pieces of evidence a tag carries.
MAX_EVIDENCE = 5
#: Points from which the best scheme is given where none reaches the threshold: the story is there, its proof is thin.
LIKELY = 0.5
#: How fast confidence grows with points; see `confidence`.
_STEEPNESS = 1.2


class Tags(Struct, frozen=True):
    """What a text says: schemes and demands, each with confidence and evidence, the most certain first."""

    schemes: list[Tag]
    demands: list[Tag]


class Explanation(Struct, frozen=True):
    """Why a text has its tags: every rule that fired, also of labels that were not given, and the schemes that were."""

    reading: Reading
    schemes: dict[str, list[Firing]]
    demands: dict[str, list[Firing]]
    given: frozenset[str]


def tag(text: str) -> Tags:
    """Schemes and demands of `text` (as masked), of whatever language: the rules of all are tried together."""
    return tags_of(explain(text))


def tags_of(explanation: Explanation) -> Tags:
    """The tags that an explanation leads to."""
    reading, given = explanation.reading, explanation.given
    return Tags(_tags(reading, explanation.schemes, given), _tags(reading, explanation.demands, given))


def explain(text: str) -> Explanation:
    """Every rule that fires in `text`, by scheme and demand, and which of them are given.

    A scheme is given at the threshold; where none reaches it, the best one from `LIKELY` on.  Demands are given at the
    threshold, and only where a scheme is: nothing is demanded in an innocent text.
    """
    book = rulebook()
    reading = reader().read(text)
    schemes = _fire(book.schemes, reading)
    given = {code for code, firings in schemes.items() if points(firings) >= THRESHOLD}
    if schemes and not given:
        best = max(schemes, key=lambda code: points(schemes[code]))
        if points(schemes[best]) >= LIKELY:
            given.add(best)
            reader().give(best, reading)
    demands = _fire(book.demands, reading) if given else {}
    given |= {code for code, firings in demands.items() if points(firings) >= THRESHOLD}
    return Explanation(reading, schemes, demands, frozenset(given))


@lru_cache(maxsize=1024)
def confidence(total: float) -> float:
    """Confidence (0 to 1) of a label whose rules gave `total` points."""
    return round(1 - math.exp(-_STEEPNESS * max(total, 0.0)), 2)


def _fire(labels: list[Label], reading: Reading) -> dict[str, list[Firing]]:
    fired = reader().fire(labels, reading)
    return {label.code: firings for label, firings in zip(labels, fired, strict=True) if firings}


def _tags(reading: Reading, fired: dict[str, list[Firing]], given: frozenset[str]) -> list[Tag]:
    tags = []
    for code, firings in fired.items():
        if code in given:
            matches = dict.fromkeys(m for f in firings if f.points > 0 for m in f.evidence)
            quotes = list(dict.fromkeys([reading.quote(m) for m in list(matches)[:MAX_EVIDENCE]]))
            tags.append(Tag(code=code, confidence=confidence(points(firings)), evidence=quotes))
    return sorted(tags, key=lambda t: -t.confidence)
