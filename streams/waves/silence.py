"""Silence: a channel that normally speaks and does not, judged by the same statistic as a wave, downwards.

Counted by `received_at`: what an import tells about the past neither breaks a silence nor makes one.  Every report
counts here, of whomever: one that is anonymous says as well as any other that the channel works.
"""

from __future__ import annotations

from collections import defaultdict
from statistics import median
from typing import Final

from streams.waves.calendar import Calendar
from streams.waves.likelihood import likelihood_ratio
from streams.waves.scan import Excess
from streams.waves.series import DAY, HOUR, day_of, hour_of
from streams.waves.traffic import BASELINE_DAYS, Channel

#: Lengths in hours of the windows that end now.
WINDOWS: Final = (1, 2, 3, 6, 12, 24, 48, 72, 168)


def silence(channel: Channel, calendar: Calendar, dispersion: float, now: int) -> Excess | None:
    """The window ending at `now` (epoch seconds) in which a channel said the least against its usual, or None.

    The usual is the median of the 28 days before the window, from the channel's first day on, so that a channel is not
    silent after a flood.
    """
    best: Excess | None = None
    by_day: dict[int, int] = defaultdict(int)
    for hour, count in channel.received.items():
        by_day[day_of(hour * HOUR)] += count
    for hours in WINDOWS:
        start = (hour_of(now) - hours) * HOUR
        before = day_of(start)
        first = max(before - BASELINE_DAYS, min(by_day, default=before))
        days = range(first, before)
        if not days:
            continue
        usual = median(by_day.get(day, 0) / calendar.day(day) for day in days)
        expected = usual * calendar.between(start, now)
        observed = sum(n for hour, n in channel.received.items() if start <= hour * HOUR <= now)
        # Few where many were expected is the mirror image of many where few were.
        score = likelihood_ratio(expected, observed + 0.5, dispersion * max(1.0, hours * HOUR / DAY))
        if score > 0 and (best is None or score > best.score):
            best = Excess(hours * HOUR, start, observed, observed, expected, score, before - first)
    return best
