"""What partners ask about numbers, with a real Kafka and Elasticsearch: answers, refusals, the audit log."""

from __future__ import annotations

import csv
import io
import time
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
from producers import integrations, lookup
from producers.intake import Origin
from producers.integrations import IntegrationsFromFile, Permission
from producers.listing import COLUMNS, NOTICE, PAGE
from schemas.audit import AuditAction, AuditEntry
from schemas.documents import number_document
from schemas.events import Channel, Outcome
from schemas.indices import NUMBERS_INDEX
from schemas.reference import official_numbers
from schemas.topics import AUDIT
from streams.reputation import Facts, State, add_signals, assess
from streams.wording import LOCALES, number_reasons
from tests.builders import a_signal
from tests.gateway_process import PARTNER, Broker, Gateway, gateway_running, wait_for
from tests.integration.gateway.test_api import problem

SUSPECTED = "+77051230001"
REPORTED = "+77051230002"
#: More suspected numbers than a page holds.
MANY = [f"+7706{number:07}" for number in range(PAGE + 7)]


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
        tell(client, {SUSPECTED: 4, REPORTED: 1, "1414": 5, "elicense.gov.kz": 5, **dict.fromkeys(MANY, 3)})
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


def test_the_list_holds_each_suspected_number_once_and_no_other(partner: httpx.Client) -> None:
    made = datetime.now(UTC)
    content = partner.get("/v1/numbers").json()
    numbers = [item["number"] for item in content["numbers"]]
    assert len(numbers) == len(set(numbers))
    assert {SUSPECTED, *MANY} <= set(numbers)
    assert not {REPORTED, "1414", "elicense.gov.kz"} & set(numbers)
    assert {item["state"] for item in content["numbers"]} == {"suspected"}
    assert content["notice"]["kk"] == NOTICE.kk
    assert abs(datetime.fromisoformat(content["made_at"]) - made) < timedelta(minutes=1)
    (item,) = [item for item in content["numbers"] if item["number"] == SUSPECTED]
    assert (item["reporters"], item["schemes"]) == (4, ["bank-security"])
    assert datetime.fromisoformat(item["until"]) > made


@pytest.mark.parametrize(
    ("address", "headers"),
    [("?format=csv", {"Accept-Language": "ru"}), ("", {"Accept": "text/csv", "Accept-Language": "ru"})],
)
def test_the_list_as_csv(partner: httpx.Client, address: str, headers: dict[str, str]) -> None:
    answer = partner.get(f"/v1/numbers{address}", headers=headers)
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert "attachment" in answer.headers["content-disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert tuple(rows[0]) == COLUMNS
    assert {SUSPECTED, *MANY} <= {row["number"] for row in rows}
    assert {row["notice"] for row in rows} == {NOTICE.ru}


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("state=reported", "/state"),
        ("state=official", "/state"),
        ("state=suspected,unknown", "/state"),
        ("state=", "/state"),
        ("format=xlsx", "/format"),
    ],
)
def test_other_lists_are_refused(partner: httpx.Client, query: str, field: str) -> None:
    assert [error["field"] for error in problem(partner.get(f"/v1/numbers?{query}"), 422)["errors"]] == [field]


def test_a_list_is_in_the_audit_log_before_it_is_sent(partner: httpx.Client, stack: Stack) -> None:
    before = {entry.id for entry in audit_log(stack.bootstrap_servers)}
    partner.get("/v1/numbers?state=suspected,confirmed")
    (entry,) = [entry for entry in audit_log(stack.bootstrap_servers) if entry.id not in before]
    assert (entry.action, entry.actor, entry.subject) == (AuditAction.EXPORT, PARTNER.source, "suspected,confirmed")
    assert entry.results >= len(MANY) + 1


def test_the_list_needs_its_own_permission_and_is_not_fetched_all_the_time(gateway: Gateway) -> None:
    with gateway.client("telegram-bot") as client:
        assert "export" in problem(client.get("/v1/numbers"), 403)["detail"]
    assert problem(httpx.get(f"{gateway.url}/v1/numbers"), 401)
    with gateway.client(PARTNER.source) as client:
        statuses = {client.get("/v1/numbers?state=confirmed").status_code for _ in range(13)}
    assert statuses == {200, 429}


def test_a_key_tells_whose_it_is_and_a_revoked_one_opens_nothing(gateway: Gateway) -> None:
    assert httpx.get(f"{gateway.url}/v1/integration").status_code == 401
    origin = Origin(source="short-lived", channel=Channel.FILE, region="KZ-33")
    key = integrations.add(gateway.integrations, origin, [Permission.REPORT])
    with httpx.Client(base_url=gateway.url, headers={"Authorization": f"Bearer {key}"}) as client:
        wait_for(lambda: client.get("/v1/integration").status_code == 200, 20)
        known = client.get("/v1/integration").json()
        assert known == {
            "source": "short-lived",
            "channel": "file",
            "may": ["report"],
            "rate": "6000/minute",
            "region": "KZ-33",
        }
        gateway.integrations.write_text(gateway.integrations.read_text() + "nonsense: 1\n")
        time.sleep(IntegrationsFromFile.LOOK_EVERY + 0.5)
        assert client.get("/v1/integration").status_code == 200, "a wrong file changes nothing"
        gateway.integrations.write_text(gateway.integrations.read_text().replace("nonsense: 1\n", ""))
        integrations.revoke(gateway.integrations, "short-lived")
        wait_for(lambda: client.get("/v1/integration").status_code == 401, 20)


async def test_a_missing_index_is_not_taken_for_an_unknown_number(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lookup, "NUMBERS_INDEX", "saqbol-numbers-v0")
    async with AsyncElasticsearch(stack.elasticsearch_url) as client:
        with pytest.raises(TransportError):
            await lookup.look_up(client, [SUSPECTED])
