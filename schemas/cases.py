"""Casework: what people decide about an alert, and the life of the alert that follows from it.

A person's `Decision` is a message of `fraud.decisions.v1`; notify keeps a `Case` for each alert, a message of
`fraud.cases.v1`: who was told when and by which way, who acknowledged it, how it was closed.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

from schemas.events import AlertStatus, Timestamp


class DecisionKind(StrEnum):
    """What a person decided.

    `missed` reports a wave that nobody was paged for, `silenced` keeps a series quiet for a while, `resumed` ends that
    early; they name a `key` instead of an alert where there is none.
    """

    ACKNOWLEDGED = "acknowledged"
    REAL = "real"
    FALSE = "false"
    MISSED = "missed"
    SILENCED = "silenced"
    RESUMED = "resumed"


class Via(StrEnum):
    """The way by which a decision came."""

    PAGE = "page"
    LINK = "link"
    COMMAND = "command"


class Decision(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A decision: a message of `fraud.decisions.v1`, keyed by its id.

    `key` is a series such as `scheme:prize` or `number:+77051234567`.  `until` ends a silence.  `happened_at` is when a
    missed wave was on.
    """

    id: str
    kind: DecisionKind
    at: Timestamp
    by: Annotated[str, Meta(min_length=1, max_length=64, description="the person's account")]
    via: Via
    alert_id: str | None = None
    key: Annotated[str, Meta(max_length=300)] | None = None
    until: Timestamp | None = None
    happened_at: Timestamp | None = None
    note: Annotated[str, Meta(max_length=500)] = ""


class StepKind(StrEnum):
    """What happened to an alert.

    `sent`, `updated` and `digest`: a message reached a person, about this alert, about what changed of it, or about
    several alerts together.  `failed`: one way to a person was given up.  `escalated`: the next person is told, or
    there is none.  `held`: quiet hours; `silenced`: a person keeps the series quiet, `resumed`: no longer.  `ended`:
    the wave is over and nobody had answered.
    """

    SENT = "sent"
    UPDATED = "updated"
    DIGEST = "digest"
    FAILED = "failed"
    ESCALATED = "escalated"
    HELD = "held"
    ACKNOWLEDGED = "acknowledged"
    CLOSED = "closed"
    SILENCED = "silenced"
    RESUMED = "resumed"
    ENDED = "ended"


class Why(StrEnum):
    """Why the next person is told, or nobody: no answer in time, nobody reached by any way, nobody left to tell."""

    NO_ANSWER = "no-answer"
    UNREACHABLE = "unreachable"
    NOBODY_LEFT = "nobody-left"
    NOBODY_REACHED = "nobody-reached"


class Step(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One step of an alert's life, in codes: whoever shows it has the words in the reader's language.

    `person` is an account.  `target` is the name of a way to that person (`telegram`), never its address.  `message` is
    the id that the message carries: one that is repeated after a crash carries the same.  An escalation says `why`,
    and `about` whom: who did not answer in so many `minutes`, or could not be reached.  `until` ends quiet hours or a
    silence.  `via` is how it was acknowledged, `real` how it was closed.  `detail` are a person's own words.
    """

    at: Timestamp
    kind: StepKind
    person: str | None = None
    target: str | None = None
    message: str | None = None
    why: Why | None = None
    about: str | None = None
    minutes: int | None = None
    until: Timestamp | None = None
    via: Via | None = None
    real: bool | None = None
    detail: str = ""


class Case(Struct, kw_only=True, omit_defaults=True):
    """The life of one alert: a message of `fraud.cases.v1`, keyed by `alert_id` (the newest counts)."""

    alert_id: str
    status: AlertStatus = AlertStatus.OPEN
    opened_at: Timestamp
    acknowledged_at: Timestamp | None = None
    acknowledged_by: str | None = None
    closed_at: Timestamp | None = None
    closed_by: str | None = None
    real: Annotated[bool, Meta(description="how it was closed: a wave, or a false alarm")] | None = None
    note: str = ""
    steps: list[Step] = []
    decisions: Annotated[list[str], Meta(description="ids of the decisions taken into account, the newest last")] = []
