"""One-time codes, PIN and CVV: secrets that only the words around them tell."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Final

from schemas import reference
from streams.understanding import clues, cues, spelled
from streams.understanding.cues import after, before
from streams.understanding.digits import (
    SHORTEST,
    Digits,
    find,
    is_amount,
    is_like_a_code,
    is_of_message,
    is_pretext,
    is_something_else,
    is_unexplained,
)
from streams.understanding.identifiers import Secret, overlaps
from streams.understanding.telling import FAR, is_called_code, is_code, is_near, says

_CUES: Final = cues.load("secrets")
_NUMBER_CUES: Final = cues.load("numbers")
#: What follows a card's date of expiry.
_AFTER_EXPIRY: Final = re.compile(r"(?<![\d/])(?:0[1-9]|1[0-2]) ?/ ?\d\d[ ,;\n-]{1,4}(\d{3})(?!\d)")
#: Right after a card also without the stroke: "1129, 407".
_AFTER_CARD: Final = re.compile(r"[ ,;\n]{1,3}(?:0[1-9]|1[0-2])\d\d[ ,;\n-]{1,3}(\d{3})(?!\d)")
#: A card has thirteen digits at least.
_CARD: Final = 13
#: One of these is part of whatever speaks of a code, a call, a message, fraud or money that is gone; without them the
#: text need not be read for codes.
_REPORT_STEMS: Final = (
    *("код", "kod", "code", "otp", "отп", "одноразов", "подтвер", "смс", "sms", "эсэмэс", "сообщ", "хабар", "парол"),
    *("цифр", "санд", " сан", "дикт", "никому", "ешкимге", "значн", "танбалы", "назва", "сказа", "прочит", "озвуч"),
    *("читаю", "зачит", "прочел", "прочла", "окып", "окыд", "говор", "ответил", "ввел", "вбил", "вписал", "набрал"),
    *("айт", "енгизд", "терди", "пин", "pin", "cvv", "cvc", "цвв", "свв", "цвц", "сивив", "оборот", "сзади", "карт"),
    *("звон", "зван", "zvon", "сокты", "шалд", "шалып", "номер", "номир", "телефон", "трубк", "банк", "bank"),
    *("каспи", "kaspi", "halyk", "халык", "егов", "egov", "цон", "ватсап", "вотсап", "вацап", "whatsapp", "телег"),
    *("telegram", "инст", "присл", "переслал", "доставк", "такси", "аккаунт", "акаунт", "взлом", "угнал", "мошен"),
    *("алая", "обман", "алдад", "алдан", "алдап", "жулик", "развел", "развод", "украл", "урлат", "урлан", "урлап"),
    *("пропал", "исчез", "деньг", "денег", "акша", "dengi", "списа", "снял", "сняли", "шешип", "шешилд", "кредит"),
    *("несие", "курьер", "оператор", "дозвон", "пришл", "приход", "читает", "доступ", "ключ", "цифер", "вводи"),
    *("введ", "впеча", "провероч", "жазды", "жибер", "келип", "келди", "келген", "терип", "выдал", "верифик"),
    *("растау", "проголос", "голосова", "скаж", "назов", "вставил", "скопир", "дедим", "деппин"),
)
_speaks_of_reports: Final = clues.has_any(_REPORT_STEMS)
#: What the cue `code_word` begins with.
_ANCHORS: Final = (
    *("код", "смскод", "скод", "икод", "otp", "отп", "code", "kod", "одноразов", "бир реттик", "парол", "провер"),
    *("подтвержд", "верифик", "растау"),
)
#: One of these is part of whatever speaks of a card's back.
_BACK_STEMS: Final = (
    *("cvv", "cvc", "цвв", "свв", "цвц", "сивив", "сивиси", "оборот", "обратн", "обратк", "сзади", "артын", "сыртын"),
    *("3 ци", "три ци", "уш ци", "3 са", "уш са"),
)
_speaks_of_backs: Final = clues.has_any(_BACK_STEMS)
#: How far from it in the next sentence.
_NEXT: Final = 14
_PIN: Final = 4
#: From the word for a PIN to the digits in the next sentence, without a word for a code of another kind, or "not".
_OTHER_CODE: Final = r"(?!код|смс|sms|сообщ|хабарл|парол|цифр| не )"
_ANSWER: Final = re.compile(
    rf"(?:[ -]?код\w*)?(?:{_OTHER_CODE}[^.!?\n]){{0,45}}[.!?](?:{_OTHER_CODE}[^.!?\n\d]){{1,30}}"
)
#: Blanks of a text that tells something, unlike an id or a name.
_WORDS: Final = 3


def scan(folded: str, taken: Sequence[tuple[int, int]]) -> Iterator[Secret]:
    """The secrets of `folded` text that stand outside of the spans `taken`: numbers, links, other secrets."""
    if "/" in folded:
        yield from (Secret(m.start(1), m.end(1), "cvv") for m in _AFTER_EXPIRY.finditer(folded))
    for start, end in taken:
        if end - start >= _CARD and (match := _AFTER_CARD.match(folded, end)):
            yield Secret(match.start(1), match.end(1), "cvv")
    yield from spelled.stuck(folded)
    candidates = list(find(folded, taken))
    if candidates and not _speaks_of_reports(folded):  # then only what is written as codes are
        told = folded.count(" ") >= _WORDS  # words, not an id or a name
        candidates = [found for found in candidates if told and is_like_a_code(folded, found)]
    in_words, mixed_near = spelled.may_be_in_words(folded), spelled.may_be_mixed(folded)
    if not (candidates or in_words or mixed_near):
        return
    named = _named(folded)
    told = bool(named) or _CUES["message_word"].search(folded) is not None
    backs = _places("cvv_word", folded) if _speaks_of_backs(folded) else []
    pins = _places("pin_word", folded) if "пин" in folded or "pin" in folded else []
    kinds = [_kind(folded, found, named, told) for found in candidates]
    if not told and "one-time-code" in kinds:  # then the text speaks of codes
        kinds = [_kind(folded, found, named, told=True) for found in candidates]
    for found, kind in zip(candidates, kinds, strict=True):
        if kind:
            is_pin = (
                kind == "one-time-code"
                and (is_near(folded, found, pins) or _is_answer(folded, found, pins))
                and not is_called_code(folded, found, named)
            )
            yield Secret(found.start, found.end, "pin" if is_pin else kind)
        elif pins and _is_pin(folded, found, pins):
            yield Secret(found.start, found.end, "pin")
        elif backs and _is_cvv(folded, found, backs):
            yield Secret(found.start, found.end, "cvv")
    told_in_words = spelled.in_words(folded, named, told) if in_words else ()
    with_letters = spelled.mixed(folded, named) if mixed_near else ()
    yield from (code for code in chain(told_in_words, with_letters) if not overlaps((code.start, code.end), taken))


def _places(cue: str, folded: str) -> list[tuple[int, int]]:
    return [match.span() for match in _CUES[cue].finditer(folded)]


def _named(folded: str) -> list[tuple[int, int]]:
    """Where a code is spoken of: the word for it, not that for a code of another kind."""
    named = []
    for anchor in _ANCHORS:
        at = folded.find(anchor)
        while at >= 0:
            word = _CUES["code_word"].match(folded, at)
            if word and not (
                _CUES["not_a_code_before"].match(before(folded, at))
                or _CUES["not_a_code_after"].match(after(folded, word.end()))
            ):
                named.append(word.span())
            at = folded.find(anchor, at + 1)
    return named


def _kind(folded: str, found: Digits, named: Sequence[tuple[int, int]], told: bool) -> str | None:
    """What the digits are, or None if they are no secret."""
    preceding, digits = before(folded, found.start), re.sub(r"\D", "", folded[found.start : found.end])
    if not 3 <= len(digits) <= 8 or _CUES["extension_before"].match(preceding):
        return None
    if len(digits) == 3 and _CUES["cvv_before"].match(preceding):
        return "cvv"
    if 4 <= len(digits) <= 6 and _CUES["pin_before"].match(preceding):
        return "pin"
    if (
        is_called_code(folded, found, named)
        or (named and is_pretext(folded, found))
        or (len(digits) > SHORTEST and told and is_of_message(folded, found))
    ):
        return "one-time-code"
    if (
        is_amount(folded, found.end)
        or _NUMBER_CUES["thing_before"].match(preceding)
        or (digits in reference.official_numbers() and not _NUMBER_CUES["code_before"].match(preceding))
    ):
        return None
    return "one-time-code" if is_code(folded, found, named, told) else None


def _is_cvv(folded: str, found: Digits, named: Sequence[tuple[int, int]]) -> bool:
    """Whether three digits that nothing else explains stand in the sentence that speaks of a card's back."""
    if found.end - found.start != SHORTEST or is_amount(folded, found.end):
        return False
    preceding = before(folded, found.start)
    if (
        folded[found.start : found.end] in reference.official_numbers()
        or any(_NUMBER_CUES[cue].match(preceding) for cue in ("thing_before", "from_before", "calling_before"))
        or _CUES["spent_before"].match(preceding)
    ):
        return False
    return is_near(folded, found, named) or any(0 < found.start - end <= _NEXT for _, end in named)


def _is_answer(folded: str, found: Digits, pins: Sequence[tuple[int, int]]) -> bool:
    """Whether the sentence before asks for a PIN, and nothing since for anything else: "…, а пин-код сказать. Она и"""
    asked = [end for _, end in pins if 0 <= found.start - end <= FAR]
    return bool(asked) and _ANSWER.fullmatch(folded, asked[-1], found.start) is not None


def _is_pin(folded: str, found: Digits, named: Sequence[tuple[int, int]]) -> bool:
    """Whether four digits that nothing else explains stand in a sentence that speaks of a PIN."""
    if found.end - found.start != _PIN or is_amount(folded, found.end):
        return False
    if _NUMBER_CUES["thing_before"].match(before(folded, found.start)) or is_something_else(folded, found):
        return False
    if any(0 < start - found.end <= 2 for start, _ in named):
        return True
    if _is_answer(folded, found, named) and says(folded, found.start, found.end):
        return True
    official = folded[found.start : found.end] in reference.official_numbers()
    return not official and is_unexplained(folded, found) and is_near(folded, found, named)
