"""Rebuilding every index from the log while the workers go on: the same documents, and nothing that was erased."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgspec
import pytest

from deploy.indexing import documents
from deploy.reindex import rebuild
from deploy.stack.local import Stack
from producers import audit
from producers.kafka import record
from schemas import indices
from schemas.audit import AuditAction
from schemas.events import Verdict, VerdictKind
from schemas.topics import AUDIT, PREVENTION, VERDICTS
from streams.signals import owner_of
from tests.agents.conftest import Workers, eventually
from tests.agents.test_erasure import erase, saqbol
from tests.agents.test_way_of_a_report import a_number, accuse, fresh
from tests.full_events import full_prevention

#: Fields that say when something was written, and what time alone changes.
CLOCKS = {"updated_at"}


def everything(workers: Workers, alias: str) -> dict[str, dict[str, Any]]:
    """Every document of an alias, by index it is written as and id."""
    workers.client.indices.refresh(index=alias)
    return {
        f"{indices.written_as(d.index)} {d.id}": {name: d.body[name] for name in d.body.keys() - CLOCKS}
        for d in documents(workers.client, alias)
    }


def settled(workers: Workers) -> dict[str, dict[str, dict[str, Any]]]:
    """Every document, once nothing changes for a while."""
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for _ in range(20):
        before, found = found, {alias: everything(workers, alias) for alias in indices.TEMPLATES}
        if found == before:
            return found
        time.sleep(1.5)
    pytest.fail("the index does not settle")


def differences(some: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """The fields that differ, by document."""
    return {
        name: {
            field: (some.get(name, {}).get(field, "–"), other.get(name, {}).get(field, "–"))
            for field in some.get(name, {}).keys() | other.get(name, {}).keys()
            if some.get(name, {}).get(field, "–") != other.get(name, {}).get(field, "–")
        }
        for name in some.keys() | other.keys()
        if some.get(name) != other.get(name)
    }


def told(workers: Workers) -> tuple[str, str]:
    """A story with everything that a rebuild has to get right.  Returns the number that is told of, an erased id."""
    number = a_number()
    crowd = accuse(number, 12, text="Звонили из банка, просили код из смс", region="KZ-33")
    first = crowd[0]
    retry = msgspec.structs.replace(first, received_at=datetime.now(UTC))
    conflict = msgspec.structs.replace(first, text="Другой рассказ под тем же номером")
    unexplained = [
        fresh(reporter=uuid4().hex, text="Обещали вылечить суставы мёдом диких пчёл, взяли предоплату за банку")
        for _ in range(2)
    ]
    gone = accuse(number, 1)[0]
    workers.publish(*crowd, *unexplained, gone)
    eventually(lambda: all(workers.document(indices.REPORTS, report.id) for report in [*crowd, gone]))
    workers.publish(retry, conflict)
    workers.publish_raw((b"x", b"\xff\xfe"))
    erase(workers, gone.id, gone.reporter)
    verdict = Verdict(
        id=str(uuid4()), number=number, kind=VerdictKind.CONFIRMED, at=datetime.now(UTC), by="a", reason="проверено"
    )
    workers.producer.send(
        VERDICTS, key=verdict.id.encode(), value=msgspec.json.encode(verdict), partition=owner_of(number, 4)
    ).get(timeout=10)
    workers.producer.send(PREVENTION, **record(full_prevention())).get(timeout=10)
    workers.producer.send(AUDIT, **record(audit.entry(AuditAction.SEARCH, "a", "command", datetime.now(UTC)))).get(10)
    eventually(lambda: workers.find(indices.REJECTED, report_id=first.id))
    eventually(lambda: workers.find(indices.ALERTS, **{"number": number, "steps.kind": "sent"}))
    eventually(lambda: workers.document(indices.REPORTS, gone.id) is None)
    eventually(lambda: (workers.document(indices.NUMBERS, number) or {}).get("state") == "confirmed")
    eventually(lambda: "pattern" in (workers.document(indices.REPORTS, unexplained[1].id) or {}))
    return number, gone.id


def test_every_index_is_rebuilt_with_the_same_documents_while_reports_come_in(workers: Workers, stack: Stack) -> None:
    _, gone = told(workers)
    before = settled(workers)
    assert all(before.values())
    for alias in indices.TEMPLATES:
        rebuild(stack.bootstrap_servers, workers.client, alias, print)
    after = settled(workers)
    for alias in indices.TEMPLATES:
        assert differences(after[alias], before[alias]) == {}
    behind = workers.client.indices.get_alias(name=indices.REPORTS)
    assert all(index.startswith("saqbol-b") for index in behind)
    assert workers.document(indices.REPORTS, gone) is None
    # what was on its way, and the way it goes on
    number = a_number()
    crowd = accuse(number, 30)
    workers.publish(*crowd)
    for alias in (indices.REPORTS, indices.NUMBERS):
        rebuild(stack.bootstrap_servers, workers.client, alias, print)
    eventually(lambda: all(workers.document(indices.REPORTS, report.id) for report in crowd))
    eventually(lambda: (workers.document(indices.NUMBERS, number) or {}).get("reporters") == 30)


def test_lost_indices_come_back_and_unexplained_documents_stop_a_rebuild(
    workers: Workers, stack: Stack, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    number, _ = told(workers)
    before = settled(workers)[indices.REPORTS]
    month = indices.report_index(datetime.now(UTC))
    stray = {"id": "stray", "received_at": datetime.now(UTC).isoformat()}
    workers.client.index(index=month, id="stray", document=stray, refresh=True)
    stopped = saqbol(monkeypatch, stack, tmp_path, "reindex", indices.REPORTS)
    assert stopped.exit_code == 1
    assert "does not explain 1 documents, e.g. stray" in stopped.output
    assert workers.document(indices.REPORTS, "stray") == stray
    done = saqbol(monkeypatch, stack, tmp_path, "reindex", indices.REPORTS, "--drop-unexplained")
    assert done.exit_code == 0, done.output
    assert differences(settled(workers)[indices.REPORTS], before) == {}
    for index in workers.client.indices.get_alias(name=indices.NUMBERS):
        for document in list(documents(workers.client, index)):
            workers.client.delete(index=index, id=document.id)
    rebuild(stack.bootstrap_servers, workers.client, indices.NUMBERS, print)
    assert (workers.document(indices.NUMBERS, number) or {})["state"] == "confirmed"
