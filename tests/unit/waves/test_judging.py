"""How a series is judged: gaps, calendar, silence, what a rule spends, what calibration learns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from math import inf
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.commands._waves import read_feedback
from streams.oncall.decisions import Feedback
from streams.waves import RuleError, load_detector
from streams.waves.calendar import Calendar, is_holiday, number_of
from streams.waves.calibration import calibrate
from streams.waves.history import Row
from streams.waves.learning import Listener
from streams.waves.likelihood import likelihood_ratio
from streams.waves.pace import OWED_DAYS, SAVED_DAYS, Purse, factor, settle
from streams.waves.rules import Calibration
from streams.waves.scan import Figure, judge
from streams.waves.series import DAY, HOUR, hour_of, start_of
from streams.waves.silence import silence
from streams.waves.traffic import Channel, Exposure, Traffic
from tests.unit.waves.histories import ALERTS, FIRST, background, batches, detector, wave

TODAY = number_of(date(2026, 3, 4))


def traffic(days: Sequence[int], reports: int = 500) -> Traffic:
    """Reports of one channel on these days, counted back from today."""
    return Traffic({"bot": Channel(days={TODAY - day: reports for day in days})})


def window(days: int, observed: float) -> Figure:
    """A window of whole days that ends today, of a series never seen before."""
    first = TODAY - days + 1
    return Figure(start_of(first), start_of(TODAY + 1), first, observed, observed, 0.0)


def test_a_window_bridges_days_on_which_nothing_was_reported() -> None:
    figures = [window(4, 8), window(10, 20)]
    calendar = detector().calendar
    gapless = Exposure(calendar, None, traffic(range(40)), TODAY)
    gapped = Exposure(calendar, None, traffic([*range(4), *range(7, 40)]), TODAY)
    near, far = (judge(figures, exposure, 2.0, 0) for exposure in (gapless, gapped))
    assert near is not None
    assert far is not None
    assert (near.window, near.observed) == (4 * DAY, 8)
    assert (far.window, far.observed) == (10 * DAY, 20)


def test_hours_without_reports_are_gaps() -> None:
    """Six hours of silence make the hour after them no calmer: what it brings is compared with what comes at all."""
    calendar = detector().calendar
    now = start_of(TODAY) + 15 * HOUR
    usual = {TODAY - day: 480 for day in range(1, 30)}
    hours = {hour_of(now) - back: 0 if 1 <= back <= 6 else 20 for back in range(24)}
    gapped = Exposure(calendar, None, Traffic({"bot": Channel(hours=hours, days=usual)}), TODAY)
    steady = Exposure(calendar, None, Traffic({"bot": Channel(hours=dict.fromkeys(hours, 20), days=usual)}), TODAY)
    half_day = (now - 11 * HOUR, now + HOUR)
    assert gapped.window(*half_day, 0) < 0.7 * steady.window(*half_day, 0)
    assert gapped.window(now, now + HOUR, 0) == steady.window(now, now + HOUR, 0)


def test_the_calendar_knows_weekdays_hours_and_holidays() -> None:
    calendar = detector().calendar
    nauryz, friday, sunday = (number_of(date(2027, 3, day)) for day in (22, 5, 7))
    assert is_holiday(nauryz)
    assert not is_holiday(friday)
    assert calendar.day(sunday) < calendar.day(friday)
    assert calendar.day(nauryz) < calendar.day(friday)
    night, noon = ((start_of(friday) + hour * HOUR, start_of(friday) + (hour + 1) * HOUR) for hour in (3, 12))
    assert calendar.between(*night) < calendar.between(*noon) / 5
    whole = calendar.between(start_of(friday), start_of(friday + 1))
    assert whole == pytest.approx(calendar.day(friday))


def test_a_channel_that_falls_silent_is_told_and_a_night_is_not() -> None:
    calendar = Calendar(detector().calibration.profile)
    now = start_of(TODAY) + 16 * HOUR
    weights = {hour_of(now) - back: now - back * HOUR for back in range(1, 24 * 28)}
    received = {hour: round(40 * calendar.between(at, at + HOUR)) for hour, at in weights.items()}
    threshold = detector().threshold(detector().rules["channel"][0])

    def loudest(quiet: int, at: int) -> float:
        known = {hour: n for hour, n in received.items() if hour < hour_of(at) - quiet}
        found = silence(Channel(received=known), calendar, detector().dispersion("channel"), at)
        return 0.0 if found is None else found.score

    assert loudest(6, now) > threshold > loudest(1, now)
    dawn = start_of(TODAY) + 6 * HOUR
    assert loudest(5, dawn) < threshold


@given(st.floats(0.01, 1e4), st.floats(0.01, 1e4), st.floats(0.1, 1e3))
def test_a_score_is_never_negative_and_grows_with_what_was_seen(seen: float, expected: float, size: float) -> None:
    score = likelihood_ratio(seen, expected, size)
    assert 0 <= score < inf
    assert likelihood_ratio(seen + 1, expected, size) >= score
    assert likelihood_ratio(seen, expected, size) <= likelihood_ratio(seen, expected / 2, size)


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 30)), max_size=30), st.floats(0.02, 5))
def test_a_purse_stays_within_bounds_and_so_does_its_factor(story: list[tuple[int, int]], budget: float) -> None:
    purse = Purse(day=0)
    for later, spent in story:
        settle(purse, purse.day + later, later, budget)
        purse.spent += spent
        assert -OWED_DAYS * budget <= purse.balance <= SAVED_DAYS * budget
        assert 0.7 < factor(purse, budget) < 2


def test_a_rule_that_spends_more_than_it_earns_needs_more_and_one_that_saves_less() -> None:
    busy, quiet = Purse(day=0), Purse(day=0)
    for day in range(1, 15):
        busy.spent = 2
        settle(busy, day, 1, 1.0)
        settle(quiet, day, 1, 1.0)
    assert factor(busy, 1.0) > 1.1
    assert factor(quiet, 1.0) < 0.9
    settle(busy, 30, 0, 1.0)
    assert factor(busy, 1.0) > 1.1, "days without reports earn nothing"


def learn(rows: Sequence[Row], feedback: Sequence[Feedback] = (), budget: float | None = None) -> Calibration:
    some = replace(detector(), daily=True)
    some = replace(some, rules={"number": some.rules["number"]})
    listener = Listener(some)
    steps = [listener.hear(batch) for batch in batches(rows)]
    return calibrate(steps, listener.learned, some, budget, feedback=feedback)


def busy() -> list[Row]:
    """Waves of growing size, one every other day of the last weeks."""
    waves = [row for n in range(20) for row in wave(f"+7701000{n:04}", 30 + 2 * n, [6 + n])]
    return sorted([*background(), *waves])


def test_calibration_keeps_to_the_budget_and_says_so_in_words() -> None:
    loose, tight = (learn(busy(), budget=budget).thresholds["number"] for budget in (0.4, 0.1))
    assert tight.score > loose.score
    assert (
        "4 pages in the 44 days with reports from 2025-03-31 to 2025-05-13, for a budget of 0.10" in tight.explanation
    )
    assert "people within one day" in tight.explanation


def test_pages_that_people_called_false_raise_the_threshold_and_missed_waves_are_counted() -> None:
    before = learn(busy(), budget=0.2).thresholds["number"]
    when = datetime.fromtimestamp(start_of(FIRST + 30 + 2 * 19) + 12 * HOUR, UTC)
    false = [Feedback(at=when, verdict="false", key="number:+77010000019")]
    missed = [Feedback(at=when, verdict="missed", key=f"number:+7701{n:07}") for n in (18, 777)]
    after = learn(busy(), [*false, *missed], budget=0.2).thresholds["number"]
    assert after.score > before.score
    assert "1 of them were called false and count twice" in after.explanation
    assert "of 2 waves that were missed it would page 1" in after.explanation


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('{"at": "2026-01-14T09:00:00+05:00", "verdict": "maybe", "key": "number:1"}', "Invalid enum value 'maybe'"),
        ('{"at": "2026-01-14T09:00:00", "verdict": "real", "key": "number:1"}', "at has no time zone"),
        ('{"at": "2026-01-14T09:00:00+05:00", "verdict": "real"}', "neither key nor alert_id"),
        ("no json", "malformed"),
    ],
)
def test_a_wrong_line_of_feedback_is_named(tmp_path: Path, line: str, told: str) -> None:
    path = tmp_path / "said.jsonl"
    good = msgspec.json.encode(Feedback(at=datetime(2026, 1, 1, tzinfo=UTC), verdict="real", key="number:1")).decode()
    path.write_text(f"{good}\n{line}\n", encoding="utf-8")
    with pytest.raises(ValueError, match=rf":2: .*{told}"):
        read_feedback(path)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("budget: 1/day", "budget: one a day", "budget"),
        ("minimum_reporters: 15", "minimum_reporters: -1", "minimum_reporters"),
        ("severity: critical", "severity: dreadful", "severity"),
        ("route: operators", "way: operators", "way"),
        ("id: campaign", "id: channel-silent", "already"),
    ],
)
def test_a_mistake_in_a_rule_is_named_with_its_line(tmp_path: Path, old: str, new: str, told: str) -> None:
    rules = (ALERTS / "rules.yaml").read_text(encoding="utf-8")
    assert old in rules
    changed = rules.replace(old, new, 1)
    (tmp_path / "rules.yaml").write_text(changed, encoding="utf-8")
    (tmp_path / "calibration.yaml").write_bytes((ALERTS / "calibration.yaml").read_bytes())
    # A second rule of one name is told where it stands the second time.
    expected = changed[: changed.rindex(new)].count("\n") + 1
    with pytest.raises(RuleError) as caught:
        load_detector(tmp_path)
    assert told in str(caught.value)
    assert abs(int(str(caught.value).split(":")[1]) - expected) <= 1, str(caught.value)
