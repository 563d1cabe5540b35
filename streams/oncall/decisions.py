"""What a decision must say, and what decisions teach the detector.  Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Literal

from msgspec import Struct

from schemas.cases import Decision, DecisionKind
from schemas.events import Alert
from streams.oncall import silences
from streams.urgent import HEARTBEAT, URGENT

Verdict = Literal["real", "false", "missed"]


class Feedback(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What `./saqbol calibrate --feedback` reads, a line each: a wave that was told, or one that should have been.

    `key` is the series, `at` when the wave was seen (missed: when it was on), `alert_id` that of a told one.
    """

    at: datetime
    verdict: Verdict
    key: str | None = None
    alert_id: str | None = None


def problem(decision: Decision, now: datetime) -> str | None:
    """What is missing or wrong of a decision made at `now`, and the remedy; None if it can be taken."""
    named = decision.key or decision.alert_id
    late = decision.happened_at is None or decision.happened_at > now
    found: list[str | None]
    match decision.kind:
        case DecisionKind.SILENCED:
            found = [
                None if named else "a silence names a series, such as number:+77051234567, or an alert",
                silences.error(decision.until, now),
                None if decision.note else "a silence needs a reason",
            ]
        case DecisionKind.RESUMED:
            found = [None if named else "name the series of the silence that ends, or an alert"]
        case DecisionKind.MISSED:
            found = [
                None if decision.key else "a missed wave names its series, such as scheme:prize or region:KZ-33",
                "a missed wave needs the time when it was on, in the past" if late else None,
            ]
        case _:
            found = [None if decision.alert_id else "name the alert"]
    return next((one for one in found if one), None)


def feedback(decisions: Iterable[Decision], alerts: Mapping[str, Alert]) -> list[Feedback]:
    """What people said of waves, in the order of time.  Of several verdicts on one alert the newest counts.

    Urgent cases and heartbeats are no waves and teach nothing.
    """
    closed: dict[str, Decision] = {}
    missed = []
    for one in sorted(decisions, key=lambda one: one.at):
        if one.kind in (DecisionKind.REAL, DecisionKind.FALSE) and one.alert_id:
            closed[one.alert_id] = one
        elif one.kind is DecisionKind.MISSED and one.key and one.happened_at:
            missed.append(Feedback(at=one.happened_at, verdict="missed", key=one.key))
    told = [_told(one, alerts.get(alert_id)) for alert_id, one in closed.items()]
    return sorted([*(one for one in told if one), *missed], key=lambda one: one.at)


def _told(decision: Decision, alert: Alert | None) -> Feedback | None:
    verdict: Verdict = "real" if decision.kind is DecisionKind.REAL else "false"
    if alert is None:
        return Feedback(at=decision.at, verdict=verdict, alert_id=decision.alert_id)
    if alert.family in (URGENT, HEARTBEAT):
        return None
    return Feedback(at=alert.detected_at, verdict=verdict, key=alert.key, alert_id=alert.id)
