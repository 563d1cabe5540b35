"""From the deciding report's 202 to the page: what the person on call waits for, and where the time goes.

Run: python -m tests.benchmarks.latency

Gateway, Kafka, Elasticsearch and all workers as processes of their own.  Four people report each of many numbers that
nobody knew; then, one number after the other at random moments and while other reports come in, a fifth does.  A clock
starts when that report is answered with 202 and ends when a web hook has the message.  Between them the records of the
log tell when each worker had written.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import httpx
import numpy as np
from kafka import KafkaConsumer, TopicPartition
from rich.console import Console

from deploy.home import CHECKOUT
from deploy.provision import provision
from deploy.stack.local import ANY_PORTS, Stack, running
from deploy.supervisor import tied
from schemas.events import report_id
from schemas.topics import ALERTS, CANDIDATES, SIGNALS
from streams.settings import STAGES, is_ready
from tests.benchmarks.waves.tables import markdown, write
from tests.gateway_process import Gateway, gateway_running, wait_for
from tests.phone import Phone

WAVES: Final = 100
#: Reports a second that have nothing to do with the waves, and the mean pause between two deciding ones (seconds).
BACKGROUND: Final = 10.0
PAUSE: Final = 1.5
SOURCE: Final = "telegram-bot"
SEED: Final = 1414
SETTLE: Final = 10.0
PATIENCE: Final = 30.0
STARTING: Final = 180.0
#: One person on call who gets each message at once.
ONCALL: Final = """
people: [{account: oncall, name: Oncall, language: en, targets: [{name: hook, url: "${SAQBOL_ONCALL_URL}"}]}]
rotas: [{id: national, shifts: [{people: [oncall]}]}]
escalate_after: {critical: 60, high: 60, medium: 60, low: 60}
digest: {after: 50, within_minutes: 1, collect_seconds: 1}
"""


class Hook(Phone):
    """A phone that knows when each message came."""

    def __init__(self) -> None:
        super().__init__()
        self.arrived: list[tuple[float, str]] = []
        plain = self.server.RequestHandlerClass.do_POST  # type: ignore[attr-defined]

        def do_post(handler: Any) -> None:
            plain(handler)
            self.arrived.append((time.time(), json.dumps(self.messages[-1])))

        self.server.RequestHandlerClass.do_POST = do_post  # type: ignore[attr-defined]

    def first(self, number: str) -> float | None:
        """When the first message that names `number` came (epoch seconds)."""
        return next((at for at, text in self.arrived if number in text), None)


@contextmanager
def pipeline(hook: Hook) -> Iterator[tuple[Stack, Gateway]]:
    """The stack, a gateway and all workers."""
    with ExitStack() as ending:
        home = Path(ending.enter_context(tempfile.TemporaryDirectory(prefix="saqbol-")))
        home.chmod(0o755)
        cache = CHECKOUT / ".saqbol" / "cache"
        stack = ending.enter_context(running(Stack(home / "stack", cache=cache, ports=ANY_PORTS), lambda _: None))
        provision(stack.bootstrap_servers, stack.elasticsearch_url)
        (home / "oncall.yaml").write_text(ONCALL, encoding="utf-8")
        environment = {
            **os.environ,
            "SAQBOL_KAFKA": stack.bootstrap_servers,
            "SAQBOL_ELASTICSEARCH": stack.elasticsearch_url,
            "SAQBOL_HOME": str(home),
            "SAQBOL_ONCALL": str(home / "oncall.yaml"),
            "SAQBOL_ONCALL_URL": ending.enter_context(hook.running()),
        }
        for stage in STAGES:
            log = ending.enter_context((home / f"{stage}.log").open("wb"))
            worker = tied([sys.executable, "-m", "streams.worker", stage])
            process = subprocess.Popen(worker, cwd=CHECKOUT, env=environment, stdout=log, stderr=log)
            ending.callback(process.wait, 30)
            ending.callback(process.terminate)
        wait_for(lambda: all(is_ready(home, stage, "0") for stage in STAGES), STARTING)
        gateway = ending.enter_context(gateway_running(stack.bootstrap_servers, elasticsearch=stack.elasticsearch_url))
        gateway.wait_until_ready()
        yield stack, gateway


class Reporters:
    """Sends reports of people who never report twice; `post` returns the report's id and when it was answered."""

    def __init__(self, gateway: Gateway) -> None:
        key = gateway.keys[SOURCE]
        self._http = httpx.Client(base_url=gateway.url, headers={"authorization": f"Bearer {key}"})
        self._sent = 0

    def post(self, number: str, ago: timedelta = timedelta(0)) -> tuple[str, float]:
        """Report a call of `ago` from `number`; (id of the report, epoch seconds of its 202)."""
        self._sent += 1
        ref = f"{id(self)}-{self._sent}"
        body = {
            "source_ref": ref,
            "medium": "call",
            "text": f"Звонили с номера {number}, представились банком, просили код из СМС",
            "happened_at": (datetime.now(UTC) - ago).isoformat(),
            "reporter": f"+7701{id(self) % 1000:03}{self._sent:04}",
        }
        answer = self._http.post("/v1/reports", json=body)
        answered = time.time()
        if answer.status_code != httpx.codes.ACCEPTED:
            raise RuntimeError(f"refused: {answer.text}")
        return report_id(SOURCE, ref), answered


