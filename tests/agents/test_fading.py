"""States fade by themselves: with no new report, as the time goes by, in the index too."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import msgspec

from schemas.events import Verdict, VerdictKind
from schemas.topics import VERDICTS
from streams.signals import owner_of
from tests.agents.conftest import Workers, eventually
from tests.agents.test_way_of_a_report import a_number, accuse


def _said(workers: Workers, number: str) -> dict[str, object]:
    return workers.document("saqbol-numbers", number) or {}


def test_a_suspected_number_is_unknown_when_its_time_is_over(workers: Workers) -> None:
    number = a_number()
    workers.publish(*accuse(number, 6))
    said = eventually(lambda: (found := _said(workers, number)).get("reporters") == 6 and found)
    assert said["state"] == "suspected"
    ends = datetime.fromisoformat(str(said["fades_at"])) - datetime.now().astimezone()
    assert timedelta(days=13) < ends < timedelta(days=121)

    with workers.later(ends - timedelta(hours=1)):
        number_of_now = a_number()
        workers.publish(*accuse(number_of_now, 1))
        eventually(lambda: _said(workers, number_of_now))
        assert _said(workers, number)["state"] == "suspected"
    with workers.later(ends + timedelta(hours=1)):
        faded = eventually(lambda: (found := _said(workers, number)).get("state") == "unknown" and found)
    assert faded["reporters"] == 6
    assert "fades_at" not in faded or faded["fades_at"] is None
    assert faded["reasons"] != said["reasons"]


def test_a_confirmation_ends_where_nobody_ever_reported_the_number(workers: Workers) -> None:
    number = a_number()
    verdict = Verdict(
        id=str(uuid4()),
        number=number,
        kind=VerdictKind.CONFIRMED,
        at=datetime.now(UTC),
        by="analyst",
        reason="проверено",
    )
    workers.producer.send(
        VERDICTS, key=verdict.id.encode(), value=msgspec.json.encode(verdict), partition=owner_of(number, 4)
    ).get(timeout=10)
    eventually(lambda: _said(workers, number).get("state") == "confirmed")
    with workers.later(timedelta(days=121)):
        eventually(lambda: _said(workers, number).get("state") == "unknown")
