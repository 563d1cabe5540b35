"""What one report says about each key of state: the numbers it accuses, and the series it counts in.  Pure."""

from __future__ import annotations

import zlib
from collections import defaultdict
from collections.abc import Iterable
from typing import Final

from schemas.documents import counted_as
from schemas.events import ContactRole, EnrichedReport, Signal, Stance
from schemas.reference import official_entry, official_numbers

#: Characters of the masked text that travel with a signal, as an excerpt for the person on call.
MAX_EXCERPT: Final = 160
NO_SCHEME: Final = "unknown"
#: Prefixes of the keys under which a number's record is kept: an accused number, and an official one.
NUMBER: Final = "number:"
IMPERSONATED: Final = "impersonated:"
#: Prefix of the series of reports that no scheme explains and that are worded alike.
PATTERN: Final = "pattern:"

#: Fields of a report's document that the parts of a series' key name, by the key's family.
_FIELDS: Final = {
    "number": ("number",),
    "official": ("number", "schemes"),
    "scheme": ("schemes",),
    "scheme-region": ("schemes", "region"),
    "region": ("region",),
    "pattern": ("pattern",),
    "channel": ("source",),
    "urgent": ("id",),
}


def signals_of(enriched: EnrichedReport) -> list[Signal]:
    """The signals of one report; none for a heartbeat.

    Every report says that its channel speaks; a warning says no more, a question asks about its numbers.
    A report that accuses an official number feeds that number's record (as impersonated) and one series, official
    number × scheme, so that an impersonation wave is one wave; every site of the state is `gov.kz` there.  Any other
    report feeds its numbers, its schemes, its region and its pattern.
    """
    report = enriched.report
    if report.synthetic:
        return []
    channel = f"channel:{report.source}"
    if enriched.stance is Stance.WARNING:
        return [_signal(enriched, channel)]
    accused = (c.value for c in enriched.contacts if c.role is ContactRole.SUSPECT and c.value)
    suspects = list(dict.fromkeys(entry.value if (entry := official_entry(v)) else v for v in accused))
    keys = [channel, *(_number_key(value) for value in suspects)]
    if enriched.stance is Stance.REPORT:
        keys += _series(enriched, suspects)
    return [_signal(enriched, key) for key in keys]


def _series(enriched: EnrichedReport, suspects: list[str]) -> list[str]:
    codes = [tag.code for tag in sorted(enriched.schemes, key=lambda tag: (-tag.confidence, tag.code))]
    impersonated = [value for value in suspects if value in official_numbers()]
    if impersonated:
        scheme = codes[0] if codes else NO_SCHEME
        return [f"official:{value}|{scheme}" for value in impersonated]
    keys = [f"scheme:{code}" for code in codes]
    if enriched.region:
        keys.append(f"region:{enriched.region}")
        keys += [f"scheme-region:{code}|{enriched.region}" for code in codes]
    if enriched.pattern:
        keys.append(f"{PATTERN}{enriched.pattern}")
    return keys


def report_fields(key: str) -> dict[str, str]:
    """How the reports of a series are found: value by field of `saqbol-reports`; none for a campaign of many series."""
    family, _, value = key.partition(":")
    named = zip(_FIELDS.get(family, ()), value.split("|"), strict=False)
    return {field: part for field, part in named if part != NO_SCHEME}


def _signal(enriched: EnrichedReport, key: str) -> Signal:
    report = enriched.report
    return Signal(
        key=key,
        report_id=report.id,
        reporter=counted_as(report),
        anonymous=report.reporter is None,
        happened_at=report.happened_at,
        received_at=report.received_at,
        source=report.source,
        channel=report.channel,
        medium=report.medium,
        stance=enriched.stance,
        outcome=report.outcome,
        region=enriched.region,
        district=enriched.district,
        schemes=[tag.code for tag in enriched.schemes],
        demands=[tag.code for tag in enriched.demands],
        loss_kzt=report.loss_kzt,
        affected_group=report.affected_group,
        urgent=report.urgent,
        backfill=report.backfill,
        excerpt=shorten(report.text, MAX_EXCERPT),
    )


def shorten(text: str, limit: int) -> str:
    """`text` on one line, cut after a word to at most `limit` characters, then with an ellipsis."""
    line = " ".join(text.split())
    if len(line) <= limit:
        return line
    whole_words = line[:limit].rpartition(" ")[0]
    return (whole_words or line[: limit - 1]).rstrip(" ,;:–—-") + "…"


def by_partition(signals: Iterable[Signal], partitions: int) -> dict[int, list[Signal]]:
    """Signals grouped by the partition that owns their key (CRC-32 of the key modulo the number of partitions)."""
    groups: dict[int, list[Signal]] = defaultdict(list)
    for signal in signals:
        groups[partition_of(signal.key, partitions)].append(signal)
    return dict(groups)


def owner_of(number: str, partitions: int) -> int:
    """The partition that owns what is known of a number."""
    return partition_of(_number_key(number), partitions)


def _number_key(number: str) -> str:
    return f"{IMPERSONATED if number in official_numbers() else NUMBER}{number}"


def partition_of(key: str, partitions: int) -> int:
    """The partition that owns the state of a key."""
    return zlib.crc32(key.encode()) % partitions
