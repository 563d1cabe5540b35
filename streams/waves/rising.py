"""Campaigns of many numbers: numbers of one kind, or of one scheme, that begin to stir together.

Each of them is too weak for a page of its own.  How many distinct numbers began to stir in the last days is scanned by
the same statistic as the distinct reporters of a series.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from typing import Final

from streams.waves.campaigns import MAX_STIRRED, Campaigns, Member, Rising, Stir
from streams.waves.kinds import Kind
from streams.waves.likelihood import PRIOR_A_DAY, likelihood_ratio
from streams.waves.scan import FEWEST_DAYS, Candidate, Excess
from streams.waves.series import day_of, start_of
from streams.waves.traffic import BASELINE_DAYS, Exposure

#: Days of the windows in which numbers begin to stir together.
WINDOWS: Final = (1, 2, 3)
#: Reports that a stirring number keeps as evidence.
MAX_EVIDENCE: Final = 5


def groups_of(candidate: Candidate, kind: Kind) -> list[str]:
    """The groups a number can rise with: its kind, and the scheme that most of its reports tell."""
    schemes = Counter(scheme for item in candidate.evidence for scheme in item.schemes)
    return [kind.label, *(f"scheme {scheme}" for scheme, _ in schemes.most_common(1))]


def stir(campaigns: Campaigns, group: str, candidate: Candidate, member: Member) -> None:
    """Note that a number of `group` stirs; it began when it did so for the first time in the baseline's 28 days.

    That is by the day of its newest report: numbers that somebody tells of late did not begin together.
    """
    rising = campaigns.rising.setdefault(group, Rising())
    began = rising.first.setdefault(candidate.key, day_of(member.newest))
    if len(rising.first) > MAX_STIRRED:
        del rising.first[min(rising.first, key=lambda key: (rising.first[key], key))]
    if candidate.key in rising.first and began > day_of(candidate.at) - max(WINDOWS):
        rising.recent[candidate.key] = Stir(member, candidate.evidence[:MAX_EVIDENCE])


def forget(campaigns: Campaigns, at: int) -> None:
    """Forget, once a day, the numbers that began to stir before the baseline, or before the windows, of `at`."""
    today = day_of(at)
    if campaigns.risen_to == today:
        return
    campaigns.risen_to = today
    for rising in campaigns.rising.values():
        for key in [key for key, day in rising.first.items() if day <= today - BASELINE_DAYS - max(WINDOWS)]:
            del rising.first[key]
        for key in [key for key in rising.recent if rising.first.get(key, 0) <= today - max(WINDOWS)]:
            del rising.recent[key]


def together(
    rising: Rising, exposure: Exposure, dispersion: float, at: int, watched: float
) -> tuple[Excess, list[str]] | None:
    """The window ending on the day of `at` in which unusually many numbers began to stir, and these; or None.

    The loudest comes first.  In the excess, `observed` counts numbers.  `watched`: days since the first candidate.
    """
    today = day_of(at)
    starts = sorted(rising.first.values())
    best: Excess | None = None
    for length in WINDOWS:
        first = today - length + 1
        before = bisect_left(starts, first) - bisect_left(starts, first - BASELINE_DAYS)
        traffic = exposure.baseline(first, 0.0)
        known = min(watched, BASELINE_DAYS if traffic is None else traffic)
        rate = before / max(known, FEWEST_DAYS) + PRIOR_A_DAY
        expected = exposure.window(start_of(first), at + 1, 0.0) * rate
        observed = bisect_right(starts, today) - bisect_left(starts, first)
        score = likelihood_ratio(observed, expected, dispersion * length)
        if score > 0 and (best is None or score > best.score):
            window = start_of(today + 1) - start_of(first)
            best = Excess(window, start_of(first), observed, observed, expected, score, known)
    if best is None:
        return None
    inside = [key for key in rising.recent if start_of(rising.first[key]) >= best.start]
    return best, sorted(inside, key=lambda key: (-rising.recent[key].member.score, key))
