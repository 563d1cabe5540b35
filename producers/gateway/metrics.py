"""Every metric of the gateway beside Litestar's own about requests.  Labels are bounded: sources, kinds, reasons."""

from __future__ import annotations

from typing import Final

from prometheus_client import Counter, Gauge, Histogram

ACCEPTED: Final = Counter(
    "saqbol_gateway_reports_accepted_total", "Reports acknowledged by Kafka and answered with 202", ["source"]
)
WARNINGS: Final = Counter(
    "saqbol_gateway_prevention_accepted_total",
    "Warnings given, acknowledged by Kafka and answered with 202",
    ["source"],
)
LOOK_UPS: Final = Counter("saqbol_gateway_look_ups_total", "Numbers looked up, by what was answered", ["state"])
EXPORTED: Final = Counter("saqbol_gateway_exported_numbers_total", "Numbers in exports, by integration", ["source"])
REFUSED: Final = Counter(
    "saqbol_gateway_reports_refused_total", "Reports and requests that were refused, by reason", ["reason"]
)
MASKED: Final = Counter(
    "saqbol_gateway_secrets_masked_total", "Secrets masked before publishing, by kind of secret", ["kind"]
)
KAFKA_SECONDS: Final = Histogram(
    "saqbol_gateway_kafka_acknowledgement_seconds",
    "Time from handing the events of one request to Kafka until all were acknowledged",
    buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
KAFKA_READY: Final = Gauge("saqbol_gateway_kafka_ready", "1 while Kafka takes reports, else 0")
