"""What is remembered of one series: distinct reporters by hour and by day, and the newest reports as evidence.

A `Series` is a set, not a counter: adding the same signals again, in any order, changes nothing, so a replayed batch is
harmless.  It is bounded: an hour and a day each keep the smallest reporter hashes, up to `sketch_size` (a bottom-k
sketch: exact below k, a standard error of 1/sqrt(k - 2) above; Cohen & Kaplan, PODC 2007), the evidence the
`MAX_EVIDENCE` newest reports.  `HOURS_KEPT` and `DAYS_KEPT` say for how long; a series that nobody reported for
`DAYS_KEPT` days is worth nothing (`expired`).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from datetime import UTC, datetime
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
#: Reporters that an hour or a day of a series keeps: an error of 9 % above, and of 4 % for a channel's reports, which
#: every other series is compared with.
SKETCH: Final = 128
CHANNEL_SKETCH: Final = 512
MAX_EVIDENCE: Final = 64
MAX_EXCERPT: Final = 160

_HASH_BITS: Final = 48
_ANONYMOUS: Final = 1
_BACKFILL: Final = 2
_FLAGS: Final = 2


class Evidence(Struct, frozen=True, array_like=True):
    """One report of a series, as an alert shows it.  `happened` is in epoch seconds."""

    happened: int
    report_id: str
    channel: str
    region: str | None
    schemes: tuple[str, ...]
    victim: bool
    loss_kzt: int
    group: str | None
    excerpt: str


class Series(Struct, array_like=True):
    """State of one series.  `clock`: newest `received_at` seen; `hours`, `days`: bucket number -> reporters.

    Reporters are flagged hashes, in sorted lists.  An hour's number is the epoch hour, a day's the local date counted
    from 1970-01-01.  `received`: the same by hour of `received_at`, for a channel only, whose silence it tells.
    """

    key: str
    clock: int = 0
    hours: dict[int, list[int]] = {}
    days: dict[int, list[int]] = {}
    evidence: list[Evidence] = []
    received: dict[int, list[int]] = {}


def hour_of(epoch: int) -> int:
    """Number of the hour bucket of `epoch` (seconds)."""
    return epoch // HOUR


def day_of(epoch: int) -> int:
    """Number of the local day of `epoch` (seconds)."""
    return (epoch + UTC_OFFSET) // DAY


def start_of(day: int) -> int:
    """Epoch seconds at which the local day with this number begins."""
    return day * DAY - UTC_OFFSET


def seconds(moment: datetime) -> int:
    """Whole epoch seconds of an aware `moment`."""
    return int(moment.timestamp())


def moment(epoch: int) -> datetime:
    """Epoch seconds as an aware datetime."""
    return datetime.fromtimestamp(epoch, UTC)


def family_of(key: str) -> str:
    """Family of a series key `family:value`."""
    return key.partition(":")[0]


def sketch_size(key: str) -> int:
    """Reporters that an hour or a day of the series keeps."""
    return CHANNEL_SKETCH if family_of(key) == "channel" else SKETCH


def reporter_hash(reporter: str, *, anonymous: bool, backfill: bool = False) -> int:
    """48 bits that stand for `reporter`, and two flags below them, so that sketches order by hash first."""
    digest = int.from_bytes(blake2b(reporter.encode(), digest_size=_HASH_BITS // 8).digest(), "big")
    return digest << _FLAGS | (_BACKFILL if backfill else 0) | (_ANONYMOUS if anonymous else 0)


def counts(signal: Signal) -> bool:
    """Whether `signal` counts: for a channel's traffic everything does, else only what happened to somebody."""
    return signal.stance is Stance.REPORT or family_of(signal.key) == "channel"


