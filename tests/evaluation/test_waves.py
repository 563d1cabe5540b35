"""A sample of the evaluation of waves on real reports: a tenth of the numbers, beside the plain Poisson scan.

The whole is `python -m tests.benchmarks.waves.evaluation`; its table is in docs/waves.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import numpy as np
import pytest
from rich.console import Console

from streams.waves import load_detector
from streams.waves.backtest import Backtest
from streams.waves.calendar import number_of
from streams.waves.history import Batch, History
from streams.waves.series import start_of
from tests.benchmarks.waves.evaluation import ROOT, days_by_number
from tests.benchmarks.waves.peers import at_load, plain_scan
from tests.benchmarks.waves.real import DATA, MISS, UNTIL, Reports, delays, load, waves

#: Numbers that end with this digit are the sample, and their share of the budget.
DIGIT = "4"
BUDGET = 0.1


@pytest.fixture(scope="module")
def replayed() -> Backtest:
    if not DATA.exists():
        pytest.skip(f"the real reports are not part of the project: no {DATA.name} in {DATA.parent}")
    history = History([DATA])

    def sample() -> Iterator[Batch]:
        for batch in history.batches():
            yield Batch(batch.now, [row for row in batch.rows if row.number.endswith(DIGIT)])

    test = Backtest(load_detector(ROOT / "deploy" / "alerts"), start_of(number_of(date.fromisoformat(UNTIL))), BUDGET)
    test.run(sample(), history.daily)
    return test


def test_waves_of_real_reports_are_heard_within_the_budget_and_no_later_than_by_the_plain_scan(
    replayed: Backtest,
) -> None:
    everything = load()
    mine = [place for place, number in enumerate(everything.numbers) if number.endswith(DIGIT)]
    reports = Reports(everything.days, [everything.numbers[place] for place in mine], everything.counts[mine])
    first = reports.index(UNTIL)
    found = waves(reports, first)
    ours = delays(found, days_by_number(reports, replayed.alarms))
    plain = delays(found, at_load(reports, plain_scan(reports.counts), first, len(replayed.alarms)))
    a_day = len(replayed.alarms) / (len(reports.days) - first)
    said = [f"{np.mean(late < MISS):.0%} heard after {late.mean():.2f} days" for late in (ours, plain)]
    Console().print(f"\n{len(found)} waves, {a_day:.2f} alarms a day: {said[0]}, by the plain scan {said[1]}")
    assert a_day <= 1.5 * BUDGET
    assert np.mean(ours < MISS) >= np.mean(plain < MISS)
    assert ours.mean() <= plain.mean()
