"""Reading a text by the rulebook: which concepts it holds and which rules they satisfy.

This is the engine under `schemes.tag` and `stance.detect`; it knows nothing of schemes or demands.  Most conditions
fail because a concept is absent, so that is asked first, of one integer that has a bit for each concept found.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache, lru_cache
from typing import Final, NamedTuple

from streams.understanding import rulebook
from streams.understanding.patterns import MAX_OCCURRENCES, Lexicon, Match
from streams.understanding.rulebook import Concept, Label, Rulebook, Within
from streams.understanding.text import Folded, Words, fold_with_offsets

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


class Firing(NamedTuple):
    """A rule that fired for a label: its points and the words that satisfied it."""

    code: str
    rule: str
    points: float
    evidence: tuple[Match, ...]


class Reading:
    """A text with the concepts found in it.  `!name` are negated occurrences, `=code` labels already given."""

    __slots__ = ("folded", "found", "mask", "text", "words")

    def __init__(self, text: str, folded: Folded, words: Words, found: dict[str, list[Match]], mask: int) -> None:
        self.text = text
        self.folded = folded
        self.words = words
        self.found = found
        self.mask = mask

    def quote(self, match: Match) -> str:
        """The words of a match as they stand in the original."""
        spans, offsets = self.words.spans, self.folded.offsets
        return self.text[offsets[spans[match.first][0]] : offsets[spans[match.last][1] - 1] + 1]


class _Condition(NamedTuple):
    """What has to be found.  Masks: `needed` of groups of one, `choices` of each other group, `barred` of `none`."""

    needed: int
    choices: tuple[int, ...]
    barred: int
    groups: tuple[tuple[str, ...], ...]
    within: Within
    ordered: bool


class _Rule(NamedTuple):
    needed: int
    name: str
    points: float
    condition: _Condition


class _Derived(NamedTuple):
    """A concept that isn't words alone: made of others, limited by others, or to be looked at for negation.

    Without any bit of `trigger` there is nothing to do for it.
    """

    trigger: int
    name: str
    bit: int
    negated_bit: int
    negatable: bool
    except_: tuple[str, ...]
    except_mask: int
    conditions: tuple[tuple[int, _Condition], ...]


class Reader:
    """A rulebook made ready to read texts.

    `book` is the one it was made of; ask it, not `rulebook()`: threads that load the rules at the same moment get a
    book each.
    """

    def __init__(self, book: Rulebook) -> None:
        self.book: Final = book
        self._lexicon = Lexicon({name: c.phrases for name, c in book.concepts.items()}, book.not_typos)
        self._bits: dict[str, int] = {}
        self._derived = [
            self._derive(name, concept)
            for name, concept in book.concepts.items()
            if concept.negatable or concept.near or concept.except_
        ]
        self._labels = {
            id(labels): [
                (
                    label.code,
                    self._bit("=" + label.code) | self._bit(ANY_LABEL),
                    [
                        _Rule(condition.needed, rule.name, rule.points, condition)
                        for rule in label.rules
                        for condition in [self._condition(rule.all, rule.none, rule.within, rule.ordered)]
                    ],
                )
                for label in labels
            ]
            for labels in (book.schemes, book.demands, book.stance)
        }

    def read(self, text: str) -> Reading:
        """`text` with every concept found in it."""
        folded = fold_with_offsets(text)
        words = Words(folded.text)
        found = self._lexicon.match(words)
        mask = self._mask(found)
        reading = Reading(text, folded, words, found, mask)
        before = {m.last + 1 for m in found.get(NEGATION_BEFORE, ())}
        after = {m.first - 1 for m in found.get(NEGATION_AFTER, ())}
        negative = {index for index, word in enumerate(words.texts) if _is_kazakh_negative(word)}
        first, last = before | negative, after | negative
        for trigger, name, bit, negated_bit, negatable, except_, except_mask, conditions in self._derived:
            if not mask & trigger:
                continue
            for needed, condition in conditions:
                if mask & needed == needed and (together := _satisfied(condition, mask, reading, every=True)):
                    found[name] = sorted([*found.get(name, ()), *map(_span, together)])[:MAX_OCCURRENCES]
                    mask |= bit
            if mask & bit:
                if mask & except_mask:
                    mask ^= _leave(found, name, [m for m in found[name] if not _covered(m, except_, found)], bit)
                if negatable and mask & bit and (first or last):
                    negated = [m for m in found[name] if m.first in first or m.last in last]
                    if negated:
                        found["!" + name] = negated
                        mask |= negated_bit
                        mask ^= _leave(found, name, [m for m in found[name] if m not in negated], bit)
        reading.mask = mask
        return reading

    def fire(self, labels: Sequence[Label], reading: Reading) -> list[list[Firing]]:
        """For each label of a list of `book`, the rules that fire.

        A label whose points reach the threshold holds as `=code` for those after it.
        """
        fired: list[list[Firing]] = []
        mask = reading.mask
        for code, bits, rules in self._labels[id(labels)]:
            firings = [
                Firing(code, name, given, together[0])
                for needed, name, given, condition in rules
                if mask & needed == needed and (together := _satisfied(condition, mask, reading))
            ]
            if firings and points(firings) >= THRESHOLD:
                mask |= bits
            fired.append(firings)
        reading.mask = mask
        return fired

    def give(self, code: str, reading: Reading) -> None:
        """Makes a label hold as `=code` for the labels fired after it, whatever its points."""
        reading.mask |= self._bit("=" + code) | self._bit(ANY_LABEL)

    def _derive(self, name: str, concept: Concept) -> _Derived:
        conditions = [self._condition(t.all, (), t.within, t.ordered) for t in concept.near]
        trigger = bit = self._bit(name)
        for condition in conditions:
            trigger |= condition.needed or condition.choices[0]
        return _Derived(
            trigger,
            name,
            bit,
            self._bit("!" + name),
            concept.negatable,
            concept.except_,
            self._mask(concept.except_),
            tuple((condition.needed, condition) for condition in conditions),
        )

    def _bit(self, operand: str) -> int:
        return 1 << self._bits.setdefault(operand, len(self._bits))

    def _mask(self, operands: Iterable[str]) -> int:
        mask = 0
        for operand in operands:
            mask |= self._bit(operand)
        return mask

    def _condition(self, groups: Sequence[str], none: Sequence[str], within: Within, ordered: bool) -> _Condition:
        split = tuple(tuple(group.split("|")) for group in groups)
        return _Condition(
            needed=self._mask(group[0] for group in split if len(group) == 1),
            choices=tuple(self._mask(group) for group in split if len(group) > 1),
            barred=self._mask(part for group in none for part in group.split("|")),
            groups=split,
            within=within,
            ordered=ordered,
        )


@cache
def reader() -> Reader:
    """The reader of the shipped rules."""
    return Reader(rulebook.rulebook())


def points(firings: Iterable[Firing]) -> float:
    """The points of a label's firings together."""
    return sum(f.points for f in firings)


