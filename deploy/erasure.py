"""Erasing one reporter's data everywhere, with a signed proof of what was found, what was done, and what is left.

The reporter is known by a keyed hash alone (`producers.reporters`).  Tombstones go into the book of record and the
agents act on them (`streams.erasing`); alerts that no agent remembers any more are told anew from here.  Everything may
be done again: what is erased stays erased.
"""

from __future__ import annotations

import hmac
import uuid
from collections.abc import Callable, Collection, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec
from elasticsearch import Elasticsearch
from kafka import KafkaProducer
from msgspec import Struct, field

from deploy.book import newest, read, settle
from producers.reporters import ReporterHasher
from schemas import indices
from schemas.erasure import Erasure, erasure_of, headers_of
from schemas.events import Alert, RejectedReport, Report
from schemas.topics import ALERTS, ENRICHED, REJECTED, REPORTS, SEGMENT_HOURS, topics
from streams import reputation
from streams.refinement import ERASED, Seen
from streams.signals import MAX_EXCERPT, shorten
from streams.tables import NUMBERS, PLACED, SEEN, SERIES, WAVES, WORK
from streams.urgent import URGENT
from streams.waves import erasing

#: How long each stage may take to read what was written (seconds).
SETTLE_WITHIN: Final = 120.0
_SEND_WITHIN: Final = 30.0
_PAGE: Final = 1_000


class Found(Struct):
    """What there is of a reporter.  Values say where: a partition of the log (None: not known), or an alert."""

    reports: dict[str, int | None] = field(default_factory=dict)
    rejections: dict[str, int] = field(default_factory=dict)
    indexed: set[str] = field(default_factory=set)
    alerts: dict[str, Alert] = field(default_factory=dict)
    excerpts: set[str] = field(default_factory=set)
    #: Reports whose tombstone lies in the log already.
    erased: set[str] = field(default_factory=set)

    @property
    def ids(self) -> list[str]:
        """All report ids, in order."""
        return sorted({*self.reports, *self.erased, *self.indexed})


class Proof(Struct, kw_only=True, omit_defaults=True):
    """What was found, erased and left; names no person, and is signed with a key that only the hashing key gives.

    `found` and `left` count by place.  `until` says when older copies, which nothing reads any more, are gone for good.
    """

    id: str
    at: datetime
    by: str
    reason: str
    report_ids: list[str]
    found: dict[str, int]
    left: dict[str, int]
    until: dict[str, datetime]
    signature: str = ""


def find(bootstrap_servers: str, client: Elasticsearch, reporter: str) -> Found:
    """Everything of a reporter (a keyed hash) in the book of record, the rejections, the alerts and the index.

    Raises deploy.book.BookError, elasticsearch.ApiError or elasticsearch.TransportError.
    """
    found = Found()
    trace = reporter.encode()
    for record in read(bootstrap_servers, REPORTS):
        name = (record.key or b"").decode(errors="replace")
        if record.value is None:
            erasure = _erasure(record)
            if erasure is not None and erasure.reporter == reporter:
                found.erased |= {name}
            found.reports.pop(name, None)
        elif trace in record.value:
            found.reports[name] = record.partition
            found.excerpts |= _excerpts(record.value)
    for hit in _hits(client, indices.REPORTS, {"term": {"reporter": reporter}}):
        found.indexed.add(hit["_id"])
        found.reports.setdefault(hit["_id"], None)
    ids = {name.encode() for name in found.ids}
    for key, record in newest(bootstrap_servers, REJECTED).items():
        if record.value is not None and (trace in record.value or _of_report(record.value, ids)):
            found.rejections[key.decode()] = record.partition
    found.alerts = _alerts_with(bootstrap_servers, found)
    return found


