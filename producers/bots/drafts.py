"""A report on its way: kept until the person has answered the questions or long enough has passed.  Pure.

The first copy of a report counts for ever, so what the questions bring must be in it: a report waits for the answers,
but not long, and is sent without them if they don't come.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from producers.advice import suspects, told_words
from producers.bots.messages import Event
from producers.bots.wording import LANGUAGES, texts
from schemas.events import (
    MAX_CONTACTS,
    MAX_TEXT,
    Channel,
    ContactRole,
    EnrichedReport,
    GivenContact,
    Medium,
    Outcome,
    Report,
    ReportSubmission,
    Stance,
    report_id,
)
from schemas.reference import official_numbers
from streams.understanding.enrich import enrich
from streams.wording import Locale

#: How long a report waits for an answer after each message or tap; and when money left today, when minutes count.
HOLD: Final = timedelta(minutes=2)
HOLD_URGENT: Final = timedelta(seconds=30)
#: A text of fewer words, greetings apart, that names no number and no known scheme is small talk.
MIN_WORDS: Final = 4
_WORD: Final = re.compile(r"\w+")
_GREETINGS: Final = frozenset(word for locale in LANGUAGES for word in texts(locale)["greetings"].split())
#: Digits that a text understands as a number only beside words that say so.
_SHORT_NUMBER: Final = re.compile(r"[0-9]{3,5}")


class Bot(Struct, frozen=True, kw_only=True):
    """Which bot it is: the integration it reports as, its messenger, and how many rows a menu there may have."""

    source: str
    channel: Channel
    rows: int | None = None


class Question(StrEnum):
    """What is asked: whether money was lost; what came from a number that was sent alone; in which region."""

    LOSS = "loss"
    NUMBER = "number"
    REGION = "region"


class Substance(StrEnum):
    """What a message holds: a story; a number alone or a question about one; a warning that goes round; small talk."""

    STORY = "story"
    NUMBER = "number"
    WARNING = "warning"
    NOTHING = "nothing"


class Draft(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A report that is not sent yet, and the question that is open."""

    ref: str
    chat: str
    at: datetime
    locale: Locale
    text: str = ""
    numbers: tuple[str, ...] = ()
    medium: Medium = Medium.OTHER
    stance: Stance = Stance.REPORT
    outcome: Outcome = Outcome.UNKNOWN
    urgent: bool = False
    region: str | None = None
    question: Question | None = None

    @property
    def mark(self) -> str:
        """What the tokens of its buttons begin with: enough of `ref` to tell drafts of one chat apart."""
        return self.ref[-16:]

    @property
    def hold(self) -> timedelta:
        """How long it waits for the next answer."""
        return HOLD_URGENT if self.urgent else HOLD


class Reading(Struct, frozen=True):
    """A draft understood."""

    draft: Draft
    report: EnrichedReport
    substance: Substance


def begin(event: Event, locale: Locale, bot: Bot) -> Reading:
    """The draft that a message begins, understood.

    A few digits alone are an official number or, more likely, a code that is nobody's business.
    """
    written = event.text.strip()
    alone = (written,) if _SHORT_NUMBER.fullmatch(written) and written in official_numbers() else ()
    draft = Draft(
        ref=event.ref,
        chat=event.chat,
        at=event.at,
        locale=locale,
        text=event.text[:MAX_TEXT],
        numbers=(*event.numbers, *alone)[:MAX_CONTACTS],
        medium=event.medium,
        stance=Stance.WARNING if event.passed_on else Stance.REPORT,
    )
    return read(draft, bot)


def read(draft: Draft, bot: Bot) -> Reading:
    """What a draft says.  A number alone, of which nothing is told, is a question about it."""
    report = enrich(as_report(draft, bot))
    substance = _substance(report)
    if substance is Substance.NUMBER and draft.outcome is Outcome.UNKNOWN:
        draft = replace(draft, stance=Stance.QUESTION)
    return Reading(draft, report, substance)


def completed(earlier: Reading, later: Reading, bot: Bot) -> Reading | None:
    """Both messages as one report, if one is a number and the other the story that goes with it; else None."""
    pair = {earlier.substance, later.substance}
    if pair != {Substance.STORY, Substance.NUMBER}:
        return None
    story, number = (earlier, later) if earlier.substance is Substance.STORY else (later, earlier)
    told = set(suspects(story.report))
    if told and not set(suspects(number.report)) <= told:
        return None
    draft = replace(
        earlier.draft,
        text="\n".join(text for text in (earlier.draft.text, later.draft.text) if text)[:MAX_TEXT],
        numbers=tuple(dict.fromkeys((*earlier.draft.numbers, *later.draft.numbers)))[:MAX_CONTACTS],
        stance=Stance.REPORT,
    )
    return read(draft, bot)


def as_report(draft: Draft, bot: Bot) -> Report:
    """The draft as the report it will be, to understand it by the same functions as the agents."""
    return Report(
        id=report_id(bot.source, draft.ref),
        source=bot.source,
        source_ref=draft.ref,
        channel=bot.channel,
        received_at=draft.at,
        happened_at=draft.at,
        text=draft.text,
        contacts=[GivenContact(value=number) for number in draft.numbers],
        medium=draft.medium,
        stance=draft.stance,
        outcome=draft.outcome,
        region=draft.region,
        urgent=draft.urgent,
    )


def submission(draft: Draft) -> ReportSubmission:
    """What is sent to the gateway; the chat goes along as the reporter, whom the gateway hashes."""
    return ReportSubmission(
        source_ref=draft.ref,
        reporter=draft.chat,
        happened_at=draft.at,
        text=draft.text,
        contacts=[GivenContact(value=number) for number in draft.numbers],
        medium=draft.medium,
        stance=draft.stance,
        outcome=draft.outcome,
        region=draft.region,
        urgent=draft.urgent,
    )


def _substance(report: EnrichedReport) -> Substance:
    tagged = bool(report.schemes or report.demands)
    named = any(contact.role is ContactRole.SUSPECT for contact in report.contacts)
    words = told_words(report)
    greetings = sum(word in _GREETINGS for word in _WORD.findall(report.report.text.casefold()))
    if not (tagged or named or words - greetings >= MIN_WORDS):
        return Substance.NOTHING
    if report.stance is Stance.WARNING:
        return Substance.WARNING
    if named and not tagged and (words == 0 or report.stance is Stance.QUESTION):
        return Substance.NUMBER
    if report.stance is Stance.QUESTION and not (tagged or named):
        return Substance.NOTHING
    return Substance.STORY
