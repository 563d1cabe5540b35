"""What the parts of the story share: its time, its numbers, how an item is made."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from msgspec import Struct

from deploy.demo.incidents import Chance
from deploy.demo.numbers import NumberBook
from deploy.demo.telling import Incident, submission
from schemas.events import ReportSubmission

LENGTH: Final = timedelta(days=28)
OFFICIAL: Final = "1414"


class Part(StrEnum):
    """The parts of the story; all but the last two must not alarm."""

    ORDINARY = "ordinary"
    SHARED = "shared"
    RISING = "rising"
    IMPERSONATED = "impersonated"
    QUESTION = "question"
    WARNING = "warning"
    VIRAL = "viral"
    COMPLAINT = "complaint"
    CROWD = "crowd"
    BACKFILL = "backfill"
    LATE = "late"
    DUPLICATE = "duplicate"
    RETRY = "retry"
    UNSEEN = "unseen"
    WAVE = "wave"
    CASE = "case"


class Cast(Struct, frozen=True, kw_only=True):
    """The numbers with a role of their own, E.164 but for the official one."""

    official: str
    suspected: str
    innocent: str
    delivery: str
    chain_letter: str
    last_month: str


class Item(Struct, frozen=True, kw_only=True):
    """One submission: the integration that sends it and when, and what it is, which the story alone knows."""

    source: str
    submission: ReportSubmission
    part: Part
    sent_at: datetime
    incident: Incident


class Author:
    """Holds the story's time and numbers, and makes items.

    Each part draws from a seed of its own, so that a change to one leaves the others as they are.
    """

    def __init__(self, seed: int, now: datetime, run: str) -> None:
        self.now, self.start = now, now - LENGTH
        self._seed, self._run, self._written = seed, run, 0
        self.numbers = NumberBook(Chance(f"{seed}:numbers").random)
        self.cast = Cast(
            official=OFFICIAL,
            suspected=self.numbers.mobile(),
            innocent=self.numbers.mobile(),
            delivery=self.numbers.mobile(),
            chain_letter=self.numbers.mobile(),
            last_month=self.numbers.mobile(),
        )

    def chance(self, part: Part) -> Chance:
        """The source of randomness of a part."""
        return Chance(f"{self._seed}:{part.value}", self.numbers)

    def source_ref(self, part: Part) -> str:
        """A new source_ref, unique in this run and among runs."""
        self._written += 1
        return f"{self._run}-{part.value}-{self._written:05d}"

    def item(self, incident: Incident, part: Part, chance: Chance, sent_at: datetime | None = None) -> Item:
        """An incident as an item, sent when it happened unless said otherwise."""
        return Item(
            source=incident.source,
            submission=submission(incident, self.source_ref(part), chance.random),
            part=part,
            sent_at=sent_at or incident.happened_at,
            incident=incident,
        )
