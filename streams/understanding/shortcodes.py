"""Short codes, alphanumeric SMS senders and hidden numbers in folded text: only the words around tell them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from schemas import reference
from schemas.events import ContactKind
from streams.understanding import clues, cues
from streams.understanding.cues import after, before
from streams.understanding.online import Span
from streams.understanding.phones import Group

_CUES: Final = cues.load("numbers")
_SUFFIX_AFTER: Final = cues.any_of(_CUES, "ablative_after", "dative_after")
_SUM_AFTER: Final = cues.any_of(_CUES, "sum_after", "amount_after")
_THING_AFTER: Final = cues.any_of(_CUES, "sum_after", "amount_after", "code_after")
_THING_BEFORE: Final = cues.any_of(_CUES, "thing_before", "code_before")
_CALLED_BEFORE: Final = cues.any_of(_CUES, "short_word_before", "calling_before", "from_before")
#: Part of something longer: a decimal, a date, a time, a USSD command, a range, a word.
_GLUED_BEFORE: Final = re.compile(r"[.,:/\\-]\d|[*#+№_@]|[a-z]{2}|[^\W\d_](?![^\W\d_])")
_GLUED_AFTER: Final = re.compile(r" ?[a-z]{2,3} ?\d{2}\b|[.,:/\\-]\d|[*#_@]|[a-z]|-?(?:й|я|е|го|му|ом|ой|ший|ші|шы)\b")
#: More digits beside it: what is left of a number that was not told in full.
_PART: Final = re.compile(r"[ ()-]{1,3}\d")
#: Digits of the shortest and the longest short code.
_SHORTEST: Final = 3
_LONGEST: Final = 5
_CLAUSE_START: Final = re.compile(r"[«\" ]{0,2}(?:$|[.!?,;\n])")
#: What joins the codes of a list: "102, 112 или 1414".
_JOINED: Final = re.compile(r"[ ,/]{1,3}|[ ,]{0,2}(?:и|или|либо|да|жане|немесе|мен|пен|бен)[ ,]{0,2}")
#: What stands in the field of a sender: up to 11 characters of the GSM alphabet, here Latin (3GPP TS 23.040, 9.1.2.5).
_NAME: Final = re.compile(
    r"(?<![\w@.])(?=\d{0,4}[a-z])[a-z0-9]+(?:[._&-][a-z0-9]+)*(?: (?:bank|kz|info|pay|mobile|market|travel))?(?![\w@])"
)
_has_latin: Final = clues.test(re.compile("[a-z][a-z]").search)
_MIN_NAME: Final = 3
_MAX_NAME: Final = 11
#: Programs and kinds of message, not senders.
_NOT_SENDERS: Final = frozenset(
    [
        "whatsapp",
        "telegram",
        "viber",
        "instagram",
        "facebook",
        "tiktok",
        "messenger",
        "sms",
        "mms",
        "push",
        "qr",
        "apk",
        "url",
        "pin",
        "otp",
        "id",
        "ip",
        "it",
        "iphone",
        "android",
        "imei",
        "app",
        "apple",
        "email",
        "gmail",
        "mail",
        "link",
        "online",
        "ok",
        "pdf",
        "cvv",
        "cvc",
        "sim",
        "esim",
        "gsm",
        "voip",
        "anydesk",
        "rustdesk",
        "vash",
        "kod",
        "your",
        "dear",
        "teamviewer",
        "zoom",
        "skype",
    ]
)

#: How telephones in other languages show a withheld number; and the word that is called hidden in ours.
_may_be_hidden: Final = clues.has_any(("number", "caller", "абонент", "номер", "номир"))
_NUMBER_WORD: Final = re.compile(
    r"private number|no caller id|unknown number|withheld number|скрытый абонент|ном[еи]р\w{0,6}"
)


def short_codes(folded: str, groups: Sequence[Group]) -> list[Span]:
    """The `groups` of three to five digits that are used as a number to call or to receive from."""
    found: list[Span] = []
    for group in groups:
        if not _SHORTEST <= len(group.digits) <= _LONGEST:
            continue
        preceding, following = before(folded, group.start), after(folded, group.end)
        if _GLUED_BEFORE.match(preceding) or _GLUED_AFTER.match(following):
            continue
        official = group.digits in reference.official_numbers()
        if not official and (_PART.match(preceding) or _PART.match(following)):
            continue
        received = official and _CUES["from_before"].match(preceding) is not None
        if _SUFFIX_AFTER.match(following) or (
            not _is_thing(preceding, following, received)
            and (_is_called(preceding, following, official, len(group.digits)) or _continues(group, preceding, found))
        ):
            found.append(Span(group.start, group.end, ContactKind.SHORT_CODE, group.digits))
    return found


def _is_thing(preceding: str, following: str, received: bool) -> bool:
    """Whether it is an amount, a code, or the number of something else.

    `received`: an official number from which something came; "был код" after it tells what.
    """
    after_it = _SUM_AFTER if received else _THING_AFTER
    return bool(after_it.match(following) or _THING_BEFORE.match(preceding))


def _is_called(preceding: str, following: str, official: bool, length: int) -> bool:
    """Whether the words around use it as a number; less is enough for official ones."""
    if _CALLED_BEFORE.match(preceding):
        return True
    if _CUES["from_weak_before"].match(preceding) and _CUES["came_after"].match(following):
        return True
    if length > _SHORTEST and _CLAUSE_START.match(preceding) and _CUES["calls_after"].match(following):
        return True
    return official and bool(
        (_CUES["to_weak_before"].match(preceding) and _CUES["called_after"].match(following))
        or following.startswith(": ")  # as a telephone shows a sender
        or _CUES["institution_before"].match(preceding)
        or _CUES["asked_about_after"].match(following)
        or (length > _SHORTEST and _CUES["called_before"].match(preceding))
    )


def _continues(group: Group, preceding: str, found: Sequence[Span]) -> bool:
    """Whether the group goes on with a list of short codes: "102, 112 или 1414".

    One that no list knows has to be as long as the one before, with a word between: "3322 и 4455".
    """
    if not found:
        return False
    joint = _JOINED.fullmatch(preceding[: group.start - found[-1].end][::-1])
    alike = len(group.digits) == len(found[-1].value) and joint and joint.group().strip(" ,/")
    return joint is not None and (group.digits in reference.official_numbers() or bool(alike))


def senders(folded: str, taken: Sequence[Span]) -> list[Span]:
    """Names in the field of a sender: "СМС от KASPI.KZ", "HalykBank-тен хабарлама келді"."""
    found: list[Span] = []
    if not _has_latin(folded):
        return found
    for match in _NAME.finditer(folded):
        name, start, end = match.group(), match.start(), match.end()
        if any(s.start < end and start < s.end for s in taken):
            continue
        if is_sender(name, before(folded, start), after(folded, end)):
            found.append(Span(start, end, ContactKind.SENDER, name.upper()))
    return found


def is_sender(name: str, preceding: str, following: str) -> bool:
    """Whether a name in Latin letters is the sender of a message, by the words around it (see `cues.before`)."""
    if not _MIN_NAME <= len(name) <= _MAX_NAME or name in _NOT_SENDERS:
        return False
    return bool(
        _CUES["sender_before"].match(preceding)
        or _CUES["sender_after"].match(following)
        or (
            _CUES["sender_came_before"].match(preceding)
            and (following.startswith(": ") or _CUES["came_after"].match(following))
        )
    )


def hidden(folded: str, taken: Sequence[Span]) -> list[Span]:
    """Callers who withheld their number; not where the number itself follows after all."""
    if not _may_be_hidden(folded):
        return []
    found = []
    for match in _NUMBER_WORD.finditer(folded):
        start, end = match.span()
        if words := _CUES["hidden_before"].match(before(folded, start)):
            start -= words.end()
        elif words := _CUES["hidden_after"].match(after(folded, end)):
            end += words.end()
        elif match.group().startswith("ном"):
            continue
        if not any(end <= s.start <= end + 25 or s.start < end <= s.end for s in taken):
            found.append(Span(start, end, ContactKind.HIDDEN, ""))
    return found
