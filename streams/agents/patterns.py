"""Patterns: reports that no scheme explains are put together by their words, as series that can be watched.

Reads `fraud.unexplained.v1` (one partition: one owner); writes the reports with their pattern to
`fraud.reports.enriched.v1`, and the signals of the patterns to `fraud.signals.v1`.  A report that comes again gets the
same pattern, for as long as refine remembers it.  What is erased is told onwards, behind what was told of it.
"""

from __future__ import annotations

from typing import Any

import faust
import msgspec

from schemas.erasure import Erasure
from schemas.events import EnrichedReport, Signal
from schemas.topics import ENRICHED, SIGNALS, UNEXPLAINED, topics
from streams.app import acknowledge, batches, confirm, keyed_table, log, owning, raw_topic
from streams.erasing import erasures_in, tell
from streams.settings import Settings
from streams.signals import PATTERN, by_partition, signals_of
from streams.tables import CLUSTERS, PLACED
from streams.understanding.clusters import Cluster, Clusters, assign
from streams.wire import decode_batch, encode_batches


def attach(app: faust.App, settings: Settings) -> None:  # noqa: ARG001 - every stage is attached alike
    """Hang the agent on `app`."""
    enriched_topic, signals_topic = raw_topic(app, ENRICHED), raw_topic(app, SIGNALS)
    clusters, placed = keyed_table(app, CLUSTERS), keyed_table(app, PLACED)
    partitions = topics()[SIGNALS].partitions

    def load() -> Clusters:
        """The stored clusters; read anew for each batch, because after a rebalance another worker may have gone on."""
        stored = {key.decode(): msgspec.msgpack.decode(data, type=Cluster) for key, data in clusters.items()}
        return Clusters(dict(sorted(stored.items())))

    def place(reports: list[EnrichedReport]) -> list[EnrichedReport]:
        """The reports that have a pattern, with it; what is learned is stored."""
        state = load()
        before, touched, found = set(state.clusters), set(), []
        for enriched in reports:
            report = enriched.report
            known = placed.get(report.id.encode())
            pattern = known.decode() if known else assign(state, report.text, report.received_at)
            if pattern is None:
                continue
            if not known:
                placed[report.id.encode()] = pattern.encode()
                touched.add(pattern)
            found.append(msgspec.structs.replace(enriched, pattern=pattern))
        for pattern in (touched & state.clusters.keys()) | (before - state.clusters.keys()):
            _store(clusters, pattern.encode(), state.clusters.get(pattern))
        return found

    def forget(erasures: list[Erasure]) -> None:
        """Take reports out of their clusters; one that has no other report goes with its words."""
        state = load()
        for key in (report_id.encode() for erasure in erasures for report_id in erasure.report_ids):
            pattern = placed.pop(key, None)
            if pattern is not None:
                _store(clusters, pattern, state.leave(pattern.decode()))

    @app.agent(raw_topic(app, UNEXPLAINED), name="patterns")
    async def find_patterns(stream: Any) -> None:
        async for events in batches(stream):
            reports: list[EnrichedReport] = []
            for event in events:
                try:
                    reports += decode_batch(event.message.value, EnrichedReport)
                except msgspec.MsgspecError as error:
                    log.error("skipped a message that is not ours: %s", type(error).__name__)
            with owning(events[-1]):
                found = place(reports)
            sends = [enriched_topic.send(value=data) for data in encode_batches(found)]
            for partition, owned in by_partition(_signals(found), partitions).items():
                sends += [signals_topic.send(value=data, partition=partition) for data in encode_batches(owned)]
            await confirm(sends)
            erasures = erasures_in(events)
            with owning(events[-1]):
                forget(erasures)
            await confirm([send for topic in (enriched_topic, signals_topic) for send in tell(topic, erasures)])
            await clusters.confirmed()
            await placed.confirmed()
            acknowledge(events)


def _store(clusters: Any, pattern: bytes, cluster: Cluster | None) -> None:
    if cluster is None:
        clusters.pop(pattern, None)
    else:
        clusters[pattern] = msgspec.msgpack.encode(cluster)


def _signals(reports: list[EnrichedReport]) -> list[Signal]:
    """What the reports say about their patterns; all else refine has told."""
    return [signal for report in reports for signal in signals_of(report) if signal.key.startswith(PATTERN)]
