"""Joining: which wave a series belongs to, and which of the numbers that join one are worth a page.

A campaign of many numbers is one wave.  A number that would page by itself is told nevertheless, as it can be warned of
and blocked: the first at once, and of those that follow within a day as many together as were told, so that thirty
numbers are five pages or six, and not thirty.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Final

from streams.waves.campaigns import QUIET, Member, Wave
from streams.waves.series import DAY, family_of

#: Share of the smaller side's reports that two series must have in common to be one wave.
OVERLAP: Final = 0.3
#: Share of a region's excess that another series must explain to be one wave with it, as a region may hold several.
EXPLAINS: Final = 0.5
#: Share of the larger side's reports that two series must have in common to be the same under two names.
SAME: Final = 0.5


def share(key: str, member: Member, other: str, known: Member) -> float:
    """How much of a series is in another of a wave, 1 being enough to belong to it."""
    common = len(set(member.report_ids).intersection(known.report_ids))
    if not common:
        return 0.0
    mine, its = _size(member), _size(known)
    regional = (family_of(key) == "region", family_of(other) == "region")
    if any(regional) and not all(regional):
        return common / max(1.0, mine if regional[0] else its) / EXPLAINS
    return common / max(1.0, min(mine, its)) / OVERLAP


class Shared:
    """Which series of open waves each report is in, or was, to find the wave that a series shares most with."""

    def __init__(self, waves: Iterable[Wave]) -> None:
        self._series: dict[str, dict[str, Wave]] = defaultdict(dict)
        for wave in waves:
            if not wave.closed:
                self.add(wave, wave.members)

    def add(self, wave: Wave, members: Mapping[str, Member]) -> None:
        """Note the reports of series that `wave` has now."""
        for key, member in members.items():
            for report_id in member.report_ids:
                self._series[report_id][key] = wave

    def nearest(self, key: str, member: Member) -> Wave | None:
        """The open wave that a series shares most with, if it is enough to belong to it."""
        common = {k: wave for report_id in member.report_ids for k, wave in self._series.get(report_id, {}).items()}
        shares = [
            (share(key, member, other, wave.members[other]), -wave.opened, wave.id, wave)
            for other, wave in common.items()
            if not wave.closed and other in wave.members
        ]
        if not shares:
            return None
        most, _, _, wave = max(shares, key=lambda found: found[:3])
        return wave if most >= 1 else None


def scheme_of(key: str) -> str:
    """The scheme of a scheme's own series, over all regions or in one: these are one wave without a common report."""
    family, _, value = key.partition(":")
    return value.partition("|")[0] if family in ("scheme", "scheme-region") else ""


def joined(wave: Wave, key: str, member: Member) -> bool:
    """Whether a number that would page by itself, and is in `wave` now, is worth a page of it; notes it in any case.

    It is not when a page named it before, or something else that most of its reports are about.  One that was quiet for
    long since is new again.
    """
    if not wave.named:  # as it was kept before pages were noted
        name(wave, wave.members)
    wave.named = {other: at for other, at in wave.named.items() if other in wave.members}
    known = wave.members.get(key)
    if known is not None and member.last > known.last + QUIET:
        wave.named.pop(key, None)
    if key in wave.named:
        return False
    if any(_same(key, member, other, wave.members[other], at) for other, at in wave.named.items()):
        wave.named[key] = member.last
        return False
    heard = {other: wave.members[other].last for other in wave.untold if other in wave.members}
    wave.untold = [key, *(other for other, last in heard.items() if last > member.last - DAY and other != key)]
    lately = sum(family_of(key) == "number" and at > member.last - DAY for key, at in wave.named.items())
    return len(wave.untold) >= lately


def name(wave: Wave, keys: Iterable[str]) -> None:
    """Note that a page was about these series of `wave`."""
    wave.named.update(dict.fromkeys(keys, wave.last))
    wave.untold = [key for key in wave.untold if key not in wave.named]


def _same(key: str, member: Member, other: str, known: Member, told: int) -> bool:
    """Whether a series is the same reports as one that was `told` (epoch seconds), as when reports name two numbers.

    What holds many numbers is the same only as far as it was told: a number that began after that is another.
    """
    common = len(set(member.report_ids).intersection(known.report_ids))
    mine, its = _size(member), _size(known)
    if family_of(key) == family_of(other):
        return common >= OVERLAP * max(1.0, min(mine, its))
    return member.started <= told and common >= SAME * max(1.0, mine, its)


def _size(member: Member) -> float:
    """Reports that stand for what a series has more than expected."""
    return min(member.excess.observed - member.excess.expected, len(member.report_ids))
