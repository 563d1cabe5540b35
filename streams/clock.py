"""The time now, for what must act by the hour; a file can move it, so that a night can be rehearsed in a minute."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path


class Clock:
    """The system's clock, moved by the seconds that a file holds (none: not moved).  The file is read each time."""

    def __init__(self, moved_by: Path | None = None) -> None:
        self._moved_by = moved_by

    def now(self) -> datetime:
        """The time, aware, in UTC.  Raises ValueError if the file holds no number."""
        now = datetime.now(UTC)
        if self._moved_by is None:
            return now
        try:
            return now + timedelta(seconds=float(self._moved_by.read_text(encoding="ascii")))
        except FileNotFoundError:
            return now


class Interval:
    """Tells when it is time again, by a clock that may be moved; the first time is one interval after the start.

    A clock that was set back begins a new interval: else nothing would be due until it has caught up.
    """

    def __init__(self, clock: Clock, every: timedelta) -> None:
        self._clock, self._every, self._last = clock, every, clock.now()

    def passed(self) -> datetime | None:
        """The time, if `every` has passed since the start or the last such answer; None if not."""
        now = self._clock.now()
        self._last = min(self._last, now)
        if now - self._last < self._every:
            return None
        self._last = now
        return now
