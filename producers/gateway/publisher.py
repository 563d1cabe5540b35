"""The gateway's way into Kafka: kafka-python's thread on one side, asyncio on the other.

An event is handed to kafka-python in the event loop's thread (it only appends to a buffer); kafka-python's own thread
calls back when the brokers have acknowledged.  One more thread connects at the start and then asks every two seconds
whether each partition of each topic has a leader, so that the gateway can refuse at once while Kafka is away.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Sequence
from typing import Final

from kafka import KafkaAdminClient, KafkaProducer
from kafka.errors import KafkaError

from producers import kafka
from producers.kafka import Identified
from schemas import topics

log: Final = logging.getLogger(__name__)

#: What the gateway writes to.
TOPICS: Final = (topics.REPORTS, topics.PREVENTION, topics.AUDIT)
#: Records handed over but not yet acknowledged; more are refused, so that memory stays bounded.
MAX_UNACKNOWLEDGED: Final = 20_000
#: Seconds between two looks at Kafka.
PROBE_INTERVAL: Final = 2.0
#: Seconds that a request waits for its acknowledgements: the delivery timeout, and a margin for its report.
PUBLISH_TIMEOUT: Final = kafka.DELIVERY_TIMEOUT_MS / 1000 + 2
#: Seconds that a refused client is asked to wait.
RETRY_AFTER: Final = 5


class KafkaAwayError(Exception):
    """Kafka did not acknowledge: nothing is promised, and the same events may be sent again."""


class Publisher:
    """Publishes events to the gateway's topics, all of a request or an error."""

    def __init__(self, bootstrap_servers: str) -> None:
        self._bootstrap_servers = bootstrap_servers
        self._producer: KafkaProducer | None = None
        self._reachable: frozenset[str] = frozenset()
        self._unacknowledged = 0
        self._failed: KafkaProducer | None = None
        self._stopping = False
        self._wake = threading.Event()
        self._watcher = threading.Thread(target=self._watch, name="kafka-watch", daemon=True)

    @property
    def ready(self) -> bool:
        """Whether a report sent now can be expected to be acknowledged."""
        return self._takes(topics.REPORTS)

    def start(self) -> None:
        """Begin to connect, in the background: a gateway without Kafka answers 503 instead of not starting."""
        self._watcher.start()

    async def close(self) -> None:
        """Flush and let go of Kafka."""
        self._stopping = True
        self._wake.set()
        await asyncio.to_thread(self._watcher.join)

    async def publish(self, events: Sequence[Identified], topic: str = topics.REPORTS) -> None:
        """Return once every event is acknowledged by all in-sync replicas of its partition.

        Raises KafkaAwayError otherwise.  Some of the events may have been written all the same: their ids are derived
        from what the channel sent, so sending them again makes no second one.
        """
        producer = self._producer
        if producer is None or not self._takes(topic) or self._unacknowledged + len(events) > MAX_UNACKNOWLEDGED:
            raise KafkaAwayError
        acknowledgements = _Acknowledgements(len(events), self)
        for event in events:
            try:
                future = producer.send(topic, **kafka.record(event))
            except KafkaError as refusal:
                acknowledgements.failed(refusal)
            else:
                future.add_callback(acknowledgements.succeeded).add_errback(acknowledgements.failed)
        await asyncio.wait((acknowledgements.done,), timeout=PUBLISH_TIMEOUT)
        error = acknowledgements.done.result() if acknowledgements.done.done() else TimeoutError()
        if error is not None:
            log.warning("%s: not acknowledged: %s", topic, type(error).__name__)
            self._failed = producer
            self._wake.set()
            raise KafkaAwayError from error

    def _takes(self, topic: str) -> bool:
        return self._producer is not None and topic in self._reachable

    def _watch(self) -> None:
        """Until told to stop: connect, replace a producer that failed, and keep `_reachable` true."""
        admin: KafkaAdminClient | None = None
        while not self._stopping:
            try:
                if self._producer is not None and self._producer is self._failed:
                    self._report_reachable(frozenset())
                    self._producer = None
                    kafka.discard(self._failed)
                if self._producer is None:
                    self._producer = kafka.connect(self._bootstrap_servers, "saqbol-gateway")
                if admin is None:
                    admin = kafka.connect_admin(self._bootstrap_servers, "saqbol-gateway-probe")
                reachable = _led(admin)
                for topic in reachable - self._reachable:
                    self._producer.partitions_for(topic)  # so that handing over never waits for metadata
                self._report_reachable(reachable)
            except Exception as error:  # whatever it is: a dead watcher would leave an old answer standing
                log.debug("Kafka probe: %s", type(error).__name__)
                self._report_reachable(frozenset())
            self._wake.wait(PROBE_INTERVAL)
            self._wake.clear()
        if admin is not None:
            admin.close()
        if self._producer is not None:
            kafka.close(self._producer)

    def _report_reachable(self, reachable: frozenset[str]) -> None:
        for topic in sorted(reachable ^ self._reachable):
            if topic in reachable:
                log.info("Kafka takes %s", topic)
            else:
                log.warning("Kafka does not take %s: refused with 503", topic)
        self._reachable = reachable


class _Acknowledgements:
    """Counts down the acknowledgements of one request and wakes its coroutine once, at the last one.

    `succeeded` and `failed` are called in kafka-python's thread; `done` resolves to None or to the first error.
    """

    def __init__(self, expected: int, publisher: Publisher) -> None:
        self._loop = asyncio.get_running_loop()
        self.done: asyncio.Future[BaseException | None] = self._loop.create_future()
        self._lock = threading.Lock()
        self._expected = self._missing = expected
        self._publisher = publisher
        self._error: BaseException | None = None
        publisher._unacknowledged += expected
        if not expected:
            self._resolve()

    def succeeded(self, _: object) -> None:
        self._count(None)

    def failed(self, error: BaseException) -> None:
        self._count(error)

    def _count(self, error: BaseException | None) -> None:
        with self._lock:
            self._missing -= 1
            self._error = self._error or error
            last = self._missing == 0
        if last and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._resolve)

    def _resolve(self) -> None:
        self._publisher._unacknowledged -= self._expected
        if not self.done.done():
            self.done.set_result(self._error)


def _led(admin: KafkaAdminClient) -> frozenset[str]:
    """The topics that exist and whose partitions all have a leader."""
    return frozenset(
        topic["name"]
        for topic in admin.describe_topics(list(TOPICS))
        if topic["error_code"] == 0
        and all(partition["error_code"] == 0 and partition["leader_id"] >= 0 for partition in topic["partitions"])
    )
