"""Rebuilding an index from the book of record: the same documents as before, in fresh indices, switched at once.

Reports are refined anew by the function that the agents use.  What the log alone can't tell is taken over from the
index in use: the time of a report's first copy, which compaction may have removed; when it was first indexed; its
pattern, which depends on the reports before it; the prevention plan.  A rebuild overturns no rejection (`./saqbol
rejected replay` does) and brings back nothing that was erased.  A document that the log does not explain stops it
(`RebuildError`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec
from elasticsearch import Elasticsearch
from msgspec import Struct

from deploy.book import newest, read
from deploy.indexing import PAGE, Build, IndexingError, Stored, documents, indices_behind, with_ids
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
from schemas.events import (
    Alert,
    EnrichedReport,
    FoundContact,
    RejectedReport,
    RejectReason,
    Report,
    Stance,
    Tag,
    Verdict,
)
from schemas.indices.migrations import migrated
from schemas.prevention import Prevention
from schemas.reference import official_numbers
from schemas.topics import ALERTS, AUDIT, CASES, PREVENTION, REJECTED, REPORTS, VERDICTS, topics
from streams.known import known_document
from streams.refinement import Record, Seen, content_digest, first_copy, refine
from streams.reputation import Facts, add_signals, add_verdict
from streams.signals import IMPERSONATED, NUMBER, signals_of

#: Documents with a time older than their topic keeps are taken over as they are: alias, the field, the topic.
_AGING: Final = {
    indices.REPORTS: ("received_at", REPORTS),
    indices.REJECTED: ("logged_at", REJECTED),
    indices.AUDIT: ("at", AUDIT),
    indices.NUMBERS: ("last_seen", REPORTS),
}
#: What the documents of the prevention plan have: provisioning writes them, and weeks that are over keep their plan.
PLAN: Final = "target_people"
#: Documents that are named when a rebuild stops.
_NAMED: Final = 5

Ids = set[str]


class RebuildError(IndexingError):
    """The log does not explain documents that the index has: a rebuild would lose them."""


class Rebuilt(Struct, frozen=True):
    """What a rebuild wrote: documents made of the log, and those taken over because the log no longer has them."""

    made: int
    kept: int


class Rejections(Struct):
    """What the log of rejections says of records: where those lie that were rejected, and whose first copy is older."""

    places: set[tuple[int, int]]
    conflicts: Ids


def rebuild(
    bootstrap_servers: str,
    client: Elasticsearch,
    alias: str,
    say: Callable[[str], None],
    *,
    now: datetime | None = None,
    drop_unexplained: bool = False,
) -> Rebuilt:
    """Rebuild everything that an alias reads, while the pipeline goes on, and switch to it.

    drop_unexplained: leave out documents that the log does not explain, instead of stopping.  Holds the ids of all
    documents in memory, and of numbers all that is known of them.

    Raises RebuildError, deploy.indexing.IndexingError or deploy.book.BookError; then nothing has changed.
    """
    at = now or datetime.now(UTC)
    build = Build(client, alias)
    had = {document.id for index in build.old.values() for document in documents(client, index, source=False)}
    versions = {index: indices.version_of(client.indices.get(index=index)[index]) for index in build.old.values()}

    def as_is(document: Stored) -> dict[str, Any]:
        return migrated(alias, document.body, versions[document.index])

    def gone() -> Iterator[str]:
        for some in _pages(had):
            yield from set(some) - set(with_ids(client, alias, some))

    try:
        made: dict[str, None] = {}
        erased: Ids = set()
        rejections = _rejections(bootstrap_servers) if alias in (indices.REPORTS, indices.NUMBERS) else None
        for made_of in _SOURCES[alias](bootstrap_servers, client, rejections, at):
            if isinstance(made_of, str):
                erased.add(made_of)
                if made.pop(made_of, "") is None:
                    build.drop(made_of)
            else:
                build.put(made_of.index, made_of.id, made_of.body | (made_of.first or {}))
                made[made_of.id] = None
        say(f"{alias}: {len(made)} documents made of the log")
        kept, unexplained = 0, []
        conflicts = rejections.conflicts if rejections else set()
        for document in build.missing():
            if document.id in erased:
                continue
            if document.id in conflicts or PLAN in document.body or _is_aged(alias, document.body, at):
                build.put(indices.written_as(document.index), document.id, as_is(document))
                kept += 1
            else:
                unexplained.append(document.id)
        if unexplained and not drop_unexplained:
            raise RebuildError(
                f"{alias}: the log does not explain {len(unexplained)} documents, e.g. "
                f"{', '.join(unexplained[:_NAMED])}: they would be lost. Nothing was changed. If that is meant, use "
                "--drop-unexplained"
            )
        build.switch(as_is, gone)
    finally:
        build.abandon()
    return Rebuilt(len(made), kept)


def _is_aged(alias: str, body: dict[str, Any], now: datetime) -> bool:
    field, topic = _AGING.get(alias, ("", ""))
    days = topics()[topic].retention_days if topic else None
    at = body.get(field)
    return days is not None and at is not None and datetime.fromisoformat(at) < now - timedelta(days=days)


def _rejections(bootstrap_servers: str) -> Rejections:
    found = Rejections(set(), set())
    for record in newest(bootstrap_servers, REJECTED).values():
        if record.value is None:
            continue
        rejected = msgspec.json.decode(record.value, type=RejectedReport)
        if rejected.topic == REPORTS:
            found.places.add((rejected.partition, rejected.offset))
            if rejected.reason is RejectReason.CONFLICT and rejected.report_id:
                found.conflicts.add(rejected.report_id)
    return found


def accepted(
    bootstrap_servers: str, rejections: Rejections, remembered: Callable[[list[str]], dict[str, Stored]]
) -> Iterator[tuple[EnrichedReport, Stored | None] | str]:
    """The reports that the agents accepted, refined anew, each with its document in the index; or an erased one's id.

    remembered: the documents of reports by id, for a page of ids.  A report may come again, after a retry.
    """
    first: dict[str, Seen] = {}
    erased: Ids = set()
    for page in _pages(read(bootstrap_servers, REPORTS)):
        known = remembered([record.key.decode() for record in page if record.key and record.value is not None])
        for record in page:
            name = record.key.decode(errors="replace") if record.key else ""
            if record.value is None:
                erased.add(name)
                yield name
                continue
            verdict = None if name in erased or (record.partition, record.offset) in rejections.places else record
            if verdict is None or isinstance(enriched := refine(_record(record)), RejectedReport):
                continue
            seen = first.get(name)
            document = known.get(name)
            if seen is None and document is not None:
                received_at = datetime.fromisoformat(document.body["received_at"])
                seen = Seen(content_digest(enriched.report), received_at)
            copy, first[name] = first_copy(enriched, seen, _record(record))
            if isinstance(copy, EnrichedReport):
                yield copy, document


def _record(record: Any) -> Record:
    return Record(
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        logged_at=datetime.fromtimestamp(record.timestamp / 1000, tz=UTC),
        key=record.key,
        value=record.value,
    )


def _reports(
    bootstrap_servers: str, client: Elasticsearch, rejections: Rejections, _: datetime
) -> Iterator[Document | str]:
    for item in accepted(bootstrap_servers, rejections, _lookup(client, indices.REPORTS)):
        if isinstance(item, str):
            yield item
            continue
        enriched, document = item
        body = document.body if document else {}
        indexed_at = body.get("indexed_at")
        yield report_document(
            msgspec.structs.replace(enriched, pattern=body.get("pattern")),
            indexed_at=datetime.fromisoformat(indexed_at) if indexed_at else None,
        )


def _numbers(
    bootstrap_servers: str, client: Elasticsearch, rejections: Rejections, now: datetime
) -> Iterator[Document]:
    facts: dict[str, Facts] = dict.fromkeys(official_numbers(), Facts())
    erased: Ids = set()
    told: dict[str, EnrichedReport] = {}
    for item in accepted(bootstrap_servers, rejections, _lookup(client, indices.REPORTS)):
        if isinstance(item, str):
            erased.add(item)
            told.pop(item, None)
        else:
            told[item[0].report.id] = _bare(item[0])
    for some in _pages(rejections.conflicts - told.keys() - erased):
        documents_of = _lookup(client, indices.REPORTS)(some)
        told |= {name: retold(document.body) for name, document in documents_of.items()}
    for enriched in told.values():
        for signal in signals_of(enriched):
            if signal.key.startswith((NUMBER, IMPERSONATED)):
                number = signal.key.partition(":")[2]
                facts[number] = add_signals(facts.get(number, Facts()), [signal])
    for record in newest(bootstrap_servers, VERDICTS).values():
        if record.value is not None:
            verdict = msgspec.json.decode(record.value, type=Verdict)
            facts[verdict.number] = add_verdict(facts.get(verdict.number, Facts()), verdict)
    lookup = _lookup(client, indices.NUMBERS)
    for page in _pages(facts):
        known = lookup(page)
        for number in page:
            document = known_document(number, facts[number], now)
            yield _unchanged(document, known[number].body) if number in known else document


def retold(body: dict[str, Any]) -> EnrichedReport:
    """A report from its document, as far as numbers need it: its first copy may no longer be in the log."""
    report = {name: body[name] for name in Report.__struct_fields__ if name in body and name != "contacts"}
    return EnrichedReport(
        report=msgspec.convert(report, Report),
        stance=Stance(body["stance"]),
        region=body.get("region"),
        district=body.get("district"),
        contacts=[msgspec.convert(contact, FoundContact) for contact in body.get("contacts", [])],
        schemes=[msgspec.convert({"evidence": [], **tag}, Tag) for tag in body.get("scheme_tags", [])],
        demands=[msgspec.convert({"evidence": [], **tag}, Tag) for tag in body.get("demand_tags", [])],
    )


def _bare(enriched: EnrichedReport) -> EnrichedReport:
    """A report without its words, which no number needs."""
    return msgspec.structs.replace(enriched, report=msgspec.structs.replace(enriched.report, text=""))


def _unchanged(document: Document, body: dict[str, Any]) -> Document:
    """The document as it was, if nothing but the time of writing would change."""
    same = {**document.body, "updated_at": body.get("updated_at")} == body
    return Document(document.index, document.id, body) if same else document


def _alerts(bootstrap_servers: str, *_: object) -> Iterator[Document]:
    parts = {
        key.decode(): case_document(msgspec.json.decode(record.value, type=Case))
        for key, record in newest(bootstrap_servers, CASES).items()
        if record.value is not None
    }
    for record in newest(bootstrap_servers, ALERTS).values():
        if record.value is not None:
            wave = alert_document(msgspec.json.decode(record.value, type=Alert))
            work = parts.pop(wave.id, None)
            yield Document(wave.index, wave.id, wave.body | (work.body if work else wave.first or {}))
    yield from parts.values()


def _each(topic: str, kind: type[Any], document: Callable[[Any], Document]) -> Callable[..., Iterator[Document]]:
    """The documents of a topic that has one event a message: of the newest of each key."""

    def made(bootstrap_servers: str, *_: object) -> Iterator[Document]:
        for record in newest(bootstrap_servers, topic).values():
            if record.value is not None:
                yield document(msgspec.json.decode(record.value, type=kind))

    return made


_SOURCES: Final[dict[str, Callable[..., Iterator[Document | str]]]] = {
    indices.REPORTS: _reports,
    indices.NUMBERS: _numbers,
    indices.ALERTS: _alerts,
    indices.REJECTED: _each(REJECTED, RejectedReport, rejected_document),
    indices.PREVENTION: _each(PREVENTION, Prevention, prevention_document),
    indices.AUDIT: _each(AUDIT, AuditEntry, audit_document),
}


def _lookup(client: Elasticsearch, alias: str) -> Callable[[list[str]], dict[str, Stored]]:
    has_any = bool(indices_behind(client, alias))
    return lambda ids: with_ids(client, alias, ids) if ids and has_any else {}


def _pages(items: Iterable[Any]) -> Iterator[list[Any]]:
    page: list[Any] = []
    for item in items:
        page.append(item)
        if len(page) == PAGE:
            yield page
            page = []
    if page:
        yield page
