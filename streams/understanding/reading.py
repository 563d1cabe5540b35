"""Reading a text by the rulebook: which concepts it holds and which rules they satisfy.

This is the engine under `schemes.tag` and `stance.detect`; it knows nothing of schemes or demands.  Most conditions
fail because a concept is absent, so that is asked first, of one integer: it has a bit for each operand of the rules
that holds, be it one concept or a choice of several ("transfer|courier-cash").
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cache, reduce
from itertools import compress, count, repeat
from operator import or_
from typing import Final, NamedTuple

from msgspec import Struct

from streams.understanding import rulebook
from streams.understanding.conditions import Condition, condition, satisfied, spans
from streams.understanding.memo import Memo
from streams.understanding.patterns import MAX_OCCURRENCES, Lexicon, Match
from streams.understanding.rulebook import Concept, Label, Rule, Rulebook, operands
from streams.understanding.text import Folded, Words, read

#: Concepts of `rules/concepts/` by which the engine recognises a negation: "не просили", "сұраған жоқ".
NEGATION_BEFORE: Final = "negation-before"
NEGATION_AFTER: Final = "negation-after"
#: Operand that holds once any earlier label was given.
ANY_LABEL: Final = "=any"
#: Points at which a label is given.
THRESHOLD: Final = 1.0
#: A Kazakh verb with the negative suffix -ма/-ме/-ба/-бе/-па/-пе, in bare letters: сұрамады, айтпаңыз, бермейді.
_KAZAKH_NEGATIVE: Final = re.compile(
    r".{2,}[мбп][ае](?:д[ыи][мк]?|[гк][ае]н.*|н[ыи]з.*|ндар|ндер|сын|син|с|й.*|п|у(?:ды|ди|га|ге)?|с?т?[ае]н)"
)
_IS_KAZAKH_NEGATIVE: Final = Memo(lambda word: _KAZAKH_NEGATIVE.fullmatch(word) is not None)


class Firing(Struct, frozen=True):
    """A rule that fired for a label: its points and the words that satisfied it."""

    code: str
    rule: str
    points: float
    evidence: tuple[Match, ...]


class Reading:
    """A text with the concepts found in it.  `!name` are negated occurrences, `=code` labels already given."""

    __slots__ = ("_quotes", "folded", "found", "mask", "text", "words")

    def __init__(self, text: str, folded: Folded, words: Words, found: dict[str, list[Match]], mask: int) -> None:
        self.text = text
        self.folded = folded
        self.words = words
        self.found = found
        self.mask = mask
        self._quotes: dict[Match, str] = {}

    def quote(self, match: Match) -> str:
        """The words of a match as they stand in the original."""
        quote = self._quotes.get(match)
        if quote is None:
            offsets = self.folded.offsets
            start, end = self.words.span(match.first)
            if match.last != match.first:
                end = self.words.span(match.last)[1]
            quote = self._quotes[match] = self.text[offsets[start] : offsets[end - 1] + 1]
        return quote


class _Rule(NamedTuple):
    """A rule of the label `code`: its condition has to hold, and what is `barred` must not."""

    code: str
    name: str
    points: float
    barred: int
    condition: Condition


class _Derived(NamedTuple):
    """A concept that isn't words alone: made of others, limited by others, or to be looked at for negation."""

    name: str
    bit: int
    negatable: bool
    except_: tuple[str, ...]
    except_mask: int
    conditions: tuple[tuple[int, Condition], ...]


