"""The clock that a file moves, and the interval by it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from streams.clock import Clock, Interval


def test_a_file_moves_the_clock_and_without_it_the_clock_is_the_systems(tmp_path: Path) -> None:
    moved_by = tmp_path / "clock"
    clock = Clock(moved_by)
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=5)
    moved_by.write_text("86400")
    assert abs(clock.now() - datetime.now(UTC) - timedelta(days=1)) < timedelta(seconds=5)
    moved_by.write_text("tomorrow")
    with pytest.raises(ValueError, match="tomorrow"):
        clock.now()


def test_an_interval_passes_once_however_far_the_clock_is_moved(tmp_path: Path) -> None:
    moved_by = tmp_path / "clock"
    clock = Clock(moved_by)
    interval = Interval(clock, timedelta(minutes=10))
    assert interval.passed() is None
    moved_by.write_text(str(30 * 86400))
    now = interval.passed()
    assert now is not None
    assert now - datetime.now(UTC) > timedelta(days=29)
    assert interval.passed() is None
    moved_by.write_text(str(30 * 86400 + 601))
    assert interval.passed() is not None


def test_a_clock_that_was_set_back_begins_a_new_interval(tmp_path: Path) -> None:
    moved_by = tmp_path / "clock"
    interval = Interval(Clock(moved_by), timedelta(minutes=10))
    moved_by.write_text(str(30 * 86400))
    assert interval.passed() is not None
    moved_by.unlink()
    assert interval.passed() is None
    moved_by.write_text("601")
    assert interval.passed() is not None
