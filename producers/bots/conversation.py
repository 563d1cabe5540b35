"""The conversation: from what a person sends to what is answered and which reports are ready.  Pure.

`prepare` understands a message and says which numbers to look up; `respond` takes what is known of them and says the
rest.  Between the two lies the only thing that a bot has to ask others.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from producers.advice import advise, advise_number, money_steps, report_number, suspects
from producers.bots import questions
from producers.bots.answering import MAX_NUMBERS, answer, money_answer, number_answer
from producers.bots.drafts import Bot, Draft, Question, Reading, Substance, begin, completed, read
from producers.bots.messages import Event, Option, Reply
from producers.bots.wording import LANGUAGES, texts
from producers.lookup import KnownNumber
from schemas.events import Language, Outcome, report_id
from streams.understanding.language import detect
from streams.wording import Locale

#: What begins the token of a button that chooses the language.
_LANGUAGE: Final = "language|"
_WORD: Final = re.compile(r"\w+")
_OF_TEXT: Final[dict[Language, Locale]] = {Language.RU: "ru", Language.KK: "kk"}


class Chat(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is remembered of a chat: its language, whether the person chose it, and the open draft."""

    locale: Locale | None = None
    chosen: bool = False
    draft: Draft | None = None


class Check(Struct, frozen=True, kw_only=True):
    """Somebody wants numbers checked, which have to be looked up first."""

    chat: Chat
    locale: Locale
    look_up: tuple[str, ...]


class Telling(Struct, frozen=True, kw_only=True):
    """Somebody tells something, of which the numbers have to be looked up first: the message, the draft that it
    begins or completes, and drafts that it ends."""

    chat: Chat
    locale: Locale
    event: Event
    reading: Reading
    look_up: tuple[str, ...]
    finished: tuple[Draft, ...]


class Turn(Struct, frozen=True, kw_only=True):
    """What to do: the chat as it is now, messages to send in order, drafts to send to the gateway at once, and the
    label of the button whose tap was understood."""

    chat: Chat
    replies: tuple[Reply, ...] = ()
    finished: tuple[Draft, ...] = ()
    label: str = ""


