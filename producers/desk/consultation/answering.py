"""What the operator reads while the resident talks, and what to say word for word.  Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from msgspec import Struct

from producers.advice import Advice, NumberAdvice, advise, shown_contact
from producers.desk.consultation.similar import SimilarReport
from producers.intake import Origin, to_report
from producers.lookup import KnownNumber
from producers.places import place_name
from schemas.documents import number_kind
from schemas.events import Channel, EnrichedReport, ReportSubmission
from schemas.local_time import ZONE
from schemas.reference import schemes
from streams.understanding.enrich import enrich
from streams.wording import Locale, in_language

#: Characters of a similar report that are shown.
_EXCERPT: Final = 260
#: Regions and schemes of a number that are named.
_MAX_NAMED: Final = 4


#: A story of the usual kind, which makes the first resident's answer as quick as the second's.
_USUAL: Final = "Звонили из банка с номера 8 705 123 45 67, просили код из SMS"


class Understood(Struct, frozen=True):
    """What was told, understood, and whether personal data had to be masked in it."""

    report: EnrichedReport
    masked: bool


class Figures(Struct, frozen=True, kw_only=True):
    """What is known of one number: its advice, and the figures behind it as they are shown ("" where there is none)."""

    advice: NumberAdvice
    official: str
    reporters: int
    last_seen: str
    schemes: list[str]


class Shown(Struct, frozen=True, kw_only=True):
    """A similar report as it is shown."""

    day: str
    place: str
    outcome: str
    numbers: list[str]
    text: str


class Answer(Struct, frozen=True, kw_only=True):
    """What stands beside the draft: `advice` in the page's language, `words` to say in the resident's, in order.

    `checked` is whether the numbers could be looked up, `searched` whether similar reports could be searched for.
    """

    advice: Advice
    numbers: list[Figures]
    words: list[str]
    similar: list[Shown]
    checked: bool
    searched: bool


def understand(submission: ReportSubmission, origin: Origin, now: datetime) -> Understood | None:
    """What a submission of `glance` says; None if there is nothing to say about nothing."""
    if not submission.text.strip() and not submission.contacts:
        return None
    intake = to_report(submission, origin, now, None)
    return Understood(enrich(intake.report), bool(intake.masked))


def answer(
    understood: Understood,
    known: Mapping[str, KnownNumber] | None,
    similar: Sequence[SimilarReport] | None,
    now: datetime,
    page: Locale,
    resident: Locale,
) -> Answer:
    """The answer at `now` (aware); `known` and `similar` are None if they could not be looked up."""
    found = list((known or {}).values())
    advice = advise(understood.report, found, now, page, masked=understood.masked)
    told = advise(understood.report, found, now, resident, masked=understood.masked)
    return Answer(
        advice=advice,
        numbers=[_figures(number, said, page) for number, said in zip(found, advice.numbers, strict=True)],
        words=_words(told),
        similar=[_shown(report, page) for report in similar or ()],
        checked=known is not None,
        searched=similar is not None,
    )


def warm_up(now: datetime) -> None:
    """Load the rules that understand a story: they are read from files at first use, which takes half a second."""
    submission, origin = ReportSubmission(source_ref="1", text=_USUAL), Origin(source="desk", channel=Channel.HOTLINE)
    understood = understand(submission, origin, now)
    if understood:
        answer(understood, {}, [], now, "ru", "kk")


def _words(told: Advice) -> list[str]:
    """What to say: the verdict, what it looks like, what to do now, and what to do about what was already done.

    Somebody whose money can still be stopped hears at once what to do.
    """
    words = [] if told.urgent else [told.headline, *([told.scheme.title + "."] if told.scheme else [])]
    words += told.steps
    words += [f"{demand.name}: {demand.advice}" for demand in told.demands]
    return list(dict.fromkeys(words))


def _figures(number: KnownNumber, said: NumberAdvice, page: Locale) -> Figures:
    names = [in_language(schemes()[code].name, page) for code in number.schemes if code in schemes()]
    return Figures(
        advice=said,
        official=in_language(number.owner, page) if number.owner else "",
        reporters=number.reporters,
        last_seen=_moment(number.last_seen) if number.last_seen else "",
        schemes=names[:_MAX_NAMED],
    )


def _shown(report: SimilarReport, page: Locale) -> Shown:
    values = [*report.numbers, *report.impersonated]
    text = " ".join(report.text.split())
    return Shown(
        day=_moment(report.received_at),
        place=place_name(report.region, report.district, page),
        outcome=report.outcome.value,
        numbers=[shown_contact(number_kind(value), value) for value in values[:_MAX_NAMED]],
        text=text if len(text) <= _EXCERPT else text[: _EXCERPT - 1].rstrip() + "…",
    )


def _moment(at: datetime) -> str:
    return at.astimezone(ZONE).strftime("%d.%m.%Y %H:%M")
