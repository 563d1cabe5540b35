"""The gateway against a real Kafka: what is accepted, what is refused and how, and what reaches the topic."""

from __future__ import annotations

import json
import socket
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from stdnum import luhn

from producers.gateway.api import MAX_REPORT_BYTES
from producers.gateway.batches import MAX_BATCH, MAX_BATCH_BYTES
from producers.gateway.examples import REPORT as EXAMPLE
from schemas.events import report_id
from tests.gateway_process import Broker, Gateway, gateway_running

TEXT = "Звонили с 1414, просили код"
CARD = "4400 4301 2345 678" + luhn.calc_check_digit("440043012345678")


def reference() -> str:
    return f"test-{uuid.uuid4().hex[:12]}"


def problem(response: httpx.Response, status: int) -> dict[str, Any]:
    """The problem details of a refusal, which must have the right status and type of media."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = response.json()
    assert body["status"] == status
    assert body["type"].startswith("urn:saqbol:problem:")
    assert body["title"]
    assert body["detail"]
    return body


def wrong_fields(response: httpx.Response) -> dict[str, str]:
    """Pointer → remedy of every wrong field of a 422."""
    body = problem(response, 422)
    assert all(error["problem"] and error["remedy"] for error in body["errors"])
    return {error["field"]: error["remedy"] for error in body["errors"]}


def test_a_report_reaches_the_topic_masked_and_stamped(broker: Broker, api: httpx.Client) -> None:
    ref = reference()
    before = datetime.now(UTC)
    response = api.post(
        "/v1/reports",
        json={
            "source_ref": ref,
            "text": f"Мама сказала код 4821 из смс, мой номер +77051234567, карта {CARD}",
            "contacts": [{"value": "1414"}, {"value": "2-15-65", "role": "own"}],
            "bank": f"карта {CARD}",
            "reporter": "+7 705 123 45 67",
            "happened_at": "2026-01-14T09:30:00+05:00",
        },
    )
    assert response.status_code == 202
    accepted = response.json()
    assert accepted["id"] == report_id("mamlyut-desk", ref)
    assert accepted["status"] == "accepted"
    record = broker.record(accepted["id"])
    assert record["_key"] == record["id"]
    assert (record["source"], record["source_ref"], record["channel"]) == ("mamlyut-desk", ref, "hotline")
    assert (record["area_code"], record["region"], record["district"]) == ("71541", "KZ-59", "Мамлютский")
    assert [contact["value"] for contact in record["contacts"]] == ["1414"], "the reporter's own number stays away"
    assert record["happened_at"] == "2026-01-14T04:30:00Z"
    assert before <= datetime.fromisoformat(record["received_at"]) <= datetime.now(UTC)
    assert record["received_at"] == accepted["received_at"]
    assert len(record["reporter"]) == 32
    written = json.dumps(record, ensure_ascii=False)
    for secret in ("4821", "77051234567", "4400", "4301"):
        assert secret not in written


def test_the_documented_examples_are_accepted(api: httpx.Client, partner: httpx.Client) -> None:
    assert api.post("/v1/reports", json=EXAMPLE).status_code == 202
    document = api.get("/docs/openapi.json").json()
    for path in ("/v1/reports", "/v1/reports/batch", "/v1/prevention", "/v1/prevention/batch"):
        examples = document["paths"][path]["post"]["requestBody"]["content"]["application/json"]["examples"]
        assert examples
        for example in examples.values():
            assert partner.post(path, json=example["value"]).status_code == 202


def test_one_person_in_many_spellings_is_one_reporter(broker: Broker, gateway: Gateway) -> None:
    ids = []
    for source, spelling in (
        ("mamlyut-desk", "87051112233"),
        ("mamlyut-desk", "+7 (705) 111-22-33"),
        ("telegram-bot", "+7 705 111 22 33"),
        ("mamlyut-desk", "٨٧٠٥١١١٢٢٣٣"),
    ):
        with gateway.client(source) as client:
            body = {"source_ref": reference(), "text": TEXT, "reporter": spelling}
            ids.append(client.post("/v1/reports", json=body).json()["id"])
    hashes = {record["reporter"] for record in broker.records() if record["id"] in ids}
    assert len(hashes) == 1


def test_the_same_reference_gets_the_same_id_however_it_is_retried(gateway: Gateway, api: httpx.Client) -> None:
    body = {"source_ref": reference(), "text": TEXT}
    single = {api.post("/v1/reports", json=body).json()["id"] for _ in range(3)}
    batch = api.post("/v1/reports/batch", json={"reports": [body, body]}).json()["accepted"]
    with ThreadPoolExecutor(4) as pool:
        parallel = {r.json()["id"] for r in pool.map(lambda _: api.post("/v1/reports", json=body), range(8))}
    assert single | {item["id"] for item in batch} | parallel == {report_id("mamlyut-desk", body["source_ref"])}
    with gateway.client("telegram-bot") as other:
        assert other.post("/v1/reports", json=body).json()["id"] not in single


def test_the_source_comes_from_the_key(broker: Broker, gateway: Gateway) -> None:
    with gateway.client("telegram-bot") as client:
        body = {"source_ref": reference(), "text": TEXT}
        report = broker.record(client.post("/v1/reports", json=body).json()["id"])
        assert (report["source"], report["channel"]) == ("telegram-bot", "telegram")
        assert "area_code" not in report
        assert "/source" in wrong_fields(client.post("/v1/reports", json=body | {"source": "mamlyut-desk"}))


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer wrong", "Basic YTpi", "Bearer \x80", "bearer sb_x y"])
def test_without_a_known_key_nothing_is_read(gateway: Gateway, header: str | None) -> None:
    headers = [] if header is None else [(b"Authorization", header.encode("latin-1"))]
    for path in ("/v1/reports", "/v1/reports/batch"):
        response = httpx.post(gateway.url + path, content=b"not even json", headers=headers)
        assert problem(response, 401)["detail"]
        assert response.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize("body", [b"", b"nul", b"{", b"{'a': 1}", b"\xff\xfe{\x00", b"a=1"])
@pytest.mark.parametrize("path", ["/v1/reports", "/v1/reports/batch"])
def test_what_is_not_json_is_400(api: httpx.Client, path: str, body: bytes) -> None:
    response = api.post(path, content=body, headers={"Content-Type": "application/json"})
    assert problem(response, 400)["type"].endswith("malformed")


def test_text_in_another_encoding_is_400(api: httpx.Client) -> None:
    item = b'{"source_ref": "s", "text": "\xed\xa0\x80"}'
    headers = {"Content-Type": "application/json"}
    assert problem(api.post("/v1/reports", content=item, headers=headers), 400)["type"].endswith("malformed")
    body = b'{"reports": [' + item + b"]}"
    assert problem(api.post("/v1/reports/batch", content=body, headers=headers), 422)["refused"][0]["index"] == 0


@pytest.mark.parametrize("body", [b"null", b"[]", b'"x"', b"1", b"true"])
@pytest.mark.parametrize("path", ["/v1/reports", "/v1/reports/batch"])
def test_json_of_another_shape_is_422(api: httpx.Client, path: str, body: bytes) -> None:
    assert wrong_fields(api.post(path, content=body, headers={"Content-Type": "application/json"}))


def test_deep_nesting_is_refused(api: httpx.Client) -> None:
    for body in (b"[" * 100_000, b'{"text":' * 30_000, b'{"reports":' + b"[" * 100_000 + b"]" * 100_000 + b"}"):
        for path in ("/v1/reports", "/v1/reports/batch"):
            response = api.post(path, content=body, headers={"Content-Type": "application/json"})
            assert response.status_code in {400, 422}


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({"Content-Type": "text/plain"}, b"{}"),
        ({"Content-Type": "application/x-www-form-urlencoded"}, b"a=1"),
        ({"Content-Type": "application/json; charset=windows-1251"}, b"{}"),
        ({"Content-Type": "application/json", "Content-Encoding": "gzip"}, b"\x1f\x8b"),
        ({}, b"{}"),
    ],
)
def test_another_type_of_media_is_415(api: httpx.Client, headers: dict[str, str], body: bytes) -> None:
    assert "application/json" in problem(api.post("/v1/reports", content=body, headers=headers), 415)["detail"]


def test_every_wrong_field_is_named_with_its_remedy_and_no_value(api: httpx.Client) -> None:
    secret = "4400430123456784"
    response = api.post(
        "/v1/reports",
        json={
            "text": 5,
            "medium": secret,
            "contacts": [{"value": 1}, {"valeu": secret}, "x"],
            "region": "KZ-9",
            "loss_kzt": "150 000",
            "outcome": "dead",
            "urgent": "yes",
            "happened_at": "1970-01-01T00:00:00Z",
            "money_moved_at": "2090-01-01T00:00:00",
            "unknown": secret,
            secret: True,
        },
    )
    assert set(wrong_fields(response)) == {
        "/source_ref",
        "/text",
        "/medium",
        "/contacts/0/value",
        "/contacts/1/value",
        "/contacts/1/valeu",
        "/contacts/2",
        "/region",
        "/loss_kzt",
        "/outcome",
        "/urgent",
        "/happened_at",
        "/money_moved_at",
        "/unknown",
        "/(unknown)",
    }
    assert secret not in response.text
    assert "dead" not in response.text


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("happened_at", "1970-01-01T00:00:00Z"),
        ("happened_at", "2090-01-01T00:00:00Z"),
        ("happened_at", "0001-01-01T00:00:00+14:00"),
        ("happened_at", "9999-12-31T23:59:59-14:00"),
        ("happened_at", (datetime.now(UTC) + timedelta(hours=1)).isoformat()),
        ("happened_at", "2026-01-14T09:30:00"),
        ("happened_at", 1_768_000_000),
        ("money_moved_at", "2090-01-01T00:00:00Z"),
        ("text", "а" * 10_001),
        ("text", "а" * 50_000),
        ("text", "\u0000\u0007"),
        ("text", None),
        ("source_ref", ""),
        ("source_ref", "   "),
        ("source_ref", "a\u0000b"),
        ("source_ref", "x" * 129),
        ("reporter", ""),
        ("reporter", "\u0001"),
        ("region", "KZ-99"),
        ("district", ""),
        ("contacts", [{"value": "1"}] * 21),
        ("contacts", [{"value": "x" * 257}]),
        ("contacts", {"value": "1414"}),
        ("loss_kzt", -1),
        ("loss_kzt", 1.5),
        ("loss_kzt", 10**13),
        ("loss_kzt", 10**30),
        ("loss_kzt", True),
        ("medium", "CALL"),
        ("medium", 7),
        ("backfill", 1),
    ],
)
def test_one_wrong_field_is_named(api: httpx.Client, field: str, value: object) -> None:
    response = api.post("/v1/reports", json={"source_ref": reference(), "text": TEXT} | {field: value})
    assert any(place.startswith(f"/{field}") for place in wrong_fields(response))


@pytest.mark.parametrize("contacts", [[], [{"value": ""}], [{"value": " \u0000 "}]])
def test_a_report_that_says_nothing_is_refused(api: httpx.Client, contacts: list[dict[str, str]]) -> None:
    body = {"source_ref": reference(), "text": " \n\u0000", "contacts": contacts}
    assert list(wrong_fields(api.post("/v1/reports", json=body))) == ["/text"]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("😱" * 10_000, "😱" * 10_000),
        ("\u202e\u200f\u2067", "\u202e\u200f\u2067"),
        ("до\u0000 и по\u001bсле\u0085", "до и после"),
        ("раз\r\nдва\rтри\tчетыре", "раз\nдва\nтри\tчетыре"),
        ("қара\u0301 жазу", "қара\u0301 жазу"),
    ],
)
def test_strange_text_is_kept_without_control_characters(
    broker: Broker, api: httpx.Client, given: str, kept: str
) -> None:
    response = api.post("/v1/reports", json={"source_ref": reference(), "text": given})
    assert response.status_code == 202
    assert broker.record(response.json()["id"])["text"].strip() == kept


@pytest.mark.parametrize("number", ["скрытый", "+7 (705) 123", "1414 1414", "٠٧٠٥١٢٣٤٥٦٧", "Kaspi.kz", "@fraud", "😱"])
def test_any_contact_is_kept_as_given(broker: Broker, api: httpx.Client, number: str) -> None:
    response = api.post("/v1/reports", json={"source_ref": reference(), "contacts": [{"value": number}]})
    assert broker.record(response.json()["id"])["contacts"] == [{"value": number}]


def test_an_empty_contact_beside_a_text_is_accepted(api: httpx.Client) -> None:
    body = {"source_ref": reference(), "text": TEXT, "contacts": [{"value": ""}]}
    assert api.post("/v1/reports", json=body).status_code == 202


def test_lone_surrogates_crash_nothing(api: httpx.Client) -> None:
    for body in (rb'{"source_ref":"s","text":"\ud800"}', rb'{"source_ref":"s","text":"\ud83d and more"}'):
        for path, content in (("/v1/reports", body), ("/v1/reports/batch", b'{"reports":[' + body + b"]}")):
            response = api.post(path, content=content, headers={"Content-Type": "application/json"})
            assert response.status_code in {400, 422}


@pytest.mark.parametrize("ref", ["+77051234567", "wa-77051234567-3", CARD])
def test_a_reference_that_holds_a_number_is_replaced_for_good(broker: Broker, api: httpx.Client, ref: str) -> None:
    ids = {api.post("/v1/reports", json={"source_ref": ref, "text": TEXT}).json()["id"] for _ in range(2)}
    (identity,) = ids
    kept = [record["source_ref"] for record in broker.records() if record["id"] == identity]
    assert set(kept) == {kept[0]}
    assert kept[0].startswith("h-")
    assert identity == report_id("mamlyut-desk", kept[0])


def test_two_megabytes_are_refused_before_they_are_read(gateway: Gateway, api: httpx.Client) -> None:
    body = json.dumps({"source_ref": "big", "text": "x" * 2_000_000}).encode()
    assert len(body) > MAX_BATCH_BYTES > MAX_REPORT_BYTES
    for path in ("/v1/reports", "/v1/reports/batch"):
        problem(api.post(path, content=body, headers={"Content-Type": "application/json"}), 413)
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=10) as connection:
        head = (
            f"POST /v1/reports HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {gateway.keys['mamlyut-desk']}\r\n"
            "Content-Type: application/json\r\nContent-Length: 2000000\r\n\r\n"
        )
        connection.sendall(head.encode())  # and no body at all
        assert connection.recv(64).startswith(b"HTTP/1.1 413")


def test_a_body_without_a_length_is_cut_off_at_the_limit(api: httpx.Client) -> None:
    sent = 0

    def endless() -> Iterator[bytes]:
        nonlocal sent
        for _ in range(1000):
            sent += 65_536
            yield b" " * 65_536

    try:
        response = api.post("/v1/reports", content=endless(), headers={"Content-Type": "application/json"})
    except (httpx.WriteError, httpx.ReadError):  # the gateway has answered and closed while we were still sending
        pass
    else:
        problem(response, 413)
    assert sent < 64_000_000


def test_one_bad_report_of_500_is_named_and_the_others_taken(broker: Broker, api: httpx.Client) -> None:
    reports: list[dict[str, Any]] = [{"source_ref": reference(), "text": f"{TEXT} {n}"} for n in range(MAX_BATCH)]
    reports[321] |= {"loss_kzt": "many", "colour": "red"}
    response = api.post("/v1/reports/batch", json={"reports": reports})
    assert response.status_code == 202
    result = response.json()
    assert [item["index"] for item in result["accepted"]] == [n for n in range(MAX_BATCH) if n != 321]
    (refused,) = result["refused"]
    assert refused["index"] == 321
    assert {error["field"] for error in refused["errors"]} == {"/loss_kzt", "/colour"}
    kept = {record["id"] for record in broker.records()}
    assert {item["id"] for item in result["accepted"]} <= kept
    assert report_id("mamlyut-desk", reports[321]["source_ref"]) not in kept


def test_a_batch_of_bad_reports_only_is_422(api: httpx.Client) -> None:
    body = problem(api.post("/v1/reports/batch", json={"reports": [{}, 5]}), 422)
    assert [item["index"] for item in body["refused"]] == [0, 1]


@pytest.mark.parametrize(
    "body", [{}, {"reports": []}, {"reports": [{}] * 501}, {"reports": {}}, {"reports": [{}], "more": 1}]
)
def test_a_batch_of_another_form_is_422(api: httpx.Client, body: object) -> None:
    assert list(wrong_fields(api.post("/v1/reports/batch", json=body))) == ["/reports"]


def test_unknown_addresses_and_methods(gateway: Gateway) -> None:
    problem(httpx.get(gateway.url + "/v1/nothing?phone=87051234567"), 404)
    problem(httpx.get(gateway.url + "/static/../app.py"), 404)
    for method in ("GET", "PUT", "DELETE", "PATCH"):
        response = httpx.request(method, gateway.url + "/v1/reports")
        problem(response, 405)
        assert "POST" in response.headers["allow"]


def test_nothing_that_was_said_is_in_the_log_or_the_metrics(gateway: Gateway, api: httpx.Client) -> None:
    secret, phone = "СЕКРЕТНЫЙ-4821-ТЕКСТ", "+77059876543"
    api.post("/v1/reports", json={"source_ref": reference(), "text": secret, "reporter": phone})
    api.post("/v1/reports", json={"source_ref": secret, "text": phone, "medium": secret})
    api.post(f"/v1/{secret}?phone={phone}", json={})
    for text in (gateway.log.read_text(), httpx.get(gateway.url + "/metrics").text):
        assert gateway.keys["mamlyut-desk"] not in text
        assert "-4821-" not in text  # the digits alone may be part of a moment in the metrics
        assert "79059876543" not in text
    assert "POST /v1/reports 202" in gateway.log.read_text()


def test_health_and_metrics(gateway: Gateway, api: httpx.Client) -> None:
    assert gateway.status("/health/live") == 200
    assert httpx.get(gateway.url + "/health/ready").json() == {"status": "ready", "kafka": "reachable"}
    accepted = 'saqbol_gateway_reports_accepted_total{source="mamlyut-desk"}'
    masked = 'saqbol_gateway_secrets_masked_total{kind="one-time-code"}'
    refused = 'saqbol_gateway_reports_refused_total{reason="invalid"}'
    before = [gateway.metric(name) for name in (accepted, masked, refused)]
    reports = [{"source_ref": reference(), "text": "сказала код 4821 из смс"}, {}]
    api.post("/v1/reports/batch", json={"reports": reports})
    assert [gateway.metric(name) for name in (accepted, masked, refused)] == [value + 1 for value in before]
    assert gateway.metric("saqbol_gateway_kafka_ready") == 1


def test_the_document_describes_every_operation(gateway: Gateway) -> None:
    document = httpx.get(gateway.url + "/docs/openapi.json").json()
    sent = {"/v1/reports", "/v1/reports/batch", "/v1/prevention", "/v1/prevention/batch"}
    asked = {"/v1/numbers", "/v1/numbers/{number}", "/v1/integration"}
    assert set(document["paths"]) == {*sent, *asked, "/health/live", "/health/ready"}
    for path in sent:
        operation = document["paths"][path]["post"]
        assert set(operation["responses"]) == {"202", "400", "401", "403", "413", "415", "422", "429", "503"}
        assert operation["security"] == [{"key": []}]
    for path in asked:
        operation = document["paths"][path]["get"]
        assert {"200", "401"} <= set(operation["responses"])
        assert operation["security"] == [{"key": []}]
    content = document["paths"]["/v1/numbers"]["get"]["responses"]["200"]["content"]
    assert set(content) == {"application/json", "text/csv"}
    page = httpx.get(gateway.url + "/docs")
    assert "http" not in page.text.replace("<!doctype html>", "")


def test_too_many_reports_are_429_with_the_time_to_wait(broker: Broker) -> None:
    with gateway_running(broker.bootstrap_servers, rate="10/minute") as slow, slow.client() as client:
        slow.wait_until_ready()
        batch = {"reports": [{"source_ref": reference(), "text": TEXT} for _ in range(8)]}
        assert client.post("/v1/reports/batch", json=batch).status_code == 202
        refused = client.post("/v1/reports/batch", json=batch)
        assert "10/minute" in problem(refused, 429)["detail"]
        assert 1 <= int(refused.headers["retry-after"]) <= 120
        single = {"source_ref": reference(), "text": TEXT}
        assert [client.post("/v1/reports", json=single).status_code for _ in range(3)] == [202, 202, 429]
        with slow.client("telegram-bot") as other:
            assert other.post("/v1/reports", json=single).status_code == 202


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=20), inner, max_size=4),
    max_leaves=8,
)
field_names = st.sampled_from([*EXAMPLE, "money_moved_at", "loss_kzt", "urgent", "stance", "bank", "district"])


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=st.dictionaries(field_names | st.text(max_size=10), json_values, max_size=5), batch=st.booleans())
def test_whatever_is_sent_is_answered_with_a_reason(api: httpx.Client, changes: dict[str, object], batch: bool) -> None:
    report = {"source_ref": "fuzz", "text": TEXT} | changes
    body = json.dumps({"reports": [report]} if batch else report, ensure_ascii=True).encode()
    path = "/v1/reports/batch" if batch else "/v1/reports"
    response = api.post(path, content=body, headers={"Content-Type": "application/json"})
    assert response.status_code in {202, 400, 422}, response.text
    if response.status_code == 422:
        found = response.json()
        errors = found.get("errors") or found["refused"][0]["errors"]
        assert len({error["field"] for error in errors}) == len(errors) > 0


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.binary(max_size=200))
def test_garbage_bytes_are_refused(api: httpx.Client, body: bytes) -> None:
    response = api.post("/v1/reports", content=body, headers={"Content-Type": "application/json"})
    assert response.status_code in {400, 422}
