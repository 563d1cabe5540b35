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
from streams.understanding.patterns import Lexicon, Match
from streams.understanding.rulebook import Label, Rulebook, Within
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
        start = self.folded.offsets[self.words.span(match.first)[0]]
        end = self.folded.offsets[self.words.span(match.last)[1] - 1] + 1
        return self.text[start:end]


class _Condition(NamedTuple):
    masks: tuple[int, ...]
    none_mask: int
    groups: tuple[tuple[str, ...], ...]
    within: Within
    ordered: bool


class _Rule(NamedTuple):
    name: str
    points: float
    condition: _Condition


class _Derived(NamedTuple):
    """A concept that isn't words alone: made of others, limited by others, or to be looked at for negation."""

    name: str
    bit: int
    negated_bit: int
    negatable: bool
    except_: tuple[str, ...]
    except_mask: int
    conditions: tuple[_Condition, ...]


class Reader:
    """A rulebook made ready to read texts."""

    def __init__(self, book: Rulebook) -> None:
        self._lexicon = Lexicon({name: c.phrases for name, c in book.concepts.items()}, book.not_typos)
        self._bits: dict[str, int] = {}
        self._derived = [
            _Derived(
                name,
                self._bit(name),
                self._bit("!" + name),
                concept.negatable,
                concept.except_,
                self._mask(concept.except_),
                tuple(self._condition(t.all, (), t.within, t.ordered) for t in concept.near),
            )
            for name, concept in book.concepts.items()
            if concept.negatable or concept.near or concept.except_
        ]
        self._labels = {
            id(labels): [
                (
                    label.code,
                    self._bit("=" + label.code) | self._bit(ANY_LABEL),
                    [_Rule(r.name, r.points, self._condition(r.all, r.none, r.within, r.ordered)) for r in label.rules],
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
        for name, bit, negated_bit, negatable, except_, except_mask, conditions in self._derived:
            for condition in conditions:
                together = _satisfied(condition, reading, every=True)
                if together:
                    found.setdefault(name, []).extend(
                        Match(min(m.first for m in t), max(m.last for m in t)) for t in together if t
                    )
                    reading.mask |= bit
            if not reading.mask & bit:
                continue
            if reading.mask & except_mask:
                _keep(reading, name, bit, [m for m in found[name] if not _covered(m, except_, found)])
            if negatable and reading.mask & bit:
                negated = [m for m in found[name] if _is_negated(m, words, before, after)]
                if negated:
                    found["!" + name] = negated
                    reading.mask |= negated_bit
                    _keep(reading, name, bit, [m for m in found[name] if m not in negated])
        return reading

    def fire(self, labels: Sequence[Label], reading: Reading) -> list[list[Firing]]:
        """For each label of a list of the rulebook, the rules that fire.

        A label whose points reach the threshold holds as `=code` for those after it.
        """
        fired: list[list[Firing]] = []
        for code, bits, rules in self._labels[id(labels)]:
            firings = [
                Firing(code, rule.name, rule.points, together[0])
                for rule in rules
                if (together := _satisfied(rule.condition, reading))
            ]
            if firings and points(firings) >= THRESHOLD:
                reading.mask |= bits
            fired.append(firings)
        return fired

    def give(self, code: str, reading: Reading) -> None:
        """Makes a label hold as `=code` for the labels fired after it, whatever its points."""
        reading.mask |= self._bit("=" + code) | self._bit(ANY_LABEL)

    def _bit(self, operand: str) -> int:
        return 1 << self._bits.setdefault(operand, len(self._bits))

    def _mask(self, operands: Iterable[str]) -> int:
        mask = 0
        for operand in operands:
            mask |= self._bit(operand)
        return mask

    def _condition(self, groups: Sequence[str], none: Sequence[str], within: Within, ordered: bool) -> _Condition:
        split = tuple(tuple(group.split("|")) for group in groups)
        none_mask = self._mask(part for group in none for part in group.split("|"))
        return _Condition(tuple(self._mask(group) for group in split), none_mask, split, within, ordered)


@cache
def reader() -> Reader:
    """The reader of the shipped rules."""
    return Reader(rulebook.rulebook())


def points(firings: Iterable[Firing]) -> float:
    """The points of a label's firings together."""
    return sum(f.points for f in firings)


def _satisfied(condition: _Condition, reading: Reading, every: bool = False) -> list[tuple[Match, ...]]:
    """The matches, one a group, that satisfy a condition: the first such set, or `every` one; [] if there is none.

    A group that holds without words of the text (a label given before) has no match in the set.
    """
    mask = reading.mask
    for group_mask in condition.masks:
        if not mask & group_mask:
            return []
    if mask & condition.none_mask:
        return []
    found = reading.found
    candidates: list[list[Match]] = []
    for group in condition.groups:
        if len(group) == 1:
            matches = found.get(group[0])
        else:
            hits = [found[name] for name in group if name in found]
            matches = hits[0] if len(hits) == 1 else sorted({m for hit in hits for m in hit})
        if matches:
            candidates.append(matches)
    if condition.ordered:
        return _in_order(candidates, condition.within, reading.words.sentences, every)
    if condition.within == "text":
        if every and len(candidates) == 1:
            return [(match,) for match in candidates[0]]
        return [tuple([c[0] for c in candidates])]
    return _together(candidates, condition.within, reading.words.sentences, every)


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
            span = max(m.last for m in chosen) - min(m.first for m in chosen)
            if isinstance(within, str) or span < within:
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
            follower = min((m for m in matches if m.first > after), default=None)
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


def _keep(reading: Reading, name: str, bit: int, matches: list[Match]) -> None:
    """Leaves only `matches` of a concept."""
    if matches:
        reading.found[name] = matches
    else:
        del reading.found[name]
        reading.mask &= ~bit


def _covered(match: Match, names: Sequence[str], found: dict[str, list[Match]]) -> bool:
    """Whether a match of one of the concepts `names` covers `match`."""
    return any(m.first <= match.first and match.last <= m.last for name in names for m in found.get(name, ()))


def _is_negated(match: Match, words: Words, before: set[int], after: set[int]) -> bool:
    return (
        match.first in before
        or match.last in after
        or any(_is_kazakh_negative(words.texts[i]) for i in range(match.first, match.last + 1))
    )


@lru_cache(maxsize=20_000)
def _is_kazakh_negative(word: str) -> bool:
    return _KAZAKH_NEGATIVE.fullmatch(word) is not None
