"""Word patterns: from words as people write them to the concepts that rules are made of.

A concept is a list of phrases (see `rules/concepts/*.yaml`).  A phrase is words in order; a word is one or more forms
separated by `|`; each form is

- `код`      this very word,
- `мошенн*`  any word that begins so,
- `счет~`    this stem with any Russian or Kazakh ending ("счета", "счетом"; not "счетчик"),
- `*мын`     any word that ends so,

and `..` between words lets up to three other words of the same sentence stand there.  Everything is compared in the
form that `text.Words` gives: lower case, ё as е, and Kazakh letters as those who lack them type them (ә → а, қ → к, …),
so a pattern may be written either way.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from msgspec import Struct

from streams.understanding.memo import Memo
from streams.understanding.text import Words, bare, fold

#: The most words that `..` may stand for.
MAX_GAP: Final = 3
#: A concept is told by its first occurrences; more would only cost time (a report may have 10,000 characters).
MAX_OCCURRENCES: Final = 30
#: A stem this long is also recognised with one wrong, missing, extra or swapped letter.
TYPO_LENGTH: Final = 8
#: No stem is longer: bounds the search for a mistyped one.
LONGEST_STEM: Final = 15

_NOUNS: Final = (
    "а я о е и ы у ю ь й ом ем ой ей ою ею ов ев ам ям ами ями ах ях ми мя ию ие ия ии ью ий иями иям иях ией ием "
    "ый ая ое ые ого его ому ему ым им ую юю ых их ыми ими яя ее ка ку ки ке кой кою кам ками ках ок"
)
_VERBS: Final = (
    "ть л ла ло ли ет ют ит ат ят ут ишь ешь ите ете ил ила или ить ал ала али ать аю ает ают аем айте яю яет яют ял "
    "яла яли ять ел ела ели еть ился илась ились иться ался алась ались аться ается аются ется ются ится ятся ись "
    "ив ав ен ена ено ены ный ная ное ные нный нная ан ана ано аны"
)
_RUSSIAN_ENDINGS: Final = frozenset([*_NOUNS.split(), *_VERBS.split()])
#: Kazakh, in bare letters.  Nouns: plural, possessive, case (and -дағы, -мын …), in this order, each at most once.
_KAZAKH_NOUN: Final = (
    r"(?:[лдт][ае]р)?"
    r"(?:[ыиу]?м(?:ыз|из)?|[ыиу]?н(?:ыз|из)|[ыиу]?н|сы|си|ы|и)?"
    r"(?:н?[ыи]н|[днт][ыи]н|[гк][ае]|н[ае]|а|е|[днт][ыи]|н|нд[ае]|[дт][ае]|н?д[ае]н|[тн][ае]н|[мбп]ен(?:ен)?)?"
    r"(?:гы|ги|мын|мин|сын|сиз|сыз|быз|биз|мыз|миз|пын|пин)?"
)
#: Verbs: negation, then mood or tense with person.
_KAZAKH_VERB: Final = (
    r"(?:[мбп][ае])?"
    r"(?:[ыи]?п(?:т[ыи])?|[гк][ае]н(?:[ыи]н?|д[ае]|н[ае]н|м[ыи]н|б[ыи]з|д[ае]р)?|[дт][ыи](?:м|н|к|ныз|низ|ндар|ндер)?"
    r"|с[ае](?:м|н|к|ныз|низ)?|[аей](?:д[ыи]|м[ыи]н|с[ыи]н|с[ыи]з|м[ыи]з|т[ыи]н(?:д[ае]р)?)?|с[ыи]н"
    r"|у(?:[ыи]|д[ыи]|г[ае]|[ыи]н[ае]?|д[ае]|[ыи]н[ыи]з(?:д[ыи])?|[ыи]мен|мен)?|[ыи]?н[ыи]з(?:д[ае]р|ш[ыи])?|[ыи]нд[ае]р|[аей]й[ыи]к|ш[ыи]|м[ае]к(?:ш[ыи])?)"
)
_KAZAKH_ENDING: Final = re.compile(f"{_KAZAKH_NOUN}|{_KAZAKH_VERB}")


class Match(Struct, frozen=True, order=True, gc=False):
    """Words `first` to `last` (inclusive indices) that gave a concept."""

    first: int
    last: int


class _Word(Struct, frozen=True):
    """What the matcher knows of a word: which forms of phrases it fits, and concepts it gives alone.

    `ends` are its atoms that end a phrase.  `pairs` are phrases of two words that begin with it, by the atoms of the
    second one; `phrases` are longer ones, by the atoms of their last word, which stands at most `reach` words on.
    """

    atoms: frozenset[int]
    ends: tuple[int, ...]
    concepts: tuple[str, ...]
    pairs: dict[int, list[int]]
    phrases: dict[int, list[int]]
    reach: int


#: A phrase: its concept, its words and gaps.
_Phrase = tuple[str, tuple[frozenset[int] | int, ...]]
_GAP: Final = -1
#: "лжеследователь" is also read as "следователь".
_FALSE_PREFIXES: Final = ("лже", "псевдо")
_NOTHING: Final = _Word(frozenset(), (), (), {}, {}, 0)
_TRANSLIT: Final = {
    **{"shch": "щ", "sch": "щ", "zh": "ж", "kh": "х", "ts": "ц", "ch": "ч", "sh": "ш", "yu": "ю", "ya": "я"},
    **{"yo": "е", "iy": "ий", "ju": "ю", "ja": "я"},
    **dict(zip("abcdefghijklmnopqrstuvwxyz", "абцдефгхийклмнопкрстувшхыз", strict=True)),
}
_TRANSLIT_UNITS: Final = re.compile("|".join(sorted(_TRANSLIT, key=len, reverse=True)))
_LOOKALIKE_WORD: Final = re.compile("[abcehkmoptxy]+")
_LOOKALIKES: Final = str.maketrans("abcehkmoptxy", "авсенкмортху")


def has_ending(rest: str) -> bool:
    """Whether `rest`, what follows a stem, is nothing or a Russian or Kazakh ending."""
    return not rest or rest in _RUSSIAN_ENDINGS or _KAZAKH_ENDING.fullmatch(rest) is not None


class Lexicon:
    """Concepts with their phrases, compiled.  `match` finds them in a text's words."""

    def __init__(self, concepts: Mapping[str, Sequence[str]], not_typos: Iterable[str] = ()) -> None:
        """`concepts`: phrases by concept; `not_typos`: beginnings of words that only look like a mistyped stem."""
        self._exact: dict[str, set[int]] = {}
        self._prefix: dict[str, set[int]] = {}
        self._stem: dict[str, set[int]] = {}
        self._suffix: dict[str, set[int]] = {}
        self._atoms: dict[str, int] = {}
        self._phrases: list[_Phrase] = []
        self._lasts: list[frozenset[int]] = []
        self._ending: set[int] = set()
        self._inside: set[int] = set()
        self._single: dict[int, set[str]] = {}
        self._starting: dict[int, list[int]] = {}
        self._typos: dict[str, set[str]] = {}
        self._not_typos = tuple(sorted(bare(fold(w)) for w in not_typos))
        self._known = Memo(self._learn)
        for concept, phrases in concepts.items():
            for phrase in phrases:
                self._add(concept, phrase)
        for stem in {*self._prefix, *self._stem}:
            if len(stem) >= TYPO_LENGTH and " " not in stem:
                for key in _deletions(stem):
                    self._typos.setdefault(key, set()).add(stem)

    def match(self, words: Words) -> dict[str, list[Match]]:
        """Every occurrence of every concept in `words`, in the order of the text."""
        known = list(map(self._known.__getitem__, words.texts))
        ends = [*[word.ends for word in known], ()]
        sentences = words.sentences
        found: dict[str, list[Match]] = {}
        for index, word in enumerate(known):
            if word.concepts:
                here = Match(index, index)
                for concept in word.concepts:
                    found.setdefault(concept, []).append(here)
            begun: list[int] = []
            if word.pairs:
                pairs = word.pairs
                for atom in ends[index + 1]:
                    if atom in pairs and sentences[index] == sentences[index + 1]:
                        begun += pairs[atom]
            if word.reach:
                phrases = word.phrases
                for atoms in ends[index + 1 : index + 1 + word.reach]:
                    for atom in atoms:
                        if atom in phrases:
                            begun += phrases[atom]
            if begun:
                self._finish(sorted(set(begun)), index, known, sentences, found)
        for matches in found.values():
            del matches[MAX_OCCURRENCES:]
        return found

    def _finish(
        self, begun: list[int], index: int, known: list[_Word], sentences: list[int], found: dict[str, list[Match]]
    ) -> None:
        """Adds to `found` those of the phrases begun at `index` that stand there to their end."""
        for number in begun:
            concept, parts = self._phrases[number]
            end = index + 1 if len(parts) == 2 else _follow(parts, 1, index, known, sentences)
            if end >= 0:
                found.setdefault(concept, []).append(Match(index, end))

    def knows(self, word: str) -> bool:
        """Whether one word (in the form of `text.Words`) gives a concept by itself."""
        return bool(self._known[word].concepts)

    def _add(self, concept: str, phrase: str) -> None:
        parts: list[frozenset[int] | int] = [
            _GAP if part == ".." else frozenset(self._atom(form) for form in part.split("|")) for part in phrase.split()
        ]
        head, tail = parts[0], parts[-1]
        if isinstance(head, int) or isinstance(tail, int):
            raise ValueError(f"phrase {phrase!r} begins or ends with '..'; write the words only")
        if len(parts) == 1:
            for atom in head:
                self._single.setdefault(atom, set()).add(concept)
            return
        number = len(self._phrases)
        self._phrases.append((concept, tuple(parts)))
        self._lasts.append(tail)
        self._ending |= tail
        self._inside |= {atom for part in parts if not isinstance(part, int) for atom in part}
        for atom in head:
            self._starting.setdefault(atom, []).append(number)

    def _atom(self, form: str) -> int:
        atom = self._atoms.setdefault(form, len(self._atoms))
        if form[0] == "*":
            table, text = self._suffix, form[1:]
        else:
            table = {"*": self._prefix, "~": self._stem}.get(form[-1], self._exact)
            text = form.rstrip("*~")
        table.setdefault(bare(fold(text)), set()).add(atom)
        return atom

    def _learn(self, text: str) -> _Word:
        atoms = self._resolve(text)
        for prefix in _FALSE_PREFIXES:
            if text.startswith(prefix) and len(text) > len(prefix) + 3:
                atoms |= self._resolve(text[len(prefix) :])
        if not atoms and text.isascii() and text.isalpha():
            if _LOOKALIKE_WORD.fullmatch(text):
                atoms = self._resolve(text.translate(_LOOKALIKES))
            if not atoms:
                atoms = self._resolve(_TRANSLIT_UNITS.sub(lambda m: _TRANSLIT[m[0]], text))
        if not atoms and len(text) >= TYPO_LENGTH:
            atoms = self._guess(text)
        if not atoms:
            return _NOTHING
        concepts = {c for atom in atoms for c in self._single.get(atom, ())}
        pairs: dict[int, list[int]] = {}
        phrases: dict[int, list[int]] = {}
        reach = 0
        for number in {number for atom in atoms for number in self._starting.get(atom, ())}:
            parts = self._phrases[number][1]
            if len(parts) > 2:
                reach = max(reach, _reach(parts))
            for last in self._lasts[number]:
                (phrases if len(parts) > 2 else pairs).setdefault(last, []).append(number)
        return _Word(
            frozenset(atoms & self._inside),
            tuple(sorted(atoms & self._ending)),
            tuple(sorted(concepts)),
            pairs,
            phrases,
            reach,
        )

    def _resolve(self, text: str) -> set[int]:
        atoms = set(self._exact.get(text, ()))
        for length in range(1, len(text) + 1):
            stem = text[:length]
            if stem in self._prefix:
                atoms |= self._prefix[stem]
            if stem in self._stem and has_ending(text[length:]):
                atoms |= self._stem[stem]
            ending = text[-length:]
            if ending in self._suffix:
                atoms |= self._suffix[ending]
        return atoms

    def _guess(self, text: str) -> set[int]:
        """The atoms of a stem that `text` begins with but for one letter (never the first)."""
        if text.startswith(self._not_typos):
            return set()
        for length in range(min(len(text), LONGEST_STEM + 1), TYPO_LENGTH - 2, -1):
            start, rest = text[:length], text[length:]
            for key in filter(self._typos.__contains__, _deletions(start)):
                for stem in sorted(self._typos[key]):
                    if stem[0] != text[0] or not _one_edit(start, stem):
                        continue
                    atoms = set(self._prefix.get(stem, ()))
                    if has_ending(rest):
                        atoms |= self._stem.get(stem, set())
                    if atoms:
                        return atoms
        return set()


