"""Sending the story to the gateway, each part under its integration's key."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

import aiohttp
import msgspec
from msgspec import Struct, field

from deploy.demo.author import Item
from deploy.demo.prevention import Given
from producers.gateway.batches import MAX_BATCH

#: Reports in one slice of the story.  A slice is sent at once, each integration's part as one batch: in the order of
#: events, as the detectors expect of a stream.
SLICE: Final = 350
#: Pause between two reports that are sent one by one (seconds), so that a wave takes a few seconds to come in.
PACE: Final = 0.05
#: How often a request is repeated that the gateway can't take now, and the longest it may ask us to wait (seconds).
ATTEMPTS: Final = 8
LONGEST_WAIT: Final = 20.0
TIMEOUT: Final = 60.0


class ReplayError(Exception):
    """The gateway did not take the story; the message has its answer."""


class Sent(Struct):
    """What the gateway answered: ids of accepted reports by integration, when, and what it refused.

    `accepted` maps an id to time.monotonic at its first 202, `retried` counts those accepted once more.
    """

    accepted: dict[str, float] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)
    retried: int = 0
    refused: list[str] = field(default_factory=list)

    def take(self, identity: str, source: str) -> None:
        """Note a 202."""
        if identity in self.accepted:
            self.retried += 1
        else:
            self.accepted[identity] = time.monotonic()
            self.sources[identity] = source


async def send_batches(
    gateway: str, keys: Mapping[str, str], items: Sequence[Item], sent: Sent, progress: Callable[[], None]
) -> None:
    """Send items in slices, batch by batch.  Raises ReplayError."""
    async with _session() as session:
        for start in range(0, len(items), SLICE):
            by_source: dict[str, list[Item]] = defaultdict(list)
            for item in items[start : start + SLICE]:
                by_source[item.source].append(item)
            await asyncio.gather(*(_batch(session, gateway, keys, part, sent) for part in by_source.values()))
            progress()


async def send_singly(
    gateway: str, keys: Mapping[str, str], items: Sequence[Item], sent: Sent, progress: Callable[[], None]
) -> None:
    """Send items one by one at a pace, as they come in while a wave runs.  Raises ReplayError."""
    async with _session() as session:
        for item in items:
            body = msgspec.json.encode(item.submission)
            answer = await _post(session, f"{gateway}/v1/reports", keys[item.source], body)
            sent.take(answer["id"], item.source)
            progress()
            await asyncio.sleep(PACE)


async def send_warnings(
    gateway: str, keys: Mapping[str, str], given: Sequence[Given], progress: Callable[[int], None]
) -> None:
    """Send the warnings given, batch by batch; `progress` is told how many were taken.  Raises ReplayError."""
    by_source: dict[str, list[Given]] = defaultdict(list)
    for one in given:
        by_source[one.source].append(one)
    taken = 0
    async with _session() as session:
        for source, part in by_source.items():
            for start in range(0, len(part), MAX_BATCH):
                body = msgspec.json.encode({"prevention": [one.submission for one in part[start : start + MAX_BATCH]]})
                answer = await _post(session, f"{gateway}/v1/prevention/batch", keys[source], body)
                if answer["refused"]:
                    raise ReplayError(f"a warning given was refused: {answer['refused'][0]}")
                taken += len(answer["accepted"])
                progress(taken)


async def _batch(
    session: aiohttp.ClientSession, gateway: str, keys: Mapping[str, str], items: Sequence[Item], sent: Sent
) -> None:
    source = items[0].source
    body = msgspec.json.encode({"reports": [item.submission for item in items]})
    answer = await _post(session, f"{gateway}/v1/reports/batch", keys[source], body)
    for accepted in answer["accepted"]:
        sent.take(accepted["id"], source)
    sent.refused += _refusals(source, items, answer["refused"])


async def _post(session: aiohttp.ClientSession, url: str, key: str, body: bytes) -> dict[str, Any]:
    """The answer to a 202; 429 and 503 are tried again when the gateway says so."""
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    for _ in range(ATTEMPTS):
        try:
            async with session.post(url, data=body, headers=headers) as response:
                text = await response.text()
                if response.status == 202:
                    answer: dict[str, Any] = msgspec.json.decode(text)
                    return answer
                if response.status not in (429, 503):
                    raise ReplayError(f"{url} answered {response.status}: {text[:500]}")
                wait = float(response.headers.get("Retry-After", 1))
        except (aiohttp.ClientConnectionError, TimeoutError):
            wait = 1.0
        await asyncio.sleep(min(wait, LONGEST_WAIT))
    raise ReplayError(f"{url} could not take a report in {ATTEMPTS} attempts")


def _refusals(source: str, items: Sequence[Item], refused: list[dict[str, Any]]) -> Iterator[str]:
    for one in refused:
        ref = items[one["index"]].submission.source_ref
        yield f"{source} {ref}: " + "; ".join(f"{e['field']} {e['problem']}" for e in one["errors"])


def _session() -> aiohttp.ClientSession:
    return aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TIMEOUT))
