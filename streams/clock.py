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
