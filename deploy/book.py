"""Reading topics from their first record to their last: the log as a book of record."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator
from contextlib import closing
from typing import Any, Final

from kafka import TopicPartition
from kafka.admin import OffsetSpec
from kafka.errors import KafkaError

from producers.kafka import connect_admin, connect_consumer
from schemas.topics import ALERTS, CANDIDATES, CASES, ENRICHED, REJECTED, REPORTS, SIGNALS, UNEXPLAINED, topics

#: A broker that gives nothing for this long, though there is more, has a problem (seconds).
STALLED: Final = 30.0
_POLL_MS: Final = 500

#: The one stage that not everybody runs.
NOTIFY: Final = "notify"
#: The way of a report through the stages: whoever waits for one after the other has waited for all that they cause.
_WAY: Final = (
    ("refine", REPORTS),
    ("patterns", UNEXPLAINED),
    ("reputation", SIGNALS),
    ("detect", SIGNALS),
    ("waves", CANDIDATES),
    (NOTIFY, ALERTS),
    *(("index", topic) for topic in (ENRICHED, REJECTED, ALERTS, CASES)),
)


class BookError(Exception):
    """A topic can't be read, or a stage does not read on; the message says which, and the remedy."""


def read(bootstrap_servers: str, topic: str) -> Iterator[Any]:
    """Every record of a topic that was there when this began: partition after partition mixed, each in its order.

    Yields kafka.consumer.fetcher.ConsumerRecord (`partition`, `offset`, `timestamp`, `key`, `value`, `headers`).
    Raises BookError.
    """
    try:
        consumer = connect_consumer(bootstrap_servers, "saqbol-book")
    except KafkaError as error:
        raise BookError(f"Kafka does not answer at {bootstrap_servers}: {type(error).__name__}") from error
    with closing(consumer):
        try:
            numbers = consumer.partitions_for_topic(topic)
            if not numbers:
                raise BookError(f"Kafka has no topic {topic}; run ./saqbol provision")
            partitions = [TopicPartition(topic, number) for number in sorted(numbers)]
            consumer.assign(partitions)
            consumer.seek_to_beginning(*partitions)
            ends = consumer.end_offsets(partitions)
            heard = time.monotonic()
            while any(consumer.position(one) < ends[one] for one in partitions):
                for where, records in consumer.poll(timeout_ms=_POLL_MS).items():
                    heard = time.monotonic()
                    yield from (record for record in records if record.offset < ends[where])
                if time.monotonic() > heard + STALLED:
                    raise BookError(f"Kafka gives no more of {topic} after {STALLED:.0f} s; look at the broker's log")
        except KafkaError as error:
            raise BookError(f"Kafka does not give {topic}: {type(error).__name__}: {error}") from error


def newest(bootstrap_servers: str, topic: str, keys: Collection[bytes] | None = None) -> dict[bytes, Any]:
    """The newest record of each key (of `keys`, if given), tombstones included, oldest first.  Raises BookError."""
    found: dict[bytes, Any] = {}
    for record in read(bootstrap_servers, topic):
        if keys is None or record.key in keys:
            found.pop(record.key, None)
            found[record.key] = record
    return found


def settle(bootstrap_servers: str, within: float) -> None:
    """Wait until every stage has read all that was written before, and what the stages before it made of that.

    within: seconds for each stage.  Raises BookError naming the stage that does not read on.
    """
    try:
        with closing(connect_admin(bootstrap_servers, "saqbol-book")) as admin:
            for stage, topic in _WAY:
                _wait(admin, stage, topic, within)
    except KafkaError as error:
        raise BookError(f"Kafka does not say how far the stages are: {type(error).__name__}: {error}") from error


def _wait(admin: Any, stage: str, topic: str, within: float) -> None:
    partitions = [TopicPartition(topic, number) for number in range(topics()[topic].partitions)]
    ends = admin.list_partition_offsets(dict.fromkeys(partitions, OffsetSpec.LATEST))
    group = f"saqbol-{stage}"
    deadline = time.monotonic() + within
    while True:
        committed = admin.list_group_offsets({group: partitions}).get(group, {})
        if stage == NOTIFY and not committed:  # nobody is on call
            return
        done = {one: committed[one].offset if one in committed else 0 for one in partitions}
        behind = sum(ends[one].offset - max(done[one], 0) for one in partitions if ends[one].offset > done[one])
        if behind == 0:
            return
        if time.monotonic() > deadline:
            raise BookError(
                f"stage {stage} has {behind} messages of {topic} before it: start its worker, or give it time, and run "
                "this again"
            )
        time.sleep(0.2)