def erase(
    bootstrap_servers: str, producer: KafkaProducer, reporter: str, found: Found, say: Callable[[str], None]
) -> None:
    """Erase what was found, and wait until every agent has forgotten it.

    Raises deploy.book.BookError (a stage does not read on) or kafka.errors.KafkaError; then do it again.
    """
    names = [*found.reports, *(name for name in found.erased if name not in found.reports)]
    _send(
        producer,
        [
            (REPORTS, name, found.reports.get(name), headers_of(Erasure(report_ids=[name], reporter=reporter)))
            for name in names
        ],
    )
    _send(producer, [(REJECTED, name, partition, []) for name, partition in found.rejections.items()])
    say(f"{len(names)} reports and {len(found.rejections)} rejections have their tombstones; the stages read them")
    settle(bootstrap_servers, SETTLE_WITHIN)
    old = _alerts_with(bootstrap_servers, found)
    for alert in old.values():
        data = msgspec.json.encode(without(alert, found.ids, found.excerpts))
        producer.send(ALERTS, key=alert.id.encode(), value=data).get(timeout=_SEND_WITHIN)
    if old:
        say(f"{len(old)} older alerts told anew without them")
        settle(bootstrap_servers, SETTLE_WITHIN)


def left(
    bootstrap_servers: str, client: Elasticsearch, reporter: str, ids: Collection[str], excerpts: Collection[str] = ()
) -> dict[str, int]:
    """What can still be read of a reporter, of these reports and of their words; by place, all 0 after an erasure."""
    client.indices.refresh(index=[indices.REPORTS, indices.REJECTED, indices.ALERTS])
    again = find(bootstrap_servers, client, reporter)
    wanted = set(ids)
    known = {"ids": {"values": sorted(wanted)}}
    named = {"terms": {"report_ids": sorted(wanted)}}
    facts = reputation.traces(reporter, ids)
    series = erasing.traces(Erasure(report_ids=sorted(ids), reporter=reporter))
    names = {name.encode() for name in ids}
    texts = [text.encode() for text in excerpts]
    return {
        REPORTS: len(again.reports) + _keys(bootstrap_servers, REPORTS, names),
        REJECTED: len(again.rejections),
        ALERTS: len(again.alerts),
        indices.REPORTS: len(again.indexed) + len(list(_hits(client, indices.REPORTS, known))),
        indices.REJECTED: len(list(_hits(client, indices.REJECTED, {"terms": {"report_id": sorted(wanted)}}))),
        indices.ALERTS: len(list(_hits(client, indices.ALERTS, named))),
        NUMBERS.changelog: _holding(bootstrap_servers, NUMBERS.changelog, facts),
        SERIES.changelog: _holding(bootstrap_servers, SERIES.changelog, series),
        WAVES.changelog: _holding(bootstrap_servers, WAVES.changelog, names),
        WORK.changelog: _holding(bootstrap_servers, WORK.changelog, [*names, *texts]),
        PLACED.changelog: _keys(bootstrap_servers, PLACED.changelog, names),
        SEEN.changelog: _remembered(bootstrap_servers, names),
    }


def prove(
    hasher: ReporterHasher, found: Found, left_over: dict[str, int], *, by: str, reason: str, at: datetime
) -> Proof:
    """The proof of an erasure at `at` (aware)."""
    proof = Proof(
        id=str(uuid.uuid4()),
        at=at,
        by=by,
        reason=reason,
        report_ids=found.ids,
        found={
            REPORTS: sum(partition is not None for partition in found.reports.values()),
            REJECTED: len(found.rejections),
            ALERTS: len(found.alerts),
            indices.REPORTS: len(found.indexed),
        },
        left=left_over,
        until=_until(at),
    )
    proof.signature = _signature(hasher, proof)
    return proof


def is_genuine(hasher: ReporterHasher, proof: Proof) -> bool:
    """Whether nobody has changed a proof since it was signed."""
    return hmac.compare_digest(proof.signature, _signature(hasher, proof))


def without(alert: Alert, ids: Iterable[str], excerpts: Collection[str]) -> Alert:
    """An alert that names none of these reports and repeats none of these words; it pages nobody.

    Of an urgent case, which is one report, only that there was one is left.
    """
    gone = set(ids)
    alert = msgspec.structs.replace(
        alert,
        report_ids=[name for name in alert.report_ids if name not in gone],
        excerpts=[text for text in alert.excerpts if text not in excerpts],
        decided_by=None if alert.decided_by in gone else alert.decided_by,
        page=False,
        change=erasing.ERASED,
    )
    if alert.family != URGENT:
        return alert
    return msgspec.structs.replace(
        alert,
        key=f"{URGENT}:{alert.id}",  # instead of the report's id
        keys={},
        excerpts=[],
        groups={},
        loss_kzt=0,
        district=None,
        bank=None,
        money_moved_at=None,
    )


