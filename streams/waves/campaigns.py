"""Folding: candidates of overlapping series are one wave, and a wave is told once, then only when it grew.

Two candidates belong to the same wave when they are of the same series, or share enough of their reports.  The state
has one owner, as candidates are few.  Replayed candidates change nothing.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterable
from typing import Final

from msgspec import Struct

from schemas.events import Alert, AlertStatus
from streams.waves.rules import Detector
from streams.waves.scan import Candidate, moment
from streams.waves.series import DAY, Evidence, day_of

#: A wave without a candidate for this long is over; the longest window has forgotten it by then.
QUIET: Final = 7 * DAY
#: An ended wave is remembered for this long, so that a replay does not tell it again.
REMEMBERED: Final = 14 * DAY
#: A candidate this far behind the newest one is of the past: it tells nothing new.
PAST: Final = 7 * DAY
#: Reports of a wave that are kept as evidence, newest first.
MAX_WAVE_EVIDENCE: Final = 200
MAX_WAVE_KEYS: Final = 100
MAX_EXCERPTS: Final = 5
#: Share of the smaller side's reports that two series must have in common to be one wave.
OVERLAP: Final = 0.3
GROWTH: Final = 2.0

_ALERT_NAMESPACE: Final = uuid.UUID("0f5b5b3e-2c7e-5d0e-8a55-1d8f0a6c7e01")
#: Families from the most telling to the least: an alert is named by the most telling one of its series.
_TELLING: Final = ("official", "number", "pattern", "scheme-region", "scheme", "region", "channel")


class Told(Struct, array_like=True):
    """What the on-call person was told last about a wave."""

    observed: int
    regions: list[str]
    victims: int


class Wave(Struct, array_like=True):
    """A wave: the newest candidate of each series folded into it, its reports, and what was told of it."""

    id: str
    opened: int
    last: int
    keys: dict[str, Candidate]
    evidence: list[Evidence]
    told: Told
    closed: bool = False


class Campaigns(Struct, array_like=True):
    """All waves that are remembered, and the newest candidate's time (epoch seconds)."""

    clock: int = 0
    waves: list[Wave] = []


def fold(
    campaigns: Campaigns | None, candidates: Iterable[Candidate], now: int, detector: Detector
) -> tuple[Campaigns, list[Alert]]:
    """Fold `candidates` into the waves, and close those that have been quiet until `now` (epoch seconds).

    Returns the state and the alerts to publish: a new wave, one that grew (same id), one that ended (status closed).
    """
    campaigns = campaigns or Campaigns()
    alerts: list[Alert] = []
    for candidate in sorted(candidates, key=lambda some: (some.at, some.key)):
        if candidate.at < campaigns.clock - PAST:
            continue
        campaigns.clock = max(campaigns.clock, candidate.at)
        wave = _wave_of(campaigns, candidate)
        if wave is None:
            wave = _open(candidate)
            campaigns.waves.append(wave)
            alerts.append(_alert(wave, "new", detector))
        elif not wave.closed:
            _merge(wave, candidate)
            change = _growth(wave)
            if change:
                wave.told = _telling(wave)
                alerts.append(_alert(wave, change, detector))
    campaigns.clock = max(campaigns.clock, now)
    for wave in campaigns.waves:
        if not wave.closed and wave.last < campaigns.clock - QUIET:
            wave.closed = True
            alerts.append(_alert(wave, "ended", detector))
    campaigns.waves = [wave for wave in campaigns.waves if wave.last >= campaigns.clock - QUIET - REMEMBERED]
    return campaigns, alerts


def _wave_of(campaigns: Campaigns, candidate: Candidate) -> Wave | None:
    best: Wave | None = None
    most = 0.0
    reports = {item.report_id for item in candidate.evidence}
    for wave in campaigns.waves:
        if candidate.key in wave.keys and (not wave.closed or candidate.at <= wave.last):
            return wave
        if wave.closed:
            continue
        common = sum(item.report_id in reports for item in wave.evidence)
        share = common / max(1, min(len(reports), len(wave.evidence)))
        if share > most:
            best, most = wave, share
    return best if most >= OVERLAP else None


