"""Schemes and demands of a text: which story is told, and what the person is asked to do.

The knowledge is in `rules/`: concepts (words) and, for each scheme and demand, rules over concepts with points.  A
label is given when the points of its rules reach 1; its confidence grows with the points.  Every tag carries the words
that gave it.
"""

from __future__ import annotations

import math

from msgspec import Struct

from schemas.events import Tag
from streams.understanding.reading import THRESHOLD, Firing, Reading, points, reader
from streams.understanding.rulebook import Label, rulebook

#: How many pieces of evidence a tag carries.
MAX_EVIDENCE = 6
#: How fast confidence grows with points; see `confidence`.
_STEEPNESS = 1.2


class Tags(Struct, frozen=True):
    """What a text says: schemes and demands, each with confidence and evidence, the most certain first."""

    schemes: list[Tag]
    demands: list[Tag]


class Explanation(Struct, frozen=True):
    """Why a text has its tags: every rule that fired, also of labels that were not given."""

    reading: Reading
    schemes: dict[str, list[Firing]]
    demands: dict[str, list[Firing]]


def tag(text: str) -> Tags:
    """Schemes and demands of `text` (as masked), of whatever language: the rules of all are tried together."""
    return tags_of(explain(text))


def tags_of(explanation: Explanation) -> Tags:
    """The tags that an explanation leads to.  Nothing is demanded where no scheme is told: that is an innocent text."""
    schemes = _tags(explanation.reading, explanation.schemes)
    demands = _tags(explanation.reading, explanation.demands) if schemes else []
    return Tags(schemes, demands)


def explain(text: str) -> Explanation:
    """Every rule that fires in `text`, by scheme and demand."""
    book = rulebook()
    reading = reader().read(text)
    schemes = _fire(book.schemes, reading)
    demands = _fire(book.demands, reading)
    return Explanation(reading, schemes, demands)


def confidence(total: float) -> float:
    """Confidence (0 to 1) of a label whose rules gave `total` points."""
    return round(1 - math.exp(-_STEEPNESS * max(total, 0.0)), 2)


def _fire(labels: list[Label], reading: Reading) -> dict[str, list[Firing]]:
    fired = reader().fire(labels, reading)
    return {label.code: firings for label, firings in zip(labels, fired, strict=True) if firings}


def _tags(reading: Reading, fired: dict[str, list[Firing]]) -> list[Tag]:
    tags = []
    for code, firings in fired.items():
        total = points(firings)
        if total >= THRESHOLD:
            quotes = dict.fromkeys(reading.quote(m) for f in firings if f.points > 0 for m in f.evidence)
            tags.append(Tag(code=code, confidence=confidence(total), evidence=list(quotes)[:MAX_EVIDENCE]))
    return sorted(tags, key=lambda t: -t.confidence)