def _until(at: datetime) -> dict[str, datetime]:
    """When older copies are gone from the disks, by what `topics.yaml` says of each topic."""
    hours: dict[str, int] = {}
    for topic in topics().values():
        if topic.compaction is not None:
            hours[topic.name] = topic.compaction.segment_hours + topic.compaction.max_lag_hours
        elif topic.retention_days is not None:
            hours[topic.name] = topic.retention_days * 24 + SEGMENT_HOURS
    derived = max(hours[name] for name, topic in topics().items() if topic.batched)
    return {
        REPORTS: at + timedelta(hours=hours[REPORTS]),
        REJECTED: at + timedelta(hours=hours[REJECTED]),
        ALERTS: at + timedelta(hours=hours[ALERTS]),
        f"{ENRICHED} and what else is derived": at + timedelta(hours=derived),
        "changelogs of the tables": at + timedelta(hours=2 * SEGMENT_HOURS),
    }


def _signature(hasher: ReporterHasher, proof: Proof) -> str:
    content = msgspec.json.encode(msgspec.structs.replace(proof, signature=""), order="sorted")
    return hmac.digest(hasher.derive("erasure-proof"), content, "sha256").hex()


def _erasure(record: Any) -> Erasure | None:
    try:
        return erasure_of(record)
    except msgspec.MsgspecError:
        return None


def _excerpts(value: bytes) -> set[str]:
    try:
        text = msgspec.json.decode(value, type=Report).text
    except msgspec.MsgspecError:
        return set()
    return {shorten(text, MAX_EXCERPT)} if text else set()


def _of_report(value: bytes, ids: Collection[bytes]) -> bool:
    try:
        name = msgspec.json.decode(value, type=RejectedReport).report_id
    except msgspec.MsgspecError:
        return False
    return name is not None and name.encode() in ids


def _alerts_with(bootstrap_servers: str, found: Found) -> dict[str, Alert]:
    ids = set(found.ids)
    alerts = {}
    for record in newest(bootstrap_servers, ALERTS).values():
        alert = msgspec.json.decode(record.value, type=Alert) if record.value is not None else None
        if alert is not None and (ids.intersection(alert.report_ids) or found.excerpts.intersection(alert.excerpts)):
            alerts[alert.id] = alert
    return alerts


def _hits(client: Elasticsearch, alias: str, query: dict[str, Any]) -> Iterable[dict[str, Any]]:
    after: list[Any] | None = None
    while True:
        page = client.search(
            index=alias, query=query, source=False, sort=[{"id": "asc"}], size=_PAGE, search_after=after
        )["hits"]["hits"]
        yield from page
        if len(page) < _PAGE:
            return
        after = page[-1]["sort"]


def _holding(bootstrap_servers: str, changelog: str, traces: Collection[bytes]) -> int:
    entries = newest(bootstrap_servers, changelog).values()
    return sum(any(trace in entry.value for trace in traces) for entry in entries if entry.value is not None)


def _keys(bootstrap_servers: str, topic: str, keys: Collection[bytes]) -> int:
    return sum(entry.value is not None for entry in newest(bootstrap_servers, topic, keys).values())


def _remembered(bootstrap_servers: str, keys: Collection[bytes]) -> int:
    """Reports of which more is remembered than that they were erased."""
    entries = newest(bootstrap_servers, SEEN.changelog, keys).values()
    values = [entry.value for entry in entries if entry.value is not None]
    return sum(msgspec.msgpack.decode(value, type=Seen).digest != ERASED for value in values)


def _send(producer: KafkaProducer, tombstones: Iterable[tuple[str, str, int | None, list[tuple[str, bytes]]]]) -> None:
    futures = [
        producer.send(topic, key=name.encode(), value=None, partition=partition, headers=headers)
        for topic, name, partition, headers in tombstones
    ]
    for future in futures:
        future.get(timeout=_SEND_WITHIN)


def now() -> datetime:
    """The present, without fractions of a second."""
    return datetime.now(UTC).replace(microsecond=0)
