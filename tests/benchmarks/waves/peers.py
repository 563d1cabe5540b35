"""Detectors to compare with: each gives a score to every number and day, from what was known at that day's end."""

from __future__ import annotations

import json
import subprocess
import tempfile
import venv
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tests.benchmarks.waves.real import Reports

Scores = NDArray[np.float64]

#: A number above a threshold is not alarmed again until it was below for this long (days with reports).
QUIET: Final = 28
#: Lower thresholds that are tried beside the one found.
NEARBY: Final = 60
#: Never-seen numbers have no deviation; EARS needs one (reporters a day).
SMALLEST_DEVIATION: Final = 0.5


def fixed(counts: Scores) -> Scores:
    """Distinct reporters on the day."""
    return counts


def ears_c1(counts: Scores) -> Scores:
    """EARS C1: deviations above the mean of the 7 days before (Hutwagner et al., J. Urban Health 2003)."""
    return _ears(counts, lag=0)


def ears_c2(counts: Scores) -> Scores:
    """EARS C2: the same with two days between."""
    return _ears(counts, lag=2)


def ears_c3(counts: Scores) -> Scores:
    """EARS C3: what C2 of today and the two days before has above 1, summed."""
    above = np.maximum(ears_c2(counts) - 1, 0)
    padded = np.pad(above, ((0, 0), (2, 0)))
    return padded[:, 2:] + padded[:, 1:-1] + padded[:, :-2]


def cusum(counts: Scores) -> Scores:
    """Negative-binomial CUSUM for a threefold mean (Höhle & Paul, Comput. Stat. Data Anal. 2008), size 2."""
    size, shift = 2.0, 3.0
    scores = np.zeros_like(counts)
    state = np.zeros(len(counts))
    for day in range(1, counts.shape[1]):
        mean = counts[:, max(0, day - 28) : day].sum(1) / 28 + 0.5
        ratio = counts[:, day] * np.log(shift) - (counts[:, day] + size) * np.log((size + shift * mean) / (size + mean))
        state = np.maximum(0, state + ratio)
        scores[:, day] = state
    return scores


def plain_scan(counts: Scores) -> Scores:
    """Expectation-based Poisson scan over 1 to 7 days (Neill 2009): mean of 28 days before the window, plus 0.5."""
    sums = np.concatenate([np.zeros((len(counts), 1)), np.cumsum(counts, 1)], 1)
    scores = np.zeros_like(counts)
    for day in range(counts.shape[1]):
        for window in range(1, 8):
            start = day + 1 - window
            if start < 1:
                continue
            observed = sums[:, day + 1] - sums[:, start]
            expected = window * ((sums[:, start] - sums[:, max(0, start - 28)]) / 28 + 0.5)
            ratio = observed * np.log(np.maximum(observed, 1e-9) / expected) - (observed - expected)
            scores[:, day] = np.maximum(scores[:, day], np.where(observed > expected, ratio, 0))
    return scores


PEERS: Final[dict[str, Callable[[Scores], Scores]]] = {
    "fixed threshold": fixed,
    "EARS C1": ears_c1,
    "EARS C2": ears_c2,
    "EARS C3": ears_c3,
    "negative-binomial CUSUM": cusum,
    "plain Poisson scan": plain_scan,
}


def at_load(reports: Reports, scores: Scores, first: int, load: int) -> dict[str, list[int]]:
    """Days of alarm by number from day `first` on, at the lowest threshold that gives at most `load` alarms."""
    above = scores[:, first:]
    levels = np.unique(np.round(above[above > 0], 3))
    low, high = 0, len(levels) - 1
    while low < high:
        middle = (low + high) // 2
        if sum(map(len, _alarms(reports, scores, first, levels[middle]).values())) <= load:
            high = middle
        else:
            low = middle + 1
    # The load does not fall steadily with the threshold, as one that goes on is not alarmed again: look further down.
    trials = [_alarms(reports, scores, first, level) for level in levels[max(0, low - NEARBY) : low + 1]]
    return max((t for t in trials if sum(map(len, t.values())) <= load), key=lambda t: sum(map(len, t.values())))


def spike_rule(reports: Reports, first: int, load: int, environment: Path) -> dict[str, list[int]]:
    """Days of alarm by number of ElastAlert 2's own SpikeRule, with the threshold_cur that comes closest below `load`.

    It runs in a virtual environment of its own, made at `environment`, as it pins an old Elasticsearch client.
    """
    python = environment / "bin" / "python"
    if not python.exists():
        venv.create(environment, with_pip=True)
        # pytz and setuptools are imported by ElastAlert 2, but not asked for by its package.
        subprocess.run(
            [python, "-m", "pip", "install", "-q", "elastalert2==2.19.0", "pytz", "setuptools<80"], check=True
        )
    low, high = 5, 100
    while low < high:
        middle = (low + high) // 2
        if sum(map(len, _spikes(reports, first, middle, python).values())) <= load:
            high = middle
        else:
            low = middle + 1
    return _spikes(reports, first, low, python)


def _spikes(reports: Reports, first: int, threshold: int, python: Path) -> dict[str, list[int]]:
    # Only numbers that reach the threshold within the rule's week can match.
    sums = np.concatenate([np.zeros((len(reports.counts), 1)), np.cumsum(reports.counts, 1)], 1)
    week = sums[:, 7:] - sums[:, :-7]
    chosen = np.flatnonzero((week >= threshold).any(1))
    rows = [
        [reports.days[day], reports.numbers[number], int(reports.counts[number, day])]
        for day in range(len(reports.days))
        for number in chosen[reports.counts[chosen, day] > 0]
    ]
    with tempfile.TemporaryDirectory() as folder:
        given = Path(folder) / "counts.json"
        given.write_text(json.dumps(rows))
        command = [python, Path(__file__).with_name("spike_rule.py"), given, str(threshold)]
        answer = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    alarms: dict[str, list[int]] = defaultdict(list)
    for day, number in json.loads(answer):
        if reports.days.index(day) >= first:
            alarms[number].append(reports.days.index(day))
    return alarms


def _ears(counts: Scores, lag: int) -> Scores:
    scores = np.zeros_like(counts)
    for day in range(7 + lag, counts.shape[1]):
        before = counts[:, day - 7 - lag : day - lag]
        deviation = np.maximum(before.std(1, ddof=1), SMALLEST_DEVIATION)
        scores[:, day] = np.maximum(0, (counts[:, day] - before.mean(1)) / deviation)
    return scores


def _alarms(reports: Reports, scores: Scores, first: int, threshold: float) -> dict[str, list[int]]:
    alarms: dict[str, list[int]] = defaultdict(list)
    for number in np.flatnonzero((scores >= threshold).any(1)):
        last = -QUIET - 1
        for day in np.flatnonzero(scores[number] >= threshold):
            if day - last > QUIET and day >= first:
                alarms[reports.numbers[number]].append(int(day))
            last = int(day)
    return alarms
