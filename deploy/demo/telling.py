"""From an incident to the report that somebody makes of it: the text in their language and manner, and the fields."""

from __future__ import annotations

from datetime import datetime
from random import Random
from typing import Any, Final

from msgspec import Struct

from deploy.demo.grammar import Person, bare, careless, phrases, tell
from deploy.demo.numbers import grouped, spelled
from deploy.demo.scenario import Register, Town, scenario
from schemas.events import (
    AffectedGroup,
    ContactRole,
    GivenContact,
    Language,
    Medium,
    Outcome,
    ReportSubmission,
)
from schemas.local_time import ZONE

#: Kazakhstan has had one time, UTC+5, since March 2024.

#: Years of age, from and to.
_AGES: Final = {
    AffectedGroup.ELDERLY: (63, 86),
    AffectedGroup.STUDENT: (18, 23),
    AffectedGroup.MINOR: (12, 17),
}
_ADULT: Final = (25, 60)

#: How a channel writes down that the caller's number was withheld.
_WITHHELD: Final = ("скрытый", "скрыт", "номер не определился", "жасырын")

#: Shares that only shape how a report is written down.
_TEXT_NAMES_NUMBER: Final = 0.75
_CONTACT_GIVEN: Final = 0.75
_REGION_GIVEN: Final = 0.75
_LANGUAGE_GIVEN: Final = 0.7
_GROUP_GIVEN: Final = 0.6


class Incident(Struct, frozen=True, kw_only=True):
    """What happened to whom, apart from any words.

    - `language` of the story, `quoted` that of the fraudster's words in it
    - `number`: how the fraudster appeared, E.164, short code or SMS sender; None if nobody noted it
    - `hidden`: the number was withheld
    - `second_number`: another one that the fraudster used (waves only)
    - `dated`: told with its date, others as of today
    - `wave`: told with the wave's phrases
    """

    source: str
    scheme: str
    medium: Medium
    language: Language
    quoted: Language
    region: str
    town: Town
    happened_at: datetime
    outcome: Outcome
    group: AffectedGroup
    person: Person
    reporter: str | None
    number: str | None = None
    hidden: bool = False
    second_number: str | None = None
    loss_kzt: int | None = None
    dated: bool = False
    wave: bool = False
    backfill: bool = False


class Wording(Struct, frozen=True):
    """A text, whether it names the number, and whether it says that the caller knew personal data."""

    text: str
    names_number: bool
    knew: bool


def submission(incident: Incident, source_ref: str, random: Random) -> ReportSubmission:
    """The report of an incident as its integration would send it.  Deterministic by the state of `random`."""
    integration = scenario().integration(incident.source)
    chat = integration.register == "chat"
    region_given = not chat or random.random() < _REGION_GIVEN
    wording = word(incident, integration.register, random, tells_place=not region_given)
    victim = incident.outcome is Outcome.VICTIM
    fields: dict[str, Any] = {}
    if region_given and integration.region is None:
        fields["region"] = incident.region
    if incident.language is incident.quoted and random.random() < _LANGUAGE_GIVEN:
        fields["language"] = incident.language
    if not chat or random.random() < _GROUP_GIVEN:
        fields["affected_group"] = incident.group
    if integration.register == "bank" or (victim and random.random() < 0.5):
        fields["bank"] = random.choice(scenario().banks)
    if victim and random.random() < 0.5:
        fields["money_moved_at"] = incident.happened_at
    return ReportSubmission(
        source_ref=source_ref,
        medium=incident.medium,
        text=wording.text,
        contacts=_contacts(incident, wording.names_number, random),
        outcome=incident.outcome,
        loss_kzt=incident.loss_kzt,
        happened_at=incident.happened_at,
        reporter=incident.reporter,
        caller_knew_personal_data=True if wording.knew else None,
        backfill=incident.backfill,
        **fields,
    )


