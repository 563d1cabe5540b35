"""The topics: names for the code, and what `topics.yaml` says about each of them."""

from __future__ import annotations

import importlib
from functools import cache
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta, Struct

from schemas.reference import ReferenceDataError, load

FILE: Final = Path(__file__).parent / "topics.yaml"

REPORTS: Final = "fraud.reports.v1"
ENRICHED: Final = "fraud.reports.enriched.v1"
REJECTED: Final = "fraud.reports.rejected.v1"
UNDECODABLE: Final = "fraud.reports.undecodable.v1"
SIGNALS: Final = "fraud.signals.v1"
VERDICTS: Final = "fraud.verdicts.v1"
CANDIDATES: Final = "fraud.candidates.v1"
ALERTS: Final = "fraud.alerts.v1"
UNEXPLAINED: Final = "fraud.unexplained.v1"
PREVENTION: Final = "fraud.prevention.v1"
DECISIONS: Final = "fraud.decisions.v1"
CASES: Final = "fraud.cases.v1"
AUDIT: Final = "fraud.audit.v1"

#: Kafka deletes closed segments only: where messages go by age alone, one is closed after so many hours.
SEGMENT_HOURS: Final = 24

_HOUR_MS: Final = 3_600_000
_DAY_MS: Final = 24 * _HOUR_MS

Positive = Annotated[int, Meta(ge=1)]
Part = Annotated[str, Meta(pattern=r"^[a-z]+$")]


class Compaction(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """When older records of a key go: Kafka compacts closed segments only, so their age is bounded here.

    `segment_hours`: age at which a segment is closed; `max_lag_hours`: how long a superseded record may stay;
    `tombstone_days`: how long a tombstone stays readable; `dirty_ratio`: share of uncompacted bytes that starts it.
    """

    segment_hours: Positive
    max_lag_hours: Positive
    tombstone_days: Positive
    dirty_ratio: Annotated[float, Meta(gt=0, le=1)]


class Topic(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """One topic.

    `message` names the type in `schemas.events`, or with its module one of our own agents' (None: raw bytes); `batched`
    says that a message carries a JSON array of them.  `retention_days` is absent where nothing is ever deleted by age.
    `restricted`: may hold unmasked secrets.
    """

    name: Annotated[str, Meta(pattern=r"^fraud\.[a-z.]+\.v[0-9]+$")]
    purpose: str
    message: str | None
    key: str
    partitions: Positive
    cleanup: Annotated[list[Literal["compact", "delete"]], Meta(min_length=1, max_length=2)]
    max_message_bytes: Annotated[int, Meta(ge=1_048_576, le=8_388_608)]
    writers: Annotated[list[Part], Meta(min_length=1)]
    readers: Annotated[list[Part], Meta(min_length=1)]
    batched: bool = False
    retention_days: Positive | None = None
    timestamps: Literal["CreateTime", "LogAppendTime"] = "CreateTime"
    compaction: Compaction | None = None
    restricted: bool = False

    def config(self, replication: int) -> dict[str, str]:
        """The topic's configuration in Kafka's own names, with all values as Kafka reports them (strings).

        With `replication` copies a write is acknowledged once all but one of them (at least one) have it.
        """
        config = {
            "cleanup.policy": ",".join(self.cleanup),
            "retention.ms": str(self.retention_days * _DAY_MS if self.retention_days else -1),
            "max.message.bytes": str(self.max_message_bytes),
            "message.timestamp.type": self.timestamps,
            "min.insync.replicas": str(max(1, replication - 1)),
        }
        if not self.compaction:
            config["segment.ms"] = str(SEGMENT_HOURS * _HOUR_MS)
        else:
            config |= {
                "segment.ms": str(self.compaction.segment_hours * _HOUR_MS),
                "max.compaction.lag.ms": str(self.compaction.max_lag_hours * _HOUR_MS),
                "delete.retention.ms": str(self.compaction.tombstone_days * _DAY_MS),
                "min.cleanable.dirty.ratio": str(self.compaction.dirty_ratio),
            }
        return config


class Topics(Struct, frozen=True, forbid_unknown_fields=True):
    """Content of `topics.yaml`: the parts of the system, and the topics they write and read."""

    parts: dict[Part, str]
    topics: list[Topic]


@cache
def topics() -> dict[str, Topic]:
    """All topics by name.  Raises ReferenceDataError, which names the topic and what is wrong."""
    content = load(FILE, Topics)
    for topic in content.topics:
        if problems := _problems(topic, content.parts):
            raise ReferenceDataError(f"{FILE.name}: {topic.name}: {'; '.join(problems)}")
    return {topic.name: topic for topic in content.topics}


def _problems(topic: Topic, parts: dict[str, str]) -> list[str]:
    """What the types can't express: settings that contradict each other, and parts that don't exist."""
    problems = [
        f"`{part}` is not declared under `parts`" for part in topic.writers + topic.readers if part not in parts
    ]
    if ("compact" in topic.cleanup) != (topic.compaction is not None):
        problems.append("`compaction` belongs to a topic with cleanup `compact`, and to no other")
    if ("delete" in topic.cleanup) != (topic.retention_days is not None):
        problems.append("`retention_days` belongs to a topic with cleanup `delete`, and to no other")
    return problems


def event_type(topic: Topic) -> type[msgspec.Struct] | None:
    """The type of the topic's events, or None where it carries raw bytes."""
    if topic.message is None:
        return None
    module, _, name = topic.message.rpartition(".")
    kind: type[msgspec.Struct] = getattr(importlib.import_module(module or "schemas.events"), name)
    return kind
