"""Stance of a text: something that happened (report), a story passed on (warning), or a question.

A warning tells a scheme as well as a report does, but nobody was called: only reports feed reputation and waves.
Who has lost something reports it, though it be told as a question ("What am I to do?").
"""

from __future__ import annotations

from schemas.events import Outcome, Stance
from streams.understanding.reading import THRESHOLD, Reading, points, reader


def detect(text: str, given: Stance = Stance.REPORT) -> Stance:
    """The stance of `text`, by `rules/stance.yaml`.  What the channel gave other than the default `report` stands."""
    return of_reading(reader().read(text), given)


def of_reading(reading: Reading, given: Stance = Stance.REPORT, outcome: Outcome = Outcome.UNKNOWN) -> Stance:
    """As `detect`, for a text that was read already; of a victim, what reads as a question is a report."""
    if given is not Stance.REPORT:
        return given
    rules = reader()
    for code, firings in rules.fire(rules.book.stance, reading).items():
        if points(firings) >= THRESHOLD:
            asked = code == Stance.QUESTION.value
            return Stance.REPORT if asked and outcome is Outcome.VICTIM else Stance(code)
    return Stance.REPORT
