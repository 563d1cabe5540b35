"""Silence: a channel that normally speaks and does not, judged by the same statistic as a wave, downwards.

Counted by `received_at`: what an import tells about the past neither breaks a silence nor makes one.
"""

from __future__ import annotations

from typing import Final

from streams.waves.calendar import Calendar
from streams.waves.scan import Excess, likelihood_ratio
from streams.waves.series import DAY, HOUR, day_of, hour_of, start_of
from streams.waves.traffic import BASELINE_DAYS, Channel

#: Lengths in hours of the windows that end now.
WINDOWS: Final = (1, 2, 3, 6, 12, 24, 48, 72, 168)


def silence(channel: Channel, calendar: Calendar, dispersion: float, now: int) -> Excess | None:
    """The window ending at `now` (epoch seconds) in which a channel said the least against its usual, or None.

    The usual is the mean of the 28 days before the window, from the channel's first day on.
    """
    best: Excess | None = None
    for hours in WINDOWS:
        start = (hour_of(now) - hours) * HOUR
        before = day_of(start)
        known = {hour: n for hour, n in channel.received.items() if hour * HOUR < start_of(before)}
        first = max(before - BASELINE_DAYS, min((day_of(hour * HOUR) for hour in known), default=before))
        weight = calendar.between(start_of(first), start_of(before))
        if not weight:
            continue
        usual = sum(n for hour, n in known.items() if hour * HOUR >= start_of(first)) / weight
        expected = usual * calendar.between(start, now)
        observed = sum(n for hour, n in channel.received.items() if start <= hour * HOUR <= now)
        # Few where many were expected is the mirror image of many where few were.
        score = likelihood_ratio(expected, observed + 0.5, dispersion * max(1.0, hours * HOUR / DAY))
        if score > 0 and (best is None or score > best.score):
            best = Excess(hours * HOUR, start, observed, observed, expected, score, before - first)
    return best
