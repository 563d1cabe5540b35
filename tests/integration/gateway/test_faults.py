"""The gateway while Kafka is away, comes back, hangs, or was never there; and when it is killed itself."""

from __future__ import annotations

import signal
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from producers import kafka
from tests.gateway_process import Broker, Gateway, gateway_running, wait_for

#: Longest time that a request may wait while Kafka is away: the delivery timeout and a margin for a busy machine.
BOUND = kafka.DELIVERY_TIMEOUT_MS / 1000 + 5


@pytest.fixture
def gateway(broker: Broker) -> Iterator[Gateway]:
    with gateway_running(broker.bootstrap_servers) as running:
        running.wait_until_ready()
        yield running


def report(text: str = "Звонили из банка") -> dict[str, Any]:
    return {"source_ref": uuid.uuid4().hex, "text": text}


def is_refused(response: httpx.Response) -> bool:
    """Whether this is the refusal of an absent Kafka: 503 for all of the request, with the time to wait."""
    if response.status_code != 503:
        return False
    assert int(response.headers["retry-after"]) > 0
    assert response.json()["type"] == "urn:saqbol:problem:log-away"
    assert "accepted" not in response.json()
    return True


def test_a_broker_that_dies_and_comes_back(broker: Broker, gateway: Gateway) -> None:
    """Killed in the middle of a stream of requests: each is answered 202 or 503 in time, and what got 202 is there."""
    before = kept_ids(broker)
    singles = [report(f"single {n}") for n in range(400)]
    batches = [{"reports": [report(f"batch {n} {m}") for m in range(100)]} for n in range(12)]
    with gateway.client() as client, ThreadPoolExecutor(12) as pool:
        assert client.post("/v1/reports", json=report()).status_code == 202
        descriptors = gateway.open_descriptors()

        def post(path: str, body: object) -> tuple[httpx.Response, float]:
            began = time.monotonic()
            return client.post(path, json=body), time.monotonic() - began

        answers = [pool.submit(post, "/v1/reports", body) for body in singles[:200]]
        answers += [pool.submit(post, "/v1/reports/batch", body) for body in batches]
        answers += [pool.submit(post, "/v1/reports", body) for body in singles[200:]]
        wait_for(lambda: sum(answer.done() for answer in answers) > 50)
        broker.end(signal.SIGKILL)

        done = [answer.result() for answer in answers]
        assert {response.status_code for response, _ in done} == {202, 503}
        assert all(response.status_code == 202 or is_refused(response) for response, _ in done)
        assert max(seconds for _, seconds in done) < BOUND

        # away: told at once, at readiness too, and nothing piles up
        wait_for(lambda: gateway.status("/health/ready") == 503)
        assert gateway.status("/health/live") == 200
        response, seconds = post("/v1/reports", singles[0])
        assert is_refused(response)
        assert seconds < 1
        time.sleep(8)
        assert gateway.open_descriptors() < descriptors + 20

        broker.start()
        gateway.wait_until_ready()
        # the same again, as every answer said: all is taken, and each report has one id
        for body in singles:
            assert client.post("/v1/reports", json=body).status_code == 202
        for batch in batches:
            assert len(client.post("/v1/reports/batch", json=batch).json()["accepted"]) == 100

        kept = kept_ids(broker) - before
        promised = {item["id"] for response, _ in done if response.status_code == 202 for item in ids(response)}
        assert promised <= kept
        assert len(kept) == 1 + 400 + 1200


def test_a_batch_while_kafka_is_known_to_be_away_leaves_nothing(broker: Broker, gateway: Gateway) -> None:
    before = kept_ids(broker)
    broker.end()
    wait_for(lambda: gateway.status("/health/ready") == 503)
    with gateway.client() as client:
        batch = {"reports": [report() for _ in range(300)]}
        assert is_refused(client.post("/v1/reports/batch", json=batch))
        broker.start()
        gateway.wait_until_ready()
        time.sleep(2)
        assert kept_ids(broker) == before
        assert client.post("/v1/reports/batch", json=batch).status_code == 202
    assert len(kept_ids(broker) - before) == 300


def test_a_broker_that_hangs_is_not_waited_for_without_end(broker: Broker, gateway: Gateway) -> None:
    with gateway.client(timeout=60) as client:
        broker.send(signal.SIGSTOP)
        began = time.monotonic()
        first = client.post("/v1/reports", json=report())
        assert is_refused(first)
        assert time.monotonic() - began < BOUND
        wait_for(lambda: gateway.status("/health/ready") == 503)
        broker.send(signal.SIGCONT)
        gateway.wait_until_ready()
        assert client.post("/v1/reports", json=report()).status_code == 202


def test_a_gateway_that_starts_before_kafka(broker: Broker) -> None:
    broker.end()
    with gateway_running(broker.bootstrap_servers) as gateway, gateway.client() as client:
        assert gateway.status("/health/ready") == 503
        assert is_refused(client.post("/v1/reports", json=report()))
        time.sleep(2 * kafka.CONNECT_TIMEOUT_MS / 1000)
        assert gateway.open_descriptors() < 40
        broker.start()
        gateway.wait_until_ready()
        assert client.post("/v1/reports", json=report()).status_code == 202


def test_a_gateway_that_is_stopped_finishes_what_it_began(broker: Broker, gateway: Gateway) -> None:
    with gateway.client() as client, ThreadPoolExecutor(8) as pool:
        answers = [pool.submit(client.post, "/v1/reports", json=report(f"{n}")) for n in range(200)]
        wait_for(lambda: any(answer.done() for answer in answers))
        assert gateway.end() in {0, -signal.SIGTERM}
        taken = [a.result() for a in answers if a.exception() is None]
    assert {response.status_code for response in taken} == {202}
    assert {response.json()["id"] for response in taken} <= kept_ids(broker)


def test_a_gateway_that_is_killed_has_kept_what_it_promised(broker: Broker, gateway: Gateway) -> None:
    with gateway.client() as client, ThreadPoolExecutor(8) as pool:
        answers = [pool.submit(client.post, "/v1/reports", json=report(f"{n}")) for n in range(300)]
        wait_for(lambda: sum(answer.done() for answer in answers) > 30)
        gateway.end(signal.SIGKILL)
        promised = {answer.result().json()["id"] for answer in answers if answer.exception() is None}
    assert promised
    assert promised <= kept_ids(broker)


def kept_ids(broker: Broker) -> set[str]:
    """The ids of all reports in the topic."""
    return {record["id"] for record in broker.records()}


def ids(response: httpx.Response) -> list[dict[str, Any]]:
    """What a 202 promised: the item itself, or those of a batch."""
    body = response.json()
    return list(body.get("accepted", [body]))
