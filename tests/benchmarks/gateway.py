"""Accepted reports a second: the gateway's two endpoints and ReportProducer, with a broker on the same machine.

Run: python -m tests.benchmarks.gateway

Every report has about 500 characters of text, two contacts, a reporter and a reference of its own.  A report counts
once it was answered with 202, that is once Kafka acknowledged it.  The client, a bare socket that sends prepared
requests, shares the cores with gateway and broker.  Each line is the best of several rounds.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import time
import uuid
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

from rich.console import Console
from rich.table import Table

from deploy.home import CHECKOUT
from producers import kafka
from producers.client import ReportProducer
from producers.intake import Origin, read_report
from producers.reporters import ReporterHasher
from schemas.events import Channel
from tests.gateway_process import Gateway, broker_running, gateway_running

ROUNDS = 5
BATCH = 500
TEXT = (
    "Позвонили с номера {number}, представились сотрудником банка, сказали, что на маму оформляют кредит, и попросили "
    "перевести все деньги на безопасный счёт. Мама продиктовала код {code} из СМС, потом перезвонил «следователь» и "
    "запретил кому-либо рассказывать. "
) * 2


def report() -> dict[str, Any]:
    """One report unlike any other."""
    random = uuid.uuid4()
    digits = str(random.int)
    return {
        "source_ref": f"bench-{random}",
        "medium": "call",
        "text": TEXT.format(number=f"8705{digits[:7]}", code=digits[7:11]),
        "contacts": [{"value": "1414"}, {"value": f"+7 705 {digits[:7]}"}],
        "reporter": f"+7701{digits[11:18]}",
    }


def request(gateway: Gateway, path: str, body: object) -> bytes:
    """A whole HTTP request."""
    content = json.dumps(body, ensure_ascii=False).encode()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {gateway.keys['mamlyut-desk']}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
    )
    return head.encode() + content


async def send(gateway: Gateway, requests: list[bytes]) -> list[float]:
    """Send requests one after the other over one connection; the seconds that each took."""
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
    seconds = []
    for prepared in requests:
        began = time.perf_counter()
        writer.write(prepared)
        head = await reader.readuntil(b"\r\n\r\n")
        if b" 202 " not in head.split(b"\r\n", 1)[0]:
            raise RuntimeError(f"refused: {head!r}")
        await reader.readexactly(int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0]))
        seconds.append(time.perf_counter() - began)
    writer.close()
    return seconds


async def measure(
    gateway: Gateway, path: str, make: Callable[[], object], connections: int, each: int
) -> tuple[float, float]:
    """(requests a second, median milliseconds of a request): best round."""
    best = (0.0, 0.0)
    for _ in range(ROUNDS):
        prepared = [[request(gateway, path, make()) for _ in range(each)] for _ in range(connections)]
        began = time.perf_counter()
        work: list[Awaitable[list[float]]] = [send(gateway, requests) for requests in prepared]
        seconds = [one for connection in await asyncio.gather(*work) for one in connection]
        rate = len(seconds) / (time.perf_counter() - began)
        best = max(best, (rate, statistics.median(seconds) * 1000))
    return best


def intake_microseconds() -> float:
    """Time of one core for one report, from its JSON to the record's bytes, without HTTP and Kafka."""
    origin, hasher = Origin(source="bench", channel=Channel.HOTLINE), ReporterHasher(b"k" * 32)
    now = datetime.now(UTC)
    best = float("inf")
    for _ in range(ROUNDS):
        bodies = [json.dumps(report(), ensure_ascii=False).encode() for _ in range(BATCH)]
        began = time.perf_counter()
        for body in bodies:
            kafka.record(read_report(body, origin, now, hasher).report)
        best = min(best, (time.perf_counter() - began) / BATCH)
    return best * 1e6


def producer_rate(bootstrap_servers: str) -> float:
    """Reports a second through ReportProducer.send_all, 5,000 at once."""
    best = 0.0
    with ReportProducer(bootstrap_servers, source="bench", channel="partner", reporter_key=b"k" * 32) as producer:
        for _ in range(ROUNDS):
            reports = [report() for _ in range(5000)]
            began = time.perf_counter()
            producer.send_all(reports)
            best = max(best, len(reports) / (time.perf_counter() - began))
    return best


def main() -> None:
    """Measure and print."""
    table = Table("way × connections", "reports/s", "median ms a request")
    table.add_row("core alone, without HTTP and Kafka", f"{1e6 / intake_microseconds():,.0f}", "")
    with broker_running(CHECKOUT / ".saqbol" / "cache") as broker, gateway_running(broker.bootstrap_servers) as gateway:
        gateway.wait_until_ready()
        for connections, each in ((1, 200), (16, 100), (64, 50)):
            rate, median = asyncio.run(measure(gateway, "/v1/reports", report, connections, each))
            table.add_row(f"POST /v1/reports × {connections}", f"{rate:,.0f}", f"{median:.1f}")
        for connections, each in ((1, 8), (4, 4)):
            rate, median = asyncio.run(
                measure(
                    gateway,
                    "/v1/reports/batch",
                    lambda: {"reports": [report() for _ in range(BATCH)]},
                    connections,
                    each,
                )
            )
            table.add_row(f"POST /v1/reports/batch × {connections}", f"{rate * BATCH:,.0f}", f"{median:.0f}")
        table.add_row("ReportProducer.send_all", f"{producer_rate(broker.bootstrap_servers):,.0f}", "")
    Console().print(table)


if __name__ == "__main__":
    main()
