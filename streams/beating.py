"""The heartbeat on its way: an alert in the header of an empty batch, which each worker hands on to the next.

So it proves every hop that a wave depends on, and is no signal, no candidate and no count to anybody.
"""

from __future__ import annotations

from collections.abc import Awaitable, Iterable, Iterator
from typing import Any, Final
from uuid import UUID

from faust.types import EventT

from schemas.events import Alert
from schemas.topics import topics
from streams.urgent import HEARTBEAT_ALERT

HEADER: Final = "saqbol-heartbeat"
#: A batch of nothing: whoever does not know of the header has nothing to do.
_NOTHING: Final = b"[]"


def beats_in(events: Iterable[EventT[bytes]]) -> list[bytes]:
    """The heartbeats among some events, each an alert as JSON."""
    found = (dict(event.message.headers or ()).get(HEADER) for event in events)
    return [beat for beat in found if beat]


def hand_on(topic: Any, beats: Iterable[bytes], partition: int = 0) -> Iterator[Awaitable[Any]]:
    """Send heartbeats to the next worker (sends to confirm)."""
    for beat in beats:
        yield topic.send(key=None, value=_NOTHING, partition=partition, headers=[(HEADER, beat)])


def publish(topic: Any, beats: Iterable[bytes]) -> Iterator[Awaitable[Any]]:
    """Send heartbeats as the alerts that they are (sends to confirm)."""
    for beat in beats:
        yield topic.send(key=HEARTBEAT_ALERT.encode(), value=beat)


def partition_for(alert: Alert, topic: str) -> int:
    """The partition that a beat goes by: one after the other gets its turn, and so every worker of a stage."""
    return UUID(alert.report_ids[0]).int % topics()[topic].partitions