def word(incident: Incident, register: Register, random: Random, *, tells_place: bool = False) -> Wording:
    """The text of an incident in its language and the manner of its channel."""
    words = phrases(incident.language)
    rule, demand = _rule(incident, register, random)
    knows = register == "chat" and random.random() < scenario().knew_personal_data
    tail = "tail.knew" if knows else "tail.place" if tells_place else "tail.plain"
    names = incident.medium is Medium.WEB or random.random() < _TEXT_NAMES_NUMBER
    aliases = _aliases(incident, demand, names, random) | {"tail": tail}
    values = values_of(incident, incident.language, random)
    if incident.quoted is not incident.language:
        values |= _quotes(incident, aliases, random)
    template = random.choice(words.rules[rule])
    text = tell(words, template, random, values=values, person=incident.person, aliases=aliases)
    named = "number" in values and values["number"] in text
    if register == "chat":
        text = typed(text, incident.language, random)
    return Wording(text=text, names_number=named, knew=knows and "{tail}" in template)


def typed(text: str, language: Language, random: Random) -> str:
    """The text as some people type it on a phone: Kazakh without its letters, any language in a hurry."""
    if language is Language.KK and random.random() < scenario().bare_kazakh:
        text = bare(text)
    return careless(text, random) if random.random() < scenario().careless else text


def values_of(incident: Incident, language: Language, random: Random) -> dict[str, str]:
    """What fills the places of the phrases that are no rules: numbers, sums, dates, places."""
    happened = incident.happened_at.astimezone(ZONE)
    words = phrases(language).rules
    years = random.randint(*_AGES.get(incident.group, _ADULT))
    values = {
        "town": incident.town.kk if language is Language.KK else incident.town.ru_gen,
        "born": str(happened.year - years),
        "time": f"{happened:%H:%M}",
        "code": str(random.randrange(100_000, 1_000_000)),
        "link": random.choice(scenario().links),
        "sum": money(incident.loss_kzt or 100_000, language, random),
        "ask": money(random.randrange(100, 2_000, 50) * 1_000, language, random),
        "ask_small": money(random.randrange(5, 60, 5) * 1_000, language, random),
        "day": str(happened.day),
        "month": words["months"][happened.month - 1],
        "month_number": f"{happened.month:02d}",
        "year": str(happened.year),
        "years": str(years),
    }
    if language is Language.RU:
        values["years_word"] = words[f"years_word.{_plural(years)}"][0]
    number = incident.second_number if incident.wave else incident.number
    if number:
        values["number"] = spelled(number, random) if number.startswith("+7") else number
    return values


