"""Conditions of rules: which occurrences of concepts in a text stand together as a rule wants them."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Final

from msgspec import Struct

from streams.understanding.patterns import Match
from streams.understanding.rulebook import Within

#: Where each concept that was found stands.
Found = dict[str, list[Match]]
#: Matches, one a group, that stand together, and the first and the last of their words.
_Set = tuple[int, int, list[Match]]
_ANY_DISTANCE: Final = sys.maxsize


class Condition(Struct, frozen=True):
    """What has to be found: `needed` are the bits of all `groups`; how near is told by the rest (see `condition`).

    `names` are the groups where each is one concept of the text.
    """

    needed: int
    groups: tuple[tuple[str, ...], ...]
    names: tuple[str, ...]
    anywhere: bool
    ordered: bool
    in_sentence: bool
    within: int


def condition(needed: int, groups: Sequence[str], within: Within, ordered: bool) -> Condition:
    """The condition that operands (`a|b`) stand together in a `text`, in a `sentence`, or inside so many words.

    In order they always have to stand in one sentence.
    """
    return Condition(
        needed,
        groups=tuple([tuple(group.split("|")) for group in groups]),
        names=() if any(sign in group for group in groups for sign in "|=") else tuple(groups),
        anywhere=within == "text",
        ordered=ordered,
        in_sentence=within == "sentence" and not ordered,
        within=_ANY_DISTANCE if isinstance(within, str) else within,
    )


def satisfied(condition: Condition, found: Found, sentences: Sequence[int]) -> tuple[Match, ...] | None:
    """The first matches, one a group, that satisfy a condition; None if there are none.

    That all that is `needed` holds was asked before.  A group that holds without words of the text (a label given
    before) has no match among them.
    """
    if condition.anywhere and condition.names and not condition.ordered:
        return tuple([found[name][0] for name in condition.names])
    candidates = _candidates(condition, found)
    if not candidates or (condition.anywhere and not condition.ordered):
        return tuple([matches[0] for matches in candidates])
    for _, _, chosen in _sets(condition, candidates, sentences):
        return tuple(chosen)
    return None


def spans(condition: Condition, found: Found, sentences: Sequence[int]) -> list[Match]:
    """The words from the first to the last of every set of matches that satisfies a condition."""
    if condition.anywhere and len(condition.groups) == 1:
        if condition.names:
            return found[condition.names[0]]
        return next(found[name] for name in condition.groups[0] if name in found)
    candidates = _candidates(condition, found)
    if condition.anywhere and not condition.ordered:
        firsts = [matches[0] for matches in candidates]
        return [Match(min([m.first for m in firsts]), max([m.last for m in firsts]))]
    return [Match(first, last) for first, last, _ in _sets(condition, candidates, sentences)]


def _sets(condition: Condition, candidates: Sequence[Sequence[Match]], sentences: Sequence[int]) -> Iterator[_Set]:
    """The sets of one match a group that stand together as a condition wants them."""
    if condition.ordered:
        return _in_order(candidates, condition.within, sentences)
    return _together(candidates, condition.within, sentences if condition.in_sentence else None)


def _candidates(condition: Condition, found: Found) -> list[list[Match]]:
    """The matches of each group that has any; anywhere in a text those of a group's first concept will do."""
    if condition.names:
        return [found[name] for name in condition.names]
    candidates: list[list[Match]] = []
    for group in condition.groups:
        if matches := found.get(group[0]) if len(group) == 1 else _of_any(group, condition, found):
            candidates.append(matches)
    return candidates


def _of_any(group: Sequence[str], condition: Condition, found: Found) -> list[Match]:
    """The matches of a group of several concepts."""
    present = [found[name] for name in group if name in found]
    if len(present) < 2 or condition.anywhere:
        return present[0] if present else []
    together = list(chain.from_iterable(present))
    return sorted(together) if condition.ordered else together


def _together(candidates: Sequence[Sequence[Match]], within: int, sentences: Sequence[int] | None) -> Iterator[_Set]:
    """Sets inside `within` words, in one sentence if `sentences` are told, around each match of the rarest group."""
    rarest = min(candidates, key=len)
    if len(candidates) == 2:  # most are of two: in fewer steps
        is_first = rarest is candidates[0]
        others = candidates[is_first]
        for anchor in rarest:
            nearest = anchor if others is rarest else _nearest(anchor, others, within, sentences)
            if nearest is not None:
                begin = nearest.first if nearest.first < anchor.first else anchor.first
                end = nearest.last if nearest.last > anchor.last else anchor.last
                if end - begin < within:
                    yield begin, end, [anchor, nearest] if is_first else [nearest, anchor]
        return
    for anchor in rarest:
        chosen: list[Match] = []
        begin, end = anchor.first, anchor.last
        for matches in candidates:
            nearest = anchor if matches is rarest else _nearest(anchor, matches, within, sentences)
            if nearest is None:
                break
            chosen.append(nearest)
            begin = nearest.first if nearest.first < begin else begin
            end = nearest.last if nearest.last > end else end
        else:
            if end - begin < within:
                yield begin, end, chosen


def _in_order(candidates: Sequence[Sequence[Match]], within: int, sentences: Sequence[int]) -> Iterator[_Set]:
    """Sets of matches that follow each other in one sentence, inside `within` words."""
    for start in candidates[0]:
        begin, end = start.first, start.last
        chosen, sentence = [start], sentences[begin]
        for matches in candidates[1:]:
            for follower in matches:
                if follower.first > end:
                    break
            else:
                break
            if sentences[follower.first] != sentence:
                break
            chosen.append(follower)
            end = follower.last
        else:
            if end - begin < within:
                yield begin, end, chosen


def _nearest(anchor: Match, matches: Sequence[Match], within: int, sentences: Sequence[int] | None) -> Match | None:
    """The match nearest to `anchor`, less than `within` words away, and in its sentence if `sentences` are told."""
    begin, end = anchor.first, anchor.last
    best, distance = None, within
    for match in matches:
        first, last = match.first, match.last
        if sentences and sentences[first] != sentences[begin]:
            continue
        if first > end:
            gap = first - end
        elif last < begin:
            gap = begin - last
        else:  # they overlap: none is nearer
            return match
        if gap < distance:
            best, distance = match, gap
    return best
