"""Folding: candidates of overlapping series are one wave, and a wave is told once, then only when it grew.

Candidates come from all partitions to one owner, who alone knows how much was reported at all, and so judges them.
Replayed candidates change nothing.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from itertools import groupby
from typing import Final

from schemas.events import Alert
from streams.waves.alerts import alert_of
from streams.waves.campaigns import (
    QUIET,
    REMEMBERED,
    Campaigns,
    Member,
    Told,
    Wave,
    member_of,
    put,
    size_of,
    telling,
    wave_of,
)
from streams.waves.joining import Shared, joined, name, scheme_of
from streams.waves.kinds import kind_of
from streams.waves.pace import Purse, factor, settle
from streams.waves.rising import forget, groups_of, risen, stir, together
from streams.waves.rules import NARROW, SEVERITIES, STIRRING, Detector, Rule
from streams.waves.scan import Candidate, Excess, judge
from streams.waves.series import DAY, MAX_EVIDENCE, Evidence, day_of, family_of, hands
from streams.waves.silence import silence
from streams.waves.traffic import Exposure, record

#: A candidate this far behind the newest one is of the past: it tells nothing new.
PAST: Final = 7 * DAY
#: Factors by which a wave grew: enough to publish its alert anew, and to page again.
GREW: Final = 2.0
GREW_MUCH: Final = 10.0
#: Numbers that join a campaign before it is paged again: at least these, and half of those it had.
MORE_NUMBERS: Final = 5

#: What a candidate amounts to under the exposure of its moment, if it is of a family that has rules.
Judge = Callable[[Candidate, Exposure], Member | None]

#: Families whose rules are about numbers already.
_OF_NUMBERS: Final = ("number", "official", "campaign")
_ALERT_NAMESPACE: Final = uuid.UUID("0f5b5b3e-2c7e-5d0e-8a55-1d8f0a6c7e01")


def judge_with(detector: Detector) -> Judge:
    """The judgement of `detector`.  It depends on no threshold, so that a calibration needs it only once."""

    def judged(candidate: Candidate, exposure: Exposure) -> Member | None:
        family, _, value = candidate.key.partition(":")
        if family not in detector.rules:
            return None
        excess = judge(candidate.figures, exposure, detector.dispersion(family), candidate.own_days)
        if excess is None:
            return None
        weight = detector.weight(kind_of(value, detector.calibration.country)) if family == "number" else 1.0
        return member_of(candidate, excess, excess.score * weight)

    return judged


def fold(
    campaigns: Campaigns | None,
    candidates: Iterable[Candidate],
    now: int,
    detector: Detector,
    judged: Judge | None = None,
) -> tuple[Campaigns, list[Alert]]:
    """Fold `candidates` into the waves, look for silent channels, and end waves quiet at `now` (epoch seconds).

    Returns the state and the alerts to publish: new waves, waves that grew (same id), waves that ended (status closed).
    `judged` is `judge_with(detector)`, if the caller has it already.
    """
    folder = Folder(campaigns or Campaigns(), detector, judged)
    return folder.state, folder.fold(candidates, now)


class Folder:
    """Folds batch after batch: the state, and what is derived from it and need not be derived for every batch."""

    def __init__(self, state: Campaigns, detector: Detector, judged: Judge | None = None) -> None:
        """`judged` is `judge_with(detector)`, if the caller has it already."""
        self.state = state
        self.detector = detector
        self._alerts: list[Alert] = []
        self._judge = judged or judge_with(detector)
        self._keys = {key for wave in state.waves for key in wave.members}
        self._weighed: Exposure | None = None
        self._together: dict[str, Excess | None] = {}

    def fold(self, candidates: Iterable[Candidate], now: int) -> list[Alert]:
        """The alerts that these candidates lead to by `now` (epoch seconds)."""
        self._alerts = []
        for at, group in groupby(sorted(candidates, key=lambda some: (some.at, some.key)), lambda some: some.at):
            if at >= self.state.clock - PAST:
                self.state.clock = max(self.state.clock, at)
                self.state.since = self.state.since or at
                self._take(list(group), at)
        self.state.clock = max(self.state.clock, now)
        self._listen()
        self._end()
        return self._alerts

    def _pace(self, rule: Rule) -> float:
        """Factor of the threshold of `rule` today, by what it spent before."""
        if not self.detector.paced:
            return 1.0
        return factor(self._purse(rule), self.detector.pages_a_day(rule))

    def _purse(self, rule: Rule) -> Purse:
        today = day_of(self.state.clock)
        purse = self.state.purses.setdefault(rule.id, Purse(today))
        if purse.day < today:
            channels = self.state.traffic.channels.values()
            days = len({day for channel in channels for day in channel.days if purse.day <= day < today})
            settle(purse, today, days, self.detector.pages_a_day(rule))
        return purse

    @cached_property
    def _shared(self) -> Shared:
        return Shared(self.state.waves)

    def _take(self, candidates: list[Candidate], at: int) -> None:
        """Judge the candidates of one moment, and find each its wave."""
        for volume in (candidate.volume for candidate in candidates if candidate.volume is not None):
            record(self.state.traffic, volume, at)
            self._weighed = None
        candidates = [candidate for candidate in candidates if candidate.figures]
        if not candidates:
            return
        exposure = self._exposure(at)
        forget(self.state, at)
        self._together = {}
        judged = []
        for candidate in candidates:
            member = self._judge(candidate, exposure)
            if member is not None:
                judged.append((candidate, member))
                if member.score >= STIRRING and self._wave_of(candidate.key, at) is None:
                    for group in self._groups(candidate):
                        stir(self.state, group, candidate, member)
        for candidate, member in judged:
            self._place(candidate, member, exposure)

    def _wave_of(self, key: str, at: int) -> Wave | None:
        return wave_of(self.state, key, at) if key in self._keys else None

    def _place(self, candidate: Candidate, member: Member, exposure: Exposure) -> None:
        """Find a series its wave: the one it is in, one that it overlaps, a campaign, or a new one of its own."""
        key, evidence = candidate.key, candidate.evidence
        family = family_of(key)
        wave = self._wave_of(key, candidate.at)
        if wave is None and member.score < self.detector.floor(family):
            return
        rule = self._rule(family, member, evidence) if wave is None or family == "number" else None
        if wave is not None and wave.closed and rule is not None and key not in wave.named:
            wave = None  # it was too weak to be told with that one
        if wave is None:
            wave = self._overlapping(key, member)
        if wave is not None:
            self._update(wave, key, member, candidate, rule)
        elif self._campaign(candidate, member, exposure, rule):
            return
        elif rule is not None:
            self._open(rule, key, {key: member}, evidence, candidate.at, candidate.newest)

    def _listen(self) -> None:
        """Find channels that are silent now, and those that speak again."""
        rules = self.detector.rules.get("channel", ())
        for source, channel in sorted(self.state.traffic.channels.items()) if rules else ():
            key, now = f"channel:{source}", self.state.clock
            excess = silence(channel, self.detector.calendar, self.detector.dispersion("channel"), now)
            member = None if excess is None else Member(now, now, excess.start, excess, excess.score, [])
            wave = next((wave for wave in self.state.waves if wave.primary == key and not wave.closed), None)
            if wave is not None and (member is None or member.score < self.detector.floor("channel")):
                self._close(wave)
            elif wave is not None and member is not None:
                put(wave, {key: member}, [])
            elif member is not None and (rule := self._rule("channel", member, [])):
                self._open(rule, key, {key: member}, [], now, None)

    def _end(self) -> None:
        """End waves that have been quiet, and forget those that ended long ago."""
        for wave in self.state.waves:
            if not wave.closed and wave.last < self.state.clock - QUIET:
                self._close(wave)
        oldest = self.state.clock - QUIET - REMEMBERED
        kept = [wave for wave in self.state.waves if wave.last >= oldest]
        if len(kept) < len(self.state.waves):
            self.state.waves = kept
            self._keys = {key for wave in kept for key in wave.members}
            self.__dict__.pop("_shared", None)

    def _exposure(self, at: int) -> Exposure:
        if self._weighed is None or self._weighed.today != day_of(at):
            reference = self.detector.calibration.reference_volume
            self._weighed = Exposure(self.detector.calendar, reference, self.state.traffic, day_of(at))
        return self._weighed

    def _rule(self, family: str, member: Member, evidence: list[Evidence], numbers: int = 0) -> Rule | None:
        """The most severe rule that a series meets."""
        return next((r for r in self.detector.rules.get(family, ()) if self._meets(r, member, evidence, numbers)), None)

    def _meets(self, rule: Rule, member: Member, evidence: list[Evidence], numbers: int) -> bool:
        filters = rule.filters
        return (
            member.score >= self.detector.threshold(rule) * self._pace(rule)
            and (rule.family in ("channel", "campaign") or member.excess.identified >= rule.minimum_reporters)
            and (rule.family not in NARROW or hands(evidence) >= min(rule.minimum_reporters, MAX_EVIDENCE))
            and (rule.family != "campaign" or numbers >= rule.minimum_numbers)
            and member.excess.known_days >= rule.minimum_baseline_days
            and sum(item.victim for item in evidence) >= filters.minimum_victims
            and sum(item.loss_kzt for item in evidence) >= filters.minimum_loss_kzt
            and (not filters.regions or any(item.region in filters.regions for item in evidence))
            and (not filters.schemes or any(scheme in filters.schemes for item in evidence for scheme in item.schemes))
        )

    def _lowest(self, family: str) -> float:
        """The score without which no rule of a family is met."""
        return min(self.detector.threshold(rule) * self._pace(rule) for rule in self.detector.rules[family])

    def _groups(self, candidate: Candidate) -> list[str]:
        """The groups in which a number can rise with others."""
        family, _, value = candidate.key.partition(":")
        if family != "number" or "campaign" not in self.detector.rules:
            return []
        return groups_of(candidate, kind_of(value, self.detector.calibration.country))

    def _campaign(self, candidate: Candidate, member: Member, exposure: Exposure, own_rule: Rule | None) -> bool:
        """Whether a stirring number is one of many that rise together, and they were told now."""
        at = candidate.at
        for group in self._groups(candidate) if member.score >= STIRRING else ():
            rising = self.state.rising[group]
            if group not in self._together:
                watched = (at - self.state.since) / DAY
                dispersion = self.detector.dispersion("campaign")
                self._together[group] = together(rising, exposure, dispersion, at, watched)
            excess = self._together[group]
            if excess is None or excess.score < self._lowest("campaign"):
                continue
            untold = {key: rising.recent[key] for key in risen(rising, excess) if self._wave_of(key, at) is None}
            members = {key: stirred.member for key, stirred in untold.items()}
            evidence = [item for stirred in untold.values() for item in stirred.evidence]
            key = f"campaign:{group}"
            members[key] = Member(at, member.newest, excess.start, excess, excess.score, [])
            rule = self._rule("campaign", members[key], evidence, len(untold))
            wave = self._wave_of(key, at)
            if (wave is None or wave.closed) and rule is not None:
                self._open(rule, key, members, evidence, at, candidate.newest)
                return True
            if (
                wave is not None
                and rule is not None
                and (own_rule is not None or len(untold) >= max(MORE_NUMBERS, len(wave.members) / 2))
            ):
                self._put(wave, members, evidence)
                self._page(wave, "more-numbers", candidate.newest, first=list(untold))
                return True
        return False

    def _rule_of(self, wave: Wave) -> Rule:
        return next(rule for rules in self.detector.rules.values() for rule in rules if rule.id == wave.rule)

    def _overlapping(self, key: str, member: Member) -> Wave | None:
        """The open wave whose reports, or whose scheme, a series shares most."""
        best = self._shared.nearest(key, member)
        if best is not None:
            return best
        scheme = scheme_of(key)
        same = [wave for wave in self.state.waves if not wave.closed and scheme and scheme_of(wave.primary) == scheme]
        return same[0] if same else None

    def _open(
        self,
        rule: Rule,
        key: str,
        members: dict[str, Member],
        evidence: list[Evidence],
        at: int,
        decided_by: str | None,
    ) -> None:
        # The day is enough to tell waves of one series apart, as one lasts until it has been quiet for days.
        identity = f"{key}\x1f{day_of(at)}"
        wave = Wave(
            id=str(uuid.uuid5(_ALERT_NAMESPACE, identity)),
            rule=rule.id,
            primary=key,
            opened=at,
            last=at,
            members={},
            evidence=[],
            told=Told(0.0, 0.0, [], 0),
        )
        self.state.waves.append(wave)
        self._put(wave, members, evidence)
        name(wave, members)
        self._page(wave, "new", decided_by)

    def _update(self, wave: Wave, key: str, member: Member, candidate: Candidate, rule: Rule | None) -> None:
        """Add a series to its wave, and tell what that changes; `rule` is the one that a number meets by itself."""
        joins = rule is not None and not wave.closed and joined(wave, key, member)
        lasts = family_of(key) != "number" or key in wave.named or member.score >= self._loud
        new = self._put(wave, {key: member}, candidate.evidence, lasts=lasts)
        if wave.closed:
            return
        told, size = wave.told, size_of(wave, key) if key in wave.members else 0.0
        if joins and rule is not None:
            self._promote(wave, rule)
            self._page(wave, "more-numbers", candidate.newest, first=wave.untold)
        elif size >= GREW_MUCH * told.paged:
            self._page(wave, "grew", candidate.newest)
        elif not told.victims and any(item.victim for item in new):
            self._tell(wave, "first-victim")
        elif any(item.region and item.region not in told.regions for item in new):
            self._tell(wave, "new-region")
        elif size >= GREW * told.observed:
            self._tell(wave, "doubled")

    @cached_property
    def _loud(self) -> float:
        """Score from which a number that was not told keeps a wave going."""
        return min(self.detector.threshold(rule) for rule in self.detector.rules["number"]) / 2

    def _promote(self, wave: Wave, rule: Rule) -> None:
        """A wave that a number joined goes by the number's rule, unless it has a more severe one."""
        known = self._rule_of(wave)
        if known.family not in _OF_NUMBERS and SEVERITIES.index(rule.severity) >= SEVERITIES.index(known.severity):
            wave.rule = rule.id

    def _close(self, wave: Wave) -> None:
        wave.closed = True
        self._tell(wave, "ended")

    def _page(self, wave: Wave, change: str, decided_by: str | None, first: Sequence[str] = ()) -> None:
        wave.decided_by = decided_by
        self._tell(wave, change, paged=True, first=first)
        name(wave, first)
        self._purse(self._rule_of(wave)).spent += 1

    def _tell(self, wave: Wave, change: str, *, paged: bool = False, first: Sequence[str] = ()) -> None:
        is_now = telling(wave)
        wave.told = Told(is_now.observed, is_now.observed if paged else wave.told.paged, is_now.regions, is_now.victims)
        rule = self._rule_of(wave)
        self._alerts.append(alert_of(wave, rule, change, paged=paged, first=list(first)))

    def _put(
        self, wave: Wave, members: dict[str, Member], evidence: list[Evidence], *, lasts: bool = True
    ) -> list[Evidence]:
        new = put(wave, members, evidence, lasts=lasts)
        self._keys.update(members)
        if "_shared" in self.__dict__:  # else nobody asked for it yet
            self._shared.add(wave, members)
        return new