def _reach(parts: tuple[frozenset[int] | int, ...]) -> int:
    """How many words after its first the last word of a phrase may stand."""
    return sum(MAX_GAP if part == _GAP else 1 for part in parts[1:])


def _follow(
    parts: tuple[frozenset[int] | int, ...], part: int, at: int, known: Sequence[_Word], sentences: Sequence[int]
) -> int:
    """Index of the last word of a phrase whose parts before `part` end with word `at`, or -1."""
    wanted, reach = parts[part], 1
    while isinstance(wanted, int):
        part, reach = part + 1, reach + MAX_GAP
        wanted = parts[part]
    for index in range(at + 1, min(at + 1 + reach, len(known))):
        if sentences[index] != sentences[at]:
            return -1
        if not wanted.isdisjoint(known[index].atoms):
            last = index if part + 1 == len(parts) else _follow(parts, part + 1, index, known, sentences)
            if last >= 0:
                return last
    return -1


def _deletions(text: str) -> list[str]:
    """`text` and what is left of it when one letter after the first is taken out."""
    return [text, *(text[:i] + text[i + 1 :] for i in range(1, len(text)))]


def _one_edit(a: str, b: str) -> bool:
    """Whether `a` becomes `b` by one letter changed, taken out, put in, or two neighbours swapped."""
    if abs(len(a) - len(b)) > 1:
        return False
    i = 0
    while i < min(len(a), len(b)) and a[i] == b[i]:
        i += 1
    return (
        a[i + 1 :] == b[i + 1 :]
        or a[i:] == b[i + 1 :]
        or a[i + 1 :] == b[i:]
        or (a[i : i + 2] == b[i : i + 2][::-1] and a[i + 2 :] == b[i + 2 :])
    )
