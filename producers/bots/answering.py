"""The answer as a message for a phone: from the advice to a reply.  Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from producers.advice import Advice, Gravity, NumberAdvice, Verdict
from producers.bots.messages import Reply
from producers.bots.wording import texts
from schemas.local_time import ZONE
from streams.wording import Locale

#: Numbers that one answer speaks of.
MAX_NUMBERS: Final = 3

_MARKS: Final = {Gravity.DANGER: "🔴", Gravity.CAUTION: "🟠", Gravity.CALM: "⚪"}
_OFFICIAL: Final = (Verdict.OFFICIAL, Verdict.IMPERSONATED)
#: Verdicts that count complaints about a number, beside which it must be said that numbers can be forged.
_ACCUSED: Final = (Verdict.CONFIRMED, Verdict.SUSPECTED, Verdict.REPORTED)
#: Demands whose remedy is told beside a scheme's advice: what is to be done about others it says itself.
_OWN_REMEDY: Final = {"remote-access", "install-app", "take-loan", "digital-signature", "password-pin", "cash-courier"}


def answer(advice: Advice, number: str, locale: Locale, *, checked: bool) -> Reply:
    """The answer to a report that got the number `number`: what to do, then why.

    `checked`: its numbers could be looked up.
    """
    words = texts(locale)
    parts = ["\n".join([f"{words['what_to_do']}:", *advice.steps])]
    parts += [
        _about(told, locale, decides=told.verdict is advice.verdict)
        for told in advice.numbers[:MAX_NUMBERS]
        if told.verdict not in _OFFICIAL
    ]
    if any(told.verdict in _ACCUSED for told in advice.numbers):
        parts.append(words["spoofed"])
    if not checked:
        parts.append(words["not_checked"])
    if advice.scheme:
        parts.append(f"{advice.scheme.title}. {advice.scheme.how}")
    remedies = [d.advice for d in advice.demands if advice.scheme is None or d.code in _OWN_REMEDY]
    if remedies and not advice.victim:
        parts.append(f"{words['already']} {remedies[0]}")
    parts += advice.officials
    if advice.masked:
        parts.append(f"🔒 {advice.masked}")
    parts.append(words["number"].format(number=number))
    return Reply(title=f"{_MARKS[advice.gravity]} {advice.headline}", text="\n\n".join(parts))


def number_answer(told: NumberAdvice, locale: Locale) -> Reply:
    """The answer to somebody who only wants a number checked."""
    if told.verdict in _ACCUSED:
        parts = [_about(told, locale, decides=True), texts(locale)["spoofed"]]
    elif told.verdict in _OFFICIAL:
        parts = [" ".join([f"{told.shown}.", *told.reasons])]
    else:
        parts = [told.shown]
    return Reply(title=f"{_MARKS[told.gravity]} {told.headline}", text="\n\n".join([*parts, *told.steps]))


def money_answer(steps: Sequence[str], urgent: bool) -> Reply:
    """The steps for somebody who has lost money, numbered; the first of urgent ones is the headline."""
    title, rest = (f"🚨 {steps[0]}", steps[1:]) if urgent else ("", steps)
    return Reply(title=title, text="\n".join(f"{index}. {step}" for index, step in enumerate(rest, 1)))


def _about(told: NumberAdvice, locale: Locale, *, decides: bool) -> str:
    """A number and what is known of it; `decides`: the headline has told its verdict already."""
    words, known = texts(locale), told.known
    if told.verdict is Verdict.UNKNOWN:
        return told.shown if decides else f"{told.shown} — {words['no_complaints']}"
    said = [] if decides else [told.headline]
    if told.verdict in _ACCUSED:
        said += [words["complaints"].format(reporters=known.reporters)] if known.reporters else []
        said += [words["victims"].format(victims=known.victims)] if known.victims else []
        said += [words["last_complaint"].format(day=f"{at:%d.%m.%Y}") for at in _local(known.last_seen)]
    return f"{told.shown}. {' '.join(said)}" if said else told.shown


def _local(moment: datetime | None) -> list[datetime]:
    return [moment.astimezone(ZONE)] if moment else []
