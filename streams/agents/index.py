"""Index: reports, rejected records, alerts, warnings given and the audit log go to Elasticsearch, under their own ids.

Reads `fraud.reports.enriched.v1`, `fraud.reports.rejected.v1`, `fraud.alerts.v1`, `fraud.cases.v1`,
`fraud.prevention.v1` and `fraud.audit.v1`.  A report that Elasticsearch
refuses goes to `fraud.reports.rejected.v1` with the cause; while Elasticsearch is away, the agent waits.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime
from typing import Any

import faust
import msgspec

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
from streams.elastic import connect, write
from streams.settings import Settings
from streams.wire import decode_batch


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
            origin: dict[str, tuple[Any, Report]] = {}
            for event in events:
                try:
                    reports = decode_batch(event.message.value, EnrichedReport)
                except msgspec.MsgspecError as error:
                    sends.append(reject(event, RejectReason.UNDECODABLE, f"not a batch: {type(error).__name__}"))
                    continue
                now = datetime.now(UTC)
                wanted += [report_document(report, indexed_at=now) for report in reports]
                origin |= {report.report.id: (event, report.report) for report in reports}
            for item in await write(client, wanted):
                event, report = origin[item.document.id]
                detail = f"Elasticsearch refuses the document: {item.error}"
                sends.append(reject(event, RejectReason.UNINDEXABLE, detail, report))
            await confirm(sends)
            acknowledge(events)

    @app.agent(raw_topic(app, REJECTED), name="index-rejected")
    async def index_rejected(stream: Any) -> None:
        await index(stream, lambda value: rejected_document(msgspec.json.decode(value, type=RejectedReport)))

    @app.agent(raw_topic(app, ALERTS), name="index-alerts")
    async def index_alerts(stream: Any) -> None:
        await index(stream, lambda value: alert_document(msgspec.json.decode(value, type=Alert)))

    @app.agent(raw_topic(app, CASES), name="index-cases")
    async def index_cases(stream: Any) -> None:
        await index(stream, lambda value: case_document(msgspec.json.decode(value, type=Case)))

    @app.agent(raw_topic(app, PREVENTION), name="index-prevention")
    async def index_prevention(stream: Any) -> None:
        await index(stream, lambda value: prevention_document(msgspec.json.decode(value, type=Prevention)))

    @app.agent(raw_topic(app, AUDIT), name="index-audit")
    async def index_audit(stream: Any) -> None:
        await index(stream, lambda value: audit_document(msgspec.json.decode(value, type=AuditEntry)))

    async def index(stream: Any, document: Callable[[bytes], Document]) -> None:
        async for events in batches(stream):
            for item in await write(client, _documents(events, document)):
                log.error("Elasticsearch refuses %s: %s", item.document.id, item.error)
            acknowledge(events)

    @app.on_before_shutdown.connect
    async def close(*_: Any, **__: Any) -> None:
        await client.close()


def _documents(events: Iterable[Any], document: Callable[[bytes], Document]) -> list[Document]:
    documents = []
    for event in events:
        try:
            documents.append(document(event.message.value))
        except msgspec.MsgspecError as error:
            log.error("skipped offset %d, which is not ours: %s", event.message.offset, type(error).__name__)
    return documents
