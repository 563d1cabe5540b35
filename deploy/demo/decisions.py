"""What people do in the demo besides reporting: an analyst decides about two numbers, a bank asks about one, and the
person on call closes two urgent cases.  Blocking: call it in a thread."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from deploy.demo.author import Cast
from deploy.demo.people import ONCALL
from producers import kafka
from schemas.cases import Decision, DecisionKind, Via
from schemas.events import Verdict, VerdictKind
from schemas.topics import DECISIONS, REPORTS, VERDICTS, topics
from streams.signals import owner_of

ANALYST: Final = "analyst"
_TIMEOUT: Final = 30


def verdicts(cast: Cast, now: datetime) -> list[Verdict]:
    """What the analyst decided, and what the owner of a number said."""
    told = (
        (cast.last_month, VerdictKind.CONFIRMED, "три потерпевших дали показания об этом номере"),
        (cast.innocent, VerdictKind.APPEAL, "владелец просит проверить: номер магазина, жалобы пришли за один вечер"),
    )
    return [
        Verdict(id=str(uuid.uuid4()), number=number, kind=kind, at=now, by=ANALYST, reason=reason)
        for number, kind, reason in told
    ]


def closings(alert_ids: Sequence[str], now: datetime) -> list[Decision]:
    """How the person on call closed the first two of the urgent cases; the others stay open."""
    ends = (
        (DecisionKind.REAL, "банк остановил перевод"),
        (DecisionKind.FALSE, "перевод между своими счетами, ошибка заявителя"),
    )
    return [
        Decision(id=str(uuid.uuid4()), kind=kind, at=now, by=ONCALL, via=Via.COMMAND, alert_id=alert_id, note=note)
        for alert_id, (kind, note) in zip(alert_ids, ends, strict=False)
    ]


def publish(
    bootstrap_servers: str,
    *,
    records: Sequence[tuple[bytes, bytes]] = (),
    verdicts: Sequence[Verdict] = (),
    decisions: Sequence[Decision] = (),
) -> None:
    """Write raw records of reports, verdicts and decisions to their topics.  Raises kafka.errors.KafkaError."""
    producer = kafka.connect(bootstrap_servers, "saqbol-demo")
    try:
        futures: list[Any] = [producer.send(REPORTS, key=key, value=value) for key, value in records]
        for verdict in verdicts:
            owner = owner_of(verdict.number, topics()[VERDICTS].partitions)
            futures.append(
                producer.send(VERDICTS, key=verdict.id.encode(), value=msgspec.json.encode(verdict), partition=owner)
            )
        futures += [producer.send(DECISIONS, key=one.id.encode(), value=msgspec.json.encode(one)) for one in decisions]
        for future in futures:
            future.get(timeout=_TIMEOUT)
    finally:
        kafka.close(producer)
