"""A number's reputation: facts that can be merged in any order, and a state that is a function of facts and time.

Facts are a set of claims, one a reporter, so that applying a batch twice, or two batches in the other order, gives the
same facts.  Nothing here counts up.  `assess` derives everything that is shown.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from msgspec import Struct, field
from msgspec.structs import replace

from schemas.events import Outcome, Signal, Stance, Verdict, VerdictKind

#: Claims kept of one number; above it the sample of the smallest hashes is kept, and counts are estimated from it.
MAX_CLAIMS: Final = 512
#: Report ids remembered of one claim, channels and schemes of one claim.
MAX_PER_CLAIM: Final = 8
#: Independent identified reporters that make a number suspected.
SUSPECTED_FROM: Final = 3
#: New independent reporters after an analyst cleared a number that put the clearing in doubt.
DOUBTED_FROM: Final = 3
#: How long evidence holds after its last sign of life, by its weight (independent identified reporters).
WEAK, FAIR, STRONG = timedelta(days=14), timedelta(days=45), timedelta(days=120)
STRONG_FROM: Final = 6
_HASH_SPACE: Final = 2**64


class State(StrEnum):
    """What is said of a number."""

    UNKNOWN = "unknown"
    REPORTED = "reported"
    SUSPECTED = "suspected"
    CONFIRMED = "confirmed"
    OFFICIAL = "official"
    CLEARED = "cleared"


class Claim(Struct, frozen=True, omit_defaults=True):
    """What one reporter said about a number, all their reports taken together."""

    first: datetime
    last: datetime
    anonymous: bool
    question: bool = False
    source: str = ""
    outcome: Outcome = Outcome.UNKNOWN
    loss_kzt: int = 0
    reports: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    schemes: tuple[str, ...] = ()
    media: tuple[str, ...] = ()


class Facts(Struct, frozen=True, omit_defaults=True):
    """All that is kept of one number: claims by hash of the reporter, and the analysts' verdicts by id."""

    claims: dict[str, Claim] = field(default_factory=dict)
    verdicts: dict[str, Verdict] = field(default_factory=dict)


class Assessment(Struct, frozen=True, kw_only=True):
    """What is said of a number at one moment.

    `reporters` are distinct identified reporters, `weight` those of them that are independent of one another and whose
    word has not faded; `anonymous` are days and sources with anonymous reports.  `fades_at` is when the state will
    weaken without new reports, None if it won't.
    """

    state: State
    impersonated: bool
    reporters: int
    weight: int
    anonymous: int
    questions: int
    reports: int
    victims: int
    attempts: int
    loss_kzt: int
    first_seen: datetime | None
    last_seen: datetime | None
    channels: list[str]
    regions: list[str]
    schemes: list[str]
    media: list[str]
    fades_at: datetime | None
    doubted: bool
    appeals: int
    verdict: Verdict | None


def add_signals(facts: Facts, signals: Iterable[Signal]) -> Facts:
    """Facts with the claims of `signals` (all about one number) merged in; idempotent, the order does not matter."""
    claims = dict(facts.claims)
    for signal in signals:
        key = _reporter_key(signal)
        new = _claim(signal)
        claims[key] = _merge(claims[key], new) if key in claims else new
    if len(claims) > MAX_CLAIMS:
        claims = {key: claims[key] for key in sorted(claims)[:MAX_CLAIMS]}
    return replace(facts, claims=claims)


def forget(facts: Facts, reporter: str | None, report_ids: Collection[str]) -> Facts:
    """Facts without the claims of `reporter` (a keyed hash), and without these reports.

    A claim that several anonymous people share stays for as long as it may have a report of another one.  In a full
    sample, whose hashes say how many claims there are, a claim that goes leaves its place to nobody's.
    """
    own = {_claim_key(reporter, question) for question in (False, True)} if reporter else set()
    keys = sorted(facts.claims)
    claims: dict[str, Claim] = {}
    for place, key in enumerate(keys):
        claim = facts.claims[key]
        left = tuple(report for report in claim.reports if report not in report_ids)
        if key not in own and (left or len(claim.reports) in (0, MAX_PER_CLAIM)):
            claims[key] = claim if len(left) == len(claim.reports) else replace(claim, reports=left)
        elif len(keys) >= MAX_CLAIMS:
            before, after = (int(keys[place - 1], 16) if place else 0), int(key, 16)
            claims[f"{(before + after) // 2:016x}"] = _nobodys(claim)
    return replace(facts, claims=claims)