class Reader:
    """A rulebook made ready to read texts.

    `book` is the one it was made of; ask it, not `rulebook()`: threads that load the rules at the same moment get a
    book each.
    """

    def __init__(self, book: Rulebook) -> None:
        self.book: Final = book
        self._lexicon = Lexicon({name: c.phrases for name, c in book.concepts.items()}, book.not_typos)
        self._bits: dict[str, int] = {}
        self._holding: dict[str, int] = {}
        self._triggers: dict[str, int] = {}
        self._derived = [
            self._derive(name, concept)
            for name, concept in book.concepts.items()
            if concept.negatable or concept.near or concept.except_
        ]
        self._labels = {
            id(labels): [self._rule(label.code, rule) for label in labels for rule in label.rules]
            for labels in (book.schemes, book.demands, book.stance)
        }
        self._every = (1 << len(self._bits)) - 1

    def read(self, text: str) -> Reading:
        """`text` with every concept found in it."""
        folded, words = read(text)
        found = self._lexicon.match(words)
        reading = Reading(text, folded, words, found, self._held(found))
        self._find_derived(reading)
        return reading

    def _find_derived(self, reading: Reading) -> None:
        """Adds the concepts that are made of others, and takes out what others cover and what is negated."""
        found, sentences, mask = reading.found, reading.words.sentences, reading.mask
        absent = self._every ^ mask
        first, last = _negations(reading)
        for name, bit, negatable, except_, except_mask, conditions in [
            derived for trigger, derived in self._derived if mask & trigger
        ]:
            for needed, wanted in conditions:
                if not needed & absent and (together := spans(wanted, found, sentences)):
                    found[name] = sorted([*found.get(name, ()), *together])[:MAX_OCCURRENCES]
                    mask |= self._holding[name]
                    absent = self._every ^ mask
            if not mask & bit:
                continue
            kept = matches = found[name]
            if mask & except_mask:
                kept = [m for m in kept if not _covered(m, except_, found)]
            if negatable and (first or last):
                negated = [m for m in kept if m.first in first or m.last in last]
                if negated:
                    found["!" + name] = negated
                    kept = [m for m in kept if m not in negated]
            if len(kept) < len(matches):
                found[name] = kept
                if not kept:
                    del found[name]
                    mask = self._held(found)
                elif "!" + name in found:
                    mask |= self._holding.get("!" + name, 0)
                absent = self._every ^ mask
        reading.mask = mask

    def fire(self, labels: Sequence[Label], reading: Reading) -> dict[str, list[Firing]]:
        """The rules that fire, by label, for a list of labels of `book`.

        A label whose points reach the threshold holds as `=code` for those after it.
        """
        fired: dict[str, list[Firing]] = {}
        found, sentences = reading.found, reading.words.sentences
        mask, absent, before = reading.mask, self._every ^ reading.mask, ""
        for code, name, given, barred, wanted in [
            rule for words, never, rule in self._labels[id(labels)] if not words & absent and not never & mask
        ]:
            if code != before:
                if before in fired:
                    self._give_if_told(before, fired[before], reading)
                before, mask = code, reading.mask
                absent = self._every ^ mask
            if not wanted.needed & absent and not barred & mask:
                evidence = satisfied(wanted, found, sentences)
                if evidence is not None:
                    fired.setdefault(code, []).append(Firing(code, name, given, evidence))
        if before in fired:
            self._give_if_told(before, fired[before], reading)
        return fired

    def _give_if_told(self, code: str, firings: list[Firing], reading: Reading) -> None:
        """Gives a label whose points reach the threshold."""
        if points(firings) >= THRESHOLD:
            self.give(code, reading)

    def give(self, code: str, reading: Reading) -> None:
        """Makes a label hold as `=code` for the labels fired after it, whatever its points."""
        reading.mask |= self._holding.get("=" + code, 0) | self._holding.get(ANY_LABEL, 0)

    def _rule(self, code: str, rule: Rule) -> tuple[int, int, _Rule]:
        """What a rule needs and what it bars before any label is given, and the rule."""
        wanted = condition(self._mask(rule.all), rule.all, rule.within, rule.ordered)
        words = self._mask(group for group in rule.all if "=" not in group)
        barred = self._mask(rule.none)
        return words, barred, _Rule(code, rule.name, rule.points, barred, wanted)

    def _derive(self, name: str, concept: Concept) -> tuple[int, _Derived]:
        """A derived concept, and its trigger: without any bit of that in a text nothing is to do for it."""
        conditions = [condition(self._mask(t.all), t.all, t.within, t.ordered) for t in concept.near]
        bit = self._bit(name)
        self._triggers[name] = bit
        for group in _commonest([together.all for together in concept.near]):
            self._triggers[name] |= self._bit(group)
            for part in operands(group):
                self._triggers[name] |= self._triggers.get(part, 0)
        barred = self._mask(concept.except_)
        return self._triggers[name], _Derived(
            name, bit, concept.negatable, concept.except_, barred, tuple([(c.needed, c) for c in conditions])
        )

    def _bit(self, operand: str) -> int:
        """The bit of an operand; each concept or label that it is a choice of makes it hold."""
        if operand not in self._bits:
            bit = self._bits[operand] = 1 << len(self._bits)
            for name in operand.split("|"):
                self._holding[name] = self._holding.get(name, 0) | bit
        return self._bits[operand]

    def _mask(self, operands: Iterable[str]) -> int:
        mask = 0
        for operand in operands:
            mask |= self._bit(operand)
        return mask

    def _held(self, names: Iterable[str]) -> int:
        """The bits of all operands that hold when these concepts and labels do."""
        return reduce(or_, map(self._holding.get, names, repeat(0)), 0)


def _negations(reading: Reading) -> tuple[set[int], set[int]]:
    """Words where what begins, or ends, is negated."""
    negative = set(compress(count(), map(_IS_KAZAKH_NEGATIVE.__getitem__, reading.words.texts)))
    before, after = reading.found.get(NEGATION_BEFORE), reading.found.get(NEGATION_AFTER)
    first = negative.union([m.last + 1 for m in before]) if before else negative
    last = negative.union([m.first - 1 for m in after]) if after else negative
    return first, last


def _commonest(conditions: Sequence[Sequence[str]]) -> list[str]:
    """Operands of which every condition has one; as few as may be, taking what most conditions have in common."""
    chosen: list[str] = []
    while conditions:
        counts = Counter(group for groups in conditions for group in groups)
        chosen.append(max(counts, key=counts.__getitem__))
        conditions = [groups for groups in conditions if chosen[-1] not in groups]
    return chosen


@cache
def reader() -> Reader:
    """The reader of the shipped rules."""
    return Reader(rulebook.rulebook())


def points(firings: Iterable[Firing]) -> float:
    """The points of a label's firings together."""
    return sum([f.points for f in firings])


def _covered(match: Match, names: Sequence[str], found: dict[str, list[Match]]) -> bool:
    """Whether a match of one of the concepts `names` covers `match`."""
    return any(m.first <= match.first and match.last <= m.last for name in names for m in found.get(name, ()))
