"""Codes that are not written as digits alone: in words, with letters, touching the word for them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from streams.understanding import clues, cues, spoken
from streams.understanding.cues import after, before
from streams.understanding.digits import Digits, is_amount
from streams.understanding.identifiers import Secret
from streams.understanding.telling import is_code, says

_CUES: Final = cues.load("secrets")
_NUMBER_CUES: Final = cues.load("numbers")
#: Typed without a blank: "код6621", "код.6621", "6621код".
_STUCK: Final = re.compile(
    r"(?<!\w)(?:(?P<pin>пинкод|пин|pin)|(?P<cvv>cvv|cvc)|(?:смс)?код[а-я]{0,4}|kod|code|otp)[.]?(?P<after>\d{3,8})(?![\w*])"
    r"|(?<![\w.,:/-])(?P<before>\d{4,8})код(?!\w)"
)
#: Without this there is none.
_may_be_stuck: Final = clues.test(re.compile(r"[0-9](?:(?=код)|(?<=[a-zа-я].)|(?<=[a-zа-я][.].))").search)
#: Google's codes come with a letter: "G-482107".
_LABELLED: Final = re.compile(r"-(?<=(?<![\w.,:/-])[a-z]-)\d{5,8}(?![\w-])")
_MIXED: Final = re.compile(
    r"(?<![\w.@/-])(?:(?=[a-z]{0,8}\d)(?=\d{0,8}[a-z])[a-z0-9]{4,10}|(?=[а-я\d]{5,8}(?!\w))(?:[а-я]{1,2}\d{1,4}){2,4}[а-я]?|[а-я]{2}\d{2}[а-я]{2})(?![\w@/.-])"
)
#: Without this there is no code of letters and digits.
may_be_mixed: Final = clues.test(re.compile(r"[0-9](?:(?=[a-zа-я])|(?<=[a-zа-я].))").search)
_WORDS: Final = (
    "ноль|нуль|один|одна|раз|два|две|три|четыре|пять|шесть|семь|восемь|девять|десять|одиннадцать|двенадцать|тринадцать|"
    "четырнадцать|пятнадцать|шестнадцать|семнадцать|восемнадцать|девятнадцать|двадцать|тридцать|сорок|пятьдесят|шестьдесят|"
    "семьдесят|восемьдесят|девяносто|сто|двести|триста|четыреста|пятьсот|шестьсот|семьсот|восемьсот|девятьсот|"
    "нол|бир|еки|уш|торт|бес|алты|жети|сегиз|тогыз|он|жиырма|отыз|кырык|елу|алпыс|жетпис|сексен|токсан|жуз"
)
#: A code told in words: three of them or more, two for a card's back; digits among them allowed.
_SPOKEN: Final = re.compile(rf"(?<!\w)(?:{_WORDS})(?:[ ,.…-]{{1,4}}(?:{_WORDS}|\d{{1,2}})(?!\w)){{1,7}}(?!\w)")
#: Four digits and more, told one by one: hardly anything else than a code.
_DIGIT_BY_DIGIT: Final = re.compile(
    r"(?:(?:ноль|нуль|один|два|три|четыре|пять|шесть|семь|восемь|девять"
    r"|нол|бир|еки|уш|торт|бес|алты|жети|сегиз|тогыз)[ ,.-]*){4,8}"
)
_WORD: Final = re.compile(r"\w+")
#: Words of the shortest code told in words.
_FEWEST: Final = 3
#: Blanks between two pairs of words: "тридцать два сорок восемь".
_PAIRS: Final = 3
#: Words for digits; a code has at least two.
_FEWEST_UNITS: Final = 2
_UNITS: Final = (
    *("надцат", "двест", "трист", "один", "два", "три", "четыр", "пят", "шест", "сем", "восем", "девят", "нол"),
    *("бир", "еки", "уш", "торт", "бес", "алты", "жети", "сегиз", "тогыз"),
)
#: How far from the word for it a code of letters and digits may stand.
_NEAR: Final = 12
#: Digits of a code told in words.
_SHORTEST: Final = 4
_LONGEST: Final = 8
#: Before an hour (written backwards), and another word for digits beside.
_HOUR: Final = re.compile(r" (?:в|к|с|до|около|после|тагас)(?!\w)")
_ANOTHER_WORD: Final = re.compile(rf"[ ,.-]{{1,3}}(?:{_WORDS}|\d)(?!\w)")
_ANOTHER_BEFORE: Final = re.compile(rf"[ ,.-]{{1,3}}(?:{'|'.join(w[::-1] for w in _WORDS.split('|'))}|\d)(?!\w)")


def stuck(folded: str) -> Iterator[Secret]:
    """Codes that touch the word for them, and Google's, which come with a letter."""
    for match in _STUCK.finditer(folded) if _may_be_stuck(folded) else ():
        kind = "pin" if match["pin"] else "cvv" if match["cvv"] else "one-time-code"
        yield Secret(*match.span("after" if match["after"] else "before"), kind)
    for match in _LABELLED.finditer(folded):
        yield Secret(match.start() - 1, match.end(), "one-time-code")


