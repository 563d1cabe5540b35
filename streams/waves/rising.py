"""Campaigns of many numbers: numbers of one kind, or of one scheme, that begin to stir together.

Each of them is too weak for a page of its own.  How many distinct numbers began to stir in the last days is scanned by
the same statistic as the distinct reporters of a series.
"""

from __future__ import annotations

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
    began = rising.begin(candidate.key, day_of(member.newest))
    if len(rising.first) > MAX_STIRRED:
        oldest = min(day for day, count in rising.starts.items() if count)
        rising.forget(min(key for key, day in rising.first.items() if day == oldest))
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
            rising.forget(key)
        for key in [key for key in rising.recent if rising.first.get(key, 0) <= today - max(WINDOWS)]:
            del rising.recent[key]


def together(rising: Rising, exposure: Exposure, dispersion: float, at: int, watched: float) -> Excess | None:
    """The window ending on the day of `at` in which unusually many numbers began to stir, or None.

    In the excess, `observed` counts numbers.  `watched`: days since the first candidate.
    """
    today, starts = day_of(at), rising.starts
    best: Excess | None = None
    for length in WINDOWS:
        first = today - length + 1
        before = sum([starts.get(day, 0) for day in range(first - BASELINE_DAYS, first)])
        traffic = exposure.baseline(first, 0.0)
        known = min(watched, BASELINE_DAYS if traffic is None else traffic)
        rate = before / max(known, FEWEST_DAYS) + PRIOR_A_DAY
        expected = exposure.window(start_of(first), at + 1, 0.0) * rate
        observed = sum([starts.get(day, 0) for day in range(first, today + 1)])
        score = likelihood_ratio(observed, expected, dispersion * length)
        if score > 0 and (best is None or score > best.score):
            window = start_of(today + 1) - start_of(first)
            best = Excess(window, start_of(first), observed, observed, expected, score, known)
    return best


def risen(rising: Rising, excess: Excess) -> list[str]:
    """The numbers that began to stir in the window of `excess`, the loudest first."""
    inside = [key for key in rising.recent if start_of(rising.first[key]) >= excess.start]
    return sorted(inside, key=lambda key: (-rising.recent[key].member.score, key))
