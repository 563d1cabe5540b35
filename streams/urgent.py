"""Reports that somebody on call must know at once, whatever the waves do, and the heartbeat.  Pure.

The first hours decide whether money can still be frozen, so one report of money that moved in the last day is an alert
of its own.  A heartbeat takes the same way, so that one that arrives proves it.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Final

from schemas.events import MAX_FUTURE, Alert, ContactRole, EnrichedReport, Outcome, Stance
from schemas.reference import official_entry
from streams.signals import MAX_EXCERPT, NUMBER, shorten

#: Families of these alerts; the integration that heartbeats come from.
URGENT: Final = "urgent"
HEARTBEAT: Final = "heartbeat"
HEARTBEAT_SOURCE: Final = "heartbeat"
#: Money that moved longer ago than this is hardly ever stopped.
STOPPABLE: Final = timedelta(hours=24)

_NAMESPACE: Final = uuid.UUID("a3b5f0c2-3f63-5b0e-8d6b-71545992b0d4")
#: All heartbeats are one alert in its newest state: thousands a year would only be in the way.
HEARTBEAT_ALERT: Final = str(uuid.uuid5(_NAMESPACE, HEARTBEAT))


def at_once(enriched: EnrichedReport) -> Alert | None:
    """The alert that one report makes by itself: an urgent case, a heartbeat, or (mostly) none.

    A function of the report alone, so that a retry or a replay gives the same alert under the same id.
    """
    report = enriched.report
    if report.synthetic:
        return _heartbeat(enriched) if report.source == HEARTBEAT_SOURCE else None
    moved_at = _moved_at(enriched)
    if moved_at is None or report.backfill or enriched.stance is not Stance.REPORT:
        return None
    suspects = {c.value for c in enriched.contacts if c.role is ContactRole.SUSPECT and c.value}
    numbers = sorted(value for value in suspects if official_entry(value) is None)
    return Alert(
        id=str(uuid.uuid5(_NAMESPACE, report.id)),
        family=URGENT,
        key=f"{URGENT}:{report.id}",
        severity="critical",
        number=numbers[0] if numbers else None,
        schemes=[tag.code for tag in sorted(enriched.schemes, key=lambda tag: (-tag.confidence, tag.code))],
        regions={enriched.region: 1} if enriched.region else {},
        started_at=moved_at,
        detected_at=report.received_at,
        window_seconds=int(STOPPABLE.total_seconds()),
        observed=1,
        expected=0.0,
        score=0.0,
        victims=1,
        loss_kzt=report.loss_kzt or 0,
        channels={report.channel.value: 1},
        media={report.medium.value: 1},
        outcomes={Outcome.VICTIM.value: 1},
        groups={report.affected_group.value: 1} if report.affected_group else {},
        report_ids=[report.id],
        excerpts=[shorten(report.text, MAX_EXCERPT)] if report.text else [],
        keys={f"{NUMBER}{value}": 1 for value in numbers},
        rule=URGENT,
        route=URGENT,
        change="new",
        page=True,
        updated_at=report.received_at,
        district=enriched.district,
        bank=report.bank,
        money_moved_at=report.money_moved_at,
    )


def _moved_at(enriched: EnrichedReport) -> datetime | None:
    """When money moved, if that is at most a day before the report came in.

    The channel says when; or only that it is urgent and that there is a victim, then it was when it happened.
    """
    report = enriched.report
    moved_at = report.money_moved_at
    if moved_at is None and report.urgent and report.outcome is Outcome.VICTIM:
        moved_at = report.happened_at
    if moved_at is None or not -MAX_FUTURE <= report.received_at - moved_at <= STOPPABLE:
        return None
    return moved_at


def _heartbeat(enriched: EnrichedReport) -> Alert:
    report = enriched.report
    return Alert(
        id=HEARTBEAT_ALERT,
        family=HEARTBEAT,
        key=f"{HEARTBEAT}:{report.source}",
        severity="low",
        started_at=report.happened_at,
        detected_at=report.received_at,
        window_seconds=0,
        observed=0,
        expected=0.0,
        score=0.0,
        report_ids=[report.id],
        rule=HEARTBEAT,
        route=HEARTBEAT,
        change="new",
        updated_at=report.received_at,
    )
