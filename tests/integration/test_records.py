"""Backup, restore and retention on a real Kafka and Elasticsearch, by the command line."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from click.testing import Result
from elasticsearch import Elasticsearch
from kafka import KafkaAdminClient, KafkaProducer
from typer.testing import CliRunner

from deploy import backup as core
from deploy import cli, retention
from deploy.book import BookError, newest, read
from deploy.home import CHECKOUT
from deploy.provision import provision
from deploy.stack.local import Stack
from producers.kafka import connect
from schemas import indices
from schemas.topics import ALERTS, VERDICTS, topics
from tests.full_events import full_alert, full_verdict

PREFIX = "copy."


@pytest.fixture
def producer(stack: Stack) -> Iterator[KafkaProducer]:
    with closing(connect(stack.bootstrap_servers, "tests")) as producer:
        yield producer


@pytest.fixture
def kept(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, ...]]:
    """Topics of the test's own in place of those that a backup keeps: the stack is shared."""
    names = {name: f"{PREFIX}{name}" for name in (VERDICTS, ALERTS)}
    with closing(KafkaAdminClient(bootstrap_servers=stack.bootstrap_servers)) as admin:
        wanted = {"num_partitions": 4, "replication_factor": 1}
        admin.create_topics(dict.fromkeys(names.values(), wanted), wait_for_metadata=True)
        real = topics()
        monkeypatch.setattr(core, "KEPT", tuple(names.values()))
        monkeypatch.setattr(core, "topics", lambda: dict.fromkeys(names.values(), real[VERDICTS]))
        yield tuple(names.values())
        admin.delete_topics(list(names.values()))


def saqbol(monkeypatch: pytest.MonkeyPatch, stack: Stack, *arguments: str) -> Result:
    monkeypatch.setenv("SAQBOL_KAFKA", stack.bootstrap_servers)
    monkeypatch.setenv("SAQBOL_ELASTICSEARCH", stack.elasticsearch_url)
    return CliRunner().invoke(cli.build(arguments[0]), list(arguments))


def everything(stack: Stack, names: tuple[str, ...]) -> list[tuple[str, int, bytes, bytes]]:
    return sorted(
        (name, record.partition, record.key, record.value) for name in names for record in read_all(stack, name)
    )


def read_all(stack: Stack, name: str) -> list[object]:
    return [record for record in newest(stack.bootstrap_servers, name).values() if record.value is not None]


def empty(stack: Stack, names: tuple[str, ...]) -> None:
    with closing(KafkaAdminClient(bootstrap_servers=stack.bootstrap_servers)) as admin:
        admin.delete_topics(list(names))
        admin.create_topics(
            {key: {"num_partitions": 4, "replication_factor": 1} for key in names}, wait_for_metadata=True
        )


