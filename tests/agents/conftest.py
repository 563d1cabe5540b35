"""All workers, as processes of their own, on the stack that every test shares."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import pytest
from elasticsearch import Elasticsearch, NotFoundError
from kafka import KafkaProducer

from deploy.home import CHECKOUT
from deploy.provision import provision
from deploy.stack.local import Stack
from deploy.supervisor import tied
from producers.kafka import connect
from schemas.events import Report
from schemas.topics import REPORTS
from streams.settings import STAGES, is_ready
from tests.phone import Phone

START_WITHIN = 120.0
SEEN_WITHIN = 40.0
CLOCK = "clock"


class Workers:
    """What a test of the agents works with: the log to write to, the index to look into, the phone on call."""

    def __init__(self, producer: KafkaProducer, client: Elasticsearch, phone: Phone, home: Path) -> None:
        self.producer, self.client, self.phone, self.home = producer, client, phone, home
        self._clock = home / CLOCK

    @contextmanager
    def later(self, time: timedelta) -> Iterator[None]:
        """Move the clock of the reputation's worker, and of no other."""
        self._clock.write_text(str(time.total_seconds()), encoding="ascii")
        try:
            yield
        finally:
            self._clock.unlink()

    def publish(self, *reports: Report) -> None:
        """Write reports to the book of record as a producer does."""
        self.publish_raw(*((report.id.encode(), msgspec.json.encode(report)) for report in reports))

    def publish_raw(self, *records: tuple[bytes, bytes | None], topic: str = REPORTS) -> None:
        """Write (key, value) pairs as they are."""
        for future in [self.producer.send(topic, key=key, value=value) for key, value in records]:
            future.get(timeout=10)

    def document(self, alias: str, name: str) -> dict[str, Any] | None:
        """The document of that id, or None."""
        self.client.indices.refresh(index=alias)
        hits = self.client.search(index=alias, query={"ids": {"values": [name]}})["hits"]["hits"]
        return hits[0]["_source"] if hits else None

    def find(self, alias: str, **terms: str) -> list[dict[str, Any]]:
        """Documents with these exact values."""
        self.client.indices.refresh(index=alias)
        query = {"bool": {"filter": [{"term": {name: value}} for name, value in terms.items()]}}
        try:
            hits = self.client.search(index=alias, query=query, size=1000)["hits"]["hits"]
        except NotFoundError:
            return []
        return [hit["_source"] for hit in hits]

    def logs(self) -> str:
        """What all workers have logged."""
        return "".join(path.read_text(encoding="utf-8") for path in self.home.glob("*.log"))


T = TypeVar("T")


def eventually(look: Callable[[], T], within: float = SEEN_WITHIN) -> T:
    """What `look` finds, as soon as it is true; fails when nothing true is found in time."""
    deadline = time.monotonic() + within
    while not (found := look()):
        assert time.monotonic() < deadline, "not found in time"
        time.sleep(0.3)
    return found


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What leaves traces comes last: ten thousand reports in a minute, beside which a dozen are no wave any more, and
    the moved clock, because what fades in the index meanwhile stays so."""
    last = (
        "test_ten_thousand_anonymous_reports_accuse_nobody",
        "test_a_suspected_number_is_unknown_when_its_time_is_over",
    )
    folder = Path(__file__).parent
    ours = sorted((i for i in items if i.path.parent == folder), key=lambda i: (i.name in last, i.name == last[-1]))
    in_order = iter(ours)
    items[:] = [next(in_order) if item.path.parent == folder else item for item in items]


def _without_digests(home: Path) -> Path:
    """The shipped people on call, who get every message by itself however many tests alarm within minutes."""
    shipped = (CHECKOUT / "deploy" / "oncall.yaml").read_text(encoding="utf-8")
    assert "digest: {after: 3," in shipped
    path = home / "oncall.yaml"
    path.write_text(shipped.replace("digest: {after: 3,", "digest: {after: 50,"), encoding="utf-8")
    return path


@pytest.fixture(scope="package")
def workers(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workers]:
    """All workers, working."""
    home = tmp_path_factory.mktemp("workers")
    provision(stack.bootstrap_servers, stack.elasticsearch_url)
    phone = Phone()
    with ExitStack() as ending:
        oncall = ending.enter_context(phone.running())
        environment = {
            **os.environ,
            "SAQBOL_KAFKA": stack.bootstrap_servers,
            "SAQBOL_ELASTICSEARCH": stack.elasticsearch_url,
            "SAQBOL_HOME": str(home),
            "SAQBOL_ONCALL_URL": oncall,
            "SAQBOL_ONCALL": str(_without_digests(home)),
        }
        for stage in STAGES:
            log = ending.enter_context((home / f"{stage}.log").open("wb"))
            moved = {"SAQBOL_CLOCK_FILE": str(home / CLOCK)} if stage == "reputation" else {}
            process = subprocess.Popen(
                tied([sys.executable, "-m", "streams.worker", stage]),
                cwd=CHECKOUT,
                env=environment | moved,
                stdout=log,
                stderr=log,
            )
            ending.callback(process.wait, 30)
            ending.callback(process.terminate)
        eventually(lambda: all(is_ready(home, stage, "0") for stage in STAGES), START_WITHIN)
        producer = connect(stack.bootstrap_servers, "tests")
        ending.callback(producer.close)
        client = ending.enter_context(Elasticsearch(stack.elasticsearch_url))
        yield Workers(producer, client, phone, home)
