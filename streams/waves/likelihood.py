"""The statistic by which all is judged: how much more was counted than was to be expected.

It is the log likelihood ratio of a negative binomial mean of `c`, as observed, against `e`, as expected:
c·ln(c/e) − (c + k)·ln((c + k)/(e + k)), for c > e (Tango, Takahashi & Kohriyama, Biometrics 2011, on the expectation-
based scan of Neill, Int. J. Forecasting 2009).  `k` allows for days that differ more than Poisson counts do: a burst
within one day weighs less than the same number of people over several days.
"""

from __future__ import annotations

from math import log
from typing import Final

#: Reporters a day expected of a series never seen before: what lets it alarm, and only from several reporters on.
PRIOR_A_DAY: Final = 0.5


def likelihood_ratio(observed: float, expected: float, dispersion: float) -> float:
    """The score of a count, `dispersion` being the negative binomial's size; 0 unless more was observed than expected.

    It grows with `observed` and `dispersion`, and falls with `expected`.
    """
    if observed <= expected:
        return 0.0
    both = observed + dispersion
    # Rounding can make it less than nothing where both are almost the same.
    return max(0.0, observed * log(observed / expected) - both * log(both / (expected + dispersion)))
