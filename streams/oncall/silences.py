"""Series that a person keeps quiet until a time: which alerts they hold, and what may be decided.  Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from schemas.events import Alert
from streams.oncall.state import Silence, Work

#: No silence is longer.
LONGEST: Final = timedelta(days=30)


def error(until: datetime | None, now: datetime) -> str | None:
    """What is wrong with the end of a silence that is decided at `now`, or None."""
    if until is None or until <= now:
        return "a silence needs an end that lies in the future"
    if until > now + LONGEST:
        return f"a silence lasts at most {LONGEST.days} days"
    return None


def holds(silenced: str, key: str) -> bool:
    """Whether a silence of the series `silenced` holds alerts of `key`: that series, or that series in one region."""
    return key == silenced or key.startswith(f"{silenced}|")


def silencing(work: Work, alert: Alert, now: datetime) -> Silence | None:
    """The silence that holds an alert at `now`, the one that lasts longest, or None."""
    found = [one for one in work.silences.values() if one.until > now and holds(one.key, alert.key)]
    return max(found, key=lambda one: one.until, default=None)
