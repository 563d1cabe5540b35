"""One-time codes, PIN, CVV and passwords: secrets that only the words around them tell."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from schemas import reference
from streams.understanding import cues
from streams.understanding.cues import after, before
from streams.understanding.identifiers import Secret

_CUES: Final = cues.load("secrets")
_NUMBER_CUES: Final = cues.load("numbers")

#: Digits that may be a code: one group of 3 to 8, or small groups of them ("48-21-07", "482 107", "4 8 2 1").
_DIGITS: Final = re.compile(
    r"(?<![\w.*#+])(?<!\d[,:/-])(?:[a-z]-)?(?:\d{1,3}(?:[ -]{1,2}\d{1,3}){1,7}|\d{3,8})(?![\w*#]|[.,:/]\d|-\d"
    r"|-(?:й|я|е|го|му|ом|ой|ый|ая|ое)\b)"
)
_TIME: Final = re.compile(r"(?:[01]?\d|2[0-3])[ -][0-5]\d")
#: What follows a card's date of expiry.
_AFTER_EXPIRY: Final = re.compile(r"(?<![\d/])(?:0[1-9]|1[0-2]) ?/ ?\d\d[ ,;-]{1,4}(\d{3})(?!\d)")
_MIXED: Final = re.compile(r"(?<![\w.@/-])(?=[a-z]{0,8}\d)(?=\d{0,8}[a-z])[a-z0-9]{4,10}(?![\w@/.-])")
_DATE: Final = re.compile(
    r"(?:0?[1-9]|[12]\d|3[01])[ -](?:0?[1-9]|1[0-2])[ -](?:\d\d|(?:19|20)\d\d)|(?:19|20)\d\d-\d\d-\d\d"
)
_WORDS: Final = (
    "ноль|нуль|один|одна|раз|два|две|три|четыре|пять|шесть|семь|восемь|девять|десять|одиннадцать|двенадцать|тринадцать|"
    "четырнадцать|пятнадцать|шестнадцать|семнадцать|восемнадцать|девятнадцать|двадцать|тридцать|сорок|пятьдесят|шестьдесят|"
    "семьдесят|восемьдесят|девяносто|сто|двести|триста|четыреста|пятьсот|шестьсот|семьсот|восемьсот|девятьсот|"
    "нол|бир|еки|уш|торт|бес|алты|жети|сегиз|тогыз|он|жиырма|отыз|кырык|елу|алпыс|жетпис|сексен|токсан|жуз"
)
#: A code told in words: three of them or more, digits among them allowed.
_SPOKEN: Final = re.compile(rf"(?<!\w)(?:{_WORDS})(?:[ ,.…-]{{1,4}}(?:{_WORDS}|\d{{1,2}})(?!\w)){{2,7}}(?!\w)")
#: Four digits and more, told one by one: hardly anything else than a code.
_DIGIT_BY_DIGIT: Final = re.compile(
    r"(?:(?:ноль|нуль|один|два|три|четыре|пять|шесть|семь|восемь|девять"
    r"|нол|бир|еки|уш|торт|бес|алты|жети|сегиз|тогыз)[ ,.-]*){4,8}"
)
_LETTER: Final = re.compile(r"\w")
_SECRET_WORD: Final = re.compile(r"[^\s\uffff\[\],;«»\"()]{3,64}")
_ANNOUNCED: Final = re.compile(
    r"(?: мой| был| у меня| такой)? ?[:=] ?[«\"]?|[^\w\s]* [«\"]| (?:был|была|это|такой) [«\"]?"
)
_SENTENCE_END: Final = re.compile(r"[.!?](?=\s)")
#: One of these is part of whatever announces a code, or a password; without them the text need not be read for it.
_CODE_STEMS: Final = (
    *("код", "kod", "code", "otp", "смс", "sms", "эсэмэс", "сообщ", "хабарл", "парол", "цифр", "санд"),
    *(" сан", "пин", "pin", "cvv", "cvc", "цвв", "свв", "цвц", "сивив", "оборот", "сзади", "арты"),
)
_NAMES: Final = ("код", "kod", "code", "otp", "парол", "цифр", "подтвержд", "растау", "купия")
_PASSWORD_STEMS: Final = ("парол", "pass", "пасс", "купия", "кодовое", "кодовым")
#: How far from the word for it a code may stand, in characters.
_FAR: Final = 70
_NEAR: Final = 12
_BREAK: Final = re.compile(r"[!?\n]|[.](?=\s)")


def scan(folded: str, taken: Sequence[tuple[int, int]]) -> Iterator[Secret]:
    """The secrets of `folded` text that stand outside of the spans `taken`: numbers, links, other secrets."""
    if any(stem in folded for stem in _PASSWORD_STEMS):
        yield from _passwords(folded, taken)
    if "/" in folded:
        yield from (Secret(m.start(1), m.end(1), "cvv") for m in _AFTER_EXPIRY.finditer(folded))
    if not any(stem in folded for stem in _CODE_STEMS):
        return
    named = _named(folded)
    told = bool(named) or _CUES["message_word"].search(folded) is not None
    for match in _DIGITS.finditer(folded):
        if not _overlaps(match.span(), taken) and (kind := _kind(folded, match.span(), named, told)):
            yield Secret(match.start(), match.end(), kind)
    for start, end in (match.span() for match in _SPOKEN.finditer(folded)) if told or "пин" in folded else ():
        if _CUES["pin_before"].match(before(folded, start)):
            yield Secret(start, end, "pin")
        elif _is_amount(folded, end):
            continue
        elif _is_code(folded, (start, end), named, told) or (named and _DIGIT_BY_DIGIT.fullmatch(folded, start, end)):
            yield Secret(start, end, "one-time-code")
    for _, end in named:
        mixed = _MIXED.search(folded, end, end + _NEAR + 10)
        if mixed and mixed.start() - end <= _NEAR and not _overlaps(mixed.span(), taken):
            yield Secret(mixed.start(), mixed.end(), "one-time-code")


def _named(folded: str) -> list[tuple[int, int]]:
    """Where a code is spoken of: the word for it, not that for a code of another kind."""
    if not any(stem in folded for stem in _NAMES):
        return []
    named = [match.span() for match in _CUES["code_word"].finditer(folded)]
    others = [match.span() for match in _CUES["not_a_code"].finditer(folded)] if named else []
    return [span for span in named if not _overlaps(span, others)]


def _kind(folded: str, span: tuple[int, int], named: Sequence[tuple[int, int]], told: bool) -> str | None:
    """What the digits are, or None if they are no secret."""
    start, end = span
    preceding, digits = before(folded, start), re.sub(r"\D", "", folded[start:end])
    if not 3 <= len(digits) <= 8:
        return None
    if len(digits) == 3 and _CUES["cvv_before"].match(preceding):
        return "cvv"
    if 4 <= len(digits) <= 6 and _CUES["pin_before"].match(preceding):
        return "pin"
    if _beside(folded, span, named) or _NUMBER_CUES["code_after"].match(after(folded, end)):
        return "one-time-code"
    if (
        _is_amount(folded, end)
        or _NUMBER_CUES["thing_before"].match(preceding)
        or digits in reference.official_numbers()
    ):
        return None
    return "one-time-code" if _is_code(folded, span, named, told) else None


def _is_code(folded: str, span: tuple[int, int], named: Sequence[tuple[int, int]], told: bool) -> bool:
    """Whether what stands there was a code, by words farther off; for digits that are not plainly something else."""
    start, end = span
    written = folded[start:end]
    if _beside(folded, span, named) or _NUMBER_CUES["code_after"].match(after(folded, end)):
        return True
    if _DATE.fullmatch(written) or sum(c.isdigit() for c in written) == 3 or _is_round(written):
        return False
    if _TIME.fullmatch(written) and _CUES["time_before"].match(before(folded, start)):
        return False
    if any(0 <= start - e <= _FAR and not _BREAK.search(folded[e:start].rstrip()) for _, e in named):
        return True
    if not told:
        return False
    return bool(_CUES["told_before"].match(before(folded, start)) or _CUES["told_after"].match(after(folded, end)))


def _beside(folded: str, span: tuple[int, int], named: Sequence[tuple[int, int]]) -> bool:
    """Whether the word for a code stands right before, with nothing but signs between."""
    return any(0 <= span[0] - end <= 4 and not _LETTER.search(folded, end, span[0]) for _, end in named)


def _is_round(written: str) -> bool:
    """Whether it is rather a sum that lacks its currency."""
    return written.endswith("00") and written[-3:].isdigit()


def _is_amount(folded: str, end: int) -> bool:
    return _NUMBER_CUES["amount_after"].match(after(folded, end)) is not None


def _passwords(folded: str, taken: Sequence[tuple[int, int]]) -> Iterator[Secret]:
    for named in _CUES["password_word"].finditer(folded):
        end = named.end()
        stop = _SENTENCE_END.search(folded, end)
        limit = min(end + _FAR, stop.start() if stop else len(folded))
        announced = _ANNOUNCED.match(folded, end)
        for match in _SECRET_WORD.finditer(folded, end, limit):
            word = match.group().rstrip(".!?:")
            said = announced is not None and announced.end() == match.start()
            if word and not _overlaps(match.span(), taken) and _is_password(word, said):
                once = word.isdecimal() and _CUES["one_time_word"].search(
                    folded, max(0, named.start() - 20), match.start()
                )
                yield Secret(match.start(), match.start() + len(word), "one-time-code" if once else "password")
                break


def _is_password(word: str, said: bool) -> bool:
    """Whether a word after "пароль" is one: letters with digits or signs in them; any word that a colon announces."""
    if any(c.isalpha() for c in word) and any(c.isdecimal() or c in "!@#$%^&*_+=~" for c in word):
        return True
    return (word.isdecimal() and len(word) >= 4) or said


def _overlaps(span: tuple[int, int], taken: Sequence[tuple[int, int]]) -> bool:
    return any(s < span[1] and span[0] < e for s, e in taken)
