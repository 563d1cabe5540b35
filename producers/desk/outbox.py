"""What the desk has to write to Kafka, kept in its database until Kafka has acknowledged it.

An operator with a resident on the line can't wait for Kafka to come back, and an entry of the audit log must not get
lost: so it is put here in the same moment as the answer, and a thread takes it from there, at least once, in order.
Events carry ids of their own, so that twice is harmless.
"""

from __future__ import annotations

import logging
import threading
from typing import Any, Final

from kafka import KafkaProducer
from kafka.errors import KafkaError
from sqlalchemy import delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from producers import kafka
from producers.desk.database import Database, Table
from producers.kafka import Identified

log: Final = logging.getLogger(__name__)

#: Seconds between two tries while Kafka is away.
RETRY_EVERY: Final = 2.0
#: Events that are on their way at once.
_BATCH: Final = 500


class Waiting(Table):
    """An event on its way to a topic."""

    __tablename__ = "outbox"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    topic: Mapped[str]
    key: Mapped[bytes]
    value: Mapped[bytes]


class Outbox:
    """Takes events to Kafka in a thread of its own."""

    def __init__(self, database: Database, bootstrap_servers: str) -> None:
        self._database, self._bootstrap_servers = database, bootstrap_servers
        self._producer: KafkaProducer | None = None
        self._news, self._stopping = threading.Event(), False
        self._thread = threading.Thread(target=self._work, name="outbox", daemon=True)

    def start(self) -> None:
        """Begin, with what an earlier process left behind."""
        self._news.set()
        self._thread.start()

    def stop(self) -> None:
        """End after the batch that is on its way; what is left waits for the next process."""
        self._stopping = True
        self._news.set()
        self._thread.join()
        if self._producer:
            kafka.close(self._producer)

    def put(self, transaction: Session, topic: str, *events: Identified) -> None:
        """Promise in a transaction that these events get to `topic`; call `hurry` once it is committed."""
        transaction.add_all(Waiting(topic=topic, **kafka.record(event)) for event in events)

    def hurry(self) -> None:
        """There is something to take."""
        self._news.set()

    async def send(self, topic: str, *events: Identified) -> None:
        """Promise that these events get to `topic`; returns once they can't get lost any more."""
        await self._database.run(lambda transaction: self.put(transaction, topic, *events))
        self.hurry()

    def _work(self) -> None:
        while not self._stopping:
            self._news.clear()
            try:
                while self._take_batch() and not self._stopping:
                    pass
                self._news.wait()
            except KafkaError as error:
                log.warning("Kafka does not take what waits for it: %s", type(error).__name__)
                self._discard()
                self._news.wait(RETRY_EVERY)
            except Exception as error:  # whatever it is: a dead thread would keep everything waiting for ever
                log.error("outbox: %s", type(error).__name__)
                self._news.wait(RETRY_EVERY)

    def _take_batch(self) -> int:
        """Send the oldest events and forget those that are acknowledged; how many.  Raises KafkaError."""
        oldest = select(Waiting).order_by(Waiting.number).limit(_BATCH)
        rows = self._database.transact(lambda t: t.scalars(oldest).all())
        if not rows:
            return 0
        if self._producer is None:
            self._producer = kafka.connect(self._bootstrap_servers, "saqbol-desk")
        futures: list[tuple[int, Any]] = [
            (row.number, self._producer.send(row.topic, key=row.key, value=row.value)) for row in rows
        ]
        for _, future in futures:
            future.get(timeout=kafka.DELIVERY_TIMEOUT_MS / 1000 + 5)
        done = [number for number, _ in futures]
        self._database.transact(lambda t: t.execute(delete(Waiting).where(Waiting.number.in_(done))))
        return len(done)

    def _discard(self) -> None:
        if self._producer:
            kafka.discard(self._producer)
        self._producer = None
