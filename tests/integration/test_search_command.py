"""`./saqbol search` against real servers: excerpts, filters, and an entry in the audit log before anything is shown."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime

import msgspec
import pytest
from elasticsearch import Elasticsearch
from kafka import KafkaConsumer, TopicPartition
from typer.testing import CliRunner

from deploy.cli import build
from deploy.home import CHECKOUT
from deploy.provision import provision
from deploy.stack.local import Stack
from schemas import indices
from schemas.audit import AuditAction, AuditEntry
from schemas.documents import report_document
from schemas.events import Channel, Report, report_id
from schemas.topics import AUDIT
from streams.understanding.enrich import enrich

TEXT = "Мошенники звонили с 8 705 999 88 77, говорили про водолазный шлюз"


@pytest.fixture(scope="module", autouse=True)
def report(stack: Stack) -> Iterator[None]:
    now = datetime.now(UTC)
    provision(stack.bootstrap_servers, stack.elasticsearch_url, now=now)
    told = Report(
        id=report_id("command", "1"),
        source="command",
        source_ref="1",
        channel=Channel.WEB,
        received_at=now,
        happened_at=now,
        text=TEXT,
        region="KZ-59",
    )
    document = report_document(enrich(told))
    with Elasticsearch(stack.elasticsearch_url) as client:
        client.index(index=document.index, id=document.id, document=document.body, refresh=True)
        yield
        client.delete(index=document.index, id=document.id, refresh=True)


def run(stack: Stack, *arguments: str) -> tuple[int, str]:
    environment = {
        "SAQBOL_KAFKA": stack.bootstrap_servers,
        "SAQBOL_ELASTICSEARCH": stack.elasticsearch_url,
        "COLUMNS": "200",
    }
    result = CliRunner().invoke(build("search"), ["search", *arguments], env=environment)
    return result.exit_code, result.output


def entries(stack: Stack) -> list[AuditEntry]:
    consumer = KafkaConsumer(bootstrap_servers=stack.bootstrap_servers.split(","), enable_auto_commit=False)
    try:
        partition = TopicPartition(AUDIT, 0)
        consumer.assign([partition])
        consumer.seek_to_beginning(partition)
        end = consumer.end_offsets([partition])[partition]
        found = []
        while consumer.position(partition) < end:
            for records in consumer.poll(timeout_ms=1000).values():
                found += [msgspec.json.decode(record.value, type=AuditEntry) for record in records]
    finally:
        consumer.close()
    return found


def test_finds_marks_and_is_audited(stack: Stack) -> None:
    code, said = run(stack, "водолазные шлюзы 87059998877", "--region", "Северо", "--since", "1d", "--by", "aigerim")
    assert code == 0, said
    assert said.startswith("1 report\n")
    assert "Северо-Казахстанская область · web" in said
    assert "+77059998877" in said
    assert "водолазный шлюз" in said
    last = entries(stack)[-1]
    assert (last.action, last.actor, last.part, last.results) == (AuditAction.SEARCH, "aigerim", "command", 1)
    assert last.subject.startswith("водолазные шлюзы 87059998877 region=KZ-59 since=")


def test_secrets_in_a_question_do_not_reach_the_audit_log(stack: Stack) -> None:
    assert run(stack, "карта 4111 1111 1111 1111")[0] == 0
    assert entries(stack)[-1].subject == "карта [card]"


def test_filters_that_do_not_fit_find_nothing(stack: Stack) -> None:
    assert run(stack, "водолазный", "--channel", "hotline")[1].startswith("0 reports")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["x", "--region", "Нигде"], "is none of: KZ-10"),
        (["x", "--region", "Алмат"], "is several of: KZ-19"),
        (["x", "--since", "вчера"], "is no time"),
        (["x", "--scheme", "чудо"], "is none of"),
    ],
)
def test_says_what_it_does_not_understand(stack: Stack, arguments: list[str], said: str) -> None:
    code, output = run(stack, *arguments)
    assert code == 2
    assert said in " ".join(output.replace("│", " ").split())


def test_shows_nothing_that_can_not_be_audited(stack: Stack) -> None:
    """In a process of its own: kafka-python leaves the sockets of vain attempts to the garbage collector."""
    environment = {**os.environ, "SAQBOL_KAFKA": "127.0.0.1:1", "SAQBOL_ELASTICSEARCH": stack.elasticsearch_url}
    command = [sys.executable, "-m", "deploy", "search", "водолазный"]
    ran = subprocess.run(
        command, env=environment, cwd=CHECKOUT, capture_output=True, text=True, timeout=120, check=False
    )
    assert ran.returncode == 1
    assert "audit log" in ran.stderr
    assert "шлюз" not in ran.stdout + ran.stderr


def test_a_heartbeat_is_never_found(stack: Stack) -> None:
    with Elasticsearch(stack.elasticsearch_url) as client:
        index = indices.report_index(datetime.now(UTC))
        client.index(index=index, id="beat", document={"text": "кракозябра", "synthetic": True}, refresh=True)
        try:
            assert run(stack, "кракозябра")[1].startswith("0 reports")
        finally:
            client.delete(index=index, id="beat", refresh=True)