def _nobodys(claim: Claim) -> Claim:
    """What may stay of a claim: that on that day somebody said something."""
    first, last = (at.replace(hour=0, minute=0, second=0, microsecond=0) for at in (claim.first, claim.last))
    return Claim(first=first, last=last, anonymous=claim.anonymous, question=claim.question, source=claim.source)


def traces(reporter: str | None, report_ids: Iterable[str]) -> list[bytes]:
    """What of a reporter and of reports can be found in the bytes of stored facts."""
    keys = [_claim_key(reporter, question) for question in (False, True)] if reporter else []
    return [text.encode() for text in (*keys, *report_ids)]


def add_verdict(facts: Facts, verdict: Verdict) -> Facts:
    """Facts with an analyst's verdict or a recorded appeal."""
    return replace(facts, verdicts={**facts.verdicts, verdict.id: verdict})


def assess(facts: Facts, now: datetime, *, official: bool) -> Assessment:
    """The state of a number at `now`, and the figures that explain it.

    - official: an official number is never a bad one; with claims it is impersonated.
    - an analyst's newest verdict: confirmed holds for `STRONG` after the verdict, and after each identified report that
      comes while it holds; cleared holds until another verdict, and is `doubted` after `DOUBTED_FROM` new independent
      reporters.
    - suspected: at least `SUSPECTED_FROM` independent identified reporters; anonymous ones neither suffice nor prolong.
    - reported: anything less.

    Evidence fades after `WEAK`, `FAIR` or `STRONG` without a new report, by its weight; what has faded is not revived
    by a report that comes later (a number may have another owner by then).
    """
    told = [c for c in facts.claims.values() if not c.question]
    questions = [c for c in facts.claims.values() if c.question]
    scale = _scale(facts)
    identified = [c for c in told if not c.anonymous]
    standing = _standing(identified)
    weight = _independent(standing)
    last = max((c.last for c in told), default=None)
    state, fades_at = _state(weight, standing[-1].last if standing else None, last, now)
    ruling = max(
        (v for v in facts.verdicts.values() if v.kind is not VerdictKind.APPEAL),
        key=lambda v: (v.at, v.id),
        default=None,
    )
    doubted = False
    if ruling is not None and ruling.kind is VerdictKind.CONFIRMED:
        if now < (until := _confirmed_until(ruling.at, identified)):
            state, fades_at = State.CONFIRMED, until
    elif ruling is not None:
        state, fades_at = State.CLEARED, None
        doubted = _independent([c for c in identified if c.last > ruling.at]) >= DOUBTED_FROM
    if official:
        state, fades_at = State.OFFICIAL, None
    return Assessment(
        state=state,
        impersonated=official and bool(told),
        reporters=round(len(identified) * scale),
        weight=weight,
        anonymous=round(sum(c.anonymous for c in told) * scale),
        questions=round(len(questions) * scale),
        reports=round(len({r for c in told for r in c.reports}) * scale),
        victims=round(sum(c.outcome is Outcome.VICTIM for c in told) * scale),
        attempts=round(sum(c.outcome is Outcome.ATTEMPT for c in told) * scale),
        loss_kzt=sum(c.loss_kzt for c in told),
        first_seen=min((c.first for c in told), default=None),
        last_seen=last,
        channels=sorted({x for c in told for x in c.channels}),
        regions=sorted({x for c in told for x in c.regions}),
        schemes=_most_told(told),
        media=sorted({x for c in told for x in c.media}),
        fades_at=fades_at,
        doubted=doubted,
        appeals=sum(v.kind is VerdictKind.APPEAL for v in facts.verdicts.values()),
        verdict=ruling,
    )


def _state(
    weight: int, identified_last: datetime | None, last: datetime | None, now: datetime
) -> tuple[State, datetime | None]:
    """The state by evidence of `weight`, and when it ends: by the last identified report, and by the last of all."""
    if identified_last and weight >= SUSPECTED_FROM and now < (until := identified_last + _holds(weight)):
        return State.SUSPECTED, until
    if last and now < last + WEAK:
        return State.REPORTED, last + WEAK
    return State.UNKNOWN, None