def add(series: Series | None, signals: Sequence[Signal]) -> Series:
    """`series` with `signals` of its key added (a new one for None).  Changes nothing when they were added before.

    `happened_at` after `received_at` counts as `received_at`.  What happened before the kept days is ignored.
    """
    if series is None:
        series = Series(key=signals[0].key)
    size = sketch_size(series.key)
    evidence: list[Evidence] = []
    for signal in signals:
        received = seconds(signal.received_at)
        series.clock = max(series.clock, received)
        if not counts(signal):
            continue
        happened = min(seconds(signal.happened_at), received)
        # What a channel brings is reports, of whomever.
        who = signal.report_id if size == CHANNEL_SKETCH else signal.reporter
        reporter = reporter_hash(who, anonymous=signal.anonymous, backfill=signal.backfill)
        _insert(series.days, day_of(happened), reporter, size, day_of(series.clock) - DAYS_KEPT)
        if not signal.backfill:
            oldest = hour_of(series.clock) - HOURS_KEPT
            _insert(series.hours, hour_of(happened), reporter, size, oldest)
            if size == CHANNEL_SKETCH:
                _insert(series.received, hour_of(received), reporter, size, oldest)
            else:
                evidence.append(_evidence(signal, happened))
    _forget(series)
    _keep_newest(series, evidence)
    return series


def union(buckets: list[list[int]], size: int) -> tuple[list[int], int | None]:
    """Reporters of several sketches of `size`, and the hash below which that is complete (None: everywhere).

    A full sketch knows nothing above its largest hash, so the union is complete below the smallest of those.
    """
    limit = min((bucket[-1] for bucket in buckets if len(bucket) >= size), default=None)
    return (buckets[0] if len(buckets) == 1 else sorted(set().union(*buckets))), limit


def estimate(reporters: list[int], limit: int | None, *, imports: bool = False) -> tuple[float, float]:
    """Distinct reporters that a `union` stands for: (identified, anonymous).  Imports count only with `imports`."""
    scale = 1.0
    if limit is not None:
        reporters = reporters[: bisect_left(reporters, limit)]
        scale = float(1 << _HASH_BITS) / (limit >> _FLAGS)
    if not imports:
        reporters = [value for value in reporters if not value & _BACKFILL]
    anonymous = sum(value & _ANONYMOUS for value in reporters)
    return (len(reporters) - anonymous) * scale, anonymous * scale


def reporters_in(bucket: list[int], key: str) -> float:
    """Distinct reporters of one hour or day of the series `key`, anonymous ones and imports included."""
    return sum(estimate(*union([bucket], sketch_size(key)), imports=True))


def expired(series: Series, now: int) -> bool:
    """Whether nothing that `series` remembers can matter at `now` (epoch seconds) any more."""
    return series.clock < now - DAYS_KEPT * DAY


def _insert(buckets: dict[int, list[int]], number: int, reporter: int, size: int, oldest: int) -> None:
    if number <= oldest:
        return
    bucket = buckets.setdefault(number, [])
    place = bisect_left(bucket, reporter)
    if place < size and (place == len(bucket) or bucket[place] != reporter):
        bucket.insert(place, reporter)
        del bucket[size:]


def _forget(series: Series) -> None:
    hour, day = hour_of(series.clock) - HOURS_KEPT, day_of(series.clock) - DAYS_KEPT
    for buckets, oldest in ((series.hours, hour), (series.received, hour), (series.days, day)):
        for number in [number for number in buckets if number <= oldest]:
            del buckets[number]


def _keep_newest(series: Series, evidence: list[Evidence]) -> None:
    known = {item.report_id for item in series.evidence}
    new = [item for item in evidence if item.report_id not in known]
    if new:
        series.evidence = sorted([*series.evidence, *new], key=lambda item: (-item.happened, item.report_id))
        del series.evidence[MAX_EVIDENCE:]


def _evidence(signal: Signal, happened: int) -> Evidence:
    return Evidence(
        happened=happened,
        report_id=signal.report_id,
        channel=str(signal.channel),
        region=signal.region,
        schemes=tuple(signal.schemes),
        victim=signal.outcome is Outcome.VICTIM,
        loss_kzt=signal.loss_kzt or 0,
        group=None if signal.affected_group is None else str(signal.affected_group),
        excerpt=signal.excerpt[:MAX_EXCERPT],
    )
