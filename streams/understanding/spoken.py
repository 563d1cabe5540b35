"""Telephone numbers told in words: «восемь семьсот пять сто двадцать три сорок пять шестьдесят семь».

Words are put together to groups of up to three digits, as a number is dictated: hundreds, then tens, then units; a
comma ends a group («сто, сорок пять» is 100 45; without the comma it is read as 145).  Taken are only runs that make a
valid number of Kazakhstan or Russia; digits may stand among the words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from streams.understanding import clues
from streams.understanding.phones import Phone, valid

#: Words by value, in folded letters (see `folding.fold`), as people also dictate them.
_RUSSIAN: Final = {
    0: "ноль нуль нолик",
    1: "один одна раз единица",
    2: "два две двойка",
    3: "три тройка",
    4: "четыре",
    5: "пять",
    6: "шесть",
    7: "семь",
    8: "восемь",
    9: "девять",
    10: "десять",
    11: "одиннадцать",
    12: "двенадцать",
    13: "тринадцать",
    14: "четырнадцать",
    15: "пятнадцать",
    16: "шестнадцать",
    17: "семнадцать",
    18: "восемнадцать",
    19: "девятнадцать",
    20: "двадцать",
    30: "тридцать",
    40: "сорок",
    50: "пятьдесят",
    60: "шестьдесят",
    70: "семьдесят",
    80: "восемьдесят",
    90: "девяносто",
    100: "сто",
    200: "двести",
    300: "триста",
    400: "четыреста",
    500: "пятьсот",
    600: "шестьсот",
    700: "семьсот",
    800: "восемьсот",
    900: "девятьсот",
}
_KAZAKH: Final = {
    0: "нол",
    1: "бир",
    2: "еки",
    3: "уш",
    4: "торт",
    5: "бес",
    6: "алты",
    7: "жети",
    8: "сегиз",
    9: "тогыз",
    10: "он",
    20: "жиырма",
    30: "отыз",
    40: "кырык",
    50: "елу",
    60: "алпыс",
    70: "жетпис",
    80: "сексен",
    90: "токсан",
}
_HUNDRED: Final = "жуз"
_TEN: Final = 10
#: After a unit or a teen nothing is added, but for "жуз".
_UNIT: Final = 1
_VALUES: Final = {
    word: value for table in (_RUSSIAN, _KAZAKH) for value, words in table.items() for word in words.split()
}
_WORD: Final = rf"(?:{'|'.join(sorted([*_VALUES, _HUNDRED], key=len, reverse=True))})"
#: A number has five words at least ("восемь семьсот пять …"), and at most one for each digit.
_RUN: Final = re.compile(rf"(?<!\w)(?:{_WORD}|\d{{1,4}})(?:[ ,.-]{{1,3}}(?:{_WORD}|\d{{1,4}})(?!\w)){{4,15}}")
_PART: Final = re.compile(r"[а-я]+|\d+")
#: Every number of ours has a seven told in words or digits near its beginning; without it the text need not be read.
_has_seven: Final = clues.has_any(("сем", "жети"))
#: Whether any word for a number is in a folded text.
has_number_words: Final = clues.test(re.compile(rf"(?<!\w){_WORD}(?!\w)").search)
#: Digits of a national number, and with what comes before it.
_NATIONAL: Final = 10
_WHOLE: Final = 11


class _Group(NamedTuple):
    """Digits that are dictated together, and whether in words."""

    digits: str
    start: int
    end: int
    spoken: bool


def scan(folded: str) -> Iterator[Phone]:
    """The numbers told in words in `folded` text, in order."""
    if not (_has_seven(folded) and has_number_words(folded)):
        return
    for run in _RUN.finditer(folded):
        groups = list(_groups(folded, *run.span()))
        first = 0
        while first < len(groups):
            if found := _number(groups, first):
                value, last = found
                yield Phone(groups[first].start, groups[last].end, value, "national")
                first = last
            first += 1


def groups(folded: str, start: int, end: int) -> list[str]:
    """The digits that the words between `start` and `end` tell, as they are dictated together."""
    return [group.digits for group in _groups(folded, start, end)]


def _number(groups: list[_Group], first: int) -> tuple[str, int] | None:
    """E.164 of the number that begins with a group, and the index of its last group; told with 8 or +7, or without."""
    digits, found = "", None
    for index in range(first, len(groups)):
        digits += groups[index].digits
        if len(digits) == _NATIONAL and digits[0] == "7" and valid("7" + digits):
            found = "+7" + digits, index
        elif len(digits) == _WHOLE and digits[0] in "78" and valid("7" + digits[1:]):
            found = "+7" + digits[1:], index
        if len(digits) >= _WHOLE:
            break
    return found if found and any(group.spoken for group in groups[first : found[1] + 1]) else None


def _groups(folded: str, start: int, end: int) -> Iterator[_Group]:
    """The words of a run put together to groups; digits stay as they are written."""
    value, below, begun, ended = 0, 0, start, start  # what was put together; only less than `below` may follow
    for part in _PART.finditer(folded, start, end):
        word = part.group()
        if below and not folded[ended : part.start()].isspace():  # a comma ends what is dictated together
            yield _Group(str(value), begun, ended, True)
            below = 0
        if word == _HUNDRED and below and 0 < value < _TEN:
            value, below, ended = value * 100, 100, part.end()
            continue
        told = 100 if word == _HUNDRED else _VALUES.get(word, 0)
        if below and told and told < below and not word.isdigit():
            value, ended = value + told, part.end()
            below = _TEN if told >= 2 * _TEN or word == _KAZAKH[_TEN] else _UNIT
            continue
        if below:
            yield _Group(str(value), begun, ended, True)
        below = 0
        if word.isdigit():
            yield _Group(word, *part.span(), False)
            continue
        value, begun, ended = told, part.start(), part.end()
        below = 100 if told >= 100 else _TEN if told >= 2 * _TEN or word == _KAZAKH[_TEN] else _UNIT
    if below:
        yield _Group(str(value), begun, ended, True)
