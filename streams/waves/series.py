"""What is remembered of one series: distinct reporters by hour and by day, and the newest reports as evidence.

A channel's series counts reports instead, as every other one is compared with them; but anonymous ones are one person,
and who made the others is counted too, so that a flood of a few people can be told from a country that reports more.

A `Series` is a set, not a counter: adding the same signals again, in any order, changes nothing, so a replayed batch is
harmless.  It is bounded: an hour and a day each keep the smallest reporter hashes, up to `sketch_size` (a bottom-k
sketch: exact below k, a standard error of 1/sqrt(k - 2) above; Cohen & Kaplan, PODC 2007), the evidence the
`MAX_EVIDENCE` newest reports.  `HOURS_KEPT` and `DAYS_KEPT` say for how long; a series that nobody reported for
`DAYS_KEPT` days is worth nothing (`expired`).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from functools import cached_property, lru_cache
from hashlib import blake2b
from itertools import accumulate
from typing import Final

from msgspec import Struct

from schemas.events import Channel, Outcome, Signal, Stance

HOUR: Final = 3600
DAY: Final = 24 * HOUR
#: Kazakhstan has had one time zone since 1 March 2024 (UTC+5); days are counted in it.
UTC_OFFSET: Final = 5 * HOUR

#: The hours of the longest hourly window, and the one that has only begun.
HOURS_KEPT: Final = 25
#: The longest window (7 days and a gap of 3), the 28 days of baseline before it, and the day that has only begun.
DAYS_KEPT: Final = 39
#: Reporters that an hour or a day of a series keeps: an error of 9 % above, and of 4 % for a channel's reports, which
#: every other series is compared with.
SKETCH: Final = 128
CHANNEL_SKETCH: Final = 512
MAX_EVIDENCE: Final = 64
MAX_EXCERPT: Final = 160

_HASH_BYTES: Final = 6


class Evidence(Struct, frozen=True, array_like=True):
    """One report of a series, as an alert shows it.  `happened` and `received` are in epoch seconds."""

    happened: int
    report_id: str
    channel: str
    region: str | None
    schemes: tuple[str, ...]
    victim: bool
    loss_kzt: int
    group: str | None
    excerpt: str
    medium: str = ""
    outcome: str = ""
    received: int = 0


class Bucket(Struct, array_like=True):
    """Reporters of one hour or day: sorted hashes of 48 bits, of each sort the smallest `sketch_size`.

    Of a channel, `identified` and `imported` are reports; `people`, the smallest `SKETCH`, are those who made them.
    """

    identified: list[int] = []
    anonymous: list[int] = []
    imported: list[int] = []
    people: list[int] = []


class Head(Struct, array_like=True):
    """The first fields of a `Series`, which can be read from its encoding without the rest."""

    key: str
    clock: int = 0


class Series(Head, array_like=True, dict=True):
    """State of one series.  `clock`: newest `received_at` seen (epoch seconds); `hours`, `days`: number -> reporters.

    An hour's number is the epoch hour, a day's the local date counted from 1970-01-01.  `received`: the same by hour
    of `received_at`, for a channel only, whose silence it tells: every report there, of whomever.
    """

    hours: dict[int, Bucket] = {}
    days: dict[int, Bucket] = {}
    evidence: list[Evidence] = []
    received: dict[int, Bucket] = {}

    @cached_property
    def until(self) -> list[float]:
        """Reporters of all kept days before each kept day, the oldest first, up to the day of the clock.

        Kept in mind, as only what is late changes it within a day (`add` forgets it then).
        """
        size, today = sketch_size(self.key), day_of(self.clock)
        kept = [self.days.get(day) for day in range(today - DAYS_KEPT + 1, today)]
        return [0, *accumulate([0 if bucket is None else reporters_in(bucket, size) for bucket in kept])]


class Union:
    """Distinct reporters of several buckets together."""

    def __init__(self, size: int) -> None:
        """`size`: the sketch size of the buckets."""
        self._size = size
        self._hashes: set[int] = set()
        self._limit: int | None = None

    def add(self, hashes: list[int]) -> None:
        """Add the reporters of one bucket."""
        if len(hashes) >= self._size and (self._limit is None or hashes[-1] < self._limit):
            # It knows nothing above its largest hash: the union is complete only below the smallest of those.
            self._limit = hashes[-1]
            self._hashes = {value for value in self._hashes if value < self._limit}
        known = len(hashes) if self._limit is None else bisect_left(hashes, self._limit)
        self._hashes.update(hashes[:known])

    def count(self) -> float:
        """How many there are: exact while no bucket is full, then an estimate."""
        found = len(self._hashes)
        return found if self._limit is None else found * float(1 << 8 * _HASH_BYTES) / self._limit


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


@lru_cache(maxsize=4096)
def reporter_hash(reporter: str) -> int:
    """48 bits that stand for `reporter`."""
    return int.from_bytes(blake2b(reporter.encode(), digest_size=_HASH_BYTES).digest(), "big")


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
    today, late = day_of(series.clock), False
    for signal in signals:
        received = seconds(signal.received_at)
        series.clock = max(series.clock, received)
        if not counts(signal):
            continue
        same = signal.happened_at is signal.received_at
        happened = received if same else min(seconds(signal.happened_at), received)
        channel = size == CHANNEL_SKETCH
        sort = "imported" if signal.backfill else "anonymous" if signal.anonymous else "identified"
        person = reporter_hash(signal.reporter)
        # Anonymous reports weigh in the traffic as they do in a series, or a flood of them would hide its waves.
        counted_by = reporter_hash(signal.report_id) if channel and not signal.anonymous else person
        day, oldest_day = day_of(happened), day_of(series.clock) - DAYS_KEPT
        late = late or day != today
        _insert(series.days, day, sort, counted_by, size, oldest_day)
        if channel:
            _insert(series.days, day, "people", person, SKETCH, oldest_day)
        if not signal.backfill:
            hour, oldest = hour_of(happened), hour_of(series.clock) - HOURS_KEPT
            _insert(series.hours, hour, sort, counted_by, size, oldest)
            if channel:
                _insert(series.hours, hour, "people", person, SKETCH, oldest)
                _insert(series.received, hour_of(received), "identified", reporter_hash(signal.report_id), size, oldest)
            else:
                evidence.append(_evidence(signal, happened, received))
    if late or day_of(series.clock) != today:
        series.__dict__.pop("until", None)
    _forget(series)
    keep_newest(series.evidence, evidence, MAX_EVIDENCE)
    return series


def counted(hashes: list[int], size: int) -> float:
    """Distinct reporters that one sorted sketch of `size` stands for."""
    if len(hashes) < size:
        return len(hashes)
    return (size - 1) * float(1 << 8 * _HASH_BYTES) / hashes[-1]


def reporters_in(bucket: Bucket, size: int) -> float:
    """Distinct reporters of one hour or day, anonymous ones and imports included."""
    kept = len(bucket.identified) + len(bucket.anonymous) + len(bucket.imported)
    if kept < size:
        return kept
    return counted(bucket.identified, size) + counted(bucket.anonymous, size) + counted(bucket.imported, size)


def hands(evidence: Iterable[Evidence]) -> int:
    """How many hands some reports come from at least.

    Those that happened and came through one channel within one minute weigh as one, for that is what a hand with many
    accounts looks like.  Files tell times too coarsely for that: each of their reports is a hand.
    """
    return len(
        {
            item.report_id if item.channel == Channel.FILE else (item.channel, item.happened // 60, item.received // 60)
            for item in evidence
        }
    )


def keep_newest(kept: list[Evidence], evidence: Iterable[Evidence], most: int) -> list[Evidence]:
    """Add reports to the newest ones, each once and up to `most`, in their order; returns those that are new there."""
    known = {item.report_id for item in kept}
    added = []
    for item in evidence:
        if item.report_id not in known:
            known.add(item.report_id)
            place = bisect_left(kept, _newest_first(item), key=_newest_first)
            if place < most:
                kept.insert(place, item)
                added.append(item)
    del kept[most:]
    return added


def _newest_first(item: Evidence) -> tuple[int, str]:
    return -item.happened, item.report_id


def expired(series: Head, now: int) -> bool:
    """Whether nothing that `series` remembers can matter at `now` (epoch seconds) any more."""
    return series.clock < now - DAYS_KEPT * DAY


def _insert(buckets: dict[int, Bucket], number: int, sort: str, reporter: int, size: int, oldest: int) -> None:
    if number <= oldest:
        return
    bucket = buckets.get(number)
    if bucket is None:
        bucket = buckets[number] = Bucket()
    hashes: list[int] = getattr(bucket, sort)
    place = bisect_left(hashes, reporter)
    if place < size and (place == len(hashes) or hashes[place] != reporter):
        hashes.insert(place, reporter)
        del hashes[size:]


def _forget(series: Series) -> None:
    hour, day = hour_of(series.clock) - HOURS_KEPT, day_of(series.clock) - DAYS_KEPT
    for buckets, oldest in ((series.hours, hour), (series.received, hour), (series.days, day)):
        if buckets and min(buckets) <= oldest:
            for number in [number for number in buckets if number <= oldest]:
                del buckets[number]


def _evidence(signal: Signal, happened: int, received: int) -> Evidence:
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
        medium=str(signal.medium),
        outcome=str(signal.outcome),
        received=received,
    )
