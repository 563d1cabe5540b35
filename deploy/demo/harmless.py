"""The parts of the story in which nothing happened, or nothing that counts: none of them may alarm."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from msgspec.structs import replace

from deploy.demo.author import OFFICIAL, Author, Item, Part
from deploy.demo.grammar import phrases, tell
from deploy.demo.incidents import Chance
from deploy.demo.scenario import scenario
from deploy.demo.telling import typed, values_of
from schemas.events import GivenContact, Medium, Outcome, ReportSubmission, Stance

#: Share of the reports whose channel gives the number apart from the text too.
_CONTACT_GIVEN: Final = 0.6
_DELIVERY: Final = timedelta(days=10)
_VIRAL: Final = timedelta(hours=36)
_CROWD: Final = timedelta(hours=3)
_CROWD_BEGAN: Final = timedelta(hours=27)


def questions(author: Author) -> list[Item]:
    """Is this number genuine?  About many numbers, about codes from 1414, and about one delivery service."""
    chance, parts = author.chance(Part.QUESTION), scenario().parts
    random = chance.random
    items = []
    for moment in _moments(author, chance, parts.question):
        number = author.numbers.number()
        items.append(_item(author, chance, Part.QUESTION, "question.number", moment, number, Stance.QUESTION))
    for moment in _moments(author, chance, parts.code_question):
        items.append(_item(author, chance, Part.QUESTION, "question.code", moment, OFFICIAL, Stance.QUESTION))
    for _ in range(parts.delivery_question):
        moment = chance.moment(author.now - _DELIVERY, author.now)
        number = author.cast.delivery
        items.append(_item(author, chance, Part.QUESTION, "question.delivery", moment, number, Stance.QUESTION))
    random.shuffle(items)
    return items


def warnings(author: Author) -> list[Item]:
    """Stories that are passed on: about every scheme, over the weeks, and a chain letter in the last day and a half."""
    chance, parts = author.chance(Part.WARNING), scenario().parts
    items = [
        _item(author, chance, Part.WARNING, "warning.shell", moment, None, Stance.WARNING)
        for moment in _moments(author, chance, parts.warning)
    ]
    for _ in range(parts.viral):
        moment = chance.moment(author.now - _VIRAL, author.now)
        number = author.cast.chain_letter
        items.append(_item(author, chance, Part.VIRAL, "viral.whole", moment, number, Stance.WARNING))
    return items


def complaints(author: Author) -> list[Item]:
    """Clinics without appointments, banks without service: nothing to do with fraud."""
    chance = author.chance(Part.COMPLAINT)
    return [
        _item(author, chance, Part.COMPLAINT, "complaint.whole", moment, None, Stance.REPORT)
        for moment in _moments(author, chance, scenario().parts.complaint)
    ]


def crowd(author: Author) -> list[Item]:
    """Yesterday, within three hours, anonymously, from the web: everybody against one innocent number."""
    chance = author.chance(Part.CROWD)
    began = author.now - _CROWD_BEGAN
    return [
        _item(author, chance, Part.CROWD, "crowd", began + _CROWD * chance.random.random(), author.cast.innocent)
        for _ in range(scenario().parts.crowd)
    ]


def _moments(author: Author, chance: Chance, count: int) -> Iterator[datetime]:
    return (chance.moment(author.start, author.now) for _ in range(count))


def _item(
    author: Author,
    chance: Chance,
    part: Part,
    rule: str,
    moment: datetime,
    number: str | None,
    stance: Stance = Stance.REPORT,
) -> Item:
    """What somebody writes in a chat or form at a moment about a number, or about none."""
    random = chance.random
    integration = scenario().integration("web-portal") if part is Part.CROWD else chance.integration()
    while integration.register != "chat":
        integration = chance.integration()
    incident = replace(
        chance.incident(moment, integration=integration, number=number),
        medium=Medium.CALL if number else Medium.OTHER,
        outcome=Outcome.UNKNOWN,
        hidden=False,
        number=number,
        loss_kzt=None,
    )
    language = incident.language
    person = random.choice(phrases(language).people["self"])
    values = values_of(incident, language, random)
    aliases = {"warning": f"schemes.{incident.scheme}.warnings"}
    text = tell(phrases(language), f"{{{rule}}}", random, values=values, person=person, aliases=aliases)
    crowd = part is Part.CROWD
    given = number is not None and (crowd or random.random() < _CONTACT_GIVEN)
    said = stance is Stance.REPORT or random.random() >= scenario().stance_unsaid
    report = ReportSubmission(
        source_ref=author.source_ref(part),
        medium=incident.medium,
        text=typed(text, language, random),
        contacts=[GivenContact(value=values["number"])] if given else [],
        region=incident.region if random.random() < 0.6 else None,
        stance=stance if said else Stance.REPORT,
        happened_at=moment,
        reporter=None if crowd else incident.reporter,
    )
    return Item(source=integration.source, submission=report, part=part, sent_at=moment, incident=incident)
