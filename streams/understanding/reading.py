"""Reading a text by the rulebook: which concepts it holds and which rules they satisfy.

This is the engine under `schemes.tag` and `stance.detect`; it knows nothing of schemes or demands.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache, lru_cache
from typing import Final, NamedTuple

from streams.understanding import rulebook
from streams.understanding.patterns import Lexicon, Match
from streams.understanding.rulebook import Label, Rulebook, Within
from streams.understanding.text import Folded, Word, fold_with_offsets, words

#: Concepts of `rules/concepts/` by which the engine recognises a negation: "не просили", "сұраған жоқ".
NEGATION_BEFORE: Final = "negation-before"
NEGATION_AFTER: Final = "negation-after"
#: Operand that holds once any earlier label was given.
ANY_LABEL: Final = "=any"
#: A Kazakh verb with the negative suffix -ма/-ме/-ба/-бе/-па/-пе, in bare letters: сұрамады, айтпаңыз, бермейді.
_KAZAKH_NEGATIVE: Final = re.compile(
    r".{2,}[мбп][ае](?:д[ыи][мк]?|[гк][ае]н.*|н[ыи]з.*|ндар|ндер|сын|син|с|й.*|п|у(?:ды|ди|га|ге)?|с?т?[ае]н)"
)


class Firing(NamedTuple):
    """A rule that fired for a label: its points and the words that satisfied it."""

    code: str
    rule: str
    points: float
    evidence: list[Match]


class Reading:
    """A text with the concepts found in it.  `!name` are negated occurrences, `=code` labels already given."""

    def __init__(self, text: str, folded: Folded, words: Sequence[Word], found: dict[str, list[Match]]) -> None:
        self.text = text
        self.folded = folded
        self.words = words
        self.found = found

    def quote(self, match: Match) -> str:
        """The words of a match as they stand in the original."""
        start = self.folded.offsets[self.words[match.first].start]
        end = self.folded.offsets[self.words[match.last].end - 1] + 1
        return self.text[start:end]


class _Condition(NamedTuple):
    groups: tuple[tuple[str, ...], ...]
    none: tuple[str, ...]
    within: Within
    ordered: bool


class _Rule(NamedTuple):
    name: str
    points: float
    condition: _Condition


class Reader:
    """A rulebook made ready to read texts."""

    def __init__(self, book: Rulebook) -> None:
        self._lexicon = Lexicon({name: c.phrases for name, c in book.concepts.items()}, book.not_typos)
        self._concepts = [
            (name, c.negatable, c.except_, tuple(_condition(t.all, (), t.within, t.ordered) for t in c.near))
            for name, c in book.concepts.items()
            if c.negatable or c.near or c.except_
        ]
        self._labels: dict[int, list[tuple[str, list[_Rule]]]] = {}

    def read(self, text: str) -> Reading:
        """`text` with every concept found in it."""
        folded = fold_with_offsets(text)
        reading = Reading(text, folded, words(folded.text), {})
        found = reading.found = self._lexicon.match(reading.words)
        before = {m.last + 1 for m in found.get(NEGATION_BEFORE, ())}
        after = {m.first - 1 for m in found.get(NEGATION_AFTER, ())}
        for name, negatable, except_, conditions in self._concepts:
            for condition in conditions:
                together = _satisfied(condition, reading, every=True)
                if together:
                    matches = found.setdefault(name, [])
                    matches += [Match(min(m.first for m in t), max(m.last for m in t)) for t in together]
            if name in found and except_:
                _keep(found, name, [m for m in found[name] if not _covered(m, except_, found)])
            if name in found and negatable:
                negated = [m for m in found[name] if _is_negated(m, reading.words, before, after)]
                if negated:
                    found["!" + name] = negated
                    _keep(found, name, [m for m in found[name] if m not in negated])
        return reading

    def fire(self, labels: Sequence[Label], reading: Reading) -> list[list[Firing]]:
        """For each label, the rules that fire.  A label whose points reach 1 is `=code` for the labels after it."""
        compiled = self._labels.get(id(labels))
        if compiled is None:
            compiled = self._labels[id(labels)] = [
                (label.code, [_Rule(r.name, r.points, _condition(r.all, r.none, r.within, r.ordered)) for r in label.rules])
                for label in labels
            ]
        fired: list[list[Firing]] = []
        for code, rules in compiled:
            firings = [
                Firing(code, rule.name, rule.points, list(together[0]))
                for rule in rules
                if (together := _satisfied(rule.condition, reading))
            ]
            if sum(f.points for f in firings) >= 1:
                reading.found["=" + code] = reading.found[ANY_LABEL] = []
            fired.append(firings)
        return fired


@cache
def reader() -> Reader:
    """The reader of the shipped rules."""
    return Reader(rulebook.rulebook())


def _condition(groups: Sequence[str], none: Sequence[str], within: Within, ordered: bool) -> _Condition:
    split = tuple(tuple(group.split("|")) for group in groups)
    return _Condition(split, tuple(part for group in none for part in group.split("|")), within, ordered)


def _keep(found: dict[str, list[Match]], name: str, matches: list[Match]) -> None:
    """Leaves only `matches` of a concept."""
    if matches:
        found[name] = matches
    else:
        del found[name]


def _covered(match: Match, names: Sequence[str], found: dict[str, list[Match]]) -> bool:
    """Whether a match of one of the concepts `names` covers `match`."""
    return any(m.first <= match.first and match.last <= m.last for name in names for m in found.get(name, ()))


def _satisfied(condition: _Condition, reading: Reading, every: bool = False) -> list[tuple[Match, ...]]:
    """The matches, one a group, that satisfy a condition: the first such set, or `every` one; [] if there is none."""
    found = reading.found
    candidates: list[list[Match]] = []
    known = False
    for group in condition.groups:
        if len(group) == 1:
            matches = found.get(group[0])
            if matches is None:
                return []
        else:
            hits = [found[name] for name in group if name in found]
            if not hits:
                return []
            matches = hits[0] if len(hits) == 1 else sorted({m for hit in hits for m in hit})
        if matches:
            candidates.append(matches)
        else:
            known = True
    for name in condition.none:
        if name in found:
            return []
    if not candidates:
        return [()] if known else []
    if condition.ordered:
        return _in_order(candidates, condition.within, reading.words, every)
    if condition.within == "text":
        return [tuple(c[0] for c in candidates)]
    return _together(candidates, condition.within, reading.words, every)


def _together(
    candidates: Sequence[Sequence[Match]], within: Within, words: Sequence[Word], every: bool
) -> list[tuple[Match, ...]]:
    """Sets of one match a group in one sentence, or inside `within` words, around each match of the rarest group."""
    rarest = min(candidates, key=len)
    sets: list[tuple[Match, ...]] = []
    for anchor in rarest:
        chosen: list[Match] = []
        for matches in candidates:
            nearest = anchor if matches is rarest else _nearest(anchor, matches, within, words)
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
    candidates: Sequence[Sequence[Match]], within: Within, words: Sequence[Word], every: bool
) -> list[tuple[Match, ...]]:
    """Sets of one match a group that follow each other in one sentence, and inside `within` words if that is a number."""
    sets: list[tuple[Match, ...]] = []
    for start in candidates[0]:
        chosen = [start]
        for matches in candidates[1:]:
            after = chosen[-1].last
            follower = min((m for m in matches if m.first > after), default=None)
            if follower is None or words[follower.first].sentence != words[start.first].sentence:
                break
            chosen.append(follower)
        else:
            if isinstance(within, str) or chosen[-1].last - start.first < within:
                sets.append(tuple(chosen))
                if not every:
                    break
    return sets


def _nearest(anchor: Match, matches: Iterable[Match], within: Within, words: Sequence[Word]) -> Match | None:
    """The match nearest to `anchor`, of those in its sentence if the whole has to lie in one sentence."""
    best: Match | None = None
    distance = len(words) + 1
    for match in matches:
        if isinstance(within, str) and words[match.first].sentence != words[anchor.first].sentence:
            continue
        gap = max(match.first - anchor.last, anchor.first - match.last, 0)
        if gap < distance:
            best, distance = match, gap
    return best


def _is_negated(match: Match, words: Sequence[Word], before: set[int], after: set[int]) -> bool:
    return (
        match.first in before
        or match.last in after
        or any(_is_kazakh_negative(words[i].text) for i in range(match.first, match.last + 1))
    )


@lru_cache(maxsize=20_000)
def _is_kazakh_negative(word: str) -> bool:
    return _KAZAKH_NEGATIVE.fullmatch(word) is not None


def points(firings: Iterable[Firing]) -> float:
    """The points of a label's firings together."""
    return sum(f.points for f in firings)
