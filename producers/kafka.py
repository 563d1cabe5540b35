"""How every producer talks to Kafka: one set of options, and what the record of an event looks like."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, Final, Protocol

import msgspec
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer
from kafka.errors import KafkaError
from kafka.net.compat import KafkaNetClient

#: A record is acknowledged by all in-sync replicas or reported as failed within this time after it was handed over.
DELIVERY_TIMEOUT_MS: Final = 10_000
REQUEST_TIMEOUT_MS: Final = 5_000
#: Longest wait for the first connection; also the longest that handing over a record may block.
CONNECT_TIMEOUT_MS: Final = 5_000
#: Records that arrive within this time travel in one request: a quarter less work a report than with 2 ms.
LINGER_MS: Final = 5

_encoder: Final = msgspec.json.Encoder()


class Identified(Protocol):
    """An event that is keyed by its id: a report, a warning given, an entry of the audit log."""

    @property
    def id(self) -> str: ...


def connect(bootstrap_servers: str, client_id: str) -> KafkaProducer:
    """A connected producer: idempotent, acks=all, bounded waits.  Raises kafka.errors.KafkaError if Kafka is away."""
    return _whole_or_nothing(
        KafkaProducer,
        bootstrap_servers=bootstrap_servers.split(","),
        client_id=client_id,
        enable_idempotence=True,
        acks="all",
        delivery_timeout_ms=DELIVERY_TIMEOUT_MS,
        request_timeout_ms=REQUEST_TIMEOUT_MS,
        bootstrap_timeout_ms=CONNECT_TIMEOUT_MS,
        max_block_ms=CONNECT_TIMEOUT_MS,
        reconnect_backoff_max_ms=1_000,
        linger_ms=LINGER_MS,
        batch_size=262_144,
        compression_type="gzip",
        allow_auto_create_topics=False,
    )


def connect_admin(bootstrap_servers: str, client_id: str) -> KafkaAdminClient:
    """A connected client that asks about the cluster.  Raises kafka.errors.KafkaError if Kafka is away."""
    return _whole_or_nothing(
        KafkaAdminClient,
        bootstrap_servers=bootstrap_servers.split(","),
        client_id=client_id,
        request_timeout_ms=REQUEST_TIMEOUT_MS,
        bootstrap_timeout_ms=CONNECT_TIMEOUT_MS,
        reconnect_backoff_max_ms=1_000,
    )


def connect_consumer(bootstrap_servers: str, client_id: str) -> KafkaConsumer:
    """A connected consumer of no group, for reading whole topics.  Raises kafka.errors.KafkaError if Kafka is away."""
    return _whole_or_nothing(
        KafkaConsumer,
        bootstrap_servers=bootstrap_servers.split(","),
        client_id=client_id,
        bootstrap_timeout_ms=CONNECT_TIMEOUT_MS,
        reconnect_backoff_max_ms=1_000,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        max_poll_records=5_000,
        max_partition_fetch_bytes=8_388_608,
    )


def close(producer: KafkaProducer) -> None:
    """Give what was handed over the time it may take to be acknowledged, then let go."""
    try:
        producer.close(timeout=DELIVERY_TIMEOUT_MS / 1000)
    except KafkaError:
        discard(producer)


def discard(producer: KafkaProducer) -> None:
    """Let go of a producer at once; what it has not got acknowledged fails.

    To be done after a record failed: an idempotent producer of kafka-python 3.0 never sends again once a record that
    was on its way has expired (it drops its producer id and does not ask for a new one), and `close` waits for ever.
    """
    producer._sender.force_close()
    with suppress(KafkaError):
        producer.close(timeout=REQUEST_TIMEOUT_MS / 1000)


def _whole_or_nothing(kind: type[Any], **options: Any) -> Any:
    """A client of kafka-python, which by itself leaves a thread and five descriptors behind when it can't connect."""
    begun: list[KafkaNetClient] = []

    def network(**settings: Any) -> KafkaNetClient:
        begun.append(KafkaNetClient(**settings))
        return begun[-1]

    try:
        return kind(kafka_client=network, **options)
    except BaseException:
        for client in begun:
            client.close()
        raise


def record(event: Identified) -> dict[str, Any]:
    """Key and value of an event, as keyword arguments of `KafkaProducer.send`."""
    return {"key": event.id.encode(), "value": _encoder.encode(event)}
