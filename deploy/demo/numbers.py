"""Fictional phone numbers of Kazakhstan, and the ways people write them.  Pure.

Kazakhstan reserves no numbers for fiction.  All of ours have subscriber numbers from 000 0000 to 000 9999, which look
made up at a glance, and are valid by the numbering plan (checked with phonenumbers in the tests).
"""

from __future__ import annotations

from random import Random
from typing import Final

#: Codes of the mobile operators (numbering plan of Kazakhstan, ITU-T E.164).
MOBILE_CODES: Final = ("700", "701", "702", "705", "706", "707", "708", "747", "771", "775", "776", "777", "778")
#: Area codes of a few region centres, for calls that show a landline.
AREA_CODES: Final = ("7172", "7212", "7242", "7252", "7282", "7142", "7152", "7182", "7232", "7132")
#: Share of landlines among new numbers.
_LANDLINES: Final = 0.06
_BLOCK: Final = 10_000

#: How nine of ten people write a mobile number, and how the rest do; the letters stand for the digits' groups.
_SPELLINGS: Final = (
    "8 {c} {a} {b1} {b2}",
    "8{c}{a}{b1}{b2}",
    "+7 {c} {a} {b1} {b2}",
    "+7{c}{a}{b1}{b2}",
    "8 ({c}) {a}-{b1}-{b2}",
    "8-{c}-{a}-{b1}-{b2}",
    "+7 ({c}) {a}-{b1}-{b2}",
    "8{c} {a} {b1}{b2}",
    "7{c}{a}{b1}{b2}",
)


class NumberBook:
    """Hands out fictional numbers, each once."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._given: set[str] = set()

    def number(self) -> str:
        """A number that nobody had yet, E.164: a mobile one, now and then a landline."""
        if self._random.random() < _LANDLINES:
            return self._fresh(self._random.choice(AREA_CODES), 6)
        return self.mobile()

    def mobile(self) -> str:
        """A mobile number that nobody had yet, E.164."""
        return self._fresh(self._random.choice(MOBILE_CODES), 7)

    def _fresh(self, code: str, width: int) -> str:
        while True:
            number = f"+7{code}{self._random.randrange(_BLOCK):0{width}d}"
            if number not in self._given:
                self._given.add(number)
                return number


def spelled(number: str, random: Random) -> str:
    """A number of Kazakhstan (E.164) as somebody would write it."""
    code, a, b1, b2 = number[2:5], number[5:8], number[8:10], number[10:]
    return random.choice(_SPELLINGS).format(c=code, a=a, b1=b1, b2=b2)


def eightfold(number: str) -> str:
    """The number as it is dialled within the country: 8 (705) 000-12-34."""
    return f"8 ({number[2:5]}) {number[5:8]}-{number[8:10]}-{number[10:]}"


def grouped(amount: int) -> str:
    """An amount with its thousands apart: 1 250 000."""
    return f"{amount:,}".replace(",", " ")
