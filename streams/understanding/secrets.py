"""Secrets of a text, masked with their kind kept: `[one-time-code]`."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from msgspec import Struct
from stdnum import luhn

_CODE = re.compile(r"(\bкод\w*\W{1,3}(?:из\s+смс\W{1,3}|деген\s+)?)(\d(?:[ -]?\d){3,7})(?!\d)", re.IGNORECASE)
_LONG = re.compile(r"(?<![\d+])\d(?:[ -]?\d){11,18}(?!\d)")


class Masked(Struct, frozen=True):
    """A text without secrets, and how many of each kind were masked."""

    text: str
    kinds: dict[str, int]


def mask(text: str, own_numbers: Sequence[str] = ()) -> Masked:
    """`text` with one-time codes, cards, IIN, passwords and the reporter's own numbers replaced by `[kind]`."""
    kinds: Counter[str] = Counter()

    def code(match: re.Match[str]) -> str:
        kinds["one-time-code"] += 1
        return match.group(1) + "[one-time-code]"

    def card(match: re.Match[str]) -> str:
        digits = re.sub(r"\D", "", match.group())
        if len(digits) >= 13 and luhn.is_valid(digits):
            kinds["card"] += 1
            return "[card]"
        return match.group()

    for own in own_numbers:
        if own and own in text:
            kinds["phone"] += text.count(own)
            text = text.replace(own, "[phone]")
    text = _CODE.sub(code, text)
    text = _LONG.sub(card, text)
    return Masked(text, dict(kinds))
