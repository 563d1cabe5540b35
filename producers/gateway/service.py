"""What the API and the web form have in common: from submissions to acknowledged events, and the index to look into."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
from elasticsearch import ApiError, AsyncElasticsearch, TransportError
from limits import RateLimitItem
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter
from litestar import Request
from litestar.exceptions import InternalServerException

from producers.gateway import metrics
from producers.gateway.problems import ProblemError
from producers.gateway.publisher import RETRY_AFTER, KafkaAwayError, Publisher
from producers.intake import Intake, Origin, read_report
from producers.integrations import IntegrationsFromFile
from producers.kafka import Identified
from producers.reporters import ReporterHasher
from schemas import topics
from schemas.audit import AuditEntry

log: Final = logging.getLogger(__name__)


class _Counts(MemoryStorage):
    """Counts of the event loop's thread.  The library's own storage starts a thread for nearly every hit, just to
    forget old counts, which took longer than the rest of a request's bookkeeping."""

    _PURGE_EVERY: Final = 1000

    def __init__(self) -> None:
        super().__init__()
        self._hits = 0

    def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        self.get(key)  # forgets this key's count if its time is over
        self.storage[key] += amount
        if self.storage[key] == amount:
            self.expirations[key] = time.time() + expiry
        self._hits += 1
        if self._hits % self._PURGE_EVERY == 0:
            for old in list(self.expirations):
                self.get(old)
        return self.storage[key]


class RateLimiter:
    """Sliding windows in this process's memory: each of several gateway processes counts for itself."""

    def __init__(self) -> None:
        self._limiter = SlidingWindowCounterRateLimiter(_Counts())

    def take(self, limit: RateLimitItem, key: str, cost: int = 1) -> int | None:
        """None if `cost` more are within the limit, which they then use up; else seconds to wait."""
        if self._limiter.hit(limit, key, cost=cost):
            return None
        reset, _ = self._limiter.get_window_stats(limit, key)
        return max(1, math.ceil(reset - time.time()))


class Gateway:
    """One gateway process: who may do what, how reporters are hashed, the way into Kafka, and the index of numbers."""

    def __init__(
        self,
        integrations: IntegrationsFromFile,
        hasher: ReporterHasher,
        publisher: Publisher,
        index: AsyncElasticsearch,
    ) -> None:
        self.integrations = integrations
        self.publisher = publisher
        self.hasher = hasher
        self.index = index
        self.rates = RateLimiter()

    def intake(self, raw: bytes | msgspec.Raw, origin: Origin) -> Intake:
        """The report that a submission's JSON becomes now.  Raises producers.problems.SubmissionError."""
        return read_report(raw, origin, datetime.now(UTC), self.hasher)

    async def publish(self, intakes: Sequence[Intake]) -> None:
        """Return once all are acknowledged, or raise the problem 503: then none of them is promised."""
        await self.write([intake.report for intake in intakes], topics.REPORTS)
        for intake in intakes:
            metrics.ACCEPTED.labels(intake.report.source).inc()
            count_masked(intake.masked)

    async def audit(self, entry: AuditEntry) -> None:
        """Return once the entry is acknowledged, or raise the problem 503: what can't be audited is not answered."""
        await self.write([entry], topics.AUDIT)

    async def write(self, events: Sequence[Identified], topic: str) -> None:
        """Return once all events are acknowledged, or raise the problem 503."""
        started = time.perf_counter()
        try:
            await self.publisher.publish(events, topic)
        except KafkaAwayError as error:
            metrics.REFUSED.labels("log-away").inc(len(events))
            raise ProblemError(
                503,
                "log-away",
                "Nothing was accepted.  Send the same again later: what did arrive is not counted twice.",
                headers={"Retry-After": str(RETRY_AFTER)},
            ) from error
        metrics.KAFKA_SECONDS.observe(time.perf_counter() - started)


def count_masked(kinds: dict[str, int]) -> None:
    """Count masked secrets by kind."""
    for kind, count in kinds.items():
        metrics.MASKED.labels(kind).inc(count)


@contextmanager
def index_needed() -> Iterator[None]:
    """Turn what Elasticsearch's client raises into the problem 503."""
    try:
        yield
    except (ApiError, TransportError) as error:
        metrics.REFUSED.labels("index-away").inc()
        log.warning("the index can't be read: %s", type(error).__name__)
        raise ProblemError(503, "index-away", "Ask again later.", headers={"Retry-After": str(RETRY_AFTER)}) from error


async def read_body(request: Request[Any, Any, Any]) -> bytes:
    """The body of a request, refused with 413 before it is read whole if it is longer than its route takes."""
    try:
        return await request.body()
    except InternalServerException:  # the client went away in the middle; nobody reads the answer
        raise ProblemError(400, "bad-request", "The body ended too early.") from None
