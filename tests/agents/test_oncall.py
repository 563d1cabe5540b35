"""From a report to a person and back: urgent cases, answers, and the heartbeat that proves the way."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import msgspec
import pytest
from typer.testing import CliRunner

from deploy import book
from deploy.commands import oncall
from deploy.stack.local import Stack
from producers import heartbeat, integrations
from producers.intake import Origin
from producers.integrations import Permission
from schemas.events import Channel, GivenContact, Outcome
from schemas.topics import ALERTS, CANDIDATES, CASES, DECISIONS, SIGNALS
from streams import beating
from streams.understanding.enrich import enrich
from streams.urgent import HEARTBEAT_ALERT, HEARTBEAT_SOURCE, at_once
from tests.agents.conftest import Workers, eventually
from tests.agents.test_way_of_a_report import fresh
from tests.gateway_process import gateway_running


def test_an_urgent_case_reaches_a_person_and_the_answer_its_document(workers: Workers, stack: Stack) -> None:
    bank = f"Банк {uuid4().hex[:6]}"
    now = datetime.now(UTC)
    report = fresh(
        text="Перевела деньги мошенникам, звонили с 8 705 123 45 67",
        contacts=[GivenContact(value="8 705 123 45 67")],
        outcome=Outcome.VICTIM,
        money_moved_at=now - timedelta(minutes=20),
        loss_kzt=900_000,
        bank=bank,
        region="KZ-33",
    )
    alert = at_once(enrich(report))
    assert alert is not None
    workers.publish(report)
    messages = eventually(lambda: [one for one in workers.phone.messages if bank in one["title"]])
    assert "можно остановить" in messages[0]["message"]

    def document(**wanted: Any) -> Any:
        found = workers.document("saqbol-alerts", alert.id) or {}
        return found if all(found.get(name) == value for name, value in wanted.items()) else None

    steps = eventually(lambda: (document(status="open") or {}).get("steps"))
    assert [(step["kind"], step["person"], step["message"]) for step in steps] == [("sent", "oncall", f"{alert.id}/1")]
    environment = {"SAQBOL_KAFKA": stack.bootstrap_servers, "SAQBOL_ELASTICSEARCH": stack.elasticsearch_url}
    run = CliRunner().invoke
    listed = run(oncall.app, ["list"], env={**environment, "COLUMNS": "200"})
    assert alert.id[:8] in listed.output, listed.output
    assert HEARTBEAT_ALERT[:8] not in listed.output
    told = run(oncall.app, ["ack", f"{alert.id[:8]}-1", "--by", "aigerim"], env=environment)
    assert told.output == f"{alert.id}: acknowledged\n"
    unknown = run(oncall.app, ["ack", "nothing", "--by", "aigerim"], env=environment)
    assert "no alert begins with 'nothing'" in unknown.output
    answered = eventually(lambda: document(status="acknowledged", acknowledged_by="aigerim"))
    assert len(answered["decisions"]) == 1
    assert answered["family"] == "urgent", "the wave's part and the casework's are one document"
    workers.publish(report)  # a retry
    assert len([one for one in workers.phone.messages if bank in one["title"]]) == 1


@pytest.mark.parametrize("topic", [ALERTS, DECISIONS, CASES])
def test_garbage_stops_nobody(workers: Workers, topic: str) -> None:
    workers.publish_raw((b"x", b"\xff"), (b"x", b"{}"), (b"x", b"[1]"), (b"x", None), topic=topic)


async def test_a_heartbeat_comes_through_counts_nowhere_and_says_where_it_stopped(
    workers: Workers, stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    with gateway_running(stack.bootstrap_servers) as gateway:
        gateway.end()
        origin = Origin(source=HEARTBEAT_SOURCE, channel=Channel.PARTNER)
        key = integrations.add(gateway.integrations, origin, [Permission.REPORT])
        gateway.start()
        gateway.wait_until_ready()
        settings = heartbeat.Settings(
            gateway=gateway.url, kafka=stack.bootstrap_servers, key=key, fallback=(), every=timedelta(minutes=5)
        )
        assert await heartbeat.beat(settings) is None
        assert await heartbeat.beat(settings) is None
        for topic in (SIGNALS, CANDIDATES):
            passed = [one for one in book.read(stack.bootstrap_servers, topic) if beating.HEADER in dict(one.headers)]
            assert len(passed) == 2, "it goes the way of a wave"
        monkeypatch.setattr(heartbeat, "WITHIN", timedelta(seconds=3))
        foreign = msgspec.structs.replace(settings, key=gateway.keys["telegram-bot"])
        assert await heartbeat.beat(foreign) == "alerts", "the gateway took it, and nobody made an alert of it"
        unknown = msgspec.structs.replace(settings, key="sb_unknown")
        assert await heartbeat.beat(unknown) == "gateway"
        gateway.end()
        assert await heartbeat.beat(settings) == "gateway"
    document = eventually(lambda: workers.document("saqbol-alerts", HEARTBEAT_ALERT))
    assert (document["family"], document["observed"], document.get("status")) == ("heartbeat", 0, "closed")
    assert not [one for one in workers.phone.messages if "связи" in one["title"]], "no target is named in the file"
    beats = eventually(lambda: len(found := workers.find("saqbol-reports", source=HEARTBEAT_SOURCE)) == 2 and found)
    assert all(beat["synthetic"] for beat in beats)