def background(gateway: Gateway, ended: threading.Event) -> None:
    """Reports of numbers that each only one person reports."""
    people, draw = Reporters(gateway), random.Random(SEED)
    while not ended.wait(draw.expovariate(BACKGROUND)):
        people.post(f"+7707{draw.randrange(10**7):07}")


def written(stack: Stack, topic: str, ids: set[str]) -> dict[str, float]:
    """When each report was first named in `topic` (epoch seconds by the record)."""
    consumer = KafkaConsumer(bootstrap_servers=stack.bootstrap_servers, enable_auto_commit=False)
    partitions = [TopicPartition(topic, number) for number in consumer.partitions_for_topic(topic) or ()]
    consumer.assign(partitions)
    consumer.seek_to_beginning(*partitions)
    ends = consumer.end_offsets(partitions)
    found: dict[str, float] = {}
    while any(consumer.position(partition) < ends[partition] for partition in partitions):
        for batch in consumer.poll(timeout_ms=1000).values():
            for record in batch:
                content = json.loads(record.value or b"[]")
                for item in content if isinstance(content, list) else [content]:
                    named = item.get("report_id") or item.get("newest") or item.get("decided_by")
                    if named in ids:
                        found[named] = min(found.get(named, record.timestamp / 1000), record.timestamp / 1000)
    consumer.close()
    return found


def main() -> None:
    """Measure, print and write the table."""
    draw, hook = random.Random(SEED), Hook()
    numbers = [f"+7705{n:07}" for n in draw.sample(range(10**7), WAVES)]
    decided: dict[str, tuple[str, float]] = {}
    with pipeline(hook) as (stack, gateway):
        people = Reporters(gateway)
        for number in numbers:
            for people_before in range(1, 5):
                people.post(number, timedelta(minutes=5 * people_before))
        time.sleep(SETTLE)
        early = [number for number in numbers if hook.first(number)]
        ended = threading.Event()
        others = threading.Thread(target=background, args=(gateway, ended))
        others.start()
        for number in numbers:
            time.sleep(draw.expovariate(1 / PAUSE))
            decided[number] = people.post(number)
        deadline = time.time() + PATIENCE
        while time.time() < deadline and not all(hook.first(number) for number in numbers):
            time.sleep(0.1)
        ended.set()
        others.join()
        ids = {report for report, _ in decided.values()}
        steps = [written(stack, topic, ids) for topic in (SIGNALS, CANDIDATES, ALERTS)]
    told = {number: at for number in numbers if number not in early and (at := hook.first(number)) is not None}
    rows = []
    for number, at in told.items():
        report, answered = decided[number]
        moments = [answered, *(step.get(report, float("nan")) for step in steps), at]
        rows.append([*np.diff(moments), at - answered])
    times = np.array(rows)
    names = (
        "202 → refine wrote its signals",
        "detect wrote a candidate",
        "waves wrote the alert",
        "notify told",
        "whole",
    )
    table = [
        [name, f"{np.nanmedian(column):.2f}", f"{np.nanquantile(column, 0.99):.2f}", f"{np.nanmax(column):.2f}"]
        for name, column in zip(names, times.T, strict=True)
    ]
    by_report = sum(report in steps[2] for report, _ in decided.values())
    content = markdown(["from one to the next", "median, s", "99th percentile, s", "longest, s"], table)
    content += (
        f"\n\n{len(told)} of {WAVES} waves told after their fifth reporter, {len(early)} before; "
        f"{by_report} alerts name that report as the one that decided.  {BACKGROUND:.0f} other reports a second came "
        "in meanwhile; client, gateway, Kafka, Elasticsearch and seven workers shared two cores."
    )
    Console().print(content)
    write("latency", content)


if __name__ == "__main__":
    main()
