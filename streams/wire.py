"""Batches on the wire: JSON arrays of events, cut to a size that a topic takes.  Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final, TypeVar

import msgspec

T = TypeVar("T")

#: A message between our own agents aims at this size (bytes); a single event may exceed it.
MAX_BATCH_BYTES: Final = 900_000


def encode_batches(events: Iterable[Any]) -> Iterator[bytes]:
    """JSON arrays that hold `events` in order, each at most `MAX_BATCH_BYTES` unless one event alone is larger."""
    part: list[bytes] = []
    size = 2
    for event in events:
        data = msgspec.json.encode(event)
        if part and size + len(data) + 1 > MAX_BATCH_BYTES:
            yield b"[" + b",".join(part) + b"]"
            part, size = [], 2
        part.append(data)
        size += len(data) + 1
    if part:
        yield b"[" + b",".join(part) + b"]"


def decode_batch(data: bytes | None, kind: type[T]) -> list[T]:
    """Events of one message; an empty list for a tombstone.  Raises msgspec.MsgspecError on anything else."""
    return [] if data is None else msgspec.json.decode(data, type=list[kind])  # type: ignore[valid-type]
