"""What is remembered of one series: distinct reporters by hour and by day, and the newest reports as evidence.

A `Series` is a set, not a counter: adding the same signals again, in any order, changes nothing, so a replayed batch is
harmless.  It is bounded: an hour keeps the `HOUR_SKETCH` smallest reporter hashes, a day the `DAY_SKETCH` smallest (a
bottom-k sketch: exact below k, a standard error of 1/sqrt(k-2) above; Cohen & Kaplan, PODC 2007), the evidence the
`MAX_EVIDENCE` newest reports.  `HOURS_KEPT` and `DAYS_KEPT` say for how long.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from hashlib import blake2b
from typing import Final

from msgspec import Struct

from schemas.events import Outcome, Signal, Stance

HOUR: Final = 3600
DAY: Final = 24 * HOUR
#: Kazakhstan has had one time zone since 1 March 2024 (UTC+5); days are counted in it.
UTC_OFFSET: Final = 5 * HOUR

#: The hours of the longest hourly window, and the one that has only begun.
HOURS_KEPT: Final = 25
#: The longest window (7 days), the 28 days of baseline before it, and the day that has only begun.
DAYS_KEPT: Final = 36
HOUR_SKETCH: Final = 128
DAY_SKETCH: Final = 64
MAX_EVIDENCE: Final = 64
MAX_EXCERPT: Final = 160

_HASH_BITS: Final = 48
_ANONYMOUS: Final = 1
_BACKFILL: Final = 2
_FLAGS: Final = 2


class Evidence(Struct, frozen=True, array_like=True):
    """One report of a series, as an alert shows it.  `happened` is in epoch seconds, `reporter` a flagged hash."""

    happened: int
    report_id: str
    reporter: int
    channel: str
    region: str | None
    schemes: tuple[str, ...]
    victim: bool
    loss_kzt: int
    group: str | None
    excerpt: str


class Series(Struct, array_like=True):
    """State of one series.  `clock`: newest `received_at` seen; `hours`, `days`: bucket number -> reporters.

    Reporters are flagged hashes, in sorted lists.  An hour's number is the epoch hour, a day's the local date counted from
    1970-01-01.
    """

    key: str
    clock: int = 0
    hours: dict[int, list[int]] = {}
    days: dict[int, list[int]] = {}
    evidence: list[Evidence] = []


def hour_of(epoch: int) -> int:
    """Number of the hour bucket of `epoch` (seconds)."""
    return epoch // HOUR


def day_of(epoch: int) -> int:
    """Number of the local day of `epoch` (seconds)."""
    return (epoch + UTC_OFFSET) // DAY


def seconds(moment: datetime) -> int:
    """Epoch seconds of an aware `moment`, rounded down."""
    return int(moment.timestamp() // 1)


def reporter_hash(reporter: str, *, anonymous: bool, backfill: bool = False) -> int:
    """48 bits that stand for `reporter`, and two flags below them, so that sketches order by hash first."""
    digest = int.from_bytes(blake2b(reporter.encode(), digest_size=_HASH_BITS // 8).digest(), "big")
    return digest << _FLAGS | (_BACKFILL if backfill else 0) | (_ANONYMOUS if anonymous else 0)


def counts(signal: Signal) -> bool:
    """Whether `signal` counts: only what happened to somebody does, not a story passed on, not a question."""
    return signal.stance is Stance.REPORT


def add(series: Series | None, signals: Sequence[Signal]) -> Series:
    """`series` with `signals` of its key added (a new one for None).  Changes nothing when they were added before.

    `happened_at` after `received_at` counts as `received_at`.  What happened before the kept days is ignored.
    """
    if series is None:
        series = Series(key=signals[0].key)
    evidence: list[Evidence] = []
    for signal in signals:
        received = seconds(signal.received_at)
        series.clock = max(series.clock, received)
        if not counts(signal):
            continue
        happened = min(seconds(signal.happened_at), received)
        reporter = reporter_hash(signal.reporter, anonymous=signal.anonymous, backfill=signal.backfill)
        _insert(series.days, day_of(happened), reporter, DAY_SKETCH, day_of(series.clock) - DAYS_KEPT)
        if not signal.backfill:
            _insert(series.hours, hour_of(happened), reporter, HOUR_SKETCH, hour_of(series.clock) - HOURS_KEPT)
            evidence.append(_evidence(signal, happened, reporter))
    _forget(series)
    _keep_newest(series, evidence)
    return series


def distinct(buckets: Iterable[list[int]], size: int) -> tuple[float, float]:
    """Distinct reporters in the union of `buckets` (sketches of `size`), imports left out: (identified, anonymous)."""
    kept = [bucket for bucket in buckets if bucket]
    union = kept[0] if len(kept) == 1 else sorted(set().union(*kept))
    # A full sketch knows nothing above its largest hash: the union is complete only below the smallest of those.
    full = [bucket[-1] for bucket in kept if len(bucket) >= size]
    scale = 1.0
    if full:
        limit = min(full)
        union = [value for value in union if value < limit]
        scale = float(1 << _HASH_BITS) / (limit >> _FLAGS)
    live = [value for value in union if not value & _BACKFILL]
    anonymous = sum(value & _ANONYMOUS for value in live)
    return (len(live) - anonymous) * scale, anonymous * scale


def _insert(buckets: dict[int, list[int]], number: int, reporter: int, size: int, oldest: int) -> None:
    if number <= oldest:
        return
    bucket = buckets.setdefault(number, [])
    if reporter in bucket or (len(bucket) >= size and reporter > bucket[-1]):
        return
    bucket.append(reporter)
    bucket.sort()
    del bucket[size:]


def _forget(series: Series) -> None:
    hour, day = hour_of(series.clock) - HOURS_KEPT, day_of(series.clock) - DAYS_KEPT
    for number in [number for number in series.hours if number <= hour]:
        del series.hours[number]
    for number in [number for number in series.days if number <= day]:
        del series.days[number]


def _keep_newest(series: Series, evidence: list[Evidence]) -> None:
    known = {item.report_id for item in series.evidence}
    new = [item for item in evidence if item.report_id not in known]
    if new:
        series.evidence = sorted([*series.evidence, *new], key=lambda item: (-item.happened, item.report_id))
        del series.evidence[MAX_EVIDENCE:]


def _evidence(signal: Signal, happened: int, reporter: int) -> Evidence:
    return Evidence(
        happened=happened,
        report_id=signal.report_id,
        reporter=reporter,
        channel=str(signal.channel),
        region=signal.region,
        schemes=tuple(signal.schemes),
        victim=signal.outcome is Outcome.VICTIM,
        loss_kzt=signal.loss_kzt or 0,
        group=None if signal.affected_group is None else str(signal.affected_group),
        excerpt=signal.excerpt[:MAX_EXCERPT],
    )
