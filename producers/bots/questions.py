"""The two short questions: their buttons, and what an answer changes in the draft.  Pure."""

from __future__ import annotations

import itertools
import re
from typing import Final

from msgspec.structs import replace

from producers.bots.drafts import Bot, Draft, Question, Reading, Substance
from producers.bots.messages import Option, Reply
from producers.bots.wording import LANGUAGES, texts
from producers.places import alphabetical
from schemas.events import Outcome, Stance
from schemas.reference import Region, regions
from streams.understanding.place import find_place
from streams.wording import Locale, in_language

#: Answers by question, and the name of each one's label; `checking` ends the questions, `skip` answers none.
_LABELS: Final = {
    Question.LOSS: {"today": "option_today", "earlier": "option_earlier", "no": "option_no"},
    Question.NUMBER: {
        "today": "option_lost_today",
        "earlier": "option_lost_earlier",
        "contacted": "option_contacted",
        "checking": "option_checking",
    },
}
#: Questions whose answers are taken while one of them is open: a number may get its story later.
_ALIKE: Final = {
    Question.LOSS: (Question.LOSS, Question.NUMBER),
    Question.NUMBER: (Question.NUMBER, Question.LOSS),
    Question.REGION: (Question.REGION,),
}
CHECKING: Final = "checking"
SKIP: Final = "skip"
#: Begins the answer that asks for further regions, before the number of those shown.
_MORE: Final = "more:"
_SEPARATOR: Final = "|"
#: Longest label of a row in a menu (WhatsApp); a longer name of a region loses the word for its kind.
_MAX_LABEL: Final = 24
_KIND_OF_REGION: Final = re.compile(r" (?:область|облысы|Region)$")
#: A place typed as an answer has no more words.
_MAX_PLACE_WORDS: Final = 5
_PUNCTUATION: Final = re.compile(r"[\s.,!?;:…\"'«»()]+")


def next_question(reading: Reading) -> Question | None:
    """What to ask next about a draft, None when there is nothing more to ask."""
    if reading.substance is Substance.WARNING:
        return None
    if reading.draft.outcome is Outcome.UNKNOWN:
        return Question.NUMBER if reading.substance is Substance.NUMBER else Question.LOSS
    return None if reading.report.region else Question.REGION


def ask(draft: Draft, question: Question, bot: Bot, first: int = 0) -> Reply:
    """The question with its buttons; of the regions those from `first` on, as many as a menu of this bot may have."""
    words = texts(draft.locale)
    labels = _answers(question, draft.locale)
    shown = list(labels.items())
    if question is Question.REGION:
        shown = shown[first:]
        if bot.rows and len(shown) > bot.rows:
            further = first + bot.rows - 1
            shown = [*shown[: bot.rows - 1], (f"{_MORE}{further}", words["option_more"])]
    return Reply(
        text=words[f"ask_{question}"],
        options=tuple(Option(_SEPARATOR.join((draft.mark, question, answer)), label) for answer, label in shown),
        menu=words["choose"],
        columns=2 if question is Question.REGION else 1,
    )


def tapped(draft: Draft | None, token: str) -> tuple[Question, str] | None:
    """(question, answer) of a tapped button, None unless it answers the open question of this draft."""
    mark, _, rest = token.partition(_SEPARATOR)
    asked, _, answer = rest.partition(_SEPARATOR)
    if draft is None or draft.question is None or mark != draft.mark:
        return None
    for question in _ALIKE[draft.question]:
        if asked == question and (answer in _answers(question, draft.locale) or more_from(answer) is not None):
            return question, answer
    return None


def typed(reading: Reading | None, text: str, said: Reading) -> tuple[Question, str] | None:
    """(question, answer) if `text`, which reads as `said`, answers the open question of a draft in words; else None."""
    question = reading.draft.question if reading else None
    if question is None:
        return None
    plain = _plain(text)
    for asked, locale in itertools.product(_ALIKE[question], LANGUAGES):
        for answer, label in _answers(asked, locale).items():
            if plain in (_plain(label), _plain(label.rpartition(",")[2])):
                return asked, answer
    if question is Question.REGION and said.substance is not Substance.NUMBER and not said.report.schemes:
        region = find_place(text).region if len(text.split()) <= _MAX_PLACE_WORDS else None
        if region:
            return question, region
    return None


def more_from(answer: str) -> int | None:
    """From which region on further ones are wanted, None if the answer is another."""
    number = answer.removeprefix(_MORE)
    return int(number) if answer.startswith(_MORE) and number.isdecimal() and int(number) < len(regions()) else None


def apply(draft: Draft, answer: str) -> Draft:
    """The draft with an answer in it, no question open."""
    draft = replace(draft, question=None)
    match answer:
        case "today" | "earlier":
            return replace(draft, outcome=Outcome.VICTIM, urgent=answer == "today", stance=_told(draft))
        case "no" | "contacted":
            return replace(draft, outcome=Outcome.ATTEMPT, stance=_told(draft))
        case code if code in regions():
            return replace(draft, region=code)
        case _:
            return draft


def label_of(question: Question, answer: str, locale: Locale) -> str:
    """What stands on the button of an answer."""
    return _answers(question, locale).get(answer, "")


def _told(draft: Draft) -> Stance:
    """Who answers that something happened reports it, however the number came."""
    return Stance.REPORT if draft.stance is Stance.QUESTION else draft.stance


def _answers(question: Question, locale: Locale) -> dict[str, str]:
    """Answers of a question and their labels, in the order in which they are shown: cities first, then by name."""
    words = texts(locale)
    if question is not Question.REGION:
        return {answer: words[name] for answer, name in _LABELS[question].items()}
    shown = sorted(regions().values(), key=lambda r: (r.kind != "city", alphabetical(in_language(r.name, locale))))
    return {region.code: _label(region, locale) for region in shown} | {SKIP: words["option_skip"]}


def _label(region: Region, locale: Locale) -> str:
    name = in_language(region.name, locale)
    return name if len(name) <= _MAX_LABEL else _KIND_OF_REGION.sub("", name)


def _plain(text: str) -> str:
    return _PUNCTUATION.sub(" ", text.casefold()).strip()
