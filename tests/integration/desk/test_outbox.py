"""What the desk has to write to Kafka gets there, however long Kafka is away."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from kafka import KafkaConsumer, TopicPartition
from sqlalchemy import func, select

from producers import audit
from producers.desk.database import Database
from producers.desk.outbox import Outbox, Waiting
from schemas.audit import AuditAction, AuditEntry
from schemas.topics import AUDIT
from tests.gateway_process import Broker, broker_running, wait_for


@pytest.fixture
def broker(stack_cache: Path) -> Iterator[Broker]:
    with broker_running(stack_cache) as running:
        yield running


def entries(broker: Broker) -> list[AuditEntry]:
    consumer = KafkaConsumer(bootstrap_servers=broker.bootstrap_servers, enable_auto_commit=False)
    try:
        partition = TopicPartition(AUDIT, 0)
        consumer.assign([partition])
        consumer.seek_to_beginning(partition)
        end = consumer.end_offsets([partition])[partition]
        found: list[AuditEntry] = []
        while consumer.position(partition) < end:
            for batch in consumer.poll(timeout_ms=1000).values():
                found += [msgspec.json.decode(record.value, type=AuditEntry) for record in batch]
        return found
    finally:
        consumer.close()


def waiting(database: Database) -> int:
    return database.transact(lambda t: t.scalar(select(func.count()).select_from(Waiting)) or 0)


async def test_what_was_put_while_kafka_was_away_gets_there_in_order(broker: Broker, tmp_path: Path) -> None:
    database = Database(tmp_path / "desk.sqlite3")
    told = [
        audit.entry(AuditAction.LOOK_UP, "aigul", "desk", datetime.now(UTC), subject=f"+7705123000{n}", results=1)
        for n in range(6)
    ]
    outbox = Outbox(database, broker.bootstrap_servers)
    outbox.start()
    await outbox.send(AUDIT, *told[:2])
    wait_for(lambda: waiting(database) == 0)
    broker.end(signal.SIGKILL)
    await outbox.send(AUDIT, *told[2:4])
    assert waiting(database) == 2
    outbox.stop()

    later = Outbox(database, broker.bootstrap_servers)  # the desk was restarted meanwhile
    later.start()
    await later.send(AUDIT, *told[4:])
    broker.start()
    wait_for(lambda: waiting(database) == 0)
    later.stop()
    database.close()
    assert list(dict.fromkeys(entry.id for entry in entries(broker))) == [entry.id for entry in told]
