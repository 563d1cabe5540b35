"""A wave in the index, as the desk's page of alerts shows it."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

from elasticsearch import Elasticsearch

from schemas.cases import Case, Step, StepKind
from schemas.documents import Document, alert_document, case_document, report_document
from schemas.events import Alert, ContactKind, EnrichedReport, FoundContact, Tag
from tests.builders import a_report


def put_wave(search: Elasticsearch, *steps: Step) -> Alert:
    """A wave on a number of its own, told of by nine people of North Kazakhstan; botagoz was told, then `steps`."""
    now = datetime.now(UTC)
    number = f"+7705{uuid.uuid4().int % 9_000_000 + 1_000_000}"
    reports = [
        EnrichedReport(
            report=a_report(
                source_ref=str(uuid.uuid4()),
                reporter=uuid.uuid4().hex,
                received_at=now,
                happened_at=now - timedelta(minutes=20 * i),
                text=f"Рассказ {i}: звонили из банка с {number}",
            ),
            region="KZ-59",
            contacts=[FoundContact(raw=number, kind=ContactKind.E164, value=number)],
            schemes=[Tag(code="bank-security", confidence=0.9, evidence=["банка"])],
        )
        for i in range(9)
    ]
    wave = Alert(
        id=str(uuid.uuid4()),
        family="number",
        key=f"number:{number}",
        number=number,
        schemes=["bank-security"],
        regions={"KZ-59": 9},
        started_at=now - timedelta(hours=3),
        detected_at=now,
        window_seconds=10_800,
        observed=9,
        expected=0.1,
        score=30.0,
        page=True,
        report_ids=[report.report.id for report in reports],
    )
    case = Case(
        alert_id=wave.id,
        opened_at=now,
        steps=[Step(at=now, kind=StepKind.SENT, person="botagoz", target="telegram"), *steps],
    )
    _put(search, *map(report_document, reports), alert_document(wave), case_document(case))
    return wave


def _put(search: Elasticsearch, *documents: Document) -> None:
    for document in documents:
        whole = document.body | (document.first or {})
        search.update(index=document.index, id=document.id, doc=document.body, upsert=whole)
    search.indices.refresh(index="saqbol-*")
