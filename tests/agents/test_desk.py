"""A consultation on its way: from the operator's key to the index, the person on call, and the next operator."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from deploy.stack.local import Stack
from schemas import indices
from tests.agents.conftest import Workers, eventually
from tests.desk_process import Desk, desk_running
from tests.gateway_process import gateway_running

SCRIPT = {"Accept": "application/json, text/html"}
STORY = "Позвонили из банка, сказали, что на маму оформлен кредит, просили код 482913 из СМС"


@pytest.fixture(scope="module")
def desk(stack: Stack, workers: Workers) -> Iterator[Desk]:
    assert workers.home.exists()
    with gateway_running(stack.bootstrap_servers, elasticsearch=stack.elasticsearch_url) as gateway:
        gateway.wait_until_ready()
        with desk_running(stack, gateway) as running:
            yield running


def draft(**fields: str) -> dict[str, str]:
    return {"id": str(uuid.uuid4()), "at": datetime.now(UTC).isoformat()} | fields


def save(operator: httpx.Client, told: dict[str, str]) -> dict[str, Any]:
    reply = operator.post("/consultation/reports", json=told, headers=SCRIPT)
    assert reply.status_code == 201, reply.text
    answer: dict[str, Any] = reply.json()
    return answer


def test_a_consultation_is_found_as_a_report_and_wakes_the_person_on_call(workers: Workers, desk: Desk) -> None:
    told = draft(
        said=f"8 705 777 {uuid.uuid4().int % 90 + 10} 11\n{STORY}",
        lost="yes",
        moved="2",
        amount="350 000",
        bank="Halyk",
        who="elderly",
        medium="call",
        district="Мамлютский район",
        reporter="8 701 555 44 33",
    )
    with closing(desk.logged_in()) as operator:
        answer = save(operator, told)
        assert answer["urgent"] is True
        assert save(operator, told) == answer  # the browser heard nothing and sends it again
    (found,) = eventually(lambda: workers.find(indices.REPORTS, source="mamlyut-desk", source_ref=told["id"]))
    assert found["id"].startswith(answer["number"].replace("-", "").lower())
    assert (found["channel"], found["outcome"], found["loss_kzt"], found["bank"]) == (
        "hotline",
        "victim",
        350_000,
        "Halyk",
    )
    assert (found["urgent"], found["region"], found["district_name"]) == (True, "KZ-59", "Мамлютский район")
    assert found["money_moved_at"] < found["received_at"]
    assert "bank-security" in found["schemes"]
    assert len(found["reporter"]) == 32
    everything = json.dumps(found, ensure_ascii=False)
    assert "482913" not in everything
    assert "5554433" not in everything.replace(" ", "")
    alerts = eventually(lambda: workers.find(indices.ALERTS, family="urgent", report_ids=found["id"]))
    assert [alert["bank"] for alert in alerts] == ["Halyk"]


def test_what_three_residents_told_the_next_operator_knows(workers: Workers, desk: Desk) -> None:
    number = f"8 705 888 {uuid.uuid4().int % 90 + 10} {uuid.uuid4().int % 90 + 10}"
    value = "+7" + number.replace(" ", "")[1:]
    with closing(desk.logged_in()) as operator:
        for hours, caller in enumerate(("8 701 555 44 01", "8 701 555 44 02", "2-15-65")):
            at = datetime.now(UTC) - timedelta(hours=hours)  # three within a minute could be one person
            save(operator, draft(at=at.isoformat(), said=f"{number}\n{STORY}", lost="no", reporter=caller))

        def known() -> str:
            reply = operator.post("/consultation/look-up", json=draft(said=number, say="kk"), headers=SCRIPT)
            assert reply.status_code == 200
            both = 'data-verdict="suspected"' in reply.text and "оформлен кредит" in reply.text
            return reply.text if both else ""  # two agents write what is shown, neither waits for the other

        answer = eventually(known)
    assert f'data-number="{value}" data-state="suspected"' in answer
    assert "482913" not in answer  # the similar reports are masked
    entries = eventually(lambda: workers.find(indices.AUDIT, part="desk", subject=value))
    assert {entry["actor"] for entry in entries} == {"aigul"}
    assert {entry["action"] for entry in entries} == {"look-up"}
