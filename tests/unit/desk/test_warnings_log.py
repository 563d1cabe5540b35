"""The log of warnings given: nothing is lost while the gateway is away, and the shift is counted."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import select

from producers.desk.database import Database
from producers.desk.gateway import GatewayAwayError, GatewayRefusedError
from producers.desk.pages import warnings
from producers.desk.prevention import log
from producers.desk.prevention.log import Given, Shift
from producers.desk.staff import Person, Role
from producers.problems import FieldProblem
from schemas.prevention import Activity

NOW = datetime(2026, 1, 14, 4, 30, tzinfo=UTC)
AIGERIM = Person(
    account="aigerim", name="Айгерим", password="$argon2id$x", roles=[Role.OPERATOR], source="mamlyut-desk"
)
BOTA = msgspec.structs.replace(AIGERIM, account="bota")
ELSEWHERE = msgspec.structs.replace(AIGERIM, source="other-desk")


class Peer:
    """What the gateway's client does: takes, is away, or refuses."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, str, dict[str, Any]]] = []
        self.says: Exception | None = None
        self.takes_from: set[str] = set()

    async def post(self, source: str, path: str, body: Any) -> dict[str, Any]:
        if self.says and source not in self.takes_from:
            raise self.says
        self.taken.append((source, path, json.loads(msgspec.json.encode(body))))
        return {}


class Desk:
    """The parts of a desk that the log uses."""

    def __init__(self, database: Database) -> None:
        self.database, self.gateway = database, Peer()


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    database = Database(tmp_path / "desk.sqlite")
    yield Desk(database)
    database.close()


def record(desk: Desk, person: Person = AIGERIM, at: datetime = NOW, **fields: Any) -> None:
    desk.database.transact(lambda t: log.record(t, person, at, **{"activity": Activity.CALL, **fields}))


async def deliver(desk: Desk) -> None:
    await log.deliver(desk)  # type: ignore[arg-type]


def late(desk: Desk, after: timedelta = log.LATE) -> int:
    return desk.database.transact(lambda t: log.late(t, AIGERIM.source, NOW + after))


async def test_a_warning_waits_for_the_gateway_and_goes_once(desk: Desk) -> None:
    record(desk, village="Минкесер", topic="medical-appointment")
    desk.gateway.says = GatewayAwayError()
    await deliver(desk)
    assert (late(desk), late(desk, timedelta(seconds=5))) == (1, 0)
    desk.gateway.says = None
    await deliver(desk)
    await deliver(desk)
    ((source, path, body),) = desk.gateway.taken
    assert (source, path) == ("mamlyut-desk", "/v1/prevention")
    assert body.pop("source_ref")
    assert body == {
        "activity": "call",
        "village": "Минкесер",
        "topic": "medical-appointment",
        "happened_at": "2026-01-14T04:30:00Z",
    }
    assert late(desk) == 0


async def test_a_centre_whose_key_is_wrong_holds_up_no_other(desk: Desk) -> None:
    record(desk)
    record(desk, ELSEWHERE, NOW + timedelta(seconds=1))
    desk.gateway.says, desk.gateway.takes_from = GatewayAwayError(), {ELSEWHERE.source}
    await deliver(desk)
    assert [source for source, _, _ in desk.gateway.taken] == [ELSEWHERE.source]
    assert late(desk) == 1


async def test_the_work_goes_on_after_whatever_happens(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(warnings, "_EVERY", 0.01)
    record(desk)
    desk.gateway.says = RuntimeError("unexpected")
    work = asyncio.create_task(warnings._work(desk))  # type: ignore[arg-type]
    await asyncio.sleep(0.05)
    desk.gateway.says = None
    async with asyncio.timeout(10):
        while not desk.gateway.taken:
            await asyncio.sleep(0.01)
    work.cancel()


async def test_a_refused_warning_is_shown_and_holds_up_nobody(desk: Desk) -> None:
    record(desk, village="Минкесер")
    desk.gateway.says = GatewayRefusedError([FieldProblem(field="/village", problem="is wrong", remedy="mend it")])
    await deliver(desk)
    assert desk.database.transact(lambda t: log.refused(t, AIGERIM.source)) == ["/village is wrong"]
    assert late(desk) == 0
    desk.gateway.says = None
    record(desk)
    await deliver(desk)
    assert len(desk.gateway.taken) == 1


def test_the_shift_counts_calls_of_the_operator_and_of_the_centre(desk: Desk) -> None:
    record(desk)
    record(desk, reached=False, people=0)
    record(desk, BOTA)
    record(desk, ELSEWHERE)
    record(desk, at=NOW - timedelta(days=1))
    record(desk, activity=Activity.TALK, people=24)
    since = NOW - timedelta(hours=1)
    assert desk.database.transact(lambda t: log.shift(t, AIGERIM, since)) == Shift(calls=2, reached=1, centre=3)


def test_a_wrong_field_is_named_and_nothing_promised(desk: Desk) -> None:
    with pytest.raises(msgspec.ValidationError, match="people"):
        record(desk, people=-1)
    assert late(desk) == 0


async def test_what_is_old_and_sent_is_forgotten(desk: Desk) -> None:
    record(desk, at=NOW - timedelta(days=40))
    await deliver(desk)
    record(desk, at=NOW - timedelta(days=35))
    record(desk)
    desk.database.transact(lambda t: log.forget(t, NOW))
    left = desk.database.transact(lambda t: t.scalars(select(Given.at).order_by(Given.at)).all())
    assert left == [NOW - timedelta(days=35), NOW], "one that was never sent stays"
