"""The state of folding: waves that are on or remembered, numbers that stir, and how much was reported at all.

Bounded: open waves are told pages or series near one, ended ones are forgotten after `REMEMBERED`; a wave keeps at most
`MAX_KEYS` series, `MAX_REPORTS` report ids of each and `MAX_EVIDENCE` reports in full; a kind of number `MAX_STIRRED`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Final

from msgspec import Struct, field

from streams.waves.pace import Purse
from streams.waves.scan import Candidate, Excess
from streams.waves.series import DAY, Evidence, family_of, keep_newest
from streams.waves.traffic import Traffic

#: A wave none of whose series stirred for this long is over; the longest window has forgotten it by then.
QUIET: Final = 7 * DAY
#: An ended wave is remembered for this long, so that a replay does not tell it again.
REMEMBERED: Final = 14 * DAY
MAX_KEYS: Final = 200
MAX_REPORTS: Final = 32
MAX_EVIDENCE: Final = 100
MAX_STIRRED: Final = 5_000

#: Families from the most telling to the least: an alert is named by the most telling one of its series.
TELLING: Final = ("campaign", "official", "number", "pattern", "scheme-region", "scheme", "region", "channel")
_RANK: Final = {family: rank for rank, family in enumerate(TELLING)}
#: Families whose series hold many numbers.
BROADER: Final = ("pattern", "scheme-region", "scheme", "region")


class Member(Struct, frozen=True, array_like=True):
    """A series as it was counted last, at `last`: `started`, `newest` its first and newest report; `score` is weighted.

    Times in epoch seconds.
    """

    last: int
    newest: int
    started: int
    excess: Excess
    score: float
    report_ids: list[str]


class Told(Struct, frozen=True, array_like=True):
    """What an alert said when it was published: `paged` at the last page."""

    observed: float
    paged: float
    regions: list[str]
    victims: int


class Wave(Struct, array_like=True):
    """A wave: its series, the most telling of them by which it is named, its newest reports, and what was told.

    `decided_by`: id of the report that brought about the last page; `named`: series that a page was about, and when
    (epoch seconds); `untold`: numbers that would page by themselves, and wait to be told with others.
    """

    id: str
    rule: str
    primary: str
    opened: int
    last: int
    members: dict[str, Member]
    evidence: list[Evidence]
    told: Told
    closed: bool = False
    decided_by: str | None = None
    named: dict[str, int] = {}
    untold: list[str] = []


class Stir(Struct, frozen=True, array_like=True):
    """A number that began to stir: too little for a page of its own."""

    member: Member
    evidence: list[Evidence]


class Rising(Struct, array_like=True, dict=True):
    """Numbers of one kind, or of one scheme: the day each began to stir, and the newest of them in full."""

    first: dict[str, int] = {}
    recent: dict[str, Stir] = {}

    @cached_property
    def starts(self) -> Counter[int]:
        """How many numbers began on each day.  Kept in mind: `begin` and `forget` change it with `first`."""
        return Counter(self.first.values())

    def begin(self, key: str, day: int) -> int:
        """The day on which a number began to stir: `day`, unless it did before."""
        if key not in self.first:
            self.starts[day] += 1
            self.first[key] = day
        return self.first[key]

    def forget(self, key: str) -> None:
        """Forget when a number began."""
        self.starts[self.first.pop(key)] -= 1


class Campaigns(Struct, array_like=True):
    """Everything that folding remembers; `since`, `clock`: first and newest candidate (epoch seconds).

    `risen_to`: the day up to which `rising` was tidied; `purses`: what each rule may spend.
    """

    since: int = 0
    clock: int = 0
    waves: list[Wave] = []
    rising: dict[str, Rising] = {}
    traffic: Traffic = field(default_factory=Traffic)
    risen_to: int = 0
    purses: dict[str, Purse] = {}


def member_of(candidate: Candidate, excess: Excess, score: float) -> Member:
    """What a wave keeps of a candidate."""
    inside = [item for item in candidate.evidence if item.happened >= excess.start]
    return Member(
        last=candidate.at,
        newest=max((item.happened for item in inside), default=candidate.at),
        started=min((item.happened for item in inside), default=excess.start),
        excess=excess,
        score=score,
        report_ids=[item.report_id for item in inside[:MAX_REPORTS]],
    )


def put(
    wave: Wave, members: Mapping[str, Member], evidence: Iterable[Evidence], *, lasts: bool = True
) -> list[Evidence]:
    """Add series to `wave`, or what is newer of them, and reports; returns the reports that it did not have.

    The same again changes nothing.  Of too many series those that were quiet longest go.  With `lasts` they are a
    reason for the wave to go on.
    """
    leads = wave.primary in wave.members and wave.primary not in members
    for key, member in members.items():
        known = wave.members.get(key)
        if known is None or (member.last, member.excess.observed) >= (known.last, known.excess.observed):
            wave.members[key] = member
        if lasts:
            wave.last = max(wave.last, member.last)
    while len(wave.members) > MAX_KEYS:
        others = [key for key in wave.members if key != wave.primary]
        del wave.members[min(others, key=lambda key: (wave.members[key].last, key))]
    # Where the one that led is as it was, only these can take its place.
    rivals = [wave.primary, *(key for key in members if key in wave.members)] if leads else wave.members
    wave.primary = min(rivals, key=lambda key: (_RANK[family_of(key)], -wave.members[key].score, key))
    return keep_newest(wave.evidence, evidence, MAX_EVIDENCE)


def wave_of(campaigns: Campaigns, key: str, at: int) -> Wave | None:
    """The wave that a series belongs to at `at`: an open one, or an ended one that the series never left quiet."""
    for wave in reversed(campaigns.waves):
        member = wave.members.get(key)
        if member is not None and (not wave.closed or at <= member.last + QUIET):
            return wave
    return None


def size_of(wave: Wave, key: str) -> float:
    """How large a wave is by one of its series: the one that names it, or what a broader one has more than expected."""
    excess = wave.members[key].excess
    return max(
        excess.observed if key == wave.primary else 0.0,
        excess.observed - excess.expected if family_of(key) in BROADER else 0.0,
    )


def telling(wave: Wave) -> Told:
    """What an alert would say now."""
    return Told(
        observed=max([size_of(wave, key) for key in wave.members]),
        paged=wave.told.paged,
        regions=sorted({item.region for item in wave.evidence if item.region}),
        victims=sum(item.victim for item in wave.evidence),
    )
