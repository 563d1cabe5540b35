"""What a decision must say, and what decisions teach the detector.  Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Literal

from msgspec import Struct

from schemas.cases import Decision, DecisionKind
from schemas.events import Alert
from streams.oncall.life import silence_error
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
    kind = decision.kind
    if kind is DecisionKind.SILENCED:
        if not (decision.key or decision.alert_id):
            return "a silence names a series, such as number:+77051234567, or an alert"
        return silence_error(decision.until, now) or (None if decision.note else "a silence needs a reason")
    if kind is DecisionKind.MISSED:
        if not decision.key:
            return "a missed wave names its series, such as scheme:prize or region:KZ-33"
        if decision.happened_at is None or decision.happened_at > now:
            return "a missed wave needs the time when it was on, in the past"
        return None
    return None if decision.alert_id else "name the alert"


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
