"""How much was reported at all: what makes missing hours and days gaps instead of calm, and growth no wave.

A series is compared with the rest of the traffic: *exposure* is how much of it a stretch of time had, without the
series itself, in average days of the reference volume.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property, lru_cache
from math import sqrt
from statistics import median
from typing import Final

from msgspec import Struct

from streams.waves.calendar import Calendar
from streams.waves.series import DAY, DAYS_KEPT, HOUR, UTC_OFFSET, day_of, hour_of

#: Reports that the calendar's word is worth: where fewer are expected, the calendar decides, where more, the traffic.
CALENDAR_WEIGHT: Final = 20.0
BASELINE_DAYS: Final = 28
#: Hours that a channel's traffic is kept for: the longest window.
HOURS_KEPT: Final = 7 * 24 + 1


class Volume(Struct, frozen=True, array_like=True):
    """What one batch changed: reports of a channel by epoch hour and local day of the event, and by hour of receipt."""

    source: str
    hours: dict[int, int]
    days: dict[int, int]
    received: dict[int, int] = {}


class Channel(Struct, array_like=True):
    """Reports of one channel in the kept hours and days, as in `Volume`."""

    hours: dict[int, int] = {}
    days: dict[int, int] = {}
    received: dict[int, int] = {}


class Traffic(Struct, array_like=True):
    """Reports of every channel, by source."""

    channels: dict[str, Channel] = {}


def record(traffic: Traffic, volume: Volume, now: int) -> None:
    """Add what a batch changed to `traffic`, and forget what is older than is kept at `now` (epoch seconds).

    Counts of a bucket only grow, so the larger one is the newer one, in whatever order volumes come.
    """
    channel = traffic.channels.setdefault(volume.source, Channel())
    for known, new, oldest in (
        (channel.hours, volume.hours, hour_of(now) - HOURS_KEPT),
        (channel.days, volume.days, day_of(now) - DAYS_KEPT),
        (channel.received, volume.received, hour_of(now) - 24 * DAYS_KEPT),
    ):
        before = len(known)
        for number, count in new.items():
            known[number] = max(known.get(number, 0), count)
        if len(known) > before:
            for number in [number for number in known if number <= oldest]:
                del known[number]


class Exposure:
    """Exposure of windows that end on one day, and of the days before them, as the traffic is when it is asked."""

    def __init__(self, calendar: Calendar, reference: float | None, traffic: Traffic | None, today: int) -> None:
        """`reference`: reports of an average day that the prior was learned at, None: what is usual now."""
        self._weight = lru_cache(maxsize=256)(calendar.between)
        self._reports = lru_cache(maxsize=256)(self._reports_between)
        self._reports_before = lru_cache(maxsize=256)(self._baseline_reports)
        self._calendar = calendar
        self._today = today
        self._given = reference
        self._channels = list(traffic.channels.values()) if traffic else []

    @cached_property
    def _hours(self) -> Mapping[int, int]:
        return _total([channel.hours for channel in self._channels])

    @cached_property
    def _days(self) -> Mapping[int, int]:
        return _total([channel.days for channel in self._channels])

    @cached_property
    def _level(self) -> float | None:
        """Reports of an average day of the last four weeks."""
        first, day_weight = self._today - BASELINE_DAYS, self._calendar.day
        usual = [count / day_weight(day) for day, count in self._days.items() if first <= day < self._today]
        return median(usual) if usual else None

    @cached_property
    def _reference(self) -> float | None:
        """Reports of the day that the prior holds for: half way, by ratio, from those it was learned at to the usual.

        When twice as much is reported there are more numbers, and more reports of each.
        """
        return sqrt(self._given * self._level) if self._given and self._level else self._level

    def window(self, start: int, end: int, own: float) -> float:
        """Exposure from `start` to `end` (epoch seconds), without the `own` reports of the series."""
        weight = self._weight(start, end)
        if self._level is None or self._reference is None:
            return weight
        usual = weight * self._level
        seen = max(self._reports(start, end) - own, 0.0)
        return usual / self._reference * (seen + CALENDAR_WEIGHT) / (usual + CALENDAR_WEIGHT)

    def days(self, start: int, end: int) -> int:
        """Local days with reports from `start` to `end` (epoch seconds), the last one in any case; 1 for hours."""
        first, last = day_of(start), day_of(end - 1)
        if self._level is None or (start + UTC_OFFSET) % DAY:
            return max(1, (end - start) // DAY)
        return 1 + sum(day in self._days for day in range(first, last))

    def baseline(self, before: int, own: float) -> float | None:
        """Exposure of the 28 days before the local day `before`, without `own` reports; None if traffic is unknown."""
        if self._reference is None:
            return None
        return max(self._reports_before(before) - own, 0.0) / self._reference

    def _baseline_reports(self, before: int) -> int:
        return sum(self._days.get(day, 0) for day in range(before - BASELINE_DAYS, before))

    def _reports_between(self, start: int, end: int) -> int:
        if (start + UTC_OFFSET) % DAY == 0:
            return sum(self._days.get(day, 0) for day in range(day_of(start), day_of(end - 1) + 1))
        return sum(self._hours.get(hour, 0) for hour in range(start // HOUR, (end - 1) // HOUR + 1))


def _total(parts: Sequence[Mapping[int, int]]) -> Mapping[int, int]:
    if len(parts) == 1:
        return parts[0]
    total: dict[int, int] = {}
    for part in parts:
        for number, count in part.items():
            total[number] = total.get(number, 0) + count
    return total
