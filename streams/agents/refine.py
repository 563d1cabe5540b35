"""Refine: each record of the book of record is checked, masked, deduplicated, understood, or rejected with a reason.

Reads `fraud.reports.v1`; writes batches of `fraud.reports.enriched.v1` and `fraud.signals.v1`, and
`fraud.reports.rejected.v1`.  Remembers each report id for 45 days, so that the first copy wins.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

import faust
import msgspec

from schemas.events import EnrichedReport, RejectedReport, RejectReason
from schemas.topics import ENRICHED, REJECTED, REPORTS, SIGNALS, UNDECODABLE, topics
from streams.app import acknowledge, batches, by_source_partition, confirm, keyed_table, log, owning, raw_topic
from streams.refinement import Record, Seen, first_copy, refine
from streams.settings import Settings
from streams.signals import by_partition, signals_of
from streams.wire import encode_batches

#: How long a report id is remembered: a retry within this time is the same report.
REMEMBERED: Final = timedelta(days=45)


def attach(app: faust.App, settings: Settings) -> None:  # noqa: ARG001 - every stage is attached alike
    """Hang the agent on `app`."""
    enriched_topic, signals_topic = raw_topic(app, ENRICHED), raw_topic(app, SIGNALS)
    rejected_topic, undecodable_topic = raw_topic(app, REJECTED), raw_topic(app, UNDECODABLE)
    seen = keyed_table(app, "seen", topics()[REPORTS].partitions, forget_after=REMEMBERED)

    def decide(event: Any) -> EnrichedReport | RejectedReport:
        record = _record(event.message)
        verdict = refine(record)
        if isinstance(verdict, RejectedReport):
            return verdict
        key = verdict.report.id.encode()
        with owning(event):
            known = seen.get(key)
            remembered = msgspec.msgpack.decode(known, type=Seen) if known else None
            verdict, remember = first_copy(verdict, remembered, record)
            if remember != remembered:
                seen[key] = msgspec.msgpack.encode(remember)
        return verdict

    @app.agent(raw_topic(app, REPORTS), name="refine")
    async def refine_reports(stream: Any) -> None:
        async for events in batches(stream):
            sends = []
            signals = []
            for partition, group in by_source_partition(events).items():
                verdicts = [(event, decide(event)) for event in group if event.message.value is not None]
                reports = [verdict for _, verdict in verdicts if isinstance(verdict, EnrichedReport)]
                sends += [enriched_topic.send(value=data, partition=partition) for data in encode_batches(reports)]
                signals += [signal for report in reports for signal in signals_of(report)]
                for event, verdict in verdicts:
                    if isinstance(verdict, RejectedReport):
                        key = verdict.id.encode()
                        sends.append(rejected_topic.send(key=key, value=msgspec.json.encode(verdict)))
                        log.warning("rejected %s: %s", verdict.id, verdict.reason)
                        if verdict.reason is RejectReason.UNDECODABLE:
                            sends.append(undecodable_topic.send(key=key, value=event.message.value))
            for partition, owned in by_partition(signals, topics()[SIGNALS].partitions).items():
                sends += [signals_topic.send(value=data, partition=partition) for data in encode_batches(owned)]
            await confirm(sends)
            await seen.confirmed()
            acknowledge(events)


def _record(message: Any) -> Record:
    return Record(
        topic=message.topic,
        partition=message.partition,
        offset=message.offset,
        logged_at=datetime.fromtimestamp(message.timestamp, tz=UTC),
        key=message.key,
        value=message.value,
    )
