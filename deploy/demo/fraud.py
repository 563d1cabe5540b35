"""The parts of the story in which somebody tries to defraud somebody."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from msgspec.structs import replace

from deploy.demo.author import LENGTH, OFFICIAL, Author, Item, Part
from deploy.demo.grammar import phrases, tell
from deploy.demo.incidents import Chance
from deploy.demo.numbers import eightfold
from deploy.demo.scenario import Integration, places, scenario
from deploy.demo.telling import Incident, hour_of, values_of
from schemas.events import AffectedGroup, ContactRole, GivenContact, Language, Medium, Outcome, ReportSubmission
from schemas.local_time import ZONE

#: The wave's region, and how long before "now" it begins and ends.
WAVE_REGION: Final = "KZ-33"
WAVE: Final = timedelta(minutes=115)
WAVE_END: Final = timedelta(seconds=40)
#: Integrations by which the wave is reported, and their weights.
_WAVE_SOURCES: Final = {
    "telegram-bot": 30,
    "whatsapp-bot": 28,
    "hotline-zhetysu": 27,
    "web-portal": 10,
    "bank-partner": 5,
}
#: Every so many-th report of the wave is a victim's.
_WAVE_VICTIMS: Final = 11
#: Where several people report one number in the background, the least time between two of them.
_APART: Final = timedelta(days=4)
_UNSEEN_APART: Final = timedelta(days=2)
#: How many times as frequent the rising topic becomes.
_RAMP: Final = 3.0
_CASE: Final = timedelta(minutes=70)


def ordinary(author: Author) -> list[Item]:
    """Unrelated incidents, each with a number of its own or none."""
    chance = author.chance(Part.ORDINARY)
    moments = [chance.moment(author.start, author.now) for _ in range(scenario().parts.ordinary)]
    return [author.item(chance.incident(moment), Part.ORDINARY, chance) for moment in moments]


def shared(author: Author) -> list[Item]:
    """Numbers that two to four people report, days apart; the number of the case is one of them."""
    chance = author.chance(Part.SHARED)
    items = []
    for _ in range(scenario().parts.shared_numbers):
        number, scheme = author.numbers.number(), chance.scheme()
        people = chance.random.choice((2, 2, 2, 3, 3, 4))
        for moment in chance.apart(people, author.start, author.now, _APART):
            incident = chance.incident(moment, scheme=scheme, number=number)
            items.append(author.item(incident, Part.SHARED, chance))
    sources = ("telegram-bot", "whatsapp-bot", "bank-partner", "police-file")
    moments = chance.apart(len(sources), author.start, author.now - timedelta(days=1), _APART)
    for source, moment in zip(sources, moments, strict=True):
        incident = chance.incident(
            moment,
            integration=scenario().integration(source),
            scheme="police-prosecutor",
            number=author.cast.suspected,
        )
        items.append(author.item(replace(incident, medium=Medium.CALL), Part.SHARED, chance))
    return items


def unseen(author: Author) -> list[Item]:
    """A story that no scheme explains, told by several people days apart: too slowly to alarm."""
    chance = author.chance(Part.UNSEEN)
    texts = scenario().unseen
    items = []
    moments = chance.apart(len(texts), author.start, author.now, _UNSEEN_APART)
    for text, moment in zip(texts, moments, strict=True):
        incident = chance.incident(moment, integration=scenario().integration("telegram-bot"), scheme="marketplace")
        item = author.item(incident, Part.UNSEEN, chance)
        told = replace(item.submission, text=text, contacts=[], language=Language.RU, medium=Medium.OTHER)
        items.append(replace(item, submission=told))
    return items


def rising(author: Author) -> list[Item]:
    """A topic that becomes three times as frequent, slowly, over all the weeks."""
    chance = author.chance(Part.RISING)
    items: list[Item] = []
    while len(items) < scenario().parts.rising:
        moment = chance.moment(author.start, author.now)
        if chance.random.random() * _RAMP < 1 + (_RAMP - 1) * ((moment - author.start) / LENGTH):
            incident = chance.incident(moment, scheme=scenario().rising_scheme)
            items.append(author.item(incident, Part.RISING, chance))
    return items


def impersonated(author: Author) -> list[Item]:
    """The usual trickle of reports about 1414, anywhere."""
    chance = author.chance(Part.IMPERSONATED)
    until = author.now - timedelta(days=3)
    items = []
    for moment in chance.apart(scenario().parts.impersonated, author.start, until, timedelta(hours=30)):
        integration = chance.integration()
        incident = _impersonation(author, chance, integration, chance.region(integration))
        items.append(author.item(replace(incident, happened_at=moment), Part.IMPERSONATED, chance))
    return items


def backfill(author: Author) -> list[Item]:
    """An import of old police files, among them a wave of two years ago about one number."""
    chance = author.chance(Part.BACKFILL)
    police, size = scenario().integration("police-file"), scenario().parts.backfill
    old_wave, old_number = author.now - timedelta(days=650), author.numbers.mobile()
    items = []
    for place in range(size):
        belongs = place % 4 == 0
        moment = (
            old_wave + timedelta(minutes=2 * place)
            if belongs
            else chance.moment(author.now - timedelta(days=700), author.now - timedelta(days=40))
        )
        incident = chance.incident(moment, integration=police, number=old_number if belongs else None)
        incident = replace(incident, dated=True, backfill=True)
        items.append(author.item(incident, Part.BACKFILL, chance, sent_at=author.now - timedelta(days=3)))
    return items


def late(author: Author) -> list[Item]:
    """What a bank noted last month about one number within two hours, and sends only today."""
    chance = author.chance(Part.LATE)
    bank = scenario().integration("bank-partner")
    begun = author.now - timedelta(days=33)
    items = []
    for _ in range(scenario().parts.late):
        moment = begun + timedelta(hours=2) * chance.random.random()
        incident = chance.incident(moment, integration=bank, scheme="bank-security", number=author.cast.last_month)
        incident = replace(incident, dated=True)
        items.append(author.item(incident, Part.LATE, chance, sent_at=author.now - timedelta(hours=5)))
    return items


def duplicates(author: Author, told: list[Item]) -> list[Item]:
    """The same people about the same number on the same day once more, in other words."""
    chance = author.chance(Part.DUPLICATE)
    again = [item.incident for item in told if item.incident.reporter and item.incident.number]
    items = []
    for incident in chance.random.sample(again, scenario().parts.duplicate):
        moment = incident.happened_at + timedelta(minutes=chance.random.randrange(5, 120))
        same = replace(incident, happened_at=min(moment, author.now - WAVE_END))
        items.append(author.item(same, Part.DUPLICATE, chance))
    return items


def wave(author: Author) -> list[Item]:
    """Medics who ask for the code that 1414 has sent: faster and faster within two hours, until now."""
    chance = author.chance(Part.WAVE)
    random = chance.random
    second_numbers = [author.numbers.mobile() for _ in range(4)]
    items = []
    for place, progress in enumerate(sorted(random.random() ** 0.7 for _ in range(scenario().parts.wave))):
        source = random.choices(list(_WAVE_SOURCES), list(_WAVE_SOURCES.values()))[0]
        incident = _impersonation(author, chance, scenario().integration(source), WAVE_REGION)
        incident = replace(
            incident,
            happened_at=author.now - WAVE + (WAVE - WAVE_END) * progress,
            second_number=random.choice(second_numbers) if random.random() < 0.12 else None,
        )
        if place % _WAVE_VICTIMS == 0:
            loss = chance.loss(scenario().schemes[incident.scheme])
            incident = replace(incident, outcome=Outcome.VICTIM, loss_kzt=loss)
        items.append(author.item(incident, Part.WAVE, chance))
    return items


def case(author: Author) -> Item:
    """A "safe account" case of Mamlyut district, told to 2-15-65 by the victim within the hour."""
    chance = author.chance(Part.CASE)
    random = chance.random
    happened_at = author.now - _CASE
    integration = scenario().integration("hotline-mamlyut")
    incident = replace(
        chance.incident(happened_at, integration=integration, scheme="safe-account", number=author.cast.suspected),
        medium=Medium.CALL,
        language=Language.RU,
        quoted=Language.RU,
        person=random.choice(phrases(Language.RU).people["stranger"]),
        group=AffectedGroup.ELDERLY,
        outcome=Outcome.VICTIM,
        loss_kzt=random.randrange(1_500_000, 4_000_000, 50_000),
        reporter=author.numbers.mobile(),
    )
    number, local = eightfold(author.cast.suspected), f"2-00-{random.randrange(10, 100)}"
    values = values_of(incident, Language.RU, random) | {"number": number, "local": local}
    same_day = happened_at.astimezone(ZONE).date() == author.now.astimezone(ZONE).date()
    text = tell(
        phrases(Language.RU),
        "{case.whole}",
        random,
        values=values,
        person=incident.person,
        aliases={"when": f"when.{hour_of(happened_at)}" if same_day else "when.dated"},
    )
    report = ReportSubmission(
        source_ref=author.source_ref(Part.CASE),
        medium=Medium.CALL,
        text=text,
        contacts=[
            GivenContact(value=number),
            GivenContact(value=local),
            GivenContact(value="2-15-65", role=ContactRole.OWN),
        ],
        language=Language.RU,
        outcome=Outcome.VICTIM,
        loss_kzt=incident.loss_kzt,
        affected_group=incident.group,
        happened_at=happened_at,
        money_moved_at=happened_at + timedelta(minutes=40),
        bank=random.choice(scenario().banks),
        reporter=incident.reporter,
        urgent=True,
    )
    return Item(source=integration.source, submission=report, part=Part.CASE, sent_at=author.now, incident=incident)


def _impersonation(author: Author, chance: Chance, integration: Integration, region: str) -> Incident:
    """An incident of the wave's kind; its time is the caller's to set."""
    random = chance.random
    language = Language.KK if random.random() < places()[region].kazakh else Language.RU
    person = chance.person(language, integration, mostly_elderly=True)
    elderly = AffectedGroup.ELDERLY in person.groups and random.random() < 0.9
    return Incident(
        source=integration.source,
        scheme="medical-appointment",
        medium=Medium.SMS if random.random() < 0.25 else Medium.CALL,
        language=language,
        quoted=language,
        region=region,
        town=random.choice(places()[region].towns),
        happened_at=author.now,
        outcome=Outcome.ATTEMPT if random.random() < 0.8 else Outcome.UNKNOWN,
        group=AffectedGroup.ELDERLY if elderly else AffectedGroup.ADULT,
        person=person,
        reporter=chance.reporter(integration),
        number=OFFICIAL,
        wave=True,
    )
