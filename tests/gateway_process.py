"""A Kafka broker and a gateway as processes of their own, for tests that stop, kill and restart them."""

from __future__ import annotations

import json
import logging
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import httpx
from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError

from deploy.home import CHECKOUT
from deploy.stack import artifacts
from deploy.stack import kafka as stack_kafka
from deploy.supervisor import tied
from producers import integrations, kafka, reporters
from producers.intake import Origin
from producers.integrations import WEB_FORM, Permission
from schemas import topics
from schemas.events import Channel

__all__ = ["WEB_FORM", "Broker", "Gateway", "broker_running", "free_port", "gateway_running", "wait_for"]

log: Final = logging.getLogger(__name__)

#: The integrations of the tests: name → what its reports are stamped with, and its rate.
ORIGINS: Final = (
    Origin(source="mamlyut-desk", channel=Channel.HOTLINE, area_code="71541", region="KZ-59", district="Мамлютский"),
    Origin(source="telegram-bot", channel=Channel.TELEGRAM),
)
#: The integration that may do everything.
PARTNER: Final = Origin(source="bank-antifraud", channel=Channel.PARTNER, area_code="71541", region="KZ-59")
#: An Elasticsearch that nobody runs.
NOWHERE: Final = "http://127.0.0.1:1"
#: The topics of a fresh broker.
_PARTITIONS: Final = {topics.REPORTS: 6, topics.PREVENTION: 4, topics.AUDIT: 1}
_START_TIMEOUT: Final = 60.0


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(condition: Callable[[], bool], seconds: float = _START_TIMEOUT) -> None:
    """Return once `condition` holds; fail after `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.1)


class _Process:
    """A child process with its log in a file."""

    def __init__(self, command: list[str], log: Path, environment: Mapping[str, str]) -> None:
        self._command, self.log, self._environment = command, log, dict(environment)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                tied(self._command), stdout=output, stderr=output, env=self._environment, cwd=CHECKOUT
            )

    def send(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal, wait for the end, and return the exit code."""
        assert self._process is not None
        if self._process.poll() is None:
            self.send(signal.SIGCONT)
            self.send(number)
        return self._process.wait(timeout=60)


class Broker(_Process):
    """A broker with the topic of reports, and nothing else."""

    def __init__(self, home: Path, cache: Path) -> None:
        self.port = free_port()
        self.bootstrap_servers = f"127.0.0.1:{self.port}"
        jars = artifacts.read_lock("kafka")
        artifacts.fetch(jars, cache / "maven", log.info)
        service = stack_kafka.service(
            home,
            [jar.path(cache / "maven") for jar in jars],
            port=self.port,
            controller_port=free_port(),
            say=log.info,
        )
        super().__init__(list(service.command), home / "kafka.log", os.environ)

    def start(self) -> None:
        super().start()
        wait_for(self._answers)

    def create_topic(self) -> None:
        admin = kafka.connect_admin(self.bootstrap_servers, "test")
        admin.create_topics(
            {name: {"num_partitions": number, "replication_factor": 1} for name, number in _PARTITIONS.items()}
        )
        admin.close()

    def records(self, topic: str = topics.REPORTS) -> list[dict[str, Any]]:
        """Every event in the topic, decoded, with its key as `_key`; read from the beginning to the present end."""
        consumer = KafkaConsumer(bootstrap_servers=self.bootstrap_servers, enable_auto_commit=False)
        try:
            partitions = [TopicPartition(topic, number) for number in range(_PARTITIONS[topic])]
            consumer.assign(partitions)
            consumer.seek_to_beginning(*partitions)
            ends = consumer.end_offsets(partitions)
            found: list[dict[str, Any]] = []
            while any(consumer.position(p) < ends[p] for p in partitions):
                for batch in consumer.poll(timeout_ms=1000).values():
                    found += [json.loads(record.value) | {"_key": record.key.decode()} for record in batch]
            return found
        finally:
            consumer.close()

    def record(self, report_id: str) -> dict[str, Any]:
        """The one report with this id."""
        (found,) = [record for record in self.records() if record["id"] == report_id]
        return found

    def _answers(self) -> bool:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", self.port)):
                return False
        try:
            kafka.connect_admin(self.bootstrap_servers, "test").close()
        except KafkaError:
            return False
        return True


