"""How many reports a second go all the way, and what each part of the way costs.

Run: python -m tests.benchmarks.throughput

Kafka, Elasticsearch, the gateway and all workers as processes of their own.  Reports by many people, of many numbers
and places, are written to the book of record as fast as Kafka takes them; the clock runs until the last of them is
searchable, and until every stage has caught up.  The processor time of each process says where a faster machine, or a
second worker, would help.
"""

from __future__ import annotations

import os
import random
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from elasticsearch import Elasticsearch
from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition
from rich.console import Console

from deploy.stack.local import Stack
from producers import kafka
from schemas import topics
from schemas.events import Channel, GivenContact, Medium, Report, report_id
from schemas.indices import REPORTS
from schemas.reference import regions
from streams.settings import STAGES
from tests.benchmarks.latency import Hook, pipeline
from tests.benchmarks.understanding import reports as texts
from tests.benchmarks.waves.tables import markdown

COUNT: Final = 5_000
SEED: Final = 1414
#: Numbers that are reported, and hours over which it happened.
NUMBERS: Final = 2_000
HOURS: Final = 48
PATIENCE: Final = 120.0
#: The stages of the way by what they read and who writes it; those before come first.
WAY: Final = {
    "refine": (topics.REPORTS, None),
    "index": (topics.ENRICHED, "refine"),
    "patterns": (topics.UNEXPLAINED, "refine"),
    "reputation": (topics.SIGNALS, "refine"),
    "detect": (topics.SIGNALS, "refine"),
    "waves": (topics.CANDIDATES, "detect"),
}


def written(count: int) -> list[Report]:
    """Reports of as many people."""
    draw, now = random.Random(SEED), datetime.now(UTC)
    stories, places = [text for version in range(10) for text in texts(version)], sorted(regions())
    sources = {"telegram-bot": Channel.TELEGRAM, "mamlyut-desk": Channel.HOTLINE, "web-form": Channel.WEB}
    made = []
    for n in range(count):
        source, channel = draw.choice(list(sources.items()))
        made.append(
            Report(
                id=report_id(source, f"throughput-{n}"),
                channel=channel,
                source=source,
                source_ref=f"throughput-{n}",
                received_at=now,
                happened_at=now - timedelta(hours=draw.random() * HOURS),
                medium=Medium.CALL,
                text=draw.choice(stories),
                contacts=[GivenContact(value=f"+7705{draw.randrange(NUMBERS):07}")],
                region=draw.choice(places),
                reporter=f"{draw.getrandbits(128):032x}",
            )
        )
    return made


def publish(stack: Stack, reports: list[Report]) -> None:
    """Write them all, and return when Kafka has them."""
    producer = kafka.connect(stack.bootstrap_servers, "throughput")
    for future in [producer.send(topics.REPORTS, **kafka.record(report)) for report in reports]:
        future.get(timeout=60)
    kafka.close(producer)


def behind(admin: KafkaAdminClient, consumer: KafkaConsumer, stage: str, topic: str) -> int:
    """Messages of `topic` that a stage has not committed yet."""
    partitions = [TopicPartition(topic, number) for number in consumer.partitions_for_topic(topic) or ()]
    ends = consumer.end_offsets(partitions)
    group = f"saqbol-{stage}"
    offsets = admin.list_group_offsets({group: partitions})[group]
    return sum(ends[partition] - max(offsets[partition].offset, 0) for partition in partitions)


def processor_time(stack: Stack) -> dict[str, float]:
    """Seconds of processor time of every process of the way so far."""
    tick = os.sysconf("SC_CLK_TCK")
    found = {}
    for folder in Path("/proc").iterdir():
        try:
            words = (folder / "cmdline").read_bytes().decode().split("\0")
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except (OSError, UnicodeDecodeError):
            continue
        if fields and (name := _part(words, stack)):
            found[name] = (int(fields[11]) + int(fields[12])) / tick
    return found


def _part(words: list[str], stack: Stack) -> str | None:
    if words[:3] == [sys.executable, "-m", "streams.worker"]:
        return words[3]
    if any(str(stack.home) in word for word in words) and "java" in words[0]:
        return "Kafka" if "kafka.Kafka" in words else "Elasticsearch"
    return None


def main() -> None:
    """Measure and print."""
    reports = written(COUNT)
    with pipeline(Hook()) as (stack, _):
        client = Elasticsearch(stack.elasticsearch_url)
        admin = kafka.connect_admin(stack.bootstrap_servers, "throughput")
        consumer = kafka.connect_consumer(stack.bootstrap_servers, "throughput")
        before, began = processor_time(stack), time.monotonic()
        publish(stack, reports)
        moments = {"Kafka has them": time.monotonic() - began}
        waiting = dict(WAY)
        while (waiting or "searchable" not in moments) and time.monotonic() - began < PATIENCE:
            time.sleep(0.5)
            now = time.monotonic() - began
            if "searchable" not in moments and client.count(index=REPORTS)["count"] >= COUNT:
                moments["searchable"] = now
            for stage, (topic, upstream) in list(waiting.items()):
                if upstream not in waiting and behind(admin, consumer, stage, topic) == 0:
                    moments[f"{stage} has caught up"] = now
                    del waiting[stage]
        spent = _spent(before, processor_time(stack))
        consumer.close()
        admin.close()
        client.close()
    rows = [[name, f"{at:.1f}", f"{COUNT / at:,.0f}"] for name, at in moments.items()]
    print_tables(rows, spent)


def _spent(before: Mapping[str, float], after: Mapping[str, float]) -> dict[str, float]:
    return {name: after[name] - before.get(name, 0.0) for name in (*STAGES, "Kafka", "Elasticsearch") if name in after}


def print_tables(rows: list[list[str]], spent: Mapping[str, float]) -> None:
    """What was reached when, and what it cost."""
    console = Console()
    console.print(markdown([f"{COUNT:,} reports", "after, s", "reports a second"], rows))
    cost = [[name, f"{seconds:.1f}", f"{seconds / COUNT * 1e3:.2f}"] for name, seconds in spent.items()]
    console.print(markdown(["process", "processor time, s", "ms a report"], cost))


if __name__ == "__main__":
    main()
