"""A flood of reports that few people made, or nobody who can be told, hides no wave of the same hour."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest

from schemas.events import Signal
from streams.waves import observe
from streams.waves.calendar import Calendar
from streams.waves.series import add, day_of, hour_of, seconds
from streams.waves.silence import silence
from streams.waves.traffic import Channel
from tests.unit.waves.histories import detector as shipped
from tests.unit.waves.test_stream import NOW, run, signal

WAVE = "number:+77051234567"
FLOOD = 3_000


def with_channels(reports: Sequence[Signal]) -> list[Signal]:
    """Each report as a number's signal and as its channel's."""
    return [part for one in reports for part in (one, replaced(one, key=f"channel:{one.source}"))]


def replaced(one: Signal, **fields: object) -> Signal:
    return signal(0, **{**{name: getattr(one, name) for name in one.__struct_fields__}, **fields})  # type: ignore[arg-type]


def usual() -> list[Signal]:
    """Four weeks of twenty reports a day, each of another number and person."""
    days = [NOW - timedelta(days=28) + timedelta(days=n / 20) for n in range(20 * 28)]
    return [signal(f"u{n}", f"number:+7701{n:07}", happened_at=at, received_at=at) for n, at in enumerate(days)]  # type: ignore[arg-type]


def flood(people: int) -> list[Signal]:
    """Thousands of reports within a minute, of that many people; of nobody who can be told for 0."""
    return [
        signal(
            f"f{n}",  # type: ignore[arg-type]
            f"number:+7702{n:07}",
            reporter=f"integration {n % people}" if people else "anonymous:web:2026-01-14",
            anonymous=not people,
            source="web",
        )
        for n in range(FLOOD)
    ]


def a_dozen() -> list[Signal]:
    times = [NOW + timedelta(minutes=n) for n in range(12)]
    return [signal(n, WAVE, happened_at=at, received_at=at) for n, at in enumerate(times)]


def exposure_of(reports: Sequence[Signal]) -> int:
    """Reports of this hour as the traffic has them."""
    _, candidates = observe(None, [replaced(one, key="channel:web") for one in reports], shipped())
    return max(c.volume.hours[hour_of(seconds(NOW))] for c in candidates if c.volume)


@pytest.mark.parametrize("people", [0, 1, 3, 20], ids=["anonymous", "one", "three", "twenty people"])
def test_a_wave_in_the_hour_of_a_flood_is_paged_as_without_it(people: int) -> None:
    some = shipped()
    calm = [page for page in run(with_channels([*usual(), *a_dozen()]), some, batch=500) if page.page]
    assert [(page.key, page.observed) for page in calm] == [(WAVE, 5)]
    found = [page for page in run(with_channels([*usual(), *flood(people), *a_dozen()]), some, batch=500) if page.page]
    assert [page.key for page in found] == [WAVE]
    assert found[0].observed <= 7


def test_a_flood_weighs_as_the_people_who_made_it() -> None:
    assert exposure_of(flood(0)) == 1
    assert exposure_of(flood(3)) == 6, "twice what so many people usually make, which is one each"
    assert exposure_of([signal(n, source="web") for n in range(300)]) == 300


def test_a_channel_whose_people_make_many_reports_weighs_all_of_them() -> None:
    """Such as a file that tells reporters by their area code only."""
    days = [NOW - timedelta(days=n // 60) for n in range(600)]
    many = [
        signal(n, "channel:web", reporter=f"area {n % 3}", happened_at=at, received_at=at)
        for n, at in enumerate(reversed(days))
    ]
    _, candidates = observe(None, many, shipped())
    volumes = [candidate.volume for candidate in candidates if candidate.volume]
    assert max(volume.days.get(day_of(seconds(NOW)), 0) for volume in volumes) == 60


def test_what_a_flood_weighs_does_not_depend_on_batches_or_order() -> None:
    reports = [replaced(one, key="channel:web") for one in [*usual(), *flood(3)]]
    whole, again = add(None, reports), add(None, reports[::-1])
    for start in range(0, len(reports), 700):
        again = add(again, reports[start : start + 700])
    assert (whole.days, whole.hours, whole.received) == (again.days, again.hours, again.received)


def test_anonymous_reports_break_a_silence_and_a_flood_makes_none() -> None:
    calendar, size = Calendar(shipped().calibration.profile), 5.0
    now = seconds(NOW)
    received = {
        hour_of(now) - back: round(12 * calendar.between(now - back * 3600, now - (back - 1) * 3600))
        for back in range(1, 24 * 30)
    }

    def loudest(channel: Channel) -> float:
        found = silence(channel, calendar, size, now)
        return 0.0 if found is None else found.score

    before = loudest(Channel(received=received))
    flooded = {**received, hour_of(now) - 24 * 10: FLOOD}
    assert loudest(Channel(received=flooded)) == pytest.approx(before, abs=0.5)
    anonymous = [replaced(one, key="channel:web") for one in flood(0)]
    _, candidates = observe(None, anonymous, shipped())
    assert max(sum(c.volume.received.values()) for c in candidates if c.volume) == pytest.approx(FLOOD, rel=0.1)
