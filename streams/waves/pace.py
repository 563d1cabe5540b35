"""Keeping to a budget in months that no calibration has seen: a threshold follows what its pages cost so far.

A threshold is set by replaying history; how much goes on changes after it.  So each rule has a purse: every day with
reports it earns the pages of its budget, every page spends one.  A purse that fills lowers the threshold, one that
empties raises it, within bounds: what history would have called certain is never withheld.
"""

from __future__ import annotations

from math import exp
from typing import Final

from msgspec import Struct

#: Days of budget that a purse holds at most, beyond what it began with.
SAVED_DAYS: Final = 7.0
#: Days of budget that it can owe.
OWED_DAYS: Final = 14.0
#: The factor of a threshold is exp(-STRENGTH · balance), the balance in `SAVED_DAYS` of budget.
STRENGTH: Final = 0.3


class Purse(Struct, array_like=True):
    """`balance`: pages saved, or owed; `day`: the local day it was paid for last; `spent`: pages of that day."""

    day: int
    balance: float = 0.0
    spent: int = 0


def settle(purse: Purse, today: int, days: int, pages_a_day: float) -> None:
    """Bring `purse` to the local day `today`, `days` days with reports after its last one."""
    if today <= purse.day:
        return
    balance = purse.balance + days * pages_a_day - purse.spent
    purse.balance = min(max(balance, -OWED_DAYS * pages_a_day), SAVED_DAYS * pages_a_day)
    purse.day, purse.spent = today, 0


def factor(purse: Purse, pages_a_day: float) -> float:
    """Factor of the threshold of the rule whose purse it is."""
    return exp(-STRENGTH * purse.balance / (SAVED_DAYS * pages_a_day))
