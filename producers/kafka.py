"""How every producer talks to Kafka: one set of options, and what a record of `fraud.reports.v1` looks like."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from kafka import KafkaProducer

from schemas.events import Report

#: A record is acknowledged by all in-sync replicas or reported as failed within this time after it was handed over.
DELIVERY_TIMEOUT_MS: Final = 10_000
REQUEST_TIMEOUT_MS: Final = 5_000
#: Longest wait for the first connection; also the longest that handing over a record may block.
CONNECT_TIMEOUT_MS: Final = 5_000
#: Records that wait this long travel in one request; 0 would cost a request a record under load.
LINGER_MS: Final = 2

_encoder: Final = msgspec.json.Encoder()


def connect(bootstrap_servers: str, client_id: str) -> KafkaProducer:
    """A connected producer: idempotent, acks=all, bounded waits.  Raises kafka.errors.KafkaError if Kafka is away."""
    return KafkaProducer(
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


def record(report: Report) -> dict[str, Any]:
    """Key and value of a report, as keyword arguments of `KafkaProducer.send`."""
    return {"key": report.id.encode(), "value": _encoder.encode(report)}
