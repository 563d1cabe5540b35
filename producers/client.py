"""Publish reports to Kafka directly, without the gateway, in a few lines:

    from producers.client import ReportProducer

    with ReportProducer("kafka:9092", source="clinic-bot", channel="telegram") as producer:
        report_id = producer.send({"source_ref": "message-17", "text": "Звонили с 1414, просили код из СМС"})

It checks, masks and stamps a submission by the same functions as the gateway, and returns only what all in-sync
replicas have acknowledged.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Final, Self

import msgspec
from kafka import KafkaProducer
from kafka.errors import KafkaError
from msgspec import structs

from producers import kafka
from producers.intake import Intake, Origin, read_report
from producers.problems import FieldProblem, InvalidError, SubmissionError
from producers.reporters import ReporterHasher
from producers.validation import encode_submission
from schemas import topics
from schemas.events import ReportSubmission

__all__ = ["NotPublishedError", "ReportProducer", "SubmissionError"]

#: Seconds that an acknowledgement is waited for: the delivery timeout, and a margin for its report.
_WAIT: Final = kafka.DELIVERY_TIMEOUT_MS / 1000 + 5

Submission = ReportSubmission | Mapping[str, Any]


class NotPublishedError(Exception):
    """Kafka did not acknowledge these reports: `indices` of those sent, from 0.  Send the same again later.

    A report that arrived all the same is not counted twice: its id is derived from source and source_ref.
    """

    def __init__(self, indices: Sequence[int]) -> None:
        self.indices = tuple(indices)
        super().__init__(f"{len(indices)} report(s) were not acknowledged by Kafka; send them again later")


class ReportProducer:
    """Publishes reports of one integration to `fraud.reports.v1`.  May be shared by threads."""

    def __init__(
        self,
        bootstrap_servers: str,
        *,
        source: str,
        channel: str,
        area_code: str | None = None,
        region: str | None = None,
        district: str | None = None,
        reporter_key: bytes | None = None,
    ) -> None:
        """Connect to Kafka (`host:port`, several separated by commas) as the integration `source`.

        `area_code`, `region` and `district` complete reports that do not name theirs.  `reporter_key` (at least 32
        bytes, for ever the same) hashes reporters; without it a submission that names its reporter is refused.

        Raises ValueError, which names the argument, and kafka.errors.KafkaError if Kafka can't be reached.
        """
        given = {"source": source, "channel": channel, "area_code": area_code, "region": region, "district": district}
        try:
            self._origin = msgspec.convert(given, Origin)
        except msgspec.ValidationError as error:
            raise ValueError(f"ReportProducer: {error}") from None
        self._hasher = ReporterHasher(reporter_key) if reporter_key is not None else None
        self._bootstrap_servers = bootstrap_servers
        self._lock = threading.Lock()
        self._producer: KafkaProducer | None = None
        self._connected()

    def send(self, submission: Submission) -> str:
        """Publish one report and return its id, the same for every retry.

        Raises SubmissionError, which names every wrong field, or NotPublishedError.
        """
        intake = self._read(submission, datetime.now(UTC))
        self._publish([intake])
        return intake.report.id

    def send_all(self, submissions: Iterable[Submission]) -> list[str]:
        """Publish many reports and return their ids in order.

        Nothing is sent unless all are right: SubmissionError names each wrong field, its path beginning with the
        index of the submission.  Raises NotPublishedError with the indices that were not acknowledged.
        """
        now = datetime.now(UTC)
        intakes: list[Intake] = []
        problems: list[FieldProblem] = []
        for index, submission in enumerate(submissions):
            try:
                intakes.append(self._read(submission, now))
            except SubmissionError as error:
                problems += [structs.replace(p, field=f"/{index}{p.field}") for p in error.problems]
        if problems:
            raise InvalidError(problems)
        self._publish(intakes)
        return [intake.report.id for intake in intakes]

    def close(self) -> None:
        """Let go of Kafka."""
        with self._lock:
            if self._producer is not None:
                kafka.close(self._producer)
            self._producer = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _read(self, submission: Submission, now: datetime) -> Intake:
        return read_report(encode_submission(submission), self._origin, now, self._hasher)

    def _connected(self) -> KafkaProducer:
        """The producer, connected anew if the last one failed.  Raises kafka.errors.KafkaError."""
        with self._lock:
            if self._producer is None:
                self._producer = kafka.connect(self._bootstrap_servers, f"saqbol-{self._origin.source}")
            return self._producer

    def _failed(self, producer: KafkaProducer) -> None:
        """Replace a producer that failed before anything else is sent."""
        with self._lock:
            if self._producer is producer:
                self._producer = None
                kafka.discard(producer)

    def _publish(self, intakes: Sequence[Intake]) -> None:
        """Hand over all, then wait for every acknowledgement.  Raises NotPublishedError."""
        try:
            producer = self._connected()
        except KafkaError as error:
            raise NotPublishedError(range(len(intakes))) from error
        failures: dict[int, KafkaError] = {}
        futures: dict[int, Any] = {}
        for index, intake in enumerate(intakes):
            try:
                futures[index] = producer.send(topics.REPORTS, **kafka.record(intake.report))
            except KafkaError as error:
                failures[index] = error
        for index, future in futures.items():
            try:
                future.get(timeout=_WAIT)
            except KafkaError as error:
                failures[index] = error
        if failures:
            self._failed(producer)
            raise NotPublishedError(sorted(failures)) from next(iter(failures.values()))
