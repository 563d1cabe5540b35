"""The windows of a scan: from an hour to a week, all ending now."""

from __future__ import annotations

from functools import lru_cache
from typing import Final, NamedTuple

from streams.waves.series import HOUR, day_of, start_of

HOUR_WINDOWS: Final = (1, 2, 3, 6, 12, 24)
#: Days with reports that a window has at most, and missing days that it may bridge.
MOST_DAYS: Final = 7
LONGEST_GAP: Final = 3
DAY_WINDOWS: Final = tuple(range(1, MOST_DAYS + LONGEST_GAP + 1))


class Window(NamedTuple):
    """Buckets `first` to `last`, `length` of them (hours, or days).

    `start`, `end` in epoch seconds; `before`: number of the local day it starts on, which its baseline ends before.
    """

    hourly: bool
    length: int
    first: int
    last: int
    start: int
    end: int
    before: int


@lru_cache(maxsize=64)
def windows(hour: int, day: int, daily: bool) -> tuple[Window, ...]:
    """Windows that end in this hour and day, the shortest first; with `daily`, of whole days only."""
    found = []
    for length in () if daily else HOUR_WINDOWS:
        first = hour - length + 1
        found.append(Window(True, length, first, hour, first * HOUR, (hour + 1) * HOUR, day_of(first * HOUR)))
    for length in DAY_WINDOWS:
        first = day - length + 1
        if daily or length > 1:
            found.append(Window(False, length, first, day, start_of(first), start_of(day + 1), first))
    return tuple(found)