class Gateway(_Process):
    """A gateway with integrations whose keys only the test knows; it believes our X-Forwarded-For."""

    def __init__(
        self, home: Path, bootstrap_servers: str, rate: str = "1000000/minute", elasticsearch: str = NOWHERE
    ) -> None:
        self.port, self._rate = free_port(), rate
        self.url = f"http://127.0.0.1:{self.port}"
        self.integrations = home / "integrations.yaml"
        self.keys = integrations.create(self.integrations, ORIGINS, rate)
        self.keys[PARTNER.source] = integrations.add(self.integrations, PARTNER, list(Permission), rate)
        reporters.create_key(home / "hmac.key")
        environment = os.environ | {
            "SAQBOL_KAFKA": bootstrap_servers,
            "SAQBOL_ELASTICSEARCH": elasticsearch,
            "SAQBOL_GATEWAY_PORT": str(self.port),
            "SAQBOL_INTEGRATIONS_FILE": str(home / "integrations.yaml"),
            "SAQBOL_HMAC_KEY_FILE": str(home / "hmac.key"),
            "SAQBOL_TRUSTED_PROXIES": "127.0.0.1",
        }
        super().__init__([sys.executable, "-m", "producers.gateway"], home / "gateway.log", environment)

    def allow(self, source: str, may: Sequence[Permission]) -> None:
        """Give an integration a new key that may do this; the running gateway notices by itself."""
        origin = next(origin for origin in ORIGINS if origin.source == source)
        integrations.revoke(self.integrations, source)
        self.keys[source] = integrations.add(self.integrations, origin, may, self._rate)

    def start(self) -> None:
        super().start()
        wait_for(lambda: self.status("/health/live") == 200)

    def wait_until_ready(self) -> None:
        wait_for(lambda: self.status("/health/ready") == 200)

    def status(self, path: str) -> int:
        """Status of a GET, 0 if nobody answers."""
        try:
            return httpx.get(self.url + path, timeout=5).status_code
        except httpx.TransportError:
            return 0

    def client(self, source: str = "mamlyut-desk", timeout: float = 30) -> httpx.Client:
        """A client that sends the key of an integration."""
        headers = {"Authorization": f"Bearer {self.keys[source]}"}
        return httpx.Client(base_url=self.url, headers=headers, timeout=timeout)

    def metric(self, sample: str) -> float:
        """A sample of /metrics by its name with labels; 0 if it was never set."""
        for line in httpx.get(self.url + "/metrics").text.splitlines():
            if line.startswith(sample + " "):
                return float(line.rpartition(" ")[2])
        return 0.0

    def open_descriptors(self) -> int:
        return len(os.listdir(f"/proc/{self.pid}/fd"))


@contextmanager
def broker_running(cache: Path) -> Iterator[Broker]:
    """A fresh broker with the topic of reports."""
    with tempfile.TemporaryDirectory(prefix="saqbol-broker-") as home:
        broker = Broker(Path(home), cache)
        try:
            broker.start()
            broker.create_topic()
            yield broker
        finally:
            broker.end(signal.SIGKILL)


@contextmanager
def gateway_running(
    bootstrap_servers: str, rate: str = "1000000/minute", elasticsearch: str = NOWHERE
) -> Iterator[Gateway]:
    """A fresh gateway; it may not be ready yet."""
    with tempfile.TemporaryDirectory(prefix="saqbol-gateway-") as home:
        gateway = Gateway(Path(home), bootstrap_servers, rate, elasticsearch)
        try:
            gateway.start()
            yield gateway
        finally:
            gateway.end(signal.SIGKILL)
