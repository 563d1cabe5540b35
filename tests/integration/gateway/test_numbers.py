"""What partners ask about numbers, with a real Kafka and Elasticsearch: answers, refusals, the audit log."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import msgspec
import pytest
from elasticsearch import AsyncElasticsearch, Elasticsearch, TransportError
from elasticsearch.helpers import bulk
from kafka import KafkaConsumer, TopicPartition

from deploy.provision import provision
from deploy.stack.local import Stack
from producers import lookup
from schemas.audit import AuditAction, AuditEntry
from schemas.documents import number_document
from schemas.events import Outcome
from schemas.indices import NUMBERS_INDEX
from schemas.reference import official_numbers
from schemas.topics import AUDIT
from streams.reputation import Facts, State, add_signals, assess
from streams.wording import LOCALES, number_reasons
from tests.builders import a_signal
from tests.gateway_process import PARTNER, Broker, Gateway, gateway_running
from tests.integration.gateway.test_api import problem

SUSPECTED = "+77051230001"
REPORTED = "+77051230002"


def tell(client: Elasticsearch, reporters: dict[str, int], **changes: Any) -> None:
    """Write what the reputation agent would: each number, reported by so many people."""
    now = datetime.now(UTC)
    actions = []
    for value, count in reporters.items():
        signals = [
            a_signal(
                reporter=f"{number:032x}",
                happened_at=now - timedelta(minutes=5 * number + 1),
                schemes=["bank-security"],
                outcome=Outcome.VICTIM,
                **changes,
            )
            for number in range(count)
        ]
        said = assess(add_signals(Facts(), signals), now, official=value in official_numbers())
        reasons = {str(locale): number_reasons(value, said, locale) for locale in LOCALES}
        document = number_document(value, said, now, reasons)
        actions.append({"_index": document.index, "_id": document.id, "_source": document.body})
    bulk(client, actions, refresh=True)


@pytest.fixture(scope="module")
def index(stack: Stack) -> Iterator[Elasticsearch]:
    """The index with a suspected number, a reported one, and 1414 impersonated."""
    provision(stack.bootstrap_servers, stack.elasticsearch_url)
    with Elasticsearch(stack.elasticsearch_url) as client:
        tell(client, {SUSPECTED: 4, REPORTED: 1, "1414": 5})
        yield client


@pytest.fixture(scope="module")
def gateway(stack: Stack, index: Elasticsearch) -> Iterator[Gateway]:
    assert index.indices.exists(index=NUMBERS_INDEX)
    with gateway_running(stack.bootstrap_servers, elasticsearch=stack.elasticsearch_url) as running:
        running.wait_until_ready()
        yield running


@pytest.fixture(scope="module")
def partner(gateway: Gateway) -> Iterator[httpx.Client]:
    with gateway.client(PARTNER.source) as client:
        yield client


def audit_log(bootstrap_servers: str) -> list[AuditEntry]:
    """Every entry of the audit log up to now."""
    consumer = KafkaConsumer(bootstrap_servers=bootstrap_servers, enable_auto_commit=False)
    try:
        partition = TopicPartition(AUDIT, 0)
        consumer.assign([partition])
        consumer.seek_to_beginning(partition)
        (end,) = consumer.end_offsets([partition]).values()
        found: list[AuditEntry] = []
        while consumer.position(partition) < end:
            for records in consumer.poll(timeout_ms=1000).values():
                found += [msgspec.json.decode(record.value, type=AuditEntry) for record in records]
        return found
    finally:
        consumer.close()


@pytest.mark.parametrize(
    "spelling",
    ["+77051230001", "%2B77051230001", "87051230001", "8%20705%20123%2000%2001", "8(705)123-00-01", "7 705 1230001"],
)
def test_a_suspected_number_in_any_spelling(partner: httpx.Client, spelling: str) -> None:
    answer = partner.get(f"/v1/numbers/{spelling}")
    assert answer.status_code == 200, answer.text
    known = answer.json()
    assert (known["value"], known["kind"], known["state"]) == (SUSPECTED, "e164", "suspected")
    assert (known["reporters"], known["victims"], known["schemes"]) == (4, 4, ["bank-security"])
    assert known["last_seen"] > known["first_seen"]
    assert all(known["reasons"][language] for language in ("ru", "kk", "en"))
    assert answer.headers["cache-control"] == "no-store"


def test_one_report_marks_no_number_and_none_is_unknown(partner: httpx.Client) -> None:
    assert partner.get(f"/v1/numbers/{REPORTED}").json()["state"] == "reported"
    unknown = partner.get("/v1/numbers/+77051239999").json()
    assert (unknown["state"], unknown["reporters"], unknown["impersonated"]) == ("unknown", 0, False)
    assert "first_seen" not in unknown


@pytest.mark.parametrize(
    ("asked", "value", "impersonated"),
    [("1414", "1414", True), ("102", "102", False), ("https%3A%2F%2Felicense.gov.kz%2Fx%3Fy", "gov.kz", False)],
)
def test_an_official_number_is_never_a_bad_one(
    partner: httpx.Client, asked: str, value: str, impersonated: bool
) -> None:
    known = partner.get(f"/v1/numbers/{asked}").json()
    assert (known["value"], known["state"], known["impersonated"]) == (value, "official", impersonated)
    assert known["owner"]["ru"]


def test_a_local_number_is_completed_with_the_integrations_area_code(partner: httpx.Client) -> None:
    assert partner.get("/v1/numbers/2-15-65").json()["value"] == "+77154121565"


@pytest.mark.parametrize("asked", ["%3F!", "%FF%FE", "440043012345678912", "x" * 257, "%00", "скрытый номер"])
def test_what_is_no_number_is_422_and_not_repeated(partner: httpx.Client, asked: str) -> None:
    answer = partner.get(f"/v1/numbers/{asked}")
    assert problem(answer, 422)["type"].endswith("not-a-number")
    assert asked not in answer.text


def test_who_may_not_ask_learns_nothing(gateway: Gateway, stack: Stack) -> None:
    before = len(audit_log(stack.bootstrap_servers))
    assert problem(httpx.get(f"{gateway.url}/v1/numbers/{SUSPECTED}"), 401)
    with gateway.client("mamlyut-desk") as client:
        refused = problem(client.get(f"/v1/numbers/{SUSPECTED}"), 403)
    assert "look-up" in refused["detail"]
    assert len(audit_log(stack.bootstrap_servers)) == before


def test_every_look_up_is_in_the_audit_log(gateway: Gateway, stack: Stack, partner: httpx.Client) -> None:
    before = {entry.id for entry in audit_log(stack.bootstrap_servers)}
    for _ in range(2):
        partner.get("/v1/numbers/8-705-123-00-01")
    partner.get("/v1/numbers/nonsense here")
    new = [entry for entry in audit_log(stack.bootstrap_servers) if entry.id not in before]
    assert len(new) == 2
    for entry in new:
        assert (entry.action, entry.actor, entry.part) == (AuditAction.LOOK_UP, PARTNER.source, "gateway")
        assert (entry.subject, entry.results) == (SUSPECTED, 1)
        assert datetime.now(UTC) - entry.at < timedelta(minutes=1)
    assert "7051230001" not in gateway.log.read_text()


@pytest.mark.usefixtures("index")
def test_look_ups_have_a_rate_of_their_own(stack: Stack) -> None:
    with gateway_running(stack.bootstrap_servers, "3/minute", stack.elasticsearch_url) as slow:
        slow.wait_until_ready()
        with slow.client(PARTNER.source) as client:
            statuses = [client.get(f"/v1/numbers/{REPORTED}").status_code for _ in range(4)]
            assert statuses == [200, 200, 200, 429]
            report = {"source_ref": "rate-1", "text": "Звонили из банка"}
            assert client.post("/v1/reports", json=report).status_code == 202


def test_without_elasticsearch_it_says_so_and_takes_reports(stack: Stack) -> None:
    with gateway_running(stack.bootstrap_servers) as alone, alone.client(PARTNER.source) as client:
        alone.wait_until_ready()
        answer = client.get(f"/v1/numbers/{SUSPECTED}")
        assert problem(answer, 503)["type"].endswith("index-away")
        assert int(answer.headers["retry-after"]) > 0
        report = {"source_ref": "alone-1", "text": "Звонили из банка"}
        assert client.post("/v1/reports", json=report).status_code == 202


@pytest.mark.usefixtures("index")
def test_without_an_audit_log_nothing_is_answered(broker: Broker, stack: Stack) -> None:
    with gateway_running(broker.bootstrap_servers, elasticsearch=stack.elasticsearch_url) as unlogged:
        unlogged.wait_until_ready()
        with unlogged.client(PARTNER.source) as client:
            assert client.get(f"/v1/numbers/{SUSPECTED}").status_code == 200
            broker.end()
            try:
                answer = client.get(f"/v1/numbers/{SUSPECTED}")
            finally:
                broker.start()
            assert problem(answer, 503)["type"].endswith("log-away")
            assert State.SUSPECTED.value not in answer.text


async def test_a_missing_index_is_not_taken_for_an_unknown_number(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lookup, "NUMBERS_INDEX", "saqbol-numbers-v0")
    async with AsyncElasticsearch(stack.elasticsearch_url) as client:
        with pytest.raises(TransportError):
            await lookup.look_up(client, [SUSPECTED])