def money(amount: int, language: Language, random: Random) -> str:
    """An amount of tenge as people write it."""
    words = phrases(language).rules
    million = amount >= 1_000_000
    n = f"{amount / 1_000_000:.3g}".replace(".", ",") if million else str(amount // 1_000)
    short = words["short.million" if million else "short.thousand"][0].format(n=n)
    return random.choice(words["money"]).format(amount=grouped(amount), short=short)


def hour_of(moment: datetime) -> str:
    """The part of the day by which `when` is told."""
    hour = moment.astimezone(ZONE).hour
    return "night" if hour < 6 else "morning" if hour < 12 else "day" if hour < 18 else "evening"


def _rule(incident: Incident, register: Register, random: Random) -> tuple[str, str]:
    """The rule that an incident is told by, and what was asked for in it."""
    words = phrases(incident.language).rules
    if incident.wave:
        return _wave_rule(incident, register, random), "sms-code"
    scheme = f"schemes.{incident.scheme}"
    asked = random.choice(scenario().schemes[incident.scheme].demands)
    spoken = _demands(words, f"{scheme}.speech")
    written = _demands(words, f"{scheme}.messages")
    form = "call" if incident.medium is Medium.CALL else "written"
    if register != "chat":
        elderly = form == "call" and register == "hotline" and incident.group is AffectedGroup.ELDERLY
        return (
            "hotline.elderly" if elderly and random.random() < 0.4 else f"{register}.{form}",
            asked if form == "call" else random.choice(written),
        )
    if incident.quoted is not incident.language:
        return f"mixed.{form}", random.choice(spoken if form == "call" else written)
    if form == "call":
        return ("chat.quote", random.choice(spoken)) if random.random() < 0.25 else ("chat.call", asked)
    if incident.medium is Medium.WEB:
        return "chat.shown", random.choice(written)
    tells = incident.medium is not Medium.SMS and random.random() < 0.45
    return ("chat.told", asked) if tells else ("chat.written", random.choice(written))


def _wave_rule(incident: Incident, register: Register, random: Random) -> str:
    if register == "hotline":
        return "wave.hotline"
    if register != "chat":
        return f"{register}.call"
    if incident.second_number:
        return "wave.named"
    return "wave.sms" if incident.medium is Medium.SMS or random.random() < 0.3 else "chat.call"


def _demands(rules: dict[str, list[str]], prefix: str) -> list[str]:
    return [name.removeprefix(f"{prefix}.") for name in rules if name.startswith(f"{prefix}.")]


def _aliases(incident: Incident, demand: str, names: bool, random: Random) -> dict[str, str]:
    scheme = f"schemes.{incident.scheme}"
    aliases = {
        "when": "when.dated" if incident.dated else f"when.{hour_of(incident.happened_at)}",
        "claim": f"{scheme}.claims",
        "speech": f"{scheme}.speech.{demand}",
        "message": f"{scheme}.messages.{demand}",
        "demand": f"demands.{demand}",
        "end": _end(incident, demand, random),
        "from": _from(incident, names),
        "came": f"came.{incident.medium.value}",
        "wrote": f"wrote.{incident.medium.value}",
    }
    if incident.wave:
        aliases |= {"when": "wave.when", "from": "wave.from", "claim": "wave.claims", "demand": "wave.demands"}
    return aliases


def _end(incident: Incident, demand: str, random: Random) -> str:
    if incident.outcome is Outcome.VICTIM:
        return f"lost.{demand}"
    if incident.outcome is Outcome.UNKNOWN:
        return "open"
    if random.random() < 0.55:
        return f"refuse.{demand}"
    return "refuse.call" if incident.medium is Medium.CALL or incident.wave else "refuse.message"


def _from(incident: Incident, names: bool) -> str:
    if incident.hidden:
        return "from.hidden"
    if incident.number is None or not names:
        return "from.none"
    return "from.number" if incident.number.startswith("+") else "from.sender"


def _quotes(incident: Incident, aliases: dict[str, str], random: Random) -> dict[str, str]:
    """The fraudster's words in the other language."""
    words = phrases(incident.quoted)
    values = values_of(incident, incident.quoted, random)
    somebody = words.people["stranger"][0]
    return {
        place: tell(words, f"{{{place}}}", random, values=values, person=somebody, aliases=aliases)
        for place in ("claim", "demand", "speech", "message")
        if aliases[place] in words.rules
    }


def _contacts(incident: Incident, named: bool, random: Random) -> list[GivenContact]:
    """What the channel gives as contacts; a number that the text does not name is always among them."""
    if incident.hidden:
        return [GivenContact(value=random.choice(_WITHHELD))] if random.random() < 0.5 else []
    contacts = []
    if incident.number and (not named or incident.wave or random.random() < _CONTACT_GIVEN):
        contacts.append(_contact(incident.number, random))
    if incident.wave:
        contacts = contacts if random.random() < _CONTACT_GIVEN else []
        if incident.second_number and not named:
            contacts.append(_contact(incident.second_number, random))
    return contacts


def _contact(number: str, random: Random) -> GivenContact:
    value = spelled(number, random) if number.startswith("+7") else number
    return GivenContact(value=value, role=ContactRole.SUSPECT)


def _plural(years: int) -> str:
    """Which form of "год" a number takes (CLDR plural rules for Russian)."""
    if years % 10 == 1 and years % 100 != 11:
        return "one"
    return "few" if years % 10 in (2, 3, 4) and years % 100 not in (12, 13, 14) else "many"
