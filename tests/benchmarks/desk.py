"""How long an operator waits for an answer: look-ups of the desk with 100,000 numbers and 20,000 reports known.

Run: python -m tests.benchmarks.desk

Real Elasticsearch, Kafka and desk on this machine; every look-up is a request over HTTP of a consultation of its own,
as the page sends it: the number is looked up, similar reports are searched, the look-up is put into the audit log, and
the answer is a finished piece of page.  One after the other, as one operator types.
"""

from __future__ import annotations

import itertools
import statistics
import tempfile
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any, Final

from elasticsearch import Elasticsearch
from elasticsearch.helpers import parallel_bulk
from msgspec import structs
from rich.console import Console
from rich.table import Table

from deploy.demo.story import compose
from deploy.home import CHECKOUT
from deploy.provision import provision
from deploy.stack.local import ANY_PORTS, Stack, running
from producers.intake import Origin, to_report
from schemas.documents import number_document, report_document
from schemas.events import Channel, ReportSubmission
from streams.reputation import Facts, add_signals, assess
from streams.understanding.enrich import enrich
from streams.wording import LOCALES, number_reasons
from tests.builders import a_signal
from tests.desk_process import Desk, desk_running
from tests.gateway_process import gateway_running

NUMBERS: Final = 100_000
#: Stories of the demonstration that are understood, and how often each is indexed.
STORIES: Final = 2_000
COPIES: Final = 10
#: Look-ups of each kind that are measured, after some that warm everything up.
LOOK_UPS: Final = 300
WARM: Final = 50
SEED: Final = 1414


def number(index: int) -> str:
    """The index-th number that is known."""
    return f"+7705{index:07d}"


def numbers(now: datetime) -> Iterator[dict[str, Any]]:
    """Index actions of all numbers, reported by one to eight people each."""
    kinds = []
    for count in range(1, 9):
        signals = [
            a_signal(reporter=f"{n:032x}", happened_at=now - timedelta(hours=n), schemes=["bank-security"])
            for n in range(count)
        ]
        said = assess(add_signals(Facts(), signals), now, official=False)
        kinds.append((said, {str(locale): number_reasons(number(0), said, locale) for locale in LOCALES}))
    for index in range(NUMBERS):
        said, reasons = kinds[index % len(kinds)]
        document = number_document(number(index), said, now, reasons)
        yield {"_index": document.index, "_id": document.id, "_source": document.body}


def reports(texts: list[ReportSubmission], now: datetime) -> Iterator[dict[str, Any]]:
    """Index actions of reports, spread over the last three months."""
    origin = Origin(source="bench", channel=Channel.HOTLINE, region="KZ-59")
    understood = [enrich(to_report(structs.replace(told, reporter=None), origin, now, None).report) for told in texts]
    for copy, enriched in itertools.product(range(COPIES), understood):
        report = structs.replace(
            enriched.report, id=str(uuid.uuid4()), received_at=now - timedelta(days=copy * 9, seconds=copy)
        )
        document = report_document(structs.replace(enriched, report=report))
        yield {"_index": document.index, "_id": document.id, "_source": document.body}


def fill(client: Elasticsearch, actions: Iterable[dict[str, Any]]) -> int:
    """Write documents; how many."""
    written = sum(1 for _ in parallel_bulk(client, actions, thread_count=2, chunk_size=2_000))
    client.indices.refresh(index="saqbol-*")
    return written


def look_ups(desk: Desk, said: Callable[[int], str]) -> list[float]:
    """Milliseconds of look-ups one after the other, each of a consultation of its own."""
    taken = []
    headers = {"Accept": "application/json, text/html"}
    with closing(desk.logged_in()) as client:
        for index in range(WARM + LOOK_UPS):
            draft = {"id": str(uuid.uuid4()), "at": datetime.now(UTC).isoformat(), "said": said(index)}
            began = time.perf_counter()
            reply = client.post("/consultation/look-up", json=draft, headers=headers)
            taken.append((time.perf_counter() - began) * 1000)
            if reply.status_code != 200 or "verdict" not in reply.text:
                raise RuntimeError(f"no answer: {reply.status_code} {reply.text}")
    return taken[WARM:]


def main() -> None:
    """Fill the indices, ask, and print the table."""
    random = Random(SEED)
    now = datetime.now(UTC)
    texts = [item.submission for item in compose(SEED, now, "bench").items if item.submission.text][:STORIES]
    kinds: dict[str, Callable[[int], str]] = {
        "a known number": lambda _: number(random.randrange(NUMBERS)),
        "an unknown number": lambda _: f"+7701{random.randrange(10**7):07d}",
        "a story": lambda index: texts[index % len(texts)].text,
        "a story and a known number": lambda index: f"{number(index)}\n{texts[-index % len(texts)].text}",
    }
    table = Table("what is typed", "median, ms", "95 %, ms", "slowest, ms", title="Look-ups at the desk")
    with tempfile.TemporaryDirectory(prefix="saqbol-bench-") as folder:
        home = Path(folder)
        home.chmod(0o755)
        with running(Stack(home, cache=CHECKOUT / ".saqbol" / "cache", ports=ANY_PORTS), lambda _: None) as stack:
            provision(stack.bootstrap_servers, stack.elasticsearch_url)
            with Elasticsearch(stack.elasticsearch_url, request_timeout=120) as client:
                known, told = fill(client, numbers(now)), fill(client, reports(texts, now))
            with gateway_running(stack.bootstrap_servers) as gateway, desk_running(stack, gateway) as desk:
                for name, said in kinds.items():
                    taken = sorted(look_ups(desk, said))
                    slow = taken[int(len(taken) * 0.95)]
                    table.add_row(name, f"{statistics.median(taken):.1f}", f"{slow:.1f}", f"{taken[-1]:.1f}")
    table.caption = f"{known:,} numbers and {told:,} reports known; {LOOK_UPS} look-ups of each kind"
    Console().print(table)


if __name__ == "__main__":
    main()
