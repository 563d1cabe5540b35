"""How much was reported at all: what makes missing hours and days gaps instead of calm, and growth no wave.

A series is compared with the rest of the traffic: *exposure* is how much of it a stretch of time had, without the
series itself, in average days of the reference volume.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from itertools import accumulate
from math import sqrt
from statistics import median
from typing import Final, NamedTuple

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
        if len(known) > before and min(known) <= oldest:
            for number in [number for number in known if number <= oldest]:
                del known[number]


class _Stretch(NamedTuple):
    """A stretch of time: local days with reports, the last one in any case, and reports."""

    days: int
    reports: int


class Exposure:
    """Exposure of windows that end on one day, and of the days before them, as the traffic is when it is asked."""

    def __init__(self, calendar: Calendar, reference: float | None, traffic: Traffic | None, today: int) -> None:
        """`reference`: reports of an average day that the prior was learned at, None: what is usual now."""
        self._stretches: dict[tuple[int, int], _Stretch] = {}
        self._calendar = calendar
        self.today: Final = today
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
        first, day_weight = self.today - BASELINE_DAYS, self._calendar.day
        usual = [count / day_weight(day) for day, count in self._days.items() if first <= day < self.today]
        return median(usual) if usual else None

    @cached_property
    def _reference(self) -> float | None:
        """Reports of the day that the prior holds for: half way, by ratio, from those it was learned at to the usual.

        When twice as much is reported there are more numbers, and more reports of each.
        """
        return sqrt(self._given * self._level) if self._given and self._level else self._level

    def window(self, start: int, end: int, own: float) -> float:
        """Exposure from `start` to `end` (epoch seconds), without the `own` reports of the series."""
        weight = self._calendar.between(start, end)
        if self._level is None or self._reference is None:
            return weight
        usual = weight * self._level
        seen = max(self._stretch(start, end).reports - own, 0.0)
        return usual / self._reference * (seen + CALENDAR_WEIGHT) / (usual + CALENDAR_WEIGHT)

    def days(self, start: int, end: int) -> int:
        """Local days with reports from `start` to `end` (epoch seconds), the last one in any case; 1 for hours."""
        if self._level is None or (start + UTC_OFFSET) % DAY:
            return max(1, (end - start) // DAY)
        return self._stretch(start, end).days

    def baseline(self, before: int, own: float) -> float | None:
        """Exposure of the 28 days before the local day `before`, without `own` reports; None if traffic is unknown."""
        if self._reference is None:
            return None
        return (
            max(self._reports_until(before) - self._reports_until(before - BASELINE_DAYS) - own, 0.0) / self._reference
        )

    def _stretch(self, start: int, end: int) -> _Stretch:
        """What came from `start` to `end`, by whole hours; asked for every window of every series, so kept."""
        last = hour_of(end - 1)
        found = self._stretches.get((start, last))
        if found is None:
            found = self._stretches[start, last] = self._count(start, last)
        return found

    def _count(self, start: int, last: int) -> _Stretch:
        first_day, last_day = day_of(start), day_of(last * HOUR)
        if (start + UTC_OFFSET) % DAY:
            return _Stretch(1, sum([self._hours.get(hour, 0) for hour in range(hour_of(start), last + 1)]))
        return _Stretch(
            1 + len([day for day in range(first_day, last_day) if day in self._days]),
            self._reports_until(last_day + 1) - self._reports_until(first_day),
        )

    def _reports_until(self, day: int) -> int:
        """Reports of all known days before `day`."""
        first, until = self._running
        return until[min(max(day - first, 0), len(until) - 1)]

    @cached_property
    def _running(self) -> tuple[int, list[int]]:
        """The first known day, and the reports of the days before it, the one after it, and so on."""
        first, last = min(self._days, default=0), max(self._days, default=-1)
        return first, [0, *accumulate([self._days.get(day, 0) for day in range(first, last + 1)])]


def _total(parts: Sequence[Mapping[int, int]]) -> Mapping[int, int]:
    if len(parts) == 1:
        return parts[0]
    total: dict[int, int] = {}
    for part in parts:
        for number, count in part.items():
            total[number] = total.get(number, 0) + count
    return total
