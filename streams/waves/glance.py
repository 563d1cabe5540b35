"""A glance at a series: which windows can stand out at all.

Most series are as usual, and this costs a fraction of what counting the distinct reporters of each window does.  What
the scan would find is never passed over: nobody is taken to have reported twice, and no more is expected than there.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from itertools import accumulate
from typing import Final

from streams.waves.calendar import Calendar
from streams.waves.likelihood import PRIOR_A_DAY, likelihood_ratio
from streams.waves.rules import Detector
from streams.waves.series import HOUR, Bucket, Series, day_of, family_of, hour_of, reporters_in, sketch_size
from streams.waves.traffic import BASELINE_DAYS
from streams.waves.windows import DAY_WINDOWS, HOUR_WINDOWS, Window, windows

_EMPTY: Final = Bucket()


def outstanding(series: Series, detector: Detector) -> set[int]:
    """Starts of the windows that end at the clock of `series` and may reach the floor of its family by the calendar."""
    size, until = sketch_size(series.key), series.until
    family, hour, today = family_of(series.key), hour_of(series.clock), day_of(series.clock)
    ending = _least_weights(detector.calendar, hour, today, detector.daily)
    hours = _newest(series.hours, hour, 0 if detector.daily else max(HOUR_WINDOWS))
    in_hours = [len(bucket.identified) + len(bucket.anonymous) for bucket in hours]
    days = _newest(series.days, today, max(DAY_WINDOWS))
    if max(in_hours, default=0) >= size or max([len(bucket.anonymous) for bucket in days]) >= size:
        # A sketch may be full that is put together with others: what they tell is not bounded by their sum.
        return {window.start for window, _ in ending}
    floor, dispersion = detector.floor(family), detector.dispersion(family)
    hourly, in_all = list(accumulate(in_hours)), reporters_in(days[0], size) + until[-1]
    found = set()
    for window, weight in ending:
        most = hourly[window.length - 1] if window.hourly else in_all - until[window.before - today - 1]
        expected = weight * (baseline(series, window.before) / BASELINE_DAYS + PRIOR_A_DAY)
        excess = most - expected
        # No score is above excess² / expected, which costs no logarithm.
        if excess > 0 and excess * excess >= floor * expected:
            spread = 1 if window.hourly else window.length
            if likelihood_ratio(most, expected, dispersion * spread) >= floor:
                found.add(window.start)
    return found


def baseline(series: Series, before: int) -> float:
    """Reporters of the 28 days before the local day on which a window that ends at the clock of `series` starts."""
    # The last that `until` tells is what came before the day of the clock.
    place = before - day_of(series.clock) - 1
    return series.until[place] - series.until[place - BASELINE_DAYS]


def _newest(buckets: Mapping[int, Bucket], last: int, length: int) -> list[Bucket]:
    """The hours or days up to `last`, the newest first, empty ones too."""
    return [buckets.get(number, _EMPTY) for number in range(last, last - length, -1)]


@lru_cache(maxsize=64)
def _least_weights(calendar: Calendar, hour: int, today: int, daily: bool) -> tuple[tuple[Window, float], ...]:
    """The windows that end in this hour and day, with what they weigh at least, whatever the minute is.

    An hour that has only begun counts as a whole one where it stands alone, and not at all in longer windows.
    """
    begun, ended = hour * HOUR, (hour + 1) * HOUR
    return tuple(
        (window, calendar.between(window.start, window.end if daily else ended if window.start == begun else begun))
        for window in windows(hour, today, daily)
    )
