"""Reputation: what is known of each number, and what is said of it, in Elasticsearch and up to date.

Reads `fraud.signals.v1` and `fraud.verdicts.v1`, both partitioned by the number, so that each number has one owner.
What is erased is forgotten in every number; one of which nothing is known any more leaves the index.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any, Final

import faust
import msgspec
from elasticsearch import AsyncElasticsearch

from schemas import indices
from schemas.documents import Document
from schemas.erasure import Erasure
from schemas.events import Signal, Verdict
from schemas.topics import SIGNALS, VERDICTS, topics
from streams.app import acknowledge, batches, keyed_table, log, owning, raw_topic
from streams.clock import Clock, Interval
from streams.elastic import Deletion, connect, write
from streams.erasing import erasure_in, holding
from streams.known import is_known, known_document
from streams.reputation import Facts, add_signals, add_verdict, forget, traces
from streams.settings import Settings
from streams.signals import IMPERSONATED, NUMBER, owner_of
from streams.tables import NUMBERS
from streams.wire import decode_batch

#: How often states that have faded since their last report are written anew, and how many at a time.
FADE_EVERY: Final = timedelta(minutes=10)
FADE_BATCH: Final = 1000
#: How often (seconds) it is looked whether it is time: the clock can be moved.
LOOK_EVERY: Final = 2.0


def attach(app: faust.App, settings: Settings) -> None:
    """Hang the agents and the timer on `app`."""
    client = connect(settings)
    clock = Clock(settings.clock)
    fading = Interval(clock, FADE_EVERY)
    writing = asyncio.Lock()
    numbers = keyed_table(app, NUMBERS)

    def facts_of(number: str) -> Facts:
        data = numbers.get(number.encode())
        return msgspec.msgpack.decode(data, type=Facts) if data else Facts()

    async def update(stream: Any, changes: Callable[[bytes], Iterable[tuple[str, Callable[[Facts], Facts]]]]) -> None:
        """Apply the changes that each message makes to the facts about numbers, and write what is said of them now."""
        async for events in batches(stream):
            # One at a time: signals and verdicts about one number must not overwrite each other's document.
            async with writing:
                changed: dict[str, Facts] = {}
                for event in events:
                    if (erasure := erasure_in(event)) is not None:
                        changed |= await forgotten(event, erasure)
                        continue
                    try:
                        todo = list(changes(event.message.value or b""))
                    except msgspec.MsgspecError as error:
                        log.error("skipped a message that is not ours: %s", type(error).__name__)
                        continue
                    with owning(event):
                        for number, change in todo:
                            changed[number] = change(facts_of(number))
                            numbers[number.encode()] = msgspec.msgpack.encode(changed[number])
                await numbers.confirmed()
                now = clock.now()
                await write(client, [_document(number, facts, now) for number, facts in changed.items()])
                acknowledge(events)

    async def forgotten(event: Any, erasure: Erasure) -> dict[str, Facts]:
        """Forget what is erased, in the numbers of the event's partition.  Returns what is left of those it touched."""

        def owned(key: bytes) -> bool:
            return owner_of(key.decode(), topics()[SIGNALS].partitions) == int(event.message.partition)

        left = {}
        with owning(event):
            for key in await holding(numbers, traces(erasure.reporter, erasure.report_ids), owned):
                facts = forget(facts_of(key.decode()), erasure.reporter, erasure.report_ids)
                left[key.decode()] = facts
                if facts.claims or facts.verdicts:
                    numbers[key] = msgspec.msgpack.encode(facts)
                else:
                    del numbers[key]
        return left

    @app.agent(raw_topic(app, SIGNALS), name="reputation")
    async def reputation(stream: Any) -> None:
        await update(stream, _signal_changes)

    @app.agent(raw_topic(app, VERDICTS), name="verdicts")
    async def verdicts(stream: Any) -> None:
        await update(stream, _verdict_changes)

    @app.timer(interval=LOOK_EVERY, on_leader=False)  # type: ignore[untyped-decorator]
    async def fade() -> None:
        """Say anew what time alone has changed, for the numbers this worker owns."""
        if (now := fading.passed()) is None:
            return
        async with writing:
            owned = [(name, facts_of(name)) for name in await _fading(client, now)]
            await write(
                client, [_document(name, facts, now) for name, facts in owned if facts.claims or facts.verdicts]
            )

    @app.on_before_shutdown.connect
    async def close(*_: Any, **__: Any) -> None:
        await client.close()


async def _fading(client: AsyncElasticsearch, now: datetime) -> list[str]:
    """The numbers whose state has ended by `now` and is still told."""
    found = await client.search(
        index=indices.NUMBERS,
        query={"range": {"fades_at": {"lte": now.isoformat()}}},
        source_includes=["value"],
        size=FADE_BATCH,
    )
    return [hit["_source"]["value"] for hit in found["hits"]["hits"]]


def _signal_changes(value: bytes) -> Iterable[tuple[str, Callable[[Facts], Facts]]]:
    signals = [s for s in decode_batch(value, Signal) if s.key.startswith((NUMBER, IMPERSONATED))]
    for key, group in groupby(sorted(signals, key=lambda s: s.key), key=lambda s: s.key):
        told = list(group)
        yield key.partition(":")[2], lambda facts, told=told: add_signals(facts, told)  # type: ignore[misc]


def _verdict_changes(value: bytes) -> Iterable[tuple[str, Callable[[Facts], Facts]]]:
    verdict = msgspec.json.decode(value, type=Verdict)
    yield verdict.number, lambda facts: add_verdict(facts, verdict)


def _document(number: str, facts: Facts, now: datetime) -> Document | Deletion:
    if not is_known(number, facts):
        return Deletion(indices.NUMBERS_INDEX, number)
    return known_document(number, facts, now)
