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
#: Both languages speak in a text if the lesser has telling words of this weight (in tenths, as all weights), and this
#: share of all of them;
_MIXED_WEIGHT: Final = 20
_MIXED_SHARE: Final = 0.25
#: or if each has a clause of its own of so many words.
_CLAUSE_WEIGHT: Final = 7
_CLAUSE_WORDS: Final = 2
#: A word has to be so long for its ending to tell.
_MIN_LENGTH: Final = 5
_SURE, _ENDING, _WEAK_ENDING, _INSIDE = 10, 10, 6, 10
#: Words are summed up as integers of several fields: how many they are, and their weight for each language.
_FIELD: Final = 24  # bits
_MOST: Final = (1 << _FIELD) - 1
#: Such an integer has five fields; above the sum of some words stands that of more.
_BOUND: Final = 5 * _FIELD
#: A mark that ends a clause, or a sentence, among the words; a word is more, one written as a name is less.
_CLAUSE_END, _SENTENCE_END = 0, -1


class Marks(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What tells one language: words and stems (blank-separated), endings (regular expressions), letters inside."""

    words: str
    stems: str = ""
    endings: list[str]
    weak_endings: list[str]
    inside: list[str]


class Others(Struct, frozen=True, forbid_unknown_fields=True):
    """What tells that it is a third language: words, and letters or regular expressions inside of one."""

    words: str
    inside: list[str]
    letters: str


class Rules(Struct, frozen=True, forbid_unknown_fields=True):
    """Content of `rules/language.yaml`."""

    kazakh: Marks
    russian: Marks
    both: str
    greetings: str
    other: Others


class Weight(NamedTuple):
    """How much words speak for each language; a greeting speaks for Kazakh only where nothing else speaks."""

    kazakh: int
    russian: int
    other: int = 0
    greeting: int = 0

    def packed(self) -> int:
        """One word of this weight as an integer."""
        return 1 + sum(weight << _FIELD * place for place, weight in enumerate(self, 1))


def _unpacked(words: int) -> Weight:
    """The weight of words that were summed up."""
    return Weight(*[words >> _FIELD * place & _MOST for place in range(1, 5)])


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
_OTHER_INSIDE: Final = re.compile("|".join([f"[{_DATA.other.letters}]", *_DATA.other.inside]))
_KAZAKH_ENDINGS: Final = _endings(_DATA.kazakh.endings), _endings(_DATA.kazakh.weak_endings)
_RUSSIAN_ENDINGS: Final = _endings(_DATA.russian.endings), _endings(_DATA.russian.weak_endings)
_KAZAKH_INSIDE: Final = re.compile("|".join(plain(part) for part in _DATA.kazakh.inside))
_RUSSIAN_INSIDE: Final = re.compile("|".join(_DATA.russian.inside))


def detect(text: str) -> Language:
    """The language of `text`: `mixed` if both are spoken, `unknown` where nothing tells or a third one is spoken."""
    return _evident(text) or _by_clauses(text)


def _evident(text: str) -> Language | None:
    """The language of most texts: what `_by_clauses` comes to whatever the clauses are and whoever is named."""
    bounds = sum(_bounds_in(text))
    least, most = _unpacked(bounds), _unpacked(bounds >> _BOUND)
    if most.other or most.greeting:
        return None
    if most.kazakh < _CLAUSE_WEIGHT and least.russian > most.kazakh:
        return Language.RU
    if most.russian < _CLAUSE_WEIGHT and least.kazakh > most.russian:
        return Language.KK
    lesser = min(least.kazakh, least.russian)
    if lesser >= _MIXED_WEIGHT and lesser / (most.kazakh + most.russian) >= _MIXED_SHARE:
        return Language.MIXED
    return None


def _by_clauses(text: str) -> Language:
    """As `detect`, by what each clause is in."""
    whole = clause = kazakh_words = russian_words = 0
    first = True
    for token in chain(chain.from_iterable(_tokens_in(text)), (_SENTENCE_END,)):
        if token > 0:
            clause += token
            first = False
        elif token < _SENTENCE_END:
            clause += -token if first else 1  # a name says nothing of the language
            first = False
        else:
            if clause:
                kazakh, russian = clause >> _FIELD & _MOST, clause >> 2 * _FIELD & _MOST
                if (kazakh >= _CLAUSE_WEIGHT or russian >= _CLAUSE_WEIGHT) and not clause >> 4 * _FIELD:
                    kazakh_words += clause & _MOST if kazakh > russian else 0
                    russian_words += clause & _MOST if russian > kazakh else 0
                whole += clause
                clause = 0
            first = first or token == _SENTENCE_END
    return _decide(text, _unpacked(whole), min(kazakh_words, russian_words), whole & _MOST)


def _tokens(written: str) -> tuple[int, ...]:
    """The words of a piece by their weight, negative if written as a name, and the marks that end something."""
    return tuple(map(_token, _TOKEN.findall(written)))


def _bounds(written: str) -> int:
    """The least that the words of a piece weigh, without names, and the most, with them, as one integer."""
    words = [token for token in _tokens(written) if token > 0 or token < _SENTENCE_END]
    return sum([token for token in words if token > 0]) + (sum(map(abs, words)) << _BOUND)


def _token(written: str) -> int:
    if not written[0].isalpha():
        return _SENTENCE_END if written in _SENTENCE_MARKS else _CLAUSE_END
    weight = _WEIGHTS[written.lower()]
    is_name = written[0].isupper() and not written.isupper() and any(weight) and not weight.greeting
    return -weight.packed() if is_name else weight.packed()


def _decide(text: str, weight: Weight, lesser_words: int, words: int) -> Language:
    """The language, by the weight of each, and the words in the clauses of the one that has fewer."""
    kazakh, russian, other, greeting = weight
    if kazakh + russian < _SURE:
        kazakh += greeting
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
        return Weight(0, 0, greeting=_SURE)
    if _OTHER_INSIDE.search(word) or (word in _OTHER and folded not in _RUSSIAN and folded not in _KAZAKH):
        return Weight(0, 0, other=_SURE)
    if _LATIN.search(word) or folded in _BOTH:
        return Weight(0, 0)
    if folded in _RUSSIAN or folded.startswith("по-"):
        return Weight(0, _SURE)
    if folded in _KAZAKH or _ONLY_KAZAKH.search(word) or folded.startswith(_STEMS):
        return Weight(_SURE, 0)
    return Weight(
        _by_form(folded, _KAZAKH_INSIDE, _KAZAKH_ENDINGS), _by_form(folded, _RUSSIAN_INSIDE, _RUSSIAN_ENDINGS)
    )


def _by_form(word: str, inside: re.Pattern[str], endings: tuple[re.Pattern[str], re.Pattern[str]]) -> int:
    weight = _INSIDE if inside.search(word) else 0
    if len(word) >= _MIN_LENGTH:
        weight += _ENDING if endings[0].search(word) else _WEAK_ENDING if endings[1].search(word) else 0
    return weight


_WEIGHTS: Final = Memo(weigh)
_tokens_in: Final = pieces.column(_tokens)
_bounds_in: Final = pieces.column(_bounds)
