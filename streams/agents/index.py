"""Index: reports, rejected records, alerts, warnings given and the audit log go to Elasticsearch, under their own ids.

Reads `fraud.reports.enriched.v1`, `fraud.reports.rejected.v1`, `fraud.alerts.v1`, `fraud.cases.v1`,
`fraud.prevention.v1` and `fraud.audit.v1`.  A report that Elasticsearch refuses goes to `fraud.reports.rejected.v1`
with the cause; while Elasticsearch is away, the agent waits.  What is erased leaves the index.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

import faust
import msgspec

from schemas import indices
from schemas.audit import AuditEntry
from schemas.cases import Case
from schemas.documents import (
    Document,
    alert_document,
    audit_document,
    case_document,
    prevention_document,
    rejected_document,
    report_document,
)
from schemas.events import Alert, EnrichedReport, RejectedReport, RejectReason, Report
from schemas.prevention import Prevention
from schemas.topics import ALERTS, AUDIT, CASES, ENRICHED, PREVENTION, REJECTED
from streams.app import acknowledge, batches, confirm, log, raw_topic
from streams.elastic import connect, deletions, write
from streams.erasing import erasure_in
from streams.settings import Settings
from streams.wire import decode_batch

T = TypeVar("T")


def attach(app: faust.App, settings: Settings) -> None:
    """Hang the agents on `app`."""
    client = connect(settings)
    rejected_topic = raw_topic(app, REJECTED)

    def reject(event: Any, reason: RejectReason, detail: str, report: Report | None = None) -> Awaitable[Any]:
        where = event.message
        name = f"{where.topic}-{where.partition}-{where.offset}"
        rejected = RejectedReport(
            id=f"{name}-{report.id}" if report else name,
            reason=reason,
            detail=detail,
            topic=where.topic,
            partition=where.partition,
            offset=where.offset,
            logged_at=datetime.fromtimestamp(where.timestamp, tz=UTC),
            source=report.source if report else None,
            report_id=report.id if report else None,
            record=msgspec.json.encode(report).decode() if report else None,
        )
        log.error("rejected %s: %s", rejected.id, detail)
        send: Awaitable[Any] = rejected_topic.send(key=rejected.id.encode(), value=msgspec.json.encode(rejected))
        return send

    @app.agent(raw_topic(app, ENRICHED), name="index-reports")
    async def index_reports(stream: Any) -> None:
        async for events in batches(stream):
            sends = []
            wanted: list[Document] = []
            erased: dict[str, None] = {}
            origin: dict[str, tuple[Any, Report]] = {}
            for event in events:
                if (erasure := erasure_in(event)) is not None:
                    erased |= dict.fromkeys(erasure.report_ids)
                    wanted = [document for document in wanted if document.id not in erased]
                    continue
                try:
                    reports = decode_batch(event.message.value, EnrichedReport)
                except msgspec.MsgspecError as error:
                    sends.append(reject(event, RejectReason.UNDECODABLE, f"not a batch: {type(error).__name__}"))
                    continue
                now = datetime.now(UTC)
                wanted += [report_document(report, indexed_at=now) for report in reports]
                origin |= {report.report.id: (event, report.report) for report in reports}
            gone = await deletions(client, indices.REPORTS, erased) if erased else []
            for item in [*await write(client, gone), *await write(client, wanted)]:
                if item.document.id not in origin:
                    log.error("Elasticsearch refuses to delete %s: %s", item.document.id, item.error)
                    continue
                event, report = origin[item.document.id]
                detail = f"Elasticsearch refuses the document: {item.error}"
                sends.append(reject(event, RejectReason.UNINDEXABLE, detail, report))
            await confirm(sends)
            acknowledge(events)

    async def index(stream: Any, alias: str, document: Callable[[bytes], Document]) -> None:
        """Write the document of each message; a tombstone takes the document of its key away."""
        async for events in batches(stream):
            newest = {event.message.key: event.message.value for event in events}
            gone = [key.decode() for key, value in newest.items() if key and value is None]
            wanted = _documents((event for event in events if event.message.value is not None), document)
            left = [item for item in wanted if item.id not in gone]
            for item in [
                *await write(client, await deletions(client, alias, gone) if gone else []),
                *await write(client, left),
            ]:
                log.error("Elasticsearch refuses %s: %s", item.document.id, item.error)
            acknowledge(events)

    def attach_index(topic: str, alias: str, document: Callable[[bytes], Document]) -> None:
        @app.agent(raw_topic(app, topic), name=f"index-{topic}")
        async def index_topic(stream: Any) -> None:
            await index(stream, alias, document)

    for topic, (alias, document) in DOCUMENTS.items():
        attach_index(topic, alias, document)

    @app.on_before_shutdown.connect
    async def close(*_: Any, **__: Any) -> None:
        await client.close()


def _decoded(kind: type[T], make: Callable[[T], Document]) -> Callable[[bytes], Document]:
    return lambda data: make(msgspec.json.decode(data, type=kind))


#: Topics with one event a message: the alias its documents are read by, and the document of a message.
DOCUMENTS: Final = {
    REJECTED: (indices.REJECTED, _decoded(RejectedReport, rejected_document)),
    ALERTS: (indices.ALERTS, _decoded(Alert, alert_document)),
    CASES: (indices.ALERTS, _decoded(Case, case_document)),
    PREVENTION: (indices.PREVENTION, _decoded(Prevention, prevention_document)),
    AUDIT: (indices.AUDIT, _decoded(AuditEntry, audit_document)),
}


def _documents(events: Iterable[Any], document: Callable[[bytes], Document]) -> list[Document]:
    documents = []
    for event in events:
        try:
            documents.append(document(event.message.value))
        except msgspec.MsgspecError as error:
            log.error("skipped offset %d, which is not ours: %s", event.message.offset, type(error).__name__)
    return documents
