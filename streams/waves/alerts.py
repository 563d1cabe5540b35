"""A wave as an alert: what the person on call, the index and the backtest get."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

from schemas.events import Alert, AlertStatus
from streams.waves.campaigns import Wave
from streams.waves.rules import Rule
from streams.waves.series import family_of, moment

MAX_EXCERPTS: Final = 5


def alert_of(wave: Wave, rule: Rule, change: str, *, paged: bool, first: Sequence[str]) -> Alert:
    """The alert of `wave` as it is now; `change` says why it is published, `first` are the series to name first."""
    family, _, value = wave.primary.partition(":")
    primary = wave.members[wave.primary]
    evidence = wave.evidence
    named = [key for key in first if key in wave.members]
    others = [key for key in wave.members if family_of(key) != "campaign" and key not in named]
    return Alert(
        id=wave.id,
        family=family,
        key=wave.primary,
        status=AlertStatus.CLOSED if wave.closed else AlertStatus.OPEN,
        severity=rule.severity,
        number=value.partition("|")[0] if family in ("number", "official") else None,
        official=family == "official",
        schemes=[scheme for scheme, _ in Counter(s for item in evidence for s in item.schemes).most_common()],
        regions=dict(Counter(item.region for item in evidence if item.region).most_common()),
        started_at=moment(min(member.started for member in wave.members.values())),
        detected_at=moment(wave.opened),
        window_seconds=primary.excess.window,
        observed=round(primary.excess.observed),
        expected=round(primary.excess.expected, 3),
        score=round(primary.score, 2),
        known_days=round(primary.excess.known_days, 1),
        victims=sum(item.victim for item in evidence),
        loss_kzt=sum(item.loss_kzt for item in evidence),
        channels=dict(Counter(item.channel for item in evidence).most_common()),
        media=dict(Counter(item.medium for item in evidence if item.medium).most_common()),
        outcomes=dict(Counter(item.outcome for item in evidence if item.outcome).most_common()),
        groups=dict(Counter(item.group for item in evidence if item.group).most_common()),
        decided_by=wave.decided_by,
        report_ids=[item.report_id for item in evidence],
        excerpts=list(dict.fromkeys(item.excerpt for item in evidence if item.excerpt))[:MAX_EXCERPTS],
        keys={key: round(wave.members[key].excess.observed) for key in [*named, *others]},
        rule=rule.id,
        route=rule.route,
        change=change,
        page=paged,
        updated_at=moment(wave.last),
    )
