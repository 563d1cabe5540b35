"""Alerts, decisions and people on call for tests, with everything that a test does not care about filled in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from schemas.cases import Decision, DecisionKind, Via
from schemas.events import Alert
from streams.oncall.rota import Digest, OnCall, Person, QuietHours, Rota, Shift, Target

#: Three in the morning in Astana, a Wednesday.
NIGHT = datetime(2026, 1, 13, 22, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def an_alert(**changes: Any) -> Alert:
    """An impersonation wave, as it is first told."""
    at = changes.pop("at", NIGHT)
    given: dict[str, Any] = {
        "id": "461f74e0-94d2-50a6-bc71-a95af01928dd",
        "family": "official",
        "key": "official:1414|medical-appointment",
        "number": "1414",
        "official": True,
        "schemes": ["medical-appointment"],
        "regions": {"KZ-33": 5, "KZ-75": 1},
        "groups": {"elderly": 4},
        "severity": "high",
        "route": "national",
        "started_at": at,
        "detected_at": at + timedelta(minutes=30),
        "updated_at": at,
        "window_seconds": 7200,
        "observed": 6,
        "expected": 0.04,
        "score": 20.0,
        "victims": 1,
        "loss_kzt": 1_250_000,
        "excerpts": ["Просили код"],
        "change": "new",
        "page": True,
    }
    return Alert(**{**given, **changes})


def a_decision(kind: DecisionKind, at: datetime = NIGHT, **changes: Any) -> Decision:
    """A decision by the person who was told first."""
    given: dict[str, Any] = {"id": "d-1", "by": "aigerim", "via": Via.COMMAND, "alert_id": an_alert().id}
    return Decision(**{**given, "kind": kind, "at": at, **changes})


def a_person(account: str, *ways: str) -> Person:
    """Somebody with those ways; the addresses are told apart by account and way."""
    targets = [Target(way, f"json://127.0.0.1/{account}-{way}") for way in ways or ("phone",)]
    return Person(account, account.title(), "ru", targets)


def people_on_call(**changes: Any) -> OnCall:
    """Three people for the whole country: two in turn, then the head of the shift."""
    given: dict[str, Any] = {
        "people": [a_person("aigerim", "telegram", "sms"), a_person("marat"), a_person("saule")],
        "rotas": [Rota("national", [Shift(["aigerim", "marat"], head="saule")])],
        "escalate_after": {"critical": 5, "high": 10, "medium": 30, "low": 60},
        "digest": Digest(3, 10, 30),
        "quiet_hours": QuietHours("22:00-08:00", ["low"]),
    }
    return OnCall(**{**given, **changes})