def _open(candidate: Candidate) -> Wave:
    # The day is enough to tell waves of one series apart, as one lasts until it has been quiet for days.
    identity = f"{candidate.key}\x1f{day_of(candidate.at)}"
    wave = Wave(
        id=str(uuid.uuid5(_ALERT_NAMESPACE, identity)),
        opened=candidate.at,
        last=candidate.at,
        keys={candidate.key: candidate},
        evidence=candidate.evidence,
        told=Told(0, [], 0),
    )
    wave.told = _telling(wave)
    return wave


def _merge(wave: Wave, candidate: Candidate) -> None:
    known = wave.keys.get(candidate.key)
    wave.last = max(wave.last, candidate.at)
    if known is None and len(wave.keys) >= MAX_WAVE_KEYS:
        return
    if known is None or (candidate.at, candidate.observed) >= (known.at, known.observed):
        wave.keys[candidate.key] = candidate
    reports = {item.report_id: item for item in [*wave.evidence, *candidate.evidence]}
    wave.evidence = sorted(reports.values(), key=lambda item: (-item.happened, item.report_id))[:MAX_WAVE_EVIDENCE]


def _primary(wave: Wave) -> Candidate:
    """The series an alert is named by: of the most telling family, and there the one with the most reporters."""
    return min(
        wave.keys.values(),
        key=lambda some: (_TELLING.index(some.key.partition(":")[0]), -some.observed, some.key),
    )


def _telling(wave: Wave) -> Told:
    return Told(
        observed=max(candidate.observed for candidate in wave.keys.values()),
        regions=sorted({item.region for item in wave.evidence if item.region}),
        victims=sum(item.victim for item in wave.evidence),
    )


def _growth(wave: Wave) -> str:
    """Why a wave must be told again, or nothing: twice as large, first victim, or another region."""
    told, is_now = wave.told, _telling(wave)
    if is_now.observed >= GROWTH * told.observed:
        return "doubled"
    if is_now.victims and not told.victims:
        return "first-victim"
    if set(is_now.regions) - set(told.regions):
        return "new-region"
    return ""


def _alert(wave: Wave, change: str, detector: Detector) -> Alert:
    primary = _primary(wave)
    family, _, value = primary.key.partition(":")
    rule = next(rule for rule in detector.rules[family] if rule.id == primary.rule)
    evidence = wave.evidence
    return Alert(
        id=wave.id,
        family=family,
        key=primary.key,
        status=AlertStatus.CLOSED if wave.closed else AlertStatus.OPEN,
        severity=rule.severity,
        number=value.partition("|")[0] if family in ("number", "official") else None,
        official=family == "official",
        schemes=[scheme for scheme, _ in Counter(s for item in evidence for s in item.schemes).most_common()],
        regions=dict(Counter(item.region for item in evidence if item.region).most_common()),
        started_at=moment(min(candidate.started for candidate in wave.keys.values())),
        detected_at=moment(wave.opened),
        window_seconds=primary.window,
        observed=primary.observed,
        expected=round(primary.expected, 3),
        score=round(primary.score, 2),
        victims=sum(item.victim for item in evidence),
        loss_kzt=sum(item.loss_kzt for item in evidence),
        channels=dict(Counter(item.channel for item in evidence).most_common()),
        groups=dict(Counter(item.group for item in evidence if item.group).most_common()),
        report_ids=[item.report_id for item in evidence],
        excerpts=list(dict.fromkeys(item.excerpt for item in evidence if item.excerpt))[:MAX_EXCERPTS],
        keys={key: candidate.observed for key, candidate in sorted(wave.keys.items())},
        rule=rule.id,
        route=rule.route,
        change=change,
        updated_at=moment(wave.last),
    )
