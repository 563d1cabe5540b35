"""Warnings given, against a real Kafka: what is accepted, what is refused, and what reaches the topic."""

from __future__ import annotations

import uuid
from typing import Any

import httpx
import msgspec

from producers.gateway.batches import MAX_BATCH
from producers.gateway.examples import PREVENTION as EXAMPLE
from schemas import topics
from schemas.events import report_id
from schemas.prevention import Prevention
from tests.gateway_process import PARTNER, Broker, Gateway
from tests.integration.gateway.test_api import problem, wrong_fields


def a_call(**fields: Any) -> dict[str, Any]:
    return {"source_ref": uuid.uuid4().hex, "activity": "call", **fields}


def published(broker: Broker, identity: str) -> list[Prevention]:
    """Every record of the topic with this id."""
    return [msgspec.convert(r, Prevention) for r in broker.records(topics.PREVENTION) if r["id"] == identity]


def test_a_warning_reaches_the_topic_under_its_id(broker: Broker, partner: httpx.Client) -> None:
    body = a_call(village="Новомихайловка", topic="medical-appointment", affected_group="elderly")
    answers = [partner.post("/v1/prevention", json=body) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [202, 202]
    identity = answers[0].json()["id"]
    assert identity == answers[1].json()["id"] == report_id(PARTNER.source, body["source_ref"])
    first, again = published(broker, identity)
    assert (first.source, first.region, first.village) == (PARTNER.source, "KZ-59", "Новомихайловка")
    assert msgspec.structs.replace(again, recorded_at=first.recorded_at, happened_at=first.happened_at) == first


def test_a_resident_can_not_be_reached_by_what_is_kept(broker: Broker, partner: httpx.Client) -> None:
    answer = partner.post("/v1/prevention", json=a_call(source_ref="+77057654321"))
    (record,) = published(broker, answer.json()["id"])
    assert "7057654321" not in str(record)
    refused = partner.post("/v1/prevention", json=a_call(village="8 705 765 43 21"))
    assert list(wrong_fields(refused)) == ["/village"]
    assert list(wrong_fields(partner.post("/v1/prevention", json=a_call(phone="+77057654321")))) == ["/phone"]


def test_every_wrong_field_is_named(partner: httpx.Client) -> None:
    body = {"activity": "dance", "topic": "nothing-known", "people": 0, "region": "KZ-99"}
    assert set(wrong_fields(partner.post("/v1/prevention", json=body))) == {
        *("/source_ref", "/activity", "/topic", "/people", "/region")
    }


def test_a_batch_takes_the_good_ones(broker: Broker, partner: httpx.Client) -> None:
    records = [a_call() for _ in range(MAX_BATCH)]
    records[7]["people"] = "many"
    result = partner.post("/v1/prevention/batch", json={"prevention": records}).json()
    assert len(result["accepted"]) == MAX_BATCH - 1
    assert [(item["index"], item["errors"][0]["field"]) for item in result["refused"]] == [(7, "/people")]
    kept = {record["id"] for record in broker.records(topics.PREVENTION)}
    assert {item["id"] for item in result["accepted"]} <= kept
    assert list(wrong_fields(partner.post("/v1/prevention/batch", json={"reports": [EXAMPLE]}))) == ["/prevention"]


def test_without_the_permission_nothing_is_taken(broker: Broker, gateway: Gateway, api: httpx.Client) -> None:
    before = len(broker.records(topics.PREVENTION))
    for path, body in (("/v1/prevention", EXAMPLE), ("/v1/prevention/batch", {"prevention": [EXAMPLE]})):
        assert "prevention" in problem(api.post(path, json=body), 403)["detail"]
        problem(httpx.post(gateway.url + path, json=body), 401)
        forged = api.post(path, json=EXAMPLE | {"source": PARTNER.source})
        problem(forged, 403)
    assert len(broker.records(topics.PREVENTION)) == before


def test_a_forged_source_gets_nothing_in(broker: Broker, partner: httpx.Client) -> None:
    before = len(broker.records(topics.PREVENTION))
    assert list(wrong_fields(partner.post("/v1/prevention", json=a_call(source="mamlyut-desk")))) == ["/source"]
    assert len(broker.records(topics.PREVENTION)) == before
