"""Refine: each record of the book of record is checked, masked, deduplicated, understood, or rejected with a reason.

Reads `fraud.reports.v1`; writes batches of `fraud.reports.enriched.v1`, `fraud.signals.v1` and, of reports that no
scheme explains, `fraud.unexplained.v1`; `fraud.reports.rejected.v1`, and to `fraud.alerts.v1` what is told at once.
Remembers each report id for 45 days, so that the first copy wins.  A tombstone erases its report: that is told onwards,
behind the report itself, and a copy that comes later is erased as well.
"""

from __future__ import annotations

from collections.abc import Awaitable, Iterator
from datetime import UTC, datetime
from typing import Any, Final

import faust
import msgspec

from schemas.erasure import Erasure, headers_of, joined
from schemas.events import EnrichedReport, RejectedReport, RejectReason
from schemas.topics import ALERTS, ENRICHED, REJECTED, REPORTS, SIGNALS, UNDECODABLE, UNEXPLAINED, topics
from streams import beating
from streams.app import acknowledge, batches, confirm, keyed_table, log, owning, raw_topic
from streams.erasing import erasure_in, tell
from streams.refinement import ERASED, Record, Seen, first_copy, refine, warm_up
from streams.settings import Settings
from streams.signals import by_partition, signals_of
from streams.tables import SEEN
from streams.understanding.clusters import is_unexplained
from streams.urgent import HEARTBEAT, at_once
from streams.wire import encode_batches

Decided = tuple[Any, EnrichedReport | RejectedReport | Erasure | None]

#: A batch with more failed enrichments than this, and more than half of it, is a defect of ours, not of theirs:
#: the worker ends instead of draining the book of record into the rejected topic.
MAX_FAILED: Final = 10


def attach(app: faust.App, settings: Settings) -> None:  # noqa: ARG001 - every stage is attached alike
    """Hang the agent on `app`."""
    enriched_topic, signals_topic = raw_topic(app, ENRICHED), raw_topic(app, SIGNALS)
    rejected_topic, undecodable_topic, unexplained_topic = (
        raw_topic(app, name) for name in (REJECTED, UNDECODABLE, UNEXPLAINED)
    )
    alerts_topic, reports_topic = raw_topic(app, ALERTS), raw_topic(app, REPORTS)
    seen = keyed_table(app, SEEN)
    warm_up(datetime.now(UTC))

    def decide(event: Any) -> EnrichedReport | RejectedReport | Erasure | None:
        """What becomes of a record; None if it is the copy of an erased report, or nothing of ours."""
        record = _record(event.message)
        if record.value is None:
            return erase(event)
        verdict = refine(record)
        if isinstance(verdict, RejectedReport):
            return verdict
        key = verdict.report.id.encode()
        with owning(event):
            known = seen.get(key)
            remembered = msgspec.msgpack.decode(known, type=Seen) if known else None
            if remembered is not None and remembered.digest == ERASED:
                return None
            verdict, remember = first_copy(verdict, remembered, record)
            if remember != remembered:
                seen[key] = msgspec.msgpack.encode(remember)
        return verdict

    def erase(event: Any) -> Erasure | None:
        erasure = erasure_in(event)
        if erasure is not None and event.message.key:
            with owning(event):
                seen[event.message.key] = msgspec.msgpack.encode(Seen(ERASED, _record(event.message).logged_at))
        return erasure

    def enriched_sends(verdicts: list[Decided]) -> Iterator[Awaitable[Any]]:
        reports = [(event.message.partition, v) for event, v in verdicts if isinstance(v, EnrichedReport)]
        for partition in {partition for partition, _ in reports}:
            for data in encode_batches(report for source, report in reports if source == partition):
                yield enriched_topic.send(value=data, partition=partition)
        for data in encode_batches(report for _, report in reports if is_unexplained(report)):
            yield unexplained_topic.send(value=data)
        signals = (signal for _, report in reports for signal in signals_of(report))
        for partition, owned in by_partition(signals, topics()[SIGNALS].partitions).items():
            for data in encode_batches(owned):
                yield signals_topic.send(value=data, partition=partition)

    def rejected_sends(verdicts: list[Decided]) -> Iterator[Awaitable[Any]]:
        for event, verdict in verdicts:
            if isinstance(verdict, RejectedReport):
                log.warning("rejected %s: %s", verdict.id, verdict.reason)
                key = verdict.id.encode()
                yield rejected_topic.send(key=key, value=msgspec.json.encode(verdict))
                if verdict.reason is RejectReason.UNDECODABLE:
                    yield undecodable_topic.send(key=key, value=event.message.value)

    @app.agent(raw_topic(app, REPORTS), name="refine")
    async def refine_reports(stream: Any) -> None:
        async for events in batches(stream):
            verdicts = [(event, decide(event)) for event in events]
            failed = sum(isinstance(v, RejectedReport) and v.reason is RejectReason.FAILED for _, v in verdicts)
            if failed > max(MAX_FAILED, len(verdicts) // 2):
                raise RuntimeError(f"enrichment failed for {failed} of {len(verdicts)} records")
            await confirm(
                [
                    *enriched_sends(verdicts),
                    *_alert_sends(alerts_topic, signals_topic, verdicts),
                    *rejected_sends(verdicts),
                ]
            )
            if erasures := joined(verdict for _, verdict in verdicts if isinstance(verdict, Erasure)):
                behind = (enriched_topic, signals_topic, unexplained_topic)
                await confirm([send for topic in behind for send in tell(topic, erasures)])
            await confirm(list(_erased_again(reports_topic, verdicts)))
            await seen.confirmed()
            acknowledge(events)


def _alert_sends(alerts_topic: Any, signals_topic: Any, verdicts: list[Decided]) -> Iterator[Awaitable[Any]]:
    """What is told at once; a heartbeat goes the way of a wave instead."""
    for _, verdict in verdicts:
        alert = at_once(verdict) if isinstance(verdict, EnrichedReport) else None
        if alert is None:
            continue
        data = msgspec.json.encode(alert)
        if alert.family == HEARTBEAT:
            yield from beating.hand_on(signals_topic, [data], beating.partition_for(alert, SIGNALS))
        else:
            yield alerts_topic.send(key=alert.id.encode(), value=data)


def _erased_again(reports_topic: Any, verdicts: list[Decided]) -> Iterator[Awaitable[Any]]:
    """Tombstones for copies that came after their report was erased; of these nothing was told onwards."""
    for event, verdict in verdicts:
        where = event.message
        if verdict is None and where.value is not None:
            headers = headers_of(Erasure())
            yield reports_topic.send(key=where.key, value=None, partition=where.partition, headers=headers)


def _record(message: Any) -> Record:
    return Record(
        topic=message.topic,
        partition=message.partition,
        offset=message.offset,
        logged_at=datetime.fromtimestamp(message.timestamp, tz=UTC),
        key=message.key,
        value=message.value,
    )
