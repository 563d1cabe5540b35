"""What agents share to forget: erasures are read from a batch, told onwards, and looked for in tables.

An erasure goes to every partition of a topic, behind what was sent there before: whoever owns a partition meets it
after everything that it takes back.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, Final

import msgspec
from faust.types import EventT

from schemas.erasure import Erasure, erasure_of, headers_of, joined
from schemas.topics import topics
from streams.app import log

#: aiokafka wants a key where there is no value.
_KEY: Final = b"erasure"
#: Entries of a table that are looked at before others may work.
_AT_A_TIME: Final = 500


def erasure_in(event: EventT[bytes]) -> Erasure | None:
    """The erasure that an event carries, None if it is something else."""
    try:
        return erasure_of(event.message)
    except msgspec.MsgspecError as error:
        log.error("skipped an erasure that is not ours: %s", type(error).__name__)
        return None


def erasures_in(events: Iterable[EventT[bytes]]) -> list[Erasure]:
    """All erasures of a batch, in as few as possible."""
    return joined(erasure for event in events if (erasure := erasure_in(event)) is not None)


def tell(topic: Any, erasures: Sequence[Erasure]) -> list[Awaitable[Any]]:
    """Send erasures to every partition of a topic (sends to confirm, after those of the same batch)."""
    partitions = topics()[topic.get_topic_name()].partitions
    return [
        topic.send(key=_KEY, value=None, partition=partition, headers=headers_of(erasure))
        for erasure in erasures
        for partition in range(partitions)
    ]


async def holding(table: Any, traces: Sequence[bytes], owned: Callable[[bytes], bool]) -> list[bytes]:
    """Keys of the entries whose key is `owned` and whose bytes contain one of `traces`.

    Entries are compared as bytes, a microsecond each: an erasure is rare, an index of who is where would be the
    larger risk.
    """
    found = []
    for number, (key, data) in enumerate(table.items()):
        if number % _AT_A_TIME == 0:
            await asyncio.sleep(0)
        if any(trace in data for trace in traces) and owned(key):
            found.append(key)
    return found
