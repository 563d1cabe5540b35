"""When reports usually come: by hour, weekday and holiday.  Shipped as a guess, learned by calibration."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cache, lru_cache
from itertools import accumulate
from typing import Annotated, Final

import holidays
from msgspec import Meta, Struct

from streams.waves.series import DAY, HOUR, UTC_OFFSET, day_of

Weight = Annotated[float, Meta(gt=0)]
_EPOCH: Final = date(1970, 1, 1).toordinal()


class Profile(Struct, frozen=True, forbid_unknown_fields=True):
    """How much of the traffic an hour, a weekday (Monday first) and a holiday have, against an average one (1.0)."""

    hours: Annotated[list[Weight], Meta(min_length=24, max_length=24)]
    weekdays: Annotated[list[Weight], Meta(min_length=7, max_length=7)]
    holiday: Weight


class Calendar:
    """Weights of stretches of time under a profile, in average days."""

    def __init__(self, profile: Profile) -> None:
        """Prepare the sums over the hours of a day."""
        self._weekdays = [weight * 7 / sum(profile.weekdays) for weight in profile.weekdays]
        self._holiday = profile.holiday
        self._until = [0.0, *accumulate(weight / sum(profile.hours) for weight in profile.hours)]
        self._days: dict[int, float] = {}
        #: Weight of all days from the first one that was asked for to each (below zero before it).
        self._sums: dict[int, float] = {}
        # Windows begin at few moments and end at one: each is worked out once.
        self._since = lru_cache(maxsize=4096)(self._weight_before)

    def day(self, number: int) -> float:
        """Weight of the local day with this number (days since 1970-01-01)."""
        if number not in self._days:
            self._days[number] = self._holiday if is_holiday(number) else self._weekdays[weekday_of(number)]
        return self._days[number]

    def between(self, start: int, end: int) -> float:
        """Weight of the time from `start` to `end` (epoch seconds)."""
        return self._since(end) - self._since(start)

    def _weight_before(self, epoch: int) -> float:
        """Weight of the time up to `epoch`, from a day that is always the same."""
        day = day_of(epoch)
        hour, rest = divmod((epoch + UTC_OFFSET) % DAY, HOUR)
        share = self._until[hour] + (self._until[hour + 1] - self._until[hour]) * rest / HOUR
        return self._sum(day) + share * self.day(day)

    def _sum(self, day: int) -> float:
        if day in self._sums:
            return self._sums[day]
        first, last = min(self._sums, default=day), max(self._sums, default=day)
        self._sums.setdefault(first, 0.0)
        for number in range(last, day):
            self._sums[number + 1] = self._sums[number] + self.day(number)
        for number in range(first, day, -1):
            self._sums[number - 1] = self._sums[number] - self.day(number - 1)
        return self._sums[day]


def weekday_of(number: int) -> int:
    """Weekday (Monday is 0) of the local day with this number; 1970-01-01 was a Thursday."""
    return (number + 3) % 7


def date_of(number: int) -> date:
    """Date of the local day with this number."""
    return date.fromordinal(number + _EPOCH)


def number_of(day: date) -> int:
    """Number of a date."""
    return day.toordinal() - _EPOCH


def is_holiday(number: int) -> bool:
    """Whether the local day with this number is a public holiday of Kazakhstan."""
    day = date_of(number)
    return day in _holidays(day.year)


@cache
def _holidays(year: int) -> Mapping[date, str]:
    found: Mapping[date, str] = holidays.country_holidays("KZ", years=year)
    return found