def prepare(chat: Chat, event: Event, bot: Bot) -> Turn | Check | Telling:
    """What to do about a message in this chat, or what has to be looked up before `respond` can tell."""
    locale = _chosen_language(event)
    if locale and not event.wait:
        words = texts(locale)
        chosen = replace(chat, locale=locale, chosen=True)
        return Turn(chat=chosen, replies=(Reply(text=words["language_set"]),), label=words["language"])
    locale = _speak(chat, event)
    known = replace(chat, locale=locale)
    words = texts(locale)
    if event.wait:
        return _say(known, words["too_often"].format(minutes=-(-event.wait // 60)))
    if event.choice:
        return _tap(known, event, locale, bot)
    if event.text.startswith("/"):
        return _command(known, event, locale, bot)
    if event.attachment and not event.text and not event.numbers:
        return _say(known, words[f"attachment_{event.attachment}"])
    return _told(chat, known, event, locale, bot)


def respond(step: Check | Telling, known: Sequence[KnownNumber] | None, bot: Bot, now: datetime) -> Turn:
    """What to do at `now` (aware), given what is known of `step.look_up`, in that order.

    `known` is None if the numbers could not be looked up.
    """
    if isinstance(step, Telling):
        return _report(step, known, bot, now)
    if known is None:
        return _say(step.chat, texts(step.locale)["not_checked"])
    told = (number_answer(advise_number(number, step.locale), step.locale) for number in known)
    return Turn(chat=step.chat, replies=tuple(told))


def _say(chat: Chat, text: str, options: tuple[Option, ...] = ()) -> Turn:
    return Turn(chat=chat, replies=(Reply(text=text, options=options),))


def _tap(chat: Chat, event: Event, locale: Locale, bot: Bot) -> Turn:
    """What follows from a tapped button; one of a report that is on its way already changes nothing."""
    answered = questions.tapped(chat.draft, event.choice)
    if answered is None or chat.draft is None:
        return _say(chat, texts(locale)["already_sent"])
    return _answer(chat, chat.draft, answered, locale, bot)


def _command(chat: Chat, event: Event, locale: Locale, bot: Bot) -> Turn | Check:
    """What a command calls for; an unknown one calls for help.  A name of the bot after @ is left out."""
    words = texts(locale)
    name, _, argument = event.text.partition(" ")
    match name.partition("@")[0].casefold():
        case "/start":
            return _say(chat, words["start"], _languages())
        case "/lang":
            return _say(chat, words["ask_language"], _languages())
        case "/check":
            asked = begin(replace(event, text=argument), locale, bot)
            wanted = tuple(suspects(asked.report)[:MAX_NUMBERS])
            return Check(chat=chat, locale=locale, look_up=wanted) if wanted else _say(chat, words["check_what"])
        case _:
            return _say(chat, words["help"])


def _told(before: Chat, chat: Chat, event: Event, locale: Locale, bot: Bot) -> Turn | Telling:
    """What words, numbers or contacts call for: an answer to the open question, a report, or a part of one."""
    draft = chat.draft
    later = begin(event, locale, bot)
    earlier = read(draft, bot) if draft else None
    if draft and earlier and event.text and not event.forwarded:
        answered = questions.typed(earlier, event.text, later)
        if answered:
            return _answer(chat, draft, answered, locale, bot)
    if later.substance is Substance.NOTHING:
        return _small_talk(before, chat, event, locale, bot)
    whole = completed(earlier, later, bot) if earlier and not event.forwarded else None
    reading = whole or later
    return Telling(
        chat=chat,
        locale=locale,
        event=event,
        reading=reading,
        look_up=tuple(suspects(reading.report)[:MAX_NUMBERS]),
        finished=(draft,) if draft and not whole else (),
    )


def _report(step: Telling, known: Sequence[KnownNumber] | None, bot: Bot, now: datetime) -> Turn:
    """The answer to a report, and the next question unless one is open already or there is none."""
    reading, locale = step.reading, step.locale
    draft = replace(reading.draft, locale=locale)
    advice = advise(reading.report, known or (), now, locale, masked=step.event.hidden)
    checked = known is not None or not step.look_up
    replies = [answer(advice, _number(draft, bot), locale, checked=checked)]
    if reading.substance is Substance.WARNING:
        replies.append(Reply(text=texts(locale)["passed_on"]))
    question = draft.question or questions.next_question(reading)
    if question is None:
        return Turn(chat=replace(step.chat, draft=None), replies=tuple(replies), finished=(*step.finished, draft))
    if draft.question is None:
        replies.append(questions.ask(draft, question, bot))
    chat = replace(step.chat, draft=replace(draft, question=question))
    return Turn(chat=chat, replies=tuple(replies), finished=step.finished)


def _answer(chat: Chat, draft: Draft, answered: tuple[Question, str], locale: Locale, bot: Bot) -> Turn:
    """What follows from an answer: the steps when money is gone, the next question or the end."""
    question, given = answered
    words = texts(locale)
    draft = replace(draft, locale=locale)
    first = questions.more_from(given)
    if first is not None:
        return Turn(chat=chat, replies=(questions.ask(draft, question, bot, first),))
    draft = questions.apply(draft, given)
    label = questions.label_of(question, given, locale)
    replies: list[Reply] = []
    if draft.outcome is Outcome.VICTIM and question is not Question.REGION:
        replies.append(money_answer(money_steps(locale, urgent=draft.urgent), draft.urgent))
    ends = question is Question.REGION or given == questions.CHECKING
    further = None if ends else questions.next_question(read(draft, bot))
    if further:
        replies.append(questions.ask(draft, further, bot))
        chat = replace(chat, draft=replace(draft, question=further))
        return Turn(chat=chat, replies=tuple(replies), label=label)
    end = words["checked_only"] if given == questions.CHECKING else words["done"].format(number=_number(draft, bot))
    replies.append(Reply(text=end))
    return Turn(chat=replace(chat, draft=None), replies=tuple(replies), finished=(draft,), label=label)


def _small_talk(before: Chat, chat: Chat, event: Event, locale: Locale, bot: Bot) -> Turn:
    """The open question once more; who writes for the first time is greeted; else what can be sent."""
    words = texts(locale)
    if event.attachment:
        return _say(chat, words[f"attachment_{event.attachment}"])
    if any(
        word in texts(code)["thanks"].split() for code in LANGUAGES for word in _WORD.findall(event.text.casefold())
    ):
        return _say(chat, words["take_care"])
    if chat.draft and chat.draft.question:
        return Turn(chat=chat, replies=(questions.ask(chat.draft, chat.draft.question, bot),))
    if before.locale is None:
        return _say(chat, words["start"], _languages())
    return _say(chat, words["tell_more"])


def _speak(chat: Chat, event: Event) -> Locale:
    """The language to answer in: the chosen one, else that of the words, else the last, else the messenger's.

    Of somebody who begins with forwarded words nothing else may be known; who forwards them can read them.
    """
    if chat.chosen and chat.locale:
        return chat.locale
    forwarded = _OF_TEXT.get(detect(event.text)) if event.forwarded else None
    return _own_language(event) or chat.locale or event.spoken or forwarded or LANGUAGES[0]


def _own_language(event: Event) -> Locale | None:
    """The language of a person's own words, where they tell one; forwarded ones tell nothing about the person."""
    if event.forwarded or event.text.startswith("/"):
        return None
    return _OF_TEXT.get(detect(event.text))


def _chosen_language(event: Event) -> Locale | None:
    """The language that a message chooses: by a button, by its name, or by `/lang kk`."""
    said = event.choice.removeprefix(_LANGUAGE) if event.choice.startswith(_LANGUAGE) else event.text
    wanted = said.removeprefix("/lang").strip().casefold()
    return next((code for code in LANGUAGES if wanted in (code, texts(code)["language"].casefold())), None)


def _languages() -> tuple[Option, ...]:
    return tuple(Option(_LANGUAGE + code, texts(code)["language"]) for code in LANGUAGES)


def _number(draft: Draft, bot: Bot) -> str:
    return report_number(report_id(bot.source, draft.ref))
