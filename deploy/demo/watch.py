"""Looking at what became of the reports: how far each stage is, what Elasticsearch holds, what was alarmed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any, Final

import msgspec
from elasticsearch import Elasticsearch, NotFoundError
from elasticsearch.helpers import scan
from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition
from kafka.admin import OffsetSpec
from msgspec import Struct

from schemas import indices
from schemas.events import Alert
from schemas.topics import ALERTS, REPORTS, topics
from streams.settings import STAGES

#: How long a server may take to answer (seconds), and records of the alert topic that are read at once.
TIMEOUT: Final = 30
_POLL_MS: Final = 2000


class Counts(Struct, frozen=True):
    """Reports by one field, the most frequent first, and how many lack it."""

    by_value: dict[str, int]
    missing: int


class Watch:
    """Questions to Kafka and Elasticsearch.  Blocking: call it in a thread."""

    def __init__(self, bootstrap_servers: str, elasticsearch_url: str) -> None:
        self._servers = bootstrap_servers.split(",")
        self._kafka = KafkaAdminClient(bootstrap_servers=self._servers, client_id="saqbol-demo")
        self._client = Elasticsearch(elasticsearch_url, request_timeout=TIMEOUT)

    def close(self) -> None:
        """Close both connections."""
        self._kafka.close()
        self._client.close()

    def refined(self) -> int:
        """Records of the book of record that `refine` has done."""
        return sum(done for done, _ in self._progress("refine", [REPORTS]))

    def indexed(self) -> int:
        """Reports that can be searched now."""
        return int(self._client.count(index=indices.REPORTS)["count"])

    def lag(self) -> dict[str, int]:
        """Records that each stage has still to do, in the order of a report's way: all zero means all is done."""
        lags = {}
        for stage in STAGES:
            read = [topic.name for topic in topics().values() if stage in topic.readers]
            lags[stage] = sum(end - done for done, end in self._progress(stage, read))
        return lags

    def refresh(self) -> None:
        """Make everything that was written visible to searches."""
        for alias in (indices.REPORTS, indices.NUMBERS, indices.REJECTED):
            self._client.indices.refresh(index=alias)

    def copies(self) -> Counter[str]:
        """How often each report is in Elasticsearch, by id, over all indices."""
        hits = scan(self._client, index=indices.REPORTS, query={"query": {"match_all": {}}}, _source=False, size=2000)
        return Counter(hit["_id"] for hit in hits)

    def rejected(self) -> list[dict[str, Any]]:
        """Records that could not be processed: reason, detail and source of the first hundred."""
        found = self._client.search(index=indices.REJECTED, size=100, source_includes=["reason", "detail", "source"])
        return [hit["_source"] for hit in found["hits"]["hits"]]

    def counts(self, field: str) -> Counts:
        """Reports by a keyword field."""
        found = self._client.search(
            index=indices.REPORTS,
            size=0,
            aggs={
                "values": {"terms": {"field": field, "size": 100}},
                "missing": {"missing": {"field": field}},
            },
        )
        values = found["aggregations"]["values"]["buckets"]
        return Counts({one["key"]: one["doc_count"] for one in values}, found["aggregations"]["missing"]["doc_count"])

    def number(self, value: str) -> dict[str, Any] | None:
        """What the system says about a number, or None if it says nothing."""
        try:
            found: dict[str, Any] = self._client.get(index=indices.NUMBERS_INDEX, id=value)["_source"]
        except NotFoundError:
            return None
        return found

    def alerts(self) -> list[Alert]:
        """Every message of the alert topic, in its order for each alert."""
        consumer = KafkaConsumer(bootstrap_servers=self._servers, client_id="saqbol-demo", enable_auto_commit=False)
        try:
            partitions = [TopicPartition(ALERTS, number) for number in range(topics()[ALERTS].partitions)]
            consumer.assign(partitions)
            consumer.seek_to_beginning(*partitions)
            ends = consumer.end_offsets(partitions)
            messages = []
            while any(consumer.position(one) < ends[one] for one in partitions):
                for records in consumer.poll(timeout_ms=_POLL_MS).values():
                    messages += [msgspec.json.decode(record.value, type=Alert) for record in records if record.value]
        finally:
            consumer.close()
        return messages

    def _progress(self, stage: str, names: Iterable[str]) -> list[tuple[int, int]]:
        """(done, end) of each partition of the topics that a stage reads; partitions it never touched begin at 0."""
        partitions = [TopicPartition(name, number) for name in names for number in range(topics()[name].partitions)]
        group = f"saqbol-{stage}"
        ends = self._kafka.list_partition_offsets(dict.fromkeys(partitions, OffsetSpec.LATEST))
        committed = self._kafka.list_group_offsets({group: partitions}).get(group, {})
        done = {one: committed[one].offset for one in partitions if one in committed and committed[one].offset >= 0}
        return [(done.get(one, 0), ends[one].offset) for one in partitions]
