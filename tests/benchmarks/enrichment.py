"""How long the whole enrichment of a report of about 300 characters takes, and tagging within it.

Run: python -m tests.benchmarks.enrichment

Measured as in `tests.benchmarks.understanding`: no text was met before, though most of its words were, and what is
printed is the median over reports, and the 95th percentile, of the fastest of several versions.  Its reports are
crammed with contacts and claims; how people write is told by the evaluation's texts, so both are measured.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from statistics import median, quantiles

import msgspec
from rich.console import Console
from rich.table import Table

from schemas.events import Channel, GivenContact, Report, report_id
from streams.understanding.clusters import sketch
from streams.understanding.enrich import enrich
from streams.understanding.schemes import tag
from streams.understanding.secrets import mask
from streams.understanding.text import fold
from tests.benchmarks.understanding import LENGTH, fastest
from tests.evaluation.scoring import read

_PHONE = re.compile(r"\+7[ \d]{10,14}")


@cache
def _stories() -> list[str]:
    """Texts of the evaluation, innocent ones too, two or more put together to a report's length."""
    texts = [case["text"] for case in read("tags-heldout")]
    return [" ".join(texts[i:] + texts[:i])[: LENGTH - 20] for i in range(len(texts))]


def as_people_write(report: str) -> str:
    """One of the stories for a crammed report, always the same whatever its digits are, with its phone number."""
    phone = _PHONE.search(report)
    story = _stories()[zlib.crc32(re.sub(r"\d", "", report).encode()) % len(_stories())]
    return f"{story} {phone[0] if phone else ''}"


def as_received(report: str) -> str:
    """A story as it comes from Kafka: masked by the gateway."""
    return mask(as_people_write(report)).text


_REPORT = Report(
    id=report_id("benchmark", "1"),
    source="benchmark",
    source_ref="1",
    channel=Channel.HOTLINE,
    received_at=datetime(2026, 1, 14, 9, 30, tzinfo=UTC),
    happened_at=datetime(2026, 1, 14, 9, 0, tzinfo=UTC),
    contacts=[GivenContact(value="8 705 111 22 33")],
    area_code="71541",
)


def enrich_text(text: str) -> object:
    """Enrichment of a hotline's report with this text and one given contact."""
    return enrich(msgspec.structs.replace(_REPORT, text=text))


def main() -> None:
    """Measure folding, tagging, the sketch for clusters, and enrichment as the agent calls it."""
    measured: list[tuple[str, Callable[[str], object]]] = [
        ("folding", fold),
        ("schemes and demands", tag),
        ("sketch for clusters", sketch),
        ("enrichment, whole", enrich_text),
    ]
    table = Table(title=f"Enriching a report of about {LENGTH} characters, one core: median (95 %), µs")
    table.add_column("part")
    table.add_column("as people write", justify="right")
    table.add_column("crammed", justify="right")
    for name, understand in measured:
        row = (fastest(understand, prepare) for prepare in (as_received, str))
        table.add_row(name, *(f"{median(taken):.0f} ({quantiles(taken, n=20)[-1]:.0f})" for taken in row))
    Console(width=100).print(table)


if __name__ == "__main__":
    main()
