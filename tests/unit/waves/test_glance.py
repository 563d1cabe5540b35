"""What is kept in mind or skipped to be quick changes nothing of what is found."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import timedelta
from unittest.mock import patch

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.events import Alert, Signal
from streams.waves import Campaigns, Detector, Folder, Series, add, fold, observe, scan
from streams.waves.history import Replay
from streams.waves.scan import outstanding
from streams.waves.series import day_of, hour_of
from streams.waves.windows import windows
from tests.unit.waves.histories import background, batches, detector, wave
from tests.unit.waves.test_stream import NOW, signal

DETECTOR = detector()
DAILY = DETECTOR.of_history(daily=True)


def story(seed: int, key: str, busy: int) -> list[Signal]:
    """Some weeks of reports of one series, most of the last days, some late, some of the same people or anonymous."""
    draw = random.Random(seed)
    told = []
    for place in range(busy * 10):
        received = NOW - timedelta(minutes=int(draw.expovariate(1 / 9000)))
        late = timedelta(minutes=draw.choice((0, 0, 0, 1, 90, 3000)))
        told.append(
            signal(
                place,
                key,
                reporter=f"person-{draw.randrange(busy * 7)}",
                anonymous=draw.random() < 0.2,
                happened_at=received - late,
                received_at=received,
            )
        )
    return sorted(told, key=lambda one: one.received_at)


def cut(signals: Sequence[Signal], length: int) -> Iterator[Sequence[Signal]]:
    return (signals[start : start + length] for start in range(0, len(signals), length))


def all_starts(series: Series, detector: Detector) -> set[int]:
    return {window.start for window in windows(hour_of(series.clock), day_of(series.clock), detector.daily)}


@pytest.mark.parametrize("key", ["number:+77051234567", "scheme:prize", "scheme-region:prize|KZ-75"])
@pytest.mark.parametrize("daily", [False, True])
@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6), busy=st.sampled_from((1, 3, 10, 60)))
def test_a_glance_passes_over_nothing_that_the_scan_finds(key: str, daily: bool, seed: int, busy: int) -> None:
    detector = DAILY if daily else DETECTOR
    series: Series | None = None
    for some in cut(story(seed, key, busy), 7):
        series = add(series, some)
        found = scan(series, detector)
        with patch("streams.waves.scan.outstanding", all_starts):
            assert scan(series, detector) == found


def test_a_glance_passes_over_a_series_that_is_as_usual() -> None:
    hours = [NOW - timedelta(hours=n) for n in reversed(range(24 * 35))]
    steady = [signal(n, "scheme:prize", happened_at=at, received_at=at) for n, at in enumerate(hours)]
    series, found = observe(None, steady, DETECTOR)
    assert found  # at first, when nothing is usual yet
    assert not outstanding(series, DETECTOR)
    assert scan(series, DETECTOR) is None


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 10**6), busy=st.sampled_from((1, 10, 60)), length=st.integers(1, 9))
def test_what_was_before_each_day_is_as_if_it_was_counted_anew(seed: int, busy: int, length: int) -> None:
    series: Series | None = None
    for some in cut(story(seed, "scheme:prize", busy), length):
        series = add(series, some)
        stored = msgspec.msgpack.decode(msgspec.msgpack.encode(series), type=Series)
        assert series.until == stored.until


def test_a_folder_finds_what_a_state_written_and_read_between_batches_does() -> None:
    rows = [row._replace(scheme="prize", region="KZ-75") for row in background(days=range(25, 30), hourly=True)]
    rows += wave("+77051112233", 29, [30, 40], hourly=True) + wave("+77051112244", 29, [20, 60], hourly=True)
    replayed, folder, told = Replay(DETECTOR), Folder(Campaigns(), DETECTOR), list[Alert]()
    states, campaigns, anew = dict[str, bytes](), msgspec.msgpack.encode(Campaigns()), list[Alert]()
    for batch in batches(rows, hourly=True):
        told += folder.fold(replayed.feed(batch), batch.now)
        again = Replay(DETECTOR, states)
        known = msgspec.msgpack.decode(campaigns, type=Campaigns)
        known, alerts = fold(known, again.feed(batch), batch.now, DETECTOR)
        states, campaigns, anew = again.states, msgspec.msgpack.encode(known), anew + alerts
    assert [alert.change for alert in told if alert.page]
    assert told == anew
