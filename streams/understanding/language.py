"""Language of a text: Russian, Kazakh, both, or neither.

Every word is weighed on its own, by the words and endings in `rules/language.yaml`; a library for 97 languages was
twenty times slower and worse on Kazakh typed without Kazakh letters.
"""

from __future__ import annotations

import re
from itertools import chain
from pathlib import Path
from typing import Final, NamedTuple

from msgspec import Struct

from schemas import reference
from schemas.events import Language
from streams.understanding import pieces
from streams.understanding.folding import plain
from streams.understanding.memo import Memo

RULES: Final = Path(__file__).parent / "rules" / "language.yaml"
#: A word, or a mark that ends a clause; a line's end is a sentence's end.
_TOKEN: Final = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*|[.!?…,;:()«»\"“”–—\n]")
_SENTENCE_MARKS: Final = frozenset(".!?…\n")
_ONLY_KAZAKH: Final = re.compile("[әғқңөұүһі]")
_CYRILLIC: Final = re.compile("[а-я]")
_LATIN: Final = re.compile("[a-z]")
#: Both languages speak in a text if the lesser has telling words of this weight, and this share of all of them;
_MIXED_WEIGHT: Final = 2.0
_MIXED_SHARE: Final = 0.25
#: or if each has a clause of its own of so many words.
_CLAUSE_WEIGHT: Final = 0.7
_CLAUSE_WORDS: Final = 2
#: A word has to be so long for its ending to tell.
_MIN_LENGTH: Final = 5
_ENDING, _WEAK_ENDING, _INSIDE = 1.0, 0.6, 1.0


class Marks(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What tells one language: words and stems (blank-separated), endings (regular expressions), letters inside."""

    words: str
    stems: str = ""
    endings: list[str]
    weak_endings: list[str]
    inside: list[str]


class Others(Struct, frozen=True, forbid_unknown_fields=True):
    """What tells that it is a third language."""

    words: str
    letters: str


class Rules(Struct, frozen=True, forbid_unknown_fields=True):
    """Content of `rules/language.yaml`."""

    kazakh: Marks
    russian: Marks
    both: str
    greetings: str
    other: Others


class Weight(NamedTuple):
    """How much a word speaks for each language; a greeting speaks for Kazakh only where nothing else speaks."""

    kazakh: float
    russian: float
    other: float = 0.0
    greeting: float = 0.0


def _words(text: str) -> frozenset[str]:
    return frozenset(plain(text).split())


def _endings(endings: list[str]) -> re.Pattern[str]:
    return re.compile("(?:" + "|".join(plain(ending) for ending in endings) + ")$")


_DATA: Final = reference.load(RULES, Rules)
_BOTH: Final = _words(_DATA.both)
_KAZAKH: Final = _words(_DATA.kazakh.words) - _BOTH
_STEMS: Final = tuple(_words(_DATA.kazakh.stems))
_RUSSIAN: Final = _words(_DATA.russian.words) - _BOTH
_GREETINGS: Final = _words(_DATA.greetings)
_OTHER: Final = frozenset(_DATA.other.words.split())
_OTHER_LETTERS: Final = re.compile(f"[{_DATA.other.letters}]")
_KAZAKH_ENDINGS: Final = _endings(_DATA.kazakh.endings), _endings(_DATA.kazakh.weak_endings)
_RUSSIAN_ENDINGS: Final = _endings(_DATA.russian.endings), _endings(_DATA.russian.weak_endings)
_KAZAKH_INSIDE: Final = re.compile("|".join(plain(part) for part in _DATA.kazakh.inside))
_RUSSIAN_INSIDE: Final = re.compile("|".join(_DATA.russian.inside))


def detect(text: str) -> Language:
    """The language of `text`: `mixed` if both are spoken, `unknown` where nothing tells or a third one is spoken."""
    kazakh = russian = other = greeting = 0.0
    kazakh_words = russian_words = words = 0
    clause_kazakh = clause_russian = 0.0
    clause_start, first, greeted = 0, True, False
    for weight, distinct in chain(chain.from_iterable(_tokens_in(text)), _END):
        if weight is None:
            if not greeted and (clause_kazakh >= _CLAUSE_WEIGHT or clause_russian >= _CLAUSE_WEIGHT):
                if clause_kazakh > clause_russian:
                    kazakh_words += words - clause_start
                elif clause_russian > clause_kazakh:
                    russian_words += words - clause_start
            clause_kazakh, clause_russian, clause_start, greeted = 0.0, 0.0, words, False
            first = first or distinct
            continue
        words += 1
        for_kazakh, for_russian, for_other, greets = weight
        if greets:
            greeting += 1
            greeted = True
        elif first or not distinct:  # not a name
            kazakh += for_kazakh
            russian += for_russian
            other += for_other
            clause_kazakh += for_kazakh
            clause_russian += for_russian
        first = False
    if kazakh + russian < 1:
        kazakh += greeting
    return _decide(text, kazakh, russian, other, min(kazakh_words, russian_words), words)


def _tokens(written: str) -> tuple[tuple[Weight | None, bool], ...]:
    """The tokens of a piece.

    Of a word its weight and whether it is written as a name, of a mark None and whether it ends a sentence.
    """
    return tuple(
        (_WEIGHTS[token.lower()], token[0].isupper() and not token.isupper())
        if token[0].isalpha()
        else (None, token in _SENTENCE_MARKS)
        for token in _TOKEN.findall(written)
    )


def _decide(text: str, kazakh: float, russian: float, other: float, lesser_words: int, words: int) -> Language:
    """The language, by the weight of each, and the words in the clauses of the one that has fewer."""
    lesser, whole = min(kazakh, russian), kazakh + russian
    if other > max(kazakh, russian) / 2:
        return Language.UNKNOWN
    if whole == 0:
        return Language.RU if _CYRILLIC.search(text.lower()) else Language.UNKNOWN
    needed = _CLAUSE_WORDS if words > 2 * _CLAUSE_WORDS else 1
    if (lesser >= _MIXED_WEIGHT and lesser / whole >= _MIXED_SHARE) or lesser_words >= needed:
        return Language.MIXED
    return Language.KK if kazakh > russian else Language.RU


def weigh(word: str) -> Weight:
    """How much a word in lower case speaks for each language."""
    folded = plain(word)
    if folded in _GREETINGS:
        return Weight(0, 0, greeting=1)
    if _OTHER_LETTERS.search(word) or (word in _OTHER and folded not in _RUSSIAN and folded not in _KAZAKH):
        return Weight(0, 0, other=1)
    if _LATIN.search(word) or folded in _BOTH:
        return Weight(0, 0)
    if folded in _RUSSIAN or folded.startswith("по-"):
        return Weight(0, 1)
    if folded in _KAZAKH or _ONLY_KAZAKH.search(word) or folded.startswith(_STEMS):
        return Weight(1, 0)
    return Weight(
        _by_form(folded, _KAZAKH_INSIDE, _KAZAKH_ENDINGS), _by_form(folded, _RUSSIAN_INSIDE, _RUSSIAN_ENDINGS)
    )


def _by_form(word: str, inside: re.Pattern[str], endings: tuple[re.Pattern[str], re.Pattern[str]]) -> float:
    weight = _INSIDE if inside.search(word) else 0.0
    if len(word) >= _MIN_LENGTH:
        weight += _ENDING if endings[0].search(word) else _WEAK_ENDING if endings[1].search(word) else 0.0
    return weight


_WEIGHTS: Final = Memo(weigh)
_tokens_in: Final = pieces.WRITTEN.column(_tokens)
#: The end of a text, as a token.
_END: Final = ((None, True),)
