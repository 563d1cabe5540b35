"""Conditions of rules: which occurrences of concepts in a text stand together as a rule wants them."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from streams.understanding.patterns import Match
from streams.understanding.rulebook import Within

#: Where each concept that was found stands.
Found = dict[str, list[Match]]


class Condition(Struct, frozen=True):
    """What has to be found: `needed` are the bits of all `groups`."""

    needed: int
    groups: tuple[tuple[str, ...], ...]
    within: Within
    ordered: bool


def satisfied(
    condition: Condition, found: Found, sentences: Sequence[int], every: bool = False
) -> list[tuple[Match, ...]]:
    """The matches, one a group, that satisfy a condition: the first such set, or `every` one; [] if there is none.

    That all that is `needed` holds was asked before.  A group that holds without words of the text (a label given
    before) has no match in the set.
    """
    within = condition.within
    candidates = _candidates(condition, found)
    if condition.ordered:
        return _in_order(candidates, within, sentences, every)
    if within == "text" or not candidates:
        return [tuple([matches[0] for matches in candidates])]
    return _together(candidates, within, sentences, every)


def _candidates(condition: Condition, found: Found) -> list[list[Match]]:
    """The matches of each group that has any; anywhere in a text those of a group's first concept will do."""
    candidates: list[list[Match]] = []
    anywhere, ordered = condition.within == "text", condition.ordered
    for group in condition.groups:
        matches: list[Match] = []
        several = False
        for name in group:
            if name in found:
                if not matches:
                    matches = found[name]
                    if anywhere:
                        break
                else:
                    matches = matches + found[name]
                    several = True
        if matches:
            candidates.append(sorted(matches) if several and ordered else matches)
    return candidates


def spans(condition: Condition, found: Found, sentences: Sequence[int]) -> list[Match]:
    """The words from the first to the last of every set of matches that satisfies a condition."""
    if len(condition.groups) == 1 and condition.within == "text":
        return _candidates(condition, found)[0]
    return [
        Match(min([m.first for m in matches]), max([m.last for m in matches]))
        for matches in satisfied(condition, found, sentences, every=True)
    ]


def _together(
    candidates: Sequence[Sequence[Match]], within: Within, sentences: Sequence[int], every: bool
) -> list[tuple[Match, ...]]:
    """Sets of one match a group in one sentence, or inside `within` words, around each match of the rarest group."""
    rarest = min(candidates, key=len)
    sets: list[tuple[Match, ...]] = []
    for anchor in rarest:
        chosen: list[Match] = []
        first, last = anchor.first, anchor.last
        for matches in candidates:
            nearest = anchor if matches is rarest else _nearest(anchor, matches, within, sentences)
            if nearest is None:
                break
            chosen.append(nearest)
            first, last = min(first, nearest.first), max(last, nearest.last)
        else:
            if isinstance(within, str) or last - first < within:
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
        chosen, last, sentence = [start], start.last, sentences[start.first]
        for matches in candidates[1:]:
            for follower in matches:
                if follower.first > last:
                    break
            else:
                break
            if sentences[follower.first] != sentence:
                break
            chosen.append(follower)
            last = follower.last
        else:
            if isinstance(within, str) or last - start.first < within:
                sets.append(tuple(chosen))
                if not every:
                    break
    return sets


def _nearest(anchor: Match, matches: Sequence[Match], within: Within, sentences: Sequence[int]) -> Match | None:
    """The match nearest to `anchor`, of those in its sentence if the whole has to lie in one sentence."""
    in_sentence = isinstance(within, str)
    if len(matches) == 1 and not in_sentence:
        return matches[0]
    first, last = anchor.first, anchor.last
    best: Match | None = None
    distance = len(sentences) + 1
    for match in matches:
        if in_sentence and sentences[match.first] != sentences[first]:
            continue
        gap = max(match.first - last, first - match.last)
        if gap < distance:
            best, distance = match, gap
            if gap <= 0:  # they overlap: none is nearer
                break
    return best