def _holds(weight: int) -> timedelta:
    """How long evidence of that weight makes a number suspected after its last sign of life."""
    return STRONG if weight >= STRONG_FROM else FAIR


def _standing(identified: list[Claim]) -> list[Claim]:
    """The newest claims, by their last report, back to the first gap in which the evidence before it faded."""
    standing: list[Claim] = []
    hands: set[tuple[str, datetime]] = set()
    for claim in sorted(identified, key=lambda c: c.last):
        if standing and claim.last >= standing[-1].last + _holds(len(hands)):
            standing, hands = [], set()
        standing.append(claim)
        hands.add(_hand(claim))
    return standing


def _confirmed_until(at: datetime, identified: list[Claim]) -> datetime:
    """When a confirmation of `at` ends: each report that comes before its end prolongs it."""
    until = at + STRONG
    for told in sorted({moment for claim in identified for moment in (claim.first, claim.last)}):
        if told < until:
            until = max(until, told + STRONG)
    return until


def _independent(identified: list[Claim]) -> int:
    """Identified reporters that can be told from one person: those who came through one source within one minute
    weigh as one, for that is what a hand with many accounts looks like."""
    return len({_hand(claim) for claim in identified})


def _hand(claim: Claim) -> tuple[str, datetime]:
    return claim.source, claim.first.replace(second=0, microsecond=0)


def _scale(facts: Facts) -> float:
    """Factor from the kept sample to all claims: 1 while everything is kept, else the estimate (k − 1) / U(k) of a
    bottom-k sample, where U(k) is the largest kept hash as a share of the hash space (Beyer et al., SIGMOD 2007)."""
    if len(facts.claims) < MAX_CLAIMS:
        return 1.0
    share = int(max(facts.claims), 16) / _HASH_SPACE
    return (MAX_CLAIMS - 1) / share / MAX_CLAIMS


def _reporter_key(signal: Signal) -> str:
    return _claim_key(signal.reporter, signal.stance is Stance.QUESTION)


def _claim_key(reporter: str, question: bool) -> str:
    return hashlib.blake2b(f"{'?' if question else ''}{reporter}".encode(), digest_size=8).hexdigest()


def _claim(signal: Signal) -> Claim:
    return Claim(
        first=signal.happened_at,
        last=signal.happened_at,
        anonymous=signal.anonymous,
        question=signal.stance is Stance.QUESTION,
        source=signal.source,
        outcome=signal.outcome,
        loss_kzt=signal.loss_kzt or 0,
        reports=(signal.report_id,),
        channels=(signal.channel.value,),
        regions=(signal.region,) if signal.region else (),
        schemes=tuple(sorted(signal.schemes)[:MAX_PER_CLAIM]),
        media=(signal.medium.value,),
    )


_GRAVITY: Final = {Outcome.UNKNOWN: 0, Outcome.ATTEMPT: 1, Outcome.VICTIM: 2}


def _merge(a: Claim, b: Claim) -> Claim:
    """Both claims of one reporter as one; every operation is commutative, associative and idempotent."""
    return Claim(
        first=min(a.first, b.first),
        last=max(a.last, b.last),
        anonymous=a.anonymous,
        question=a.question,
        source=min(a.source, b.source),
        outcome=max(a.outcome, b.outcome, key=_GRAVITY.__getitem__),
        loss_kzt=max(a.loss_kzt, b.loss_kzt),
        reports=_union(a.reports, b.reports),
        channels=_union(a.channels, b.channels),
        regions=_union(a.regions, b.regions),
        schemes=_union(a.schemes, b.schemes),
        media=_union(a.media, b.media),
    )


def _union(a: tuple[str, ...], b: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted({*a, *b})[:MAX_PER_CLAIM])


def _most_told(claims: list[Claim]) -> list[str]:
    """Schemes, the one that most reporters tell first."""
    counts: dict[str, int] = {}
    for claim in claims:
        for scheme in claim.schemes:
            counts[scheme] = counts.get(scheme, 0) + 1
    return sorted(counts, key=lambda code: (-counts[code], code))