def mixed(folded: str, named: Sequence[tuple[int, int]]) -> Iterator[Secret]:
    """Codes of letters and digits: after the word for a code, or right before it."""
    for start, end in named:
        code = _MIXED.search(folded, end, end + _NEAR + 10)
        if code and code.start() - end <= _NEAR:
            yield Secret(code.start(), code.end(), "one-time-code")
        for code in _MIXED.finditer(folded, max(0, start - _NEAR), start):
            if start - code.end() <= 2:
                yield Secret(code.start(), code.end(), "one-time-code")


def may_be_in_words(folded: str) -> bool:
    """Whether words for digits are in the text at all."""
    return spoken.has_number_words(folded) and sum(map(folded.count, _UNITS)) >= _FEWEST_UNITS


def in_words(folded: str, named: Sequence[tuple[int, int]], told: bool) -> Iterator[Secret]:
    """Codes told in words."""
    for start, end in (match.span() for match in _SPOKEN.finditer(folded)):
        preceding = before(folded, start)
        if _CUES["cvv_before"].match(preceding):
            yield Secret(start, end, "cvv")
        elif len(_WORD.findall(folded, start, end)) < _FEWEST:
            continue
        elif _CUES["pin_before"].match(preceding):
            yield Secret(start, end, "pin")
        elif is_amount(folded, end) and not _is_read_out(folded, start, end):
            continue
        elif (
            (told and is_code(folded, Digits(start, end, start, end), named, told))
            or (folded.count(" ", start, end) >= _PAIRS and _CUES["told_to_before"].match(preceding))
            or _is_read_out(folded, start, end)
            or _is_dictated(folded, start, end)
        ):
            yield Secret(start, end, "one-time-code")


def _is_dictated(folded: str, start: int, end: int) -> bool:
    """Whether words make pairs of digits, as codes are told, and somebody tells them: no sum, hour, age or phone."""
    groups = spoken.groups(folded, start, end)
    if not (_SHORTEST <= sum(map(len, groups)) <= _LONGEST) or not {2} <= {len(group) for group in groups} <= {1, 2}:
        return False
    preceding, following = before(folded, start), after(folded, end)
    told = _CUES["told_to_before"].match(preceding) or _CUES["told_to_after"].match(following)
    if not told and (len(groups) == 1 or _HOUR.match(preceding) or _is_hour(groups)):
        return False
    return says(folded, start, end) and not (
        "," in folded[start:end]
        or _ANOTHER_WORD.match(following)
        or _ANOTHER_BEFORE.match(preceding)
        or is_amount(folded, end)
        or _NUMBER_CUES["thing_before"].match(preceding)
        or _NUMBER_CUES["phone_word_before"].match(preceding)
    )


def _is_hour(groups: Sequence[str]) -> bool:
    """Whether two groups may be an hour with its minutes."""
    return len(groups) == 2 and int(groups[0]) < 24 and len(groups[1]) == 2 and int(groups[1]) < 60


def _is_read_out(folded: str, start: int, end: int) -> bool:
    """Whether digits are told one by one, and no sum."""
    digit_by_digit = _DIGIT_BY_DIGIT.fullmatch(folded, start, end)
    return digit_by_digit is not None and not _NUMBER_CUES["sum_after"].match(after(folded, end))
