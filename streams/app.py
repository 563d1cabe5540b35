"""The Faust app of one stage, and the rules every agent follows.

An agent takes a batch, calls the pure core, writes, waits until every write is confirmed, and only then acknowledges.
Faust's own failure handling commits past a failed batch, so a defect ends the worker (`CrashingSupervisor`), the
process supervisor starts it anew, and the batch is read again: all that an agent writes bears repetition.
"""

from __future__ import annotations

import asyncio
import logging
import os
import weakref
from collections.abc import AsyncIterator, Awaitable, Iterator, Sequence
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any, Final

import faust
import faust.streams
import mode
from faust.types import EventT

from schemas.topics import topics
from streams.settings import READY, Settings, state_folder
from streams.tables import StateTable
from streams.transport import App

log = logging.getLogger("saqbol.streams")

#: A batch is handed on when it has this many messages or after this time (seconds), whichever comes first.
BATCH: Final = 500
WITHIN: Final = 0.1


class DurableTable(faust.Table[Any, Any]):
    """A table whose changelog writes can be awaited.

    Faust sends them in the background and may commit the source offset first; a crash in between would lose state.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._pending: list[Awaitable[Any]] = []

    def send_changelog(self, *args: Any, **kwargs: Any) -> Any:
        future = super().send_changelog(*args, **kwargs)
        self._pending.append(future)
        return future

    async def confirmed(self) -> None:
        """Wait until the broker has every change so far.  Raises what a send raised."""
        pending, self._pending = self._pending, []
        await asyncio.gather(*pending)


def make_app(stage: str, settings: Settings) -> faust.App:
    """The Faust app of one stage (`refine`, `index`, …); its consumer group is `saqbol-<stage>`."""
    home = state_folder(settings.home, stage, settings.replica)
    home.mkdir(parents=True, exist_ok=True)
    app = App(
        f"saqbol-{stage}",
        broker=[f"kafka://{server}" for server in settings.kafka.split(",")],
        datadir=str(home),
        store="rocksdb://",
        Table=DurableTable,
        agent_supervisor=mode.CrashingSupervisor,
        autodiscover=False,
        web_enabled=False,  # Faust's web server would listen on every address and serve table contents
        key_serializer="raw",
        value_serializer="raw",
        topic_disable_leader=True,
        topic_partitions=4,
        table_standby_replicas=0,
        consumer_group_instance_id=f"saqbol-{stage}-{settings.replica}",
        broker_session_timeout=10.0,
        broker_heartbeat_interval=2.0,
        broker_commit_interval=1.0,
        stream_wait_empty=False,
        stream_recovery_delay=0.0,
        producer_compression_type="gzip",
        producer_max_request_size=max(topic.max_message_bytes for topic in topics().values()),
        consumer_max_fetch_size=max(topic.max_message_bytes for topic in topics().values()),
        worker_redirect_stdouts=False,
    )

    @app.task  # type: ignore[untyped-decorator]
    async def say_ready() -> None:
        # Faust starts tasks after partitions are assigned and the tables recovered.
        (home / READY).write_text(str(os.getpid()), encoding="utf-8")

    return app


def raw_topic(app: faust.App, name: str) -> Any:
    """A topic of raw bytes: agents decode themselves, so that a bad record reaches the rejected topic, not Faust."""
    return app.topic(
        name,
        key_type=bytes,
        value_type=bytes,
        key_serializer="raw",
        value_serializer="raw",
        allow_empty=True,
        internal=False,
    )


async def batches(stream: Any) -> AsyncIterator[list[EventT[bytes]]]:
    """Batches of unacknowledged events.  The caller acknowledges each event after its writes are confirmed."""
    async for events in stream.noack_take(BATCH, within=WITHIN):
        yield list(events)


@contextmanager
def owning(event: EventT[bytes]) -> Iterator[None]:
    """Within this block tables belong to the partition of `event`.

    Faust takes a table's partition from a context variable that is set for single events only, not for batches.
    """
    token = faust.streams._current_event.set(weakref.ref(event))
    try:
        yield
    finally:
        faust.streams._current_event.reset(token)


class _Standing:
    """Stands for an event where none is at hand: Faust looks at its message's topic and partition only."""

    def __init__(self, message: SimpleNamespace) -> None:
        self.message = message


@contextmanager
def owning_partition(topic: str, partition: int) -> Iterator[None]:
    """As `owning`, where no event is at hand: a timer's work, or the result of a task."""
    event: Any = _Standing(SimpleNamespace(topic=topic, partition=partition))
    token = faust.streams._current_event.set(weakref.ref(event))
    try:
        yield
    finally:
        faust.streams._current_event.reset(token)


async def confirm(sends: Sequence[Awaitable[Awaitable[Any]]]) -> None:
    """Send all (`sends` are calls of `Topic.send`) and wait until the broker has them.  Raises what a send raised."""
    await asyncio.gather(*await asyncio.gather(*sends))


def acknowledge(events: Sequence[EventT[bytes]]) -> None:
    """Mark events as done: their offsets may be committed."""
    for event in events:
        event.ack()


def keyed_table(app: faust.App, table: StateTable) -> Any:
    """A table of raw bytes, on disk and in its changelog; what it may forget goes from both."""
    options = {"ttl": int(table.forget_after.total_seconds())} if table.forget_after else {}
    return app.Table(
        table.name,
        partitions=table.partitions,
        key_type=bytes,
        value_type=bytes,
        extra_topic_configs=table.changelog_config,
        options=options,
    )
