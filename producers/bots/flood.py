"""How much one chat may send.  Pure: counts of what it sent before in, seconds to wait out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

#: Messages and taps of one chat within a time.  An album or a handful of forwarded messages fit; a script does not.
LIMITS: Final = (
    (timedelta(minutes=1), 12),
    (timedelta(hours=1), 60),
    (timedelta(days=1), 200),
)
#: How far back one has to look.
WINDOW: Final = max(window for window, _ in LIMITS)


def seconds_to_wait(earlier: Sequence[datetime], now: datetime) -> int | None:
    """None if one more message fits, else seconds until it does; `earlier`: when those before were taken, ascending."""
    waits = [
        (recent[-most] + window - now).total_seconds()
        for window, most in LIMITS
        if len(recent := [at for at in earlier if at > now - window]) >= most
    ]
    return max(1, math.ceil(max(waits))) if waits else None
