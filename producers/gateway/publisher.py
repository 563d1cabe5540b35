"""The gateway's way into Kafka: kafka-python's thread on one side, asyncio on the other.

A report is handed to kafka-python in the event loop's thread (it only appends to a buffer); kafka-python's own thread
calls back when the brokers have acknowledged.  One more thread connects at the start and then asks every two seconds
whether each partition of the topic has a leader, so that the gateway can refuse at once while Kafka is away.
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
from schemas import topics
from schemas.events import Report

log: Final = logging.getLogger(__name__)

#: Records handed over but not yet acknowledged; more are refused, so that memory stays bounded.
MAX_UNACKNOWLEDGED: Final = 20_000
#: Seconds between two looks at Kafka.
PROBE_INTERVAL: Final = 2.0
#: Seconds that a request waits for its acknowledgements: the delivery timeout, and a margin for its report.
PUBLISH_TIMEOUT: Final = kafka.DELIVERY_TIMEOUT_MS / 1000 + 2
#: Seconds that a refused client is asked to wait.
RETRY_AFTER: Final = 5


class KafkaAwayError(Exception):
    """Kafka did not acknowledge: nothing is promised, and the same reports may be sent again."""


class Publisher:
    """Publishes reports to `fraud.reports.v1`, all of a request or an error."""

    def __init__(self, bootstrap_servers: str) -> None:
        self._bootstrap_servers = bootstrap_servers
        self._producer: KafkaProducer | None = None
        self._reachable = False
        self._unacknowledged = 0
        self._failed: KafkaProducer | None = None
        self._stopping = False
        self._wake = threading.Event()
        self._watcher = threading.Thread(target=self._watch, name="kafka-watch", daemon=True)

    @property
    def ready(self) -> bool:
        """Whether a report sent now can be expected to be acknowledged."""
        return self._producer is not None and self._reachable

    def start(self) -> None:
        """Begin to connect, in the background: a gateway without Kafka answers 503 instead of not starting."""
        self._watcher.start()

    async def close(self) -> None:
        """Flush and let go of Kafka."""
        self._stopping = True
        self._wake.set()
        await asyncio.to_thread(self._watcher.join)

    async def publish(self, reports: Sequence[Report]) -> None:
        """Return once every report is acknowledged by all in-sync replicas.

        Raises KafkaAwayError otherwise.  Some of the reports may have been written all the same: their ids are derived
        from what the channel sent, so sending them again makes no second report.
        """
        producer = self._producer
        if producer is None or not self._reachable or self._unacknowledged + len(reports) > MAX_UNACKNOWLEDGED:
            raise KafkaAwayError
        acknowledgements = _Acknowledgements(len(reports), self)
        for report in reports:
            try:
                future = producer.send(topics.REPORTS, **kafka.record(report))
            except KafkaError as refusal:
                acknowledgements.failed(refusal)
            else:
                future.add_callback(acknowledgements.succeeded).add_errback(acknowledgements.failed)
        await asyncio.wait((acknowledgements.done,), timeout=PUBLISH_TIMEOUT)
        error = acknowledgements.done.result() if acknowledgements.done.done() else TimeoutError()
        if error is not None:
            log.warning("reports not acknowledged: %s", type(error).__name__)
            self._failed = producer
            self._wake.set()
            raise KafkaAwayError from error

    def _watch(self) -> None:
        """Until told to stop: connect, replace a producer that failed, and keep `_reachable` true."""
        admin: KafkaAdminClient | None = None
        while not self._stopping:
            try:
                if self._producer is not None and self._producer is self._failed:
                    self._report_reachable(False)
                    self._producer = None
                    kafka.discard(self._failed)
                if self._producer is None:
                    producer = kafka.connect(self._bootstrap_servers, "saqbol-gateway")
                    producer.partitions_for(topics.REPORTS)  # so that handing over never waits for metadata
                    self._producer = producer
                if admin is None:
                    admin = kafka.connect_admin(self._bootstrap_servers, "saqbol-gateway-probe")
                self._report_reachable(_has_leaders(admin))
            except Exception as error:  # whatever it is: a dead watcher would leave an old answer standing
                log.debug("Kafka probe: %s", type(error).__name__)
                self._report_reachable(False)
            self._wake.wait(PROBE_INTERVAL)
            self._wake.clear()
        if admin is not None:
            admin.close()
        if self._producer is not None:
            kafka.close(self._producer)

    def _report_reachable(self, reachable: bool) -> None:
        if reachable != self._reachable:
            log.log(
                logging.INFO if reachable else logging.WARNING,
                "Kafka %s",
                "is reachable; reports are taken" if reachable else "is away; reports are refused with 503",
            )
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


def _has_leaders(admin: KafkaAdminClient) -> bool:
    """Whether the topic exists and each of its partitions has a leader."""
    (topic,) = admin.describe_topics([topics.REPORTS])
    return topic["error_code"] == 0 and all(
        partition["error_code"] == 0 and partition["leader_id"] >= 0 for partition in topic["partitions"]
    )
