"""The agents on a real Kafka and a real Elasticsearch: what goes in, and what comes of it."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import msgspec
import pytest

from schemas.events import GivenContact, Report, Verdict, VerdictKind
from schemas.topics import CANDIDATES, ENRICHED, SIGNALS, VERDICTS
from streams.signals import owner_of
from tests.agents.conftest import Workers, eventually
from tests.builders import a_report

CARD = "4111 1111 1111 1111"


def fresh(**changes: Any) -> Report:
    """A report of now, under a reference of its own."""
    now = datetime.now(UTC)
    return a_report(**{"source_ref": str(uuid4()), "received_at": now, "happened_at": now, **changes})


def a_number() -> str:
    """A mobile number of Kazakhstan that no other test uses."""
    return f"+7705{uuid4().int % 9_000_000 + 1_000_000}"


def accuse(number: str, count: int, **changes: Any) -> list[Report]:
    """Reports of `count` people about one number, some minutes apart."""
    now = datetime.now(UTC)
    return [
        fresh(
            reporter=None if changes.get("source") == "web-form" else uuid4().hex,
            contacts=[GivenContact(value=number)],
            happened_at=now - timedelta(minutes=3 * i % 55),
            **changes,
        )
        for i in range(count)
    ]


def test_a_report_is_understood_masked_and_searchable(workers: Workers) -> None:
    report = fresh(
        text="Звонили якобы из Халык банка с 8 705 111 22 33, просили назвать код из смс 4821, карта " + CARD
    )
    workers.publish(report)
    found = eventually(lambda: workers.document("saqbol-reports", report.id))
    assert found["numbers"] == ["+77051112233"]
    assert "bank-security" in found["schemes"]
    assert "sms-code" in found["demands"]
    assert found["language"] == "ru"
    for secret in ("4821", CARD):
        assert secret not in json.dumps(found, ensure_ascii=False)


def test_garbage_a_late_secret_and_a_future_version_block_nobody(workers: Workers) -> None:
    good = fresh(source_ref=f"after-garbage-{uuid4()}")
    future = msgspec.json.encode({**msgspec.to_builtins(fresh()), "version": 9, "text": f"карта {CARD}"})
    wrong = msgspec.json.encode({**msgspec.to_builtins(fresh()), "channel": f"карта {CARD}", "source": "broken-bot"})
    garbage = b"\xff\xfe\x00", b"[" * 9999
    workers.publish_raw(*((b"x", value) for value in (*garbage, future, wrong, None)))
    workers.publish(good)
    eventually(lambda: workers.document("saqbol-reports", good.id))
    for reason, count in (("undecodable", 2), ("unsupported-version", 1)):
        assert len(eventually(lambda reason=reason: workers.find("saqbol-rejected", reason=reason))) >= count  # type: ignore[misc]
    rejected = eventually(lambda: workers.find("saqbol-rejected", source="broken-bot"))
    assert rejected[0]["reason"] == "invalid"
    assert CARD not in json.dumps(rejected)
    assert CARD not in workers.logs()


def test_a_retry_is_one_report_and_a_conflict_is_rejected(workers: Workers) -> None:
    first = fresh(happened_at=datetime.now(UTC) - timedelta(hours=1))
    retry = msgspec.structs.replace(first, received_at=first.received_at + timedelta(seconds=30))
    other = msgspec.structs.replace(first, text="Другой рассказ под тем же номером обращения")
    workers.publish(first, retry, other)
    conflict = eventually(lambda: workers.find("saqbol-rejected", report_id=first.id))
    assert [entry["reason"] for entry in conflict] == ["conflict"]
    kept = eventually(lambda: workers.document("saqbol-reports", first.id))
    assert datetime.fromisoformat(kept["received_at"]) == first.received_at
    assert kept["text"] == first.text


def test_three_people_make_a_number_suspected_and_an_analyst_decides(workers: Workers) -> None:
    number = a_number()
    workers.publish(*accuse(number, 3))
    eventually(lambda: (workers.document("saqbol-numbers", number) or {}).get("state") == "suspected")
    verdict = Verdict(
        id=str(uuid4()),
        number=number,
        kind=VerdictKind.CLEARED,
        at=datetime.now(UTC),
        by="analyst",
        reason="проверено у оператора",
    )
    workers.producer.send(
        VERDICTS, key=verdict.id.encode(), value=msgspec.json.encode(verdict), partition=owner_of(number, 4)
    ).get(timeout=10)
    cleared = eventually(
        lambda: (doc := workers.document("saqbol-numbers", number)) and doc["state"] == "cleared" and doc
    )
    assert cleared["verdict"]["by"] == "analyst"
    assert any("проверено у оператора" in line for line in cleared["reasons"]["ru"])


def test_ten_thousand_anonymous_reports_accuse_nobody(workers: Workers) -> None:
    number = a_number()
    pages = len(workers.phone.messages)
    crowd = accuse(number, 10_000, source="web-form", text="Этот номер мошенники")
    workers.publish(*crowd)
    about = {"term": {"numbers": number}}
    eventually(lambda: workers.client.count(index="saqbol-reports", query=about)["count"] == 10_000, within=120)
    said = eventually(lambda: workers.document("saqbol-numbers", number))
    assert (said["state"], said["reporters"]) == ("reported", 0)
    time.sleep(2)
    assert [m for m in workers.phone.messages[pages:] if number in m["title"] + m["message"]] == []


def test_a_wave_on_a_number_nobody_knew_is_paged_once(workers: Workers) -> None:
    number = a_number()
    workers.publish(*accuse(number, 12, text="Звонили из банка, просили код из смс", region="KZ-33"))

    def pages() -> list[dict[str, Any]]:
        return [message for message in workers.phone.messages if number in message["title"]]

    eventually(pages)
    workers.publish(*accuse(number, 6, text="Звонили из банка, просили код из смс", region="KZ-33"))
    eventually(lambda: (workers.document("saqbol-numbers", number) or {}).get("reporters") == 18)
    time.sleep(2)
    assert len(pages()) == 1
    alerts = eventually(lambda: workers.find("saqbol-alerts", number=number))
    assert [alert["status"] for alert in alerts] == ["open"]


@pytest.mark.parametrize("topic", [ENRICHED, SIGNALS, VERDICTS, CANDIDATES])
def test_garbage_between_our_own_agents_blocks_nobody(workers: Workers, topic: str) -> None:
    workers.publish_raw((b"x", b"\xff"), (b"x", b"{}"), (b"x", b"[1]"), (b"x", None), topic=topic)
    number = a_number()
    workers.publish(*accuse(number, 3))
    eventually(lambda: (workers.document("saqbol-numbers", number) or {}).get("state") == "suspected")


def test_a_story_that_no_scheme_explains_becomes_a_pattern_and_pages(workers: Workers) -> None:
    told = [
        "Ходят по домам с бесплатными окнами, за замер взяли двадцать тысяч и больше не пришли",
        "Замерщик взял деньги за замер, а окна бесплатно никто не ставит",
        "Бабушке обещали новые окна бесплатно, она оплатила замер, окон нет",
    ]
    now = datetime.now(UTC)
    reports = [
        fresh(text=told[i % 3], reporter=uuid4().hex, happened_at=now - timedelta(minutes=4 * i), region="KZ-33")
        for i in range(12)
    ]
    workers.publish(*reports)

    def patterns() -> set[str]:
        found = [workers.document("saqbol-reports", report.id) or {} for report in reports]
        return (
            {doc["pattern"] for doc in found if "pattern" in doc} if all("pattern" in doc for doc in found) else set()
        )

    (pattern,) = eventually(patterns)
    assert any(word in pattern for word in ("замер", "окн", "бесплатн"))
    workers.publish(reports[0])
    alert = eventually(lambda: [a for a in workers.find("saqbol-alerts", family="pattern") if pattern in a["key"]])[0]
    assert alert["observed"] >= 5
    assert alert["excerpts"]
