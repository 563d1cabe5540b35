"""ReportProducer against a real Kafka: what it publishes, refuses, and says when Kafka does not answer."""

from __future__ import annotations

import signal
import threading
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from producers.client import NotPublishedError, ReportProducer, SubmissionError
from producers.intake import Origin
from producers.reporters import ReporterHasher
from schemas.events import Channel, GivenContact, ReportSubmission, report_id
from tests.gateway_process import Broker

KEY = b"k" * 32


@pytest.fixture(scope="module")
def producer(broker: Broker) -> Iterator[ReportProducer]:
    with ReportProducer(
        broker.bootstrap_servers, source="clinic-bot", channel="telegram", area_code="7172", reporter_key=KEY
    ) as running:
        yield running


def reference() -> str:
    return uuid.uuid4().hex


def test_a_report_in_few_lines(broker: Broker) -> None:
    ref = reference()
    with ReportProducer(broker.bootstrap_servers, source="clinic-bot", channel="telegram") as producer:
        identity = producer.send({"source_ref": ref, "text": "Звонили с 1414, сказала код 4821 из смс"})
    record = broker.record(identity)
    assert identity == record["_key"] == report_id("clinic-bot", ref)
    assert (record["source"], record["channel"]) == ("clinic-bot", "telegram")
    assert "4821" not in record["text"]


def test_it_does_what_the_gateway_does(broker: Broker, producer: ReportProducer) -> None:
    identity = producer.send(
        ReportSubmission(
            source_ref=reference(),
            text="Я +77051234567",
            contacts=[GivenContact(value="1414")],
            reporter="8 705 123 45 67",
            happened_at=datetime(2026, 1, 14, tzinfo=UTC),
        )
    )
    record = broker.record(identity)
    assert record["reporter"] == ReporterHasher(KEY).reporter("+77051234567")
    assert "7051234567" not in str(record)
    assert (record["area_code"], record["happened_at"]) == ("7172", "2026-01-14T00:00:00Z")


def test_the_same_submission_gets_the_same_id(producer: ReportProducer) -> None:
    submission = {"source_ref": reference(), "text": "x"}
    assert producer.send(submission) == producer.send(dict(submission)) == producer.send_all([submission])[0]


def test_many_reports_keep_their_order(broker: Broker, producer: ReportProducer) -> None:
    refs = [reference() for _ in range(700)]
    ids = producer.send_all({"source_ref": ref, "text": "x"} for ref in refs)
    assert ids == [report_id("clinic-bot", ref) for ref in refs]
    assert set(ids) <= {record["id"] for record in broker.records()}
    assert producer.send_all([]) == []


def test_every_wrong_field_is_named_and_nothing_is_sent(broker: Broker, producer: ReportProducer) -> None:
    good, bad = {"source_ref": reference(), "text": "x"}, {"source_ref": reference(), "text": 1, "colour": "red"}
    with pytest.raises(SubmissionError) as one:
        producer.send(bad)
    assert {problem.field for problem in one.value.problems} == {"/text", "/colour"}
    with pytest.raises(SubmissionError) as many:
        producer.send_all([good, bad, {"source_ref": "\ud800"}])
    assert {problem.field for problem in many.value.problems} == {"/1/text", "/1/colour", "/2"}
    assert report_id("clinic-bot", good["source_ref"]) not in {record["id"] for record in broker.records()}


def test_threads_may_share_it(broker: Broker, producer: ReportProducer) -> None:
    found: list[str] = []
    threads = [
        threading.Thread(target=lambda: found.append(producer.send({"source_ref": reference(), "text": "x"})))
        for _ in range(16)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == 16
    assert set(found) <= {record["id"] for record in broker.records()}


def test_a_kafka_that_hangs_is_reported_and_a_retry_works(broker: Broker) -> None:
    origin = Origin(source="patient-bot", channel=Channel.TELEGRAM)
    reports = [{"source_ref": reference(), "text": "x"} for _ in range(3)]
    with ReportProducer(broker.bootstrap_servers, source=origin.source, channel=origin.channel) as producer:
        producer.send({"source_ref": reference(), "text": "x"})
        broker.send(signal.SIGSTOP)
        try:
            with pytest.raises(NotPublishedError) as caught:
                producer.send_all(reports)
        finally:
            broker.send(signal.SIGCONT)
        assert caught.value.indices == (0, 1, 2)
        ids = producer.send_all(reports)
    assert set(ids) <= {record["id"] for record in broker.records()}
