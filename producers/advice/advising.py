"""From what a report says and what is known of its numbers to what a person reads and does.  Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Final

from msgspec import Struct

from producers.advice.wording import shown_contact, texts
from producers.lookup import KnownNumber
from schemas.events import ContactKind, ContactRole, EnrichedReport, Outcome, Report, Tag
from schemas.reference import Demand, Scheme, demands, official_entry, schemes
from streams.reputation import State
from streams.urgent import STOPPABLE
from streams.wording import Locale, in_language

#: Tags below this confidence are not worth telling a person.
CONFIDENT: Final = 0.5
#: Demands that are explained, the most confident first.
MAX_DEMANDS: Final = 2


class Verdict(StrEnum):
    """What is said of a report or a number, the gravest first: the headline is that of the first that holds.

    confirmed, suspected, impersonated, reported, official, unknown, cleared: of a number (`streams.reputation.State`);
    fraud: of a story, a known scheme and a demand of fraudsters; likely: one of the two; unclear: neither.
    """

    CONFIRMED = "confirmed"
    SUSPECTED = "suspected"
    FRAUD = "fraud"
    IMPERSONATED = "impersonated"
    LIKELY = "likely"
    REPORTED = "reported"
    OFFICIAL = "official"
    UNCLEAR = "unclear"
    UNKNOWN = "unknown"
    CLEARED = "cleared"


class Gravity(StrEnum):
    """How loud to say it: red, amber, or neither.  There is no green: any calling number can be spoofed."""

    DANGER = "danger"
    CAUTION = "caution"
    CALM = "calm"


#: A word: letters, which a hyphen may join.
_WORD: Final = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_ORDER: Final = tuple(Verdict)
_GRAVITY: Final = {
    Verdict.CONFIRMED: Gravity.DANGER,
    Verdict.SUSPECTED: Gravity.DANGER,
    Verdict.FRAUD: Gravity.DANGER,
    Verdict.IMPERSONATED: Gravity.CAUTION,
    Verdict.LIKELY: Gravity.CAUTION,
    Verdict.REPORTED: Gravity.CAUTION,
    Verdict.UNCLEAR: Gravity.CAUTION,
}
#: Kinds of contact that are not called a number.
_ADDRESSES: Final = {ContactKind.LINK, ContactKind.EMAIL, ContactKind.HANDLE}
#: What to do about a number alone, by its verdict; `general` for any other.
_STEPS_OF_NUMBER: Final = {
    Verdict.UNKNOWN: "unknown_number",
    Verdict.CLEARED: "unknown_number",
    Verdict.OFFICIAL: "official_number",
    Verdict.IMPERSONATED: "official_number",
}


class NumberAdvice(Struct, frozen=True, kw_only=True):
    """A number: what is known, how people write it, the verdict with its headline, whole sentences of why, and what to
    do about it."""

    value: str
    known: KnownNumber
    shown: str
    verdict: Verdict
    gravity: Gravity
    headline: str
    reasons: list[str]
    steps: list[str]


class SchemeAdvice(Struct, frozen=True, kw_only=True):
    """A scheme: `title` is a sentence for a person, `how` what fraudsters do, `advice` what the person should do."""

    code: str
    name: str
    title: str
    how: str
    advice: str


class DemandAdvice(Struct, frozen=True, kw_only=True):
    """Something that was demanded: `advice` is for somebody who has already done it."""

    code: str
    name: str
    advice: str


class Advice(Struct, frozen=True, kw_only=True):
    """Everything there is to say about one report, in one language.

    `steps` is what to do now, in order; `money` what to do when money has gone, to be shown first if `victim`, and at
    once if `urgent` (it went less than a day ago: `steps` then begin with it).  `officials` says of each official
    number that it is genuine.  `masked` says that personal data were hidden, None if there were none.
    """

    verdict: Verdict
    gravity: Gravity
    headline: str
    numbers: list[NumberAdvice]
    scheme: SchemeAdvice | None
    demands: list[DemandAdvice]
    officials: list[str]
    victim: bool
    urgent: bool
    steps: list[str]
    money: list[str]
    masked: str | None


def suspects(report: EnrichedReport) -> list[str]:
    """The numbers of a report to look up, in their normal form, in the order in which they were told."""
    return [contact.value for contact in report.contacts if contact.role is ContactRole.SUSPECT and contact.value]


def told_words(report: EnrichedReport) -> int:
    """How many words of the text tell something: those that are no part of a number, link or name of a sender."""
    rest = report.report.text
    for contact in sorted(report.contacts, key=lambda c: -(c.start or 0)):
        if contact.start is not None and contact.end is not None:
            rest = rest[: contact.start] + " " + rest[contact.end :]
    return len(_WORD.findall(rest))


def advise(
    report: EnrichedReport, known: Iterable[KnownNumber], now: datetime, locale: Locale, *, masked: bool = False
) -> Advice:
    """The advice on a report at `now` (aware), given what is known of its numbers (`suspects` names them).

    A number that was not looked up is not spoken of; `masked`: something was hidden before the report was understood.
    """
    numbers = [advise_number(number, locale) for number in known]
    told = sorted(_confident(report.schemes), key=lambda tag: -tag.confidence)
    scheme = _scheme(schemes()[told[0].code], locale) if told else None
    asked = sorted(_confident(report.demands), key=lambda tag: -tag.confidence)[:MAX_DEMANDS]
    verdicts = [number.verdict for number in numbers]
    if scheme or asked or told_words(report) or not verdicts:
        verdicts.append(_of_story(scheme is not None, bool(asked)))
    verdict = min(verdicts, key=_ORDER.index)
    victim = report.report.outcome is Outcome.VICTIM
    urgent = can_be_stopped(report.report, now)
    words = texts(locale)
    money = money_steps(locale, urgent=urgent)
    return Advice(
        verdict=verdict,
        gravity=_gravity(verdict),
        headline=next((n.headline for n in numbers if n.verdict is verdict), None) or words[f"headline_{verdict}"],
        numbers=numbers,
        scheme=scheme,
        demands=[_demand(demands()[tag.code], locale) for tag in asked],
        officials=_officials(report, locale),
        victim=victim,
        urgent=urgent,
        steps=[*(money if victim else ()), *_steps(verdict, scheme, numbers, victim, locale)],
        money=money,
        masked=words["masked"] if masked or report.masked else None,
    )


def advise_number(known: KnownNumber, locale: Locale) -> NumberAdvice:
    """What to tell somebody who asks about a number."""
    verdict = _of_number(known)
    words = texts(locale)
    address = known.kind in _ADDRESSES
    return NumberAdvice(
        value=known.value,
        known=known,
        shown=shown_contact(known.kind, known.value),
        verdict=verdict,
        gravity=_gravity(verdict),
        headline=words[f"{'address' if address else 'headline'}_{verdict}"],
        reasons=list(getattr(known.reasons, locale)),
        steps=[words["address" if address else _STEPS_OF_NUMBER.get(verdict, "general")]],
    )


def money_steps(locale: Locale, *, urgent: bool) -> list[str]:
    """What to do when money has gone, in order; `urgent`: less than a day ago."""
    names = ["money_today"] if urgent else []
    return [texts(locale)[name] for name in (*names, "money_bank", "money_police", "money_keep")]


def can_be_stopped(report: Report, now: datetime) -> bool:
    """Whether money was lost so recently that the bank may still stop the transfer."""
    moved_at = report.money_moved_at or report.happened_at
    return report.outcome is Outcome.VICTIM and now - moved_at < STOPPABLE


def _of_number(known: KnownNumber) -> Verdict:
    if known.state is State.OFFICIAL:
        return Verdict.IMPERSONATED if known.impersonated else Verdict.OFFICIAL
    return Verdict(known.state.value)


def _of_story(scheme: bool, demand: bool) -> Verdict:
    if scheme and demand:
        return Verdict.FRAUD
    return Verdict.LIKELY if scheme or demand else Verdict.UNCLEAR


def _gravity(verdict: Verdict) -> Gravity:
    return _GRAVITY.get(verdict, Gravity.CALM)


def _confident(tags: Sequence[Tag]) -> list[Tag]:
    return [tag for tag in tags if tag.confidence >= CONFIDENT]


def _scheme(scheme: Scheme, locale: Locale) -> SchemeAdvice:
    name = in_language(scheme.name, locale)
    return SchemeAdvice(
        code=scheme.code,
        name=name,
        title=texts(locale)["scheme"].format(name=name.strip("«»")),  # quoted once
        how=in_language(scheme.definition, locale),
        advice=in_language(scheme.advice, locale),
    )


def _demand(demand: Demand, locale: Locale) -> DemandAdvice:
    return DemandAdvice(
        code=demand.code, name=in_language(demand.name, locale), advice=in_language(demand.advice, locale)
    )


def _steps(
    verdict: Verdict, scheme: SchemeAdvice | None, numbers: Sequence[NumberAdvice], victim: bool, locale: Locale
) -> list[str]:
    """What to do now beside the steps about money: by the scheme, else by the number that decided, else in general."""
    if scheme:
        return [scheme.advice]
    deciding = [number for number in numbers if number.verdict is verdict]
    if deciding:
        return deciding[0].steps
    return [] if victim else [texts(locale)["general"]]


def _officials(report: EnrichedReport, locale: Locale) -> list[str]:
    genuine = {entry.value: entry for c in report.contacts if (entry := official_entry(c.value))}
    note = texts(locale)["official"]
    return [note.format(number=value, owner=in_language(entry.owner, locale)) for value, entry in genuine.items()]
