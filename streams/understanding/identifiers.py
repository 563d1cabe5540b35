"""Numbers with a checksum that tell who somebody is or where the money lies: cards, IIN, bank accounts."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from functools import partial
from typing import Final

from msgspec import Struct
from stdnum import iban, luhn

from streams.understanding import clues, cues

_CUES: Final = cues.load("secrets")
#: Digits with what is put between them; over lines only four groups of four, as on a card.
_RUN: Final = re.compile(r"[0-9](?:[0-9]{3}(?:[ \n]{1,2}\d{4}){3}(?!\d| \d{3}\b)|[0-9]*(?:[ ./-]{1,3}\d+)*)")
_GROUP: Final = re.compile(r"\d+")
#: A card told in parts: "4003 потом 0370, потом 2572 и 1284".
_PARTS: Final = re.compile(
    r"[0-9](?<![\w-].)\d{3}"
    r"(?:[ ,;.:]{1,3}(?:(?:и|мен|потом|затем|дальше|далее|еще|кейин|сосын|содан|сон)[ ,]{1,2}){0,3}\d{4}){3}(?![\w-])"
)
#: A country and check digits, then the account; people put blanks anywhere and type Cyrillic letters (ISO 13616).
_ACCOUNT: Final = re.compile(r"(?<![^\W_])(?:[kк][zз]|[a-z]{2})\d\d(?:[ -]?[a-z0-9авекмнорстх]){11,30}")
#: Without this there is none.
_account_near: Final = clues.test(re.compile(r"[0-9](?<=[a-zкз].)[0-9]").search)
_EXPIRY: Final = re.compile(r"\d{4}[ ,;]{1,3}(?:срок |до )?(?:0[1-9]|1[0-2]) ?/ ?\d\d(?!\d|/)")
_LATIN: Final = str.maketrans("авекмнорстхз", "ABEKMHOPCTXZ")
#: Length of a Kazakh account number with its country (National Bank of Kazakhstan, registry of IBAN).
_KZ_LENGTH: Final = 20
_REACH: Final = 45
#: An IIN has twelve digits, a card more.
_SHORTEST: Final = 12
#: A card that is told in parts.
_IN_PARTS: Final = 16


class Secret(Struct, frozen=True, gc=False):
    """A secret in a text: its place and its kind."""

    start: int
    end: int
    kind: str


def overlaps(span: tuple[int, int], taken: Sequence[tuple[int, int]]) -> bool:
    """Whether `span` shares a character with one of `taken`."""
    return any(s < span[1] and span[0] < e for s, e in taken)


def scan(folded: str) -> Iterator[Secret]:
    """Cards, IIN and accounts in `folded` text."""
    if clues.digits(folded) >= _SHORTEST:
        yield from _numbers(folded)
    for match in _ACCOUNT.finditer(folded) if _account_near(folded) else ():
        ordered = _CUES["order_before"].match(cues.before(folded, match.start())) is not None
        if length := _account_length(match.group(), ordered):
            yield Secret(match.start(), match.start() + length, "iban")


def _numbers(folded: str) -> Iterator[Secret]:
    """Cards and IIN."""
    for run in _RUN.finditer(folded):
        if run.end() - run.start() < _SHORTEST:
            continue
        groups = [match.span() for match in _GROUP.finditer(folded, run.start(), run.end())]
        if sum(end - start for start, end in groups) < _SHORTEST:
            continue
        i = 0
        while i < len(groups):
            secret, i = _read(folded, groups, i)
            if secret:
                yield secret
    for match in _PARTS.finditer(folded) if clues.digits(folded) >= _IN_PARTS else ():
        if is_card(re.sub(r"\D", "", match.group()), partial(_spoken_of, folded, match.start())):
            yield Secret(match.start(), match.end(), "card")


def _read(folded: str, groups: list[tuple[int, int]], i: int) -> tuple[Secret | None, int]:
    """The card or IIN that begins with group `i`, the longest first, and the index of the group after it."""
    start, digits, found = groups[i][0], "", None
    for j in range(i, len(groups)):
        digits += folded[groups[j][0] : groups[j][1]]
        if len(digits) > 19:
            break
        if is_card(digits, lambda: _spoken_of(folded, start)) or (len(digits) == 12 and _is_iin(folded, start, digits)):
            found = Secret(start, groups[j][1], "iin" if len(digits) == 12 else "card"), j + 1
    return found or (None, i + 1)


def is_card(digits: str, spoken_of: Callable[[], bool]) -> bool:
    """Whether `digits` are a payment card's (ISO/IEC 7812): by first digit and Luhn, or by what it is called."""
    if len(digits) == 16 and digits[0] in "234569":
        return luhn.is_valid(digits) or spoken_of()
    if len(digits) == 15 and digits.startswith(("34", "37")):
        return luhn.is_valid(digits)
    return 13 <= len(digits) <= 19 and digits[0] in "234569" and spoken_of()


def _spoken_of(folded: str, start: int) -> bool:
    """Whether a card is spoken of before, or its date of expiry follows."""
    if _CUES["card_before"].search(folded, max(0, start - _REACH), start):
        return True
    return _EXPIRY.search(folded, start, start + _REACH) is not None


def _is_iin(folded: str, start: int, digits: str) -> bool:
    preceding = cues.before(folded, start)
    if _CUES["bin_before"].match(preceding):
        return False
    return is_iin(digits) or _CUES["iin_before"].match(preceding) is not None


def is_iin(digits: str) -> bool:
    """Whether twelve digits are an IIN: date of birth, century and sex, checksum.

    The checksum weighs the digits 1 to 11, modulo 11; if that gives 10, anew with 3 to 11, 1, 2; 10 again is invalid.
    """
    if len(digits) != 12 or digits[6] not in "0123456" or not digits.isdecimal():
        return False
    century = 1800 + 100 * ((int(digits[6]) - 1) // 2) if digits[6] != "0" else 1900
    try:
        date(century + int(digits[:2]), int(digits[2:4]), int(digits[4:6]))
    except ValueError:
        return False
    figures = [int(digit) for digit in digits]
    check = sum(weight * figure for weight, figure in zip(range(1, 12), figures, strict=False)) % 11
    if check == 10:
        check = sum(w * f for w, f in zip((3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2), figures, strict=False)) % 11
    return check == figures[11]


def _account_length(written: str, ordered: bool) -> int:
    """How many characters of `written` are an account number; 0 if none are.

    A Kazakh one may be mistyped, unless it is the number of an order (`ordered`).
    """
    compact, ends = "", []
    for index, char in enumerate(written):
        if char not in " -":
            compact += char.translate(_LATIN).upper()
            ends.append(index + 1)
    if compact.startswith("KZ") and len(compact) >= _KZ_LENGTH and (not ordered or iban.is_valid(compact[:_KZ_LENGTH])):
        return ends[_KZ_LENGTH - 1]
    return next((ends[n - 1] for n in range(len(compact), 14, -1) if iban.is_valid(compact[:n])), 0)