def test_what_was_lost_comes_back_once(
    stack: Stack, producer: KafkaProducer, kept: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    verdicts, alerts = kept
    old, new = full_alert(), msgspec.structs.replace(full_alert(), observed=99)
    for topic, key, value, partition in (
        (verdicts, b"v-1", msgspec.json.encode(full_verdict()), 3),
        (verdicts, b"v-2", msgspec.json.encode(full_verdict()), 1),
        (verdicts, b"v-gone", b"{}", 0),
        (verdicts, b"v-gone", None, 0),
        (alerts, b"a", msgspec.json.encode(old), 0),
        (alerts, b"a", msgspec.json.encode(new), 0),
    ):
        producer.send(topic, key=key, value=value, partition=partition).get(timeout=10)
    before = everything(stack, kept)
    assert len(before) == 3
    file = tmp_path / "backup.jsonl.gz"
    made = saqbol(monkeypatch, stack, "backup", str(file))
    assert made.exit_code == 0, made.output
    assert f"3 records in {file}" in made.output
    assert file.stat().st_mode & 0o077 == 0
    assert saqbol(monkeypatch, stack, "backup", str(file)).exit_code == 2

    nothing = saqbol(monkeypatch, stack, "restore", str(file))
    assert "0 of 3 records written" in nothing.output
    empty(stack, kept)
    producer.send(alerts, key=b"a", value=b'{"newer": true}', partition=0).get(timeout=10)
    restored = saqbol(monkeypatch, stack, "restore", str(file))
    assert restored.exit_code == 0, restored.output
    assert "2 of 3 records written" in restored.output
    after = everything(stack, kept)
    assert [item for item in after if item[0] == verdicts] == [item for item in before if item[0] == verdicts]
    assert [item[3] for item in after if item[0] == alerts] == [b'{"newer": true}']
    assert "0 of 3 records written" in saqbol(monkeypatch, stack, "restore", str(file)).output


def test_a_file_that_is_not_whole_is_refused(
    stack: Stack, producer: KafkaProducer, kept: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for number in range(50):
        producer.send(kept[0], key=f"v-{number}".encode(), value=b"x" * 50).get(timeout=10)
    file = tmp_path / "backup.jsonl.gz"
    core.backup(stack.bootstrap_servers, file, datetime(2026, 1, 14, tzinfo=UTC))
    whole = file.read_bytes()
    lines = gzip.decompress(whole).splitlines(keepends=True)
    wrong = {
        "cut short": whole[: len(whole) // 2],
        "no last line": gzip.compress(b"".join(lines[:-1])),
        "a line less": gzip.compress(b"".join([*lines[:5], *lines[6:]])),
        "a line changed": gzip.compress(b"".join(lines).replace(b'"partition":0', b'"partition":1', 1)),
        "another version": gzip.compress(b"".join([lines[0].replace(b'"version":1', b'"version":2'), *lines[1:]])),
        "no backup": b"hello",
        "empty": b"",
    }
    empty(stack, kept)
    for what, data in wrong.items():
        file.write_bytes(data)
        result = saqbol(monkeypatch, stack, "restore", str(file))
        assert result.exit_code == 1, what
        assert f"saqbol: {file} " in result.output, what
    assert everything(stack, kept) == []


def test_a_missing_topic_is_named(stack: Stack) -> None:
    with pytest.raises(BookError, match=r"Kafka has no topic nowhere; run \./saqbol provision"):
        list(read(stack.bootstrap_servers, "nowhere"))


def test_absent_kafka_is_named_and_no_file_is_left(tmp_path: Path) -> None:
    """In a process of its own: kafka-python leaves the sockets open with which it could not connect."""
    file = tmp_path / "backup.jsonl.gz"
    result = subprocess.run(
        [sys.executable, "-m", "deploy", "backup", str(file)],
        env={**os.environ, "SAQBOL_KAFKA": "127.0.0.1:1"},
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (result.returncode, result.stderr) == (
        1,
        "saqbol: Kafka does not answer at 127.0.0.1:1: KafkaTimeoutError\n",
    )
    assert list(tmp_path.iterdir()) == []


def test_only_months_past_their_time_go_and_only_when_it_is_said(
    stack: Stack, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    months = ("saqbol-audit-2021.11", "saqbol-audit-2021.12", "saqbol-b2-audit-2022.01")
    policy = tmp_path / "retention.yaml"
    policy.write_text("months: {saqbol-audit: 36}")
    monkeypatch.setattr(retention.load_policy, "__defaults__", (policy,))
    provision(stack.bootstrap_servers, stack.elasticsearch_url)
    young = indices.audit_index(datetime.now(UTC))
    with Elasticsearch(stack.elasticsearch_url) as client:
        for index in months:
            client.indices.create(index=index, aliases={indices.AUDIT: {}})
        client.index(index=months[0], id="1", document={"id": "1"}, refresh=True)
        said = saqbol(monkeypatch, stack, "retain")
        assert said.exit_code == 0, said.output
        assert "saqbol-audit-2021.11: month 2021.11, 1 documents" in said.output
        assert "3 months would be deleted; --yes deletes them" in said.output
        assert all(client.indices.exists(index=index) for index in months)
        assert "deleted 3 months" in saqbol(monkeypatch, stack, "retain", "--yes").output
        assert not any(client.indices.exists(index=index) for index in months)
        assert client.indices.exists(index=young)
        assert "no month is past its time" in saqbol(monkeypatch, stack, "retain", "--yes").output


def test_migrate_says_what_is_outdated_and_then_changes_it(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    provision(stack.bootstrap_servers, stack.elasticsearch_url)
    old = "saqbol-audit-2019.01"
    with Elasticsearch(stack.elasticsearch_url) as client:
        client.indices.create(index=old, settings={"index.analysis.analyzer.old.tokenizer": "standard"})
        client.index(index=old, id="1", document={"id": "1"}, refresh=True)
        said = saqbol(monkeypatch, stack, "migrate", indices.AUDIT, "--dry-run")
        assert (said.exit_code, said.output) == (0, f"{old}: outdated\n")
        done = saqbol(monkeypatch, stack, "migrate", indices.AUDIT)
        assert done.exit_code == 0, done.output
        assert "saqbol-audit: switched, " in done.output
        assert saqbol(monkeypatch, stack, "migrate", indices.AUDIT).output == "every index has today's mapping\n"
        assert client.get(index=old, id="1")["_source"] == {"id": "1"}
        client.indices.delete(index="saqbol-b2-audit-2019.01")
