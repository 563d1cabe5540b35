"""Stance of a text: something that happened (report), a story passed on (warning), or a question."""

from __future__ import annotations

from schemas.events import Stance
from streams.understanding.reading import points, reader
from streams.understanding.rulebook import rulebook


def detect(text: str, given: Stance = Stance.REPORT) -> Stance:
    """The stance of `text`.  What the channel gave other than the default `report` stands; rules are in `rules/stance.yaml`."""
    if given is not Stance.REPORT:
        return given
    labels = rulebook().stance
    fired = reader().fire(labels, reader().read(text))
    totals = {label.code: points(firings) for label, firings in zip(labels, fired, strict=True)}
    best = max(totals, key=lambda code: totals[code])
    return Stance(best) if totals[best] >= 1 else Stance.REPORT
