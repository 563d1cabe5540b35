"""The story that the demo replays: four weeks of ordinary reports, then a wave, then one grave case.  Seeded.

Most of it must *not* alarm: numbers that two to four people report over weeks, a topic that rises slowly, questions,
warnings, a chain letter, complaints, an anonymous crowd, an import of old material, a batch that comes a month late,
duplicates and retries.  Then the wave of January 2026, "medics" who ask for the code that 1414 has sent, and a case of
a "safe account" told to the hotline of Mamlyut.  Nobody in it is real, and no number is anybody's (see `numbers`).
"""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from deploy.demo import fraud, harmless
from deploy.demo.author import Author, Cast, Item, Part
from deploy.demo.scenario import scenario


class Story(Struct, frozen=True):
    """The items in the order in which they are sent, and the numbers with a role of their own."""

    items: list[Item]
    cast: Cast


def compose(seed: int, now: datetime, run: str) -> Story:
    """The story that ends at `now` (aware).  The same arguments give the same story.

    `run` goes into every source_ref, so that two runs against one system are different reports.
    """
    author = Author(seed, now, run)
    told = [*fraud.ordinary(author), *fraud.shared(author), *fraud.rising(author)]
    background = [
        *told,
        *fraud.impersonated(author),
        *fraud.unseen(author),
        *harmless.questions(author),
        *harmless.warnings(author),
        *harmless.complaints(author),
        *harmless.crowd(author),
        *fraud.backfill(author),
        *fraud.late(author),
        *fraud.duplicates(author, told),
    ]
    background += _retries(author, background)
    background.sort(key=lambda item: item.sent_at)
    return Story([*background, *fraud.wave(author), fraud.case(author)], author.cast)


def _retries(author: Author, items: list[Item]) -> list[Item]:
    """The same submissions once more, as a channel sends them that heard no answer."""
    random = author.chance(Part.RETRY).random
    return [
        replace(item, part=Part.RETRY, sent_at=item.sent_at + timedelta(minutes=random.randrange(1, 600)))
        for item in random.sample(items, scenario().parts.retry)
    ]
