"""One form for many ways to write a letter or a digit, character by character, so that offsets stay true."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from functools import lru_cache
from typing import Final

from streams.understanding import pieces

#: Kazakh letters (and ё) as people type them on a plain Russian keyboard.
_PLAIN: Final = str.maketrans("әғқңөұүһіё", "агкноуухие")
#: Characters that are drawn onto or into the one before: the keycap emoji, joiners, soft hyphens.
_INVISIBLE: Final = {0xFE0F, 0x20E3}
#: A letter written for the digit that it looks like: "8-7О5".
_LOOKALIKE: Final = re.compile(
    r"(?<=\d)[oоlз](?=\d)|(?:(?<=\d)|(?<=\d-))[oо]{1,3}(?=[\d -]|$)|(?<![^\W\d_])[oо]{1,3}(?=\d)"
)
#: A Cyrillic word with Latin letters that look the same, and what they stand for: "кoд" with a Latin o.
_LATIN: Final = re.compile("[a-z]")
_MIXED: Final = re.compile("[a-z](?:(?=[а-я])|(?<=[а-я].))")
_MIXED_WORD: Final = re.compile("[а-я]+[a-z][a-zа-я]*|[a-z]+[а-я][a-zа-я]*")
_TWINS: Final = str.maketrans("aceopxykmthbi", "асеорхукмтнви")
_LOOKALIKE_NEAR: Final = re.compile(r"[0-9](?:-?[oоlз]|(?<=[oо].))")
_LOOKALIKE_DIGIT: Final = {"o": "0", "о": "0", "l": "1", "з": "3"}


class _Folding(dict[int, str]):
    """Translation table that fills itself as characters are met: every character maps to exactly one."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        category = unicodedata.category(char)
        if category == "Nd":
            folded = str(unicodedata.digit(char))
        elif category == "Pd" or char == "\N{MINUS SIGN}":
            folded = "-"
        elif category in {"Zs", "Cf"} or char == "\t" or code in _INVISIBLE:
            folded = " "
        else:
            narrow = unicodedata.normalize("NFKC", char)
            lower = (narrow if len(narrow) == 1 else char).lower()
            folded = plain(lower) if len(lower) == 1 else char
        self[code] = folded
        return folded


_TABLE: Final = _Folding()
#: Kinds of secrets that are masked: `[card]` stands where a card stood.
SECRET_KINDS: Final = ("one-time-code", "card", "iin", "iban", "password", "pin", "cvv", "phone", "email")
_PLACEHOLDER: Final = re.compile(r"\[(?:" + "|".join(SECRET_KINDS) + r")\]")
#: What a placeholder is read as: no letter, no digit, no blank.
NOTHING: Final = "\uffff"
#: The last few folded texts, as they were written.
_WRITTEN: Final[dict[str, str]] = {}
_RECENT: Final = 64
#: What lower case alone leaves unfolded.
_UNUSUAL: Final = re.compile(r"[^ -~\nа-я«»№]+")


def placeholders(text: str) -> dict[str, int]:
    """How many secrets of each kind stand masked in `text`, whoever masked them."""
    return dict(Counter(found[1:-1] for found in _PLACEHOLDER.findall(text))) if "[" in text else {}


def plain(text: str) -> str:
    """`text` (in lower case) with Kazakh letters as they are typed on a Russian keyboard; same length."""
    return text.translate(_PLAIN)


@lru_cache(maxsize=16)
def fold(text: str) -> str:
    """`text` in lower case, with ASCII digits, hyphens and spaces, and plain letters (see `plain`); same length.

    A placeholder of a masked secret is read as nothing.
    """
    folded = pieces.join(_folded(text))
    if len(_WRITTEN) >= _RECENT:
        _WRITTEN.clear()
    _WRITTEN[folded] = text
    return folded


def written_as(folded: str) -> str:
    """The text that was lately folded to `folded`, of whose pieces all is known; another folded text itself."""
    return _WRITTEN.get(folded, folded)


@lru_cache(maxsize=1)
def fold_piece(text: str) -> str:
    """As `fold`, of what stands between two blanks."""
    if "\N{LATIN CAPITAL LETTER I WITH DOT ABOVE}" in text:  # the one letter that lower() makes longer
        text = text.replace("\N{LATIN CAPITAL LETTER I WITH DOT ABOVE}", "i")
    folded = text.lower()
    if _UNUSUAL.search(folded):
        folded = _UNUSUAL.sub(lambda m: m.group().translate(_TABLE), folded)
    if _LOOKALIKE_NEAR.search(folded):
        folded = _LOOKALIKE.sub(lambda m: "".join(_LOOKALIKE_DIGIT[c] for c in m.group()), folded)
    if _MIXED.search(folded):
        folded = _MIXED_WORD.sub(_cyrillic, folded)
    if "[" in folded:
        folded = _PLACEHOLDER.sub(lambda m: NOTHING * len(m.group()), folded)
    return folded


_folded: Final = pieces.column(fold_piece)


def _cyrillic(match: re.Match[str]) -> str:
    """A mixed word in Cyrillic, if it is that but for a few look-alikes; a name with an ending ("kaspiге") stays."""
    word = match.group()
    folded = word.translate(_TWINS)
    changed = sum(one != two for one, two in zip(word, folded, strict=True))
    return folded if 2 * changed < len(word) and not _LATIN.search(folded) else word