def _satisfied(condition: _Condition, mask: int, reading: Reading, every: bool = False) -> list[tuple[Match, ...]]:
    """The matches, one a group, that satisfy a condition: the first such set, or `every` one; [] if there is none.

    `mask` tells what has been found; that it has what is `needed` was asked before.  A group that holds without words
    of the text (a label given before) has no match in the set.
    """
    if mask & condition.barred:
        return []
    for choice in condition.choices:
        if not mask & choice:
            return []
    candidates = _candidates(condition, reading.found)
    if condition.ordered:
        return _in_order(candidates, condition.within, reading.words.sentences, every)
    if condition.within == "text" or not candidates:
        if every and len(candidates) == 1:
            return [(match,) for match in candidates[0]]
        return [tuple([c[0] for c in candidates])]
    return _together(candidates, condition.within, reading.words.sentences, every)


def _candidates(condition: _Condition, found: dict[str, list[Match]]) -> list[list[Match]]:
    """The matches of each group that has any."""
    candidates: list[list[Match]] = []
    for group in condition.groups:
        hits = [found[name] for name in group if name in found]
        if len(hits) == 1 or (hits and condition.within == "text"):
            candidates.append(hits[0])
        elif hits:
            matches = [match for hit in hits for match in hit]
            candidates.append(sorted(matches) if condition.ordered else matches)
    return candidates


def _span(matches: Sequence[Match]) -> Match:
    """The words from the first to the last of some matches."""
    if len(matches) == 1:
        return matches[0]
    return Match(min([m.first for m in matches]), max([m.last for m in matches]))


def _together(
    candidates: Sequence[Sequence[Match]], within: Within, sentences: Sequence[int], every: bool
) -> list[tuple[Match, ...]]:
    """Sets of one match a group in one sentence, or inside `within` words, around each match of the rarest group."""
    rarest = min(candidates, key=len)
    sets: list[tuple[Match, ...]] = []
    for anchor in rarest:
        chosen: list[Match] = []
        for matches in candidates:
            nearest = anchor if matches is rarest else _nearest(anchor, matches, within, sentences)
            if nearest is None:
                break
            chosen.append(nearest)
        else:
            if isinstance(within, str) or max([m.last for m in chosen]) - min([m.first for m in chosen]) < within:
                sets.append(tuple(chosen))
                if not every:
                    break
    return sets


def _in_order(
    candidates: Sequence[Sequence[Match]], within: Within, sentences: Sequence[int], every: bool
) -> list[tuple[Match, ...]]:
    """Sets of one match a group that follow each other in one sentence, inside `within` words if that is a number."""
    sets: list[tuple[Match, ...]] = []
    for start in candidates[0]:
        chosen = [start]
        for matches in candidates[1:]:
            after = chosen[-1].last
            follower = next((m for m in matches if m.first > after), None)
            if follower is None or sentences[follower.first] != sentences[start.first]:
                break
            chosen.append(follower)
        else:
            if isinstance(within, str) or chosen[-1].last - start.first < within:
                sets.append(tuple(chosen))
                if not every:
                    break
    return sets


def _nearest(anchor: Match, matches: Iterable[Match], within: Within, sentences: Sequence[int]) -> Match | None:
    """The match nearest to `anchor`, of those in its sentence if the whole has to lie in one sentence."""
    best: Match | None = None
    distance = len(sentences) + 1
    for match in matches:
        if isinstance(within, str) and sentences[match.first] != sentences[anchor.first]:
            continue
        gap = max(match.first - anchor.last, anchor.first - match.last, 0)
        if gap < distance:
            best, distance = match, gap
    return best


def _leave(found: dict[str, list[Match]], name: str, matches: list[Match], bit: int) -> int:
    """Leaves only `matches` of a concept; `bit` to be flipped off if none is left, else 0."""
    if matches:
        found[name] = matches
        return 0
    del found[name]
    return bit


def _covered(match: Match, names: Sequence[str], found: dict[str, list[Match]]) -> bool:
    """Whether a match of one of the concepts `names` covers `match`."""
    return any(m.first <= match.first and match.last <= m.last for name in names for m in found.get(name, ()))


@lru_cache(maxsize=20_000)
def _is_kazakh_negative(word: str) -> bool:
    return _KAZAKH_NEGATIVE.fullmatch(word) is not None
