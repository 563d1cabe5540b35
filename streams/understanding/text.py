"""Folding: one normal form of a text in which tricks of writing and typing habits no longer matter.

`fold` undoes what fraudsters do to pass filters (Latin look-alikes, zero-width characters, "с б е р") and what people
do in a hurry (кооод, capitals, missing ё).  `fold_with_offsets` also says where every folded character came from, so
that evidence shows the words as they were written.  `Words` cuts a folded text into words for the pattern matcher.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import accumulate
from operator import itemgetter
from typing import Final, NamedTuple

from streams.understanding import pieces

#: Latin letters (as drawn, so by case) and digits that stand for a Cyrillic one inside a Cyrillic word.
_TO_CYRILLIC: Final = str.maketrans(
    "ABCEHIKMOPTXYaceghikmnoprtuxyb036@",
    "АВСЕНІКМОРТХУаседһікмпоргтихуьозба",
)
#: Cyrillic letters that stand for a Latin one inside a Latin word.
_TO_LATIN: Final = str.maketrans("АВСЕНІКМОРТХУЅЈасеһікморсухѕјтв", "ABCEHIKMOPTXYSJacehikmopcyxsjtb")
#: Letters that exist in one alphabet only: they decide to which alphabet a mixed word belongs.
_ONLY_CYRILLIC: Final = re.compile("[БГДЖЗИЙЛПФЦЧШЩЪЫЬЭЮЯӘҒҚҢӨҰҮбвгджзийлнптфцчшщъыьэюяәғқңөұүёЁ]")
_ONLY_LATIN: Final = re.compile("[DFGJLNQRSUVWZdfjlqsvwz]")

#: What texts are normally made of: nothing in here is invisible, combining or an imitation of a letter.
_ORDINARY: Final = re.compile(
    "[\t\n\r\x20-\x7e«»°№–—‘’“”„•…₸₽\u00a0\u0400-\u045f\u0490-\u04ff\u2190-\u23ff\u2500-\u2bff\U0001f000-\U0001faff]*"
)
_ALIEN: Final = re.compile(
    "[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff]+"  # invisible
    "|[\u0300-\u036f]+"  # stress marks; a decomposed й is composed before
    # Full width, enclosed and mathematical letters, but not the sign of a number (№).
    "|[\uff01-\uff5e\u2100-\u2115\u2117-\u214f\u24b6-\u24e9\U0001d400-\U0001d7ff]"
)
_DECOMPOSED: Final = re.compile("[ИиЕе][\u0306\u0308]")
#: A Latin letter or a digit beside a Cyrillic letter.  Begins with what is rare: so it is searched for fastest.
_MIXED: Final = re.compile("[A-Za-z0-9@](?:(?=[\u0400-\u052f])|(?<=[\u0400-\u052f].))")
_SWITCH: Final = re.compile("[A-Za-z0-9@](?=[\u0400-\u052f])|[\u0400-\u052f](?=[A-Za-z0-9@])")
_MIXED_WORD: Final = re.compile("[A-Za-z0-9@\u0400-\u052f]+")
_INNER_DIGIT: Final = re.compile("(?<=[\u0400-\u052f])[036](?=[\u0400-\u052f])")
_TRIPLE: Final = re.compile(r"(.)\1\1")  # ten times as fast as the next, and rarely there
_REPEATED: Final = re.compile(r"([^\W\d_])\1{2,}")
#: Without this nothing is spaced out.
_SPACED_NEAR: Final = re.compile(r"[ .\-_*·][^\W_][ .\-_*·][^\W_](?![^\W_])")
#: And without this nothing is spaced out by blanks.
_SPACED_BY_BLANKS: Final = re.compile(r" [^\W\d_] [^\W\d_](?![^\W_])")
_SPACED: Final = re.compile(r"(?<![^\W_])[^\W\d_](?:([ .\-_*·])[^\W\d_](?:\1[^\W\d_])+)(?![^\W_])")
#: One-letter words of Russian: three of them in a row are prose ("и я в"), not a spaced-out word.
_ONE_LETTER_WORDS: Final = frozenset("авикосуяжб")
_KAZAKH: Final = re.compile("[әғқңөұүһі]")
_BARE: Final = str.maketrans("әғқңөұүһі", "агкноуухи")

#: A word; a question mark counts as one, since it says something.
_WORD: Final = re.compile(r"[\u0400-\u052f]+|[a-z]+|[0-9]+|[^\W_]+|\?")
#: A word or the end of a sentence; a line's end is one.
_PIECE: Final = re.compile(rf"{_WORD.pattern}|[.!…;](?=\Z|[\s)»”\"'])|\n")
_SENTENCE_ENDS: Final = frozenset(".!…;\n")
_ENDING: Final = _SENTENCE_ENDS | {"?"}
#: Stands for what can't be folded piece by piece; no folded piece has a blank.
_MOVED: Final = " "


class Folded(NamedTuple):
    """A folded text; `offsets[i]` is the index in the original of folded character i (one more entry for the end)."""

    text: str
    offsets: Sequence[int]


class _Cut(NamedTuple):
    """What a piece is cut into: its words, before which of them sentences end, and where in it each word stands.

    `width` is how many characters it takes with the blank after it.
    """

    words: tuple[str, ...]
    ends: tuple[int, ...]
    spans: tuple[tuple[int, int], ...]
    width: int


_WORDS: Final = itemgetter(0)
_WIDTH: Final = itemgetter(3)


class Words:
    """The words of a folded text in their bare form, and the number of the sentence of each."""

    __slots__ = ("_cuts", "_places", "sentences", "texts")

    def __init__(self, folded: str, cuts: Sequence[_Cut] | None = None) -> None:
        """Cuts `folded`; a word ends also where letters meet digits or another alphabet.

        `cuts`: those of its pieces, where they are known.
        """
        self._cuts = cuts or [_cut(piece) for piece in pieces.split(folded)]
        self._places: tuple[list[int], list[int]] | None = None
        texts: list[str] = []
        sentences: list[int] = []
        sentence = 0
        for words, ends, _, _ in self._cuts:
            for end in ends:
                sentences += [sentence] * (len(texts) + end - len(sentences))
                sentence += 1
            texts += words
        self.texts = texts
        self.sentences = sentences + [sentence] * (len(texts) - len(sentences))

    def span(self, index: int) -> tuple[int, int]:
        """Start and end of a word in the folded text."""
        if self._places is None:  # found when first asked for: many texts need none
            words = accumulate(map(len, map(_WORDS, self._cuts)), initial=0)
            self._places = list(words), list(accumulate(map(_WIDTH, self._cuts), initial=0))
        counts, starts = self._places  # words before each piece, and where it starts
        piece = bisect_right(counts, index) - 1
        first, end = self._cuts[piece].spans[index - counts[piece]]
        return starts[piece] + first, starts[piece] + end


def _cut(piece: str) -> _Cut:
    """The words of a folded piece."""
    words: list[str] = []
    ends: list[int] = []
    spans: list[tuple[int, int]] = []
    for part in _PIECE.finditer(bare(piece)):
        if part.group() not in _SENTENCE_ENDS:
            words.append(part.group())
            spans.append(part.span())
        if part.group() in _ENDING:
            ends.append(len(words))
    return _Cut(tuple(words), tuple(ends), tuple(spans), pieces.width(piece))


def bare(folded: str) -> str:
    """A folded text with Kazakh letters as those type them who lack them (ә → а, қ → к …): the form to match in."""
    return folded.translate(_BARE) if _KAZAKH.search(folded) else folded


def fold(text: str) -> str:
    """`text` in lower case, with look-alike letters, invisible characters, s p a c i n g, repetition and ё undone."""
    return fold_with_offsets(text).text


@lru_cache(maxsize=16)
def fold_with_offsets(text: str) -> Folded:
    """As `fold`, with the place of each character in the original.

    Remembered for the last few texts: one is first masked and then read.  Only where letters are spaced out, or
    characters move, the whole text is looked at.
    """
    unmoved = _unmoved(text)
    if _MOVED in unmoved:
        return _fold(text)
    folded = pieces.join(unmoved)
    return _fold(text) if _SPACED_BY_BLANKS.search(folded) else Folded(folded, range(len(text) + 1))


def read(text: str) -> tuple[Folded, Words]:
    """`text` folded, and its words."""
    folded = fold_with_offsets(text)
    by_piece = isinstance(folded.offsets, range) and _MOVED not in _unmoved(text)
    return folded, Words(folded.text, _cuts(text) if by_piece else None)


def _fold(text: str) -> Folded:
    """As `fold_with_offsets`."""
    folded = text.replace("\u0130", "I")
    offsets: Sequence[int] = range(len(text) + 1)
    if not _ORDINARY.fullmatch(folded):
        folded, offsets = _edit(folded, offsets, _DECOMPOSED, lambda m: unicodedata.normalize("NFC", m[0]))
        folded, offsets = _edit(folded, offsets, _ALIEN, _plain)
    if _MIXED.search(folded):
        folded = _MIXED_WORD.sub(_one_alphabet, folded)
    folded = folded.lower().replace("ё", "е")
    if _TRIPLE.search(folded):
        folded, offsets = _edit(folded, offsets, _REPEATED, lambda m: m[1])
    return _edit(folded, offsets, _SPACED, _joined) if _SPACED_NEAR.search(folded) else Folded(folded, offsets)


@lru_cache(maxsize=1)
def _fold_unmoved(piece: str) -> str:
    """A piece folded, or `_MOVED` if its characters move, or are such as change how the whole text is folded."""
    folded = _fold(piece)
    return folded.text if isinstance(folded.offsets, range) and _ORDINARY.fullmatch(piece) else _MOVED


_unmoved: Final = pieces.column(_fold_unmoved)
_cuts: Final = pieces.column(lambda piece: _cut(_fold_unmoved(piece)))


def _edit(
    folded: str, offsets: Sequence[int], pattern: re.Pattern[str], replace: Callable[[re.Match[str]], str]
) -> Folded:
    """`folded` with each match replaced; the last character of a replacement comes from the end of what it replaces."""
    if pattern.search(folded) is None:
        return Folded(folded, offsets)
    parts: list[str] = []
    moved: list[int] = []
    done = 0
    for match in pattern.finditer(folded):
        new = replace(match)
        parts += (folded[done : match.start()], new)
        moved.extend(offsets[done : match.start()])
        if new:
            moved.extend(offsets[min(match.start() + i, match.end() - 1)] for i in range(len(new) - 1))
            moved.append(offsets[match.end() - 1])
        done = match.end()
    parts.append(folded[done:])
    moved.extend(offsets[done:])
    return Folded("".join(parts), moved)


def _plain(match: re.Match[str]) -> str:
    """A full-width or mathematical letter as an ordinary one; an invisible character or a stress mark as nothing."""
    plain = unicodedata.normalize("NFKC", match[0])
    return "".join(c for c in plain if unicodedata.category(c) not in {"Mn", "Cf"} and c != "\u034f")


def _one_alphabet(match: re.Match[str]) -> str:
    """A word of two alphabets in the one it belongs to; "kaspiге" (a name with a suffix) and "5000тг" stay."""
    word = match[0]
    switches = _SWITCH.findall(word)
    if not switches:
        return word
    latin, cyrillic = _ONLY_LATIN.search(word), _ONLY_CYRILLIC.search(word)
    if latin and not cyrillic:
        return word.translate(_TO_LATIN)
    if not any(c.isascii() and c.isalpha() for c in word):
        return _INNER_DIGIT.sub(lambda m: m[0].translate(_TO_CYRILLIC), word).replace("@", "а")
    if latin and len(switches) == 1:
        return word
    return word.translate(_TO_CYRILLIC)


def _joined(match: re.Match[str]) -> str:
    """Single letters put together, unless they are a row of one-letter words."""
    letters = match[0][:: len(match[1]) + 1]
    return match[0] if all(c in _ONE_LETTER_WORDS for c in letters) else letters
