"""The promises of wave detection, as the agents rely on them: what pages, what never does, once, in any order."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from schemas.events import Alert, Channel, Medium, Outcome, Signal, Stance
from streams.signals import by_partition
from streams.waves import Campaigns, Candidate, Detector, Series, fold, load_detector, observe
from streams.waves.series import seconds

NOW = datetime(2026, 1, 14, 10, 0, tzinfo=UTC)
ALERTS = Path(__file__).parents[3] / "deploy" / "alerts"


@pytest.fixture(scope="module")
def detector() -> Detector:
    return load_detector(ALERTS)


def signal(number: int, key: str = "number:+77051234567", **fields: object) -> Signal:
    """The `number`th report, of a person of its own, received at `NOW` unless `fields` say otherwise."""
    given: dict[str, object] = {
        "key": key,
        "report_id": f"report-{number}",
        "reporter": f"person-{number}",
        "anonymous": False,
        "happened_at": NOW,
        "received_at": NOW,
        "source": "bot",
        "channel": Channel.TELEGRAM,
        "medium": Medium.CALL,
        "stance": Stance.REPORT,
        "outcome": Outcome.ATTEMPT,
        "excerpt": f"words {number}",
    }
    return Signal(**{**given, **fields})  # type: ignore[arg-type]


def people(count: int) -> list[Signal]:
    """One report of each of some people, a minute apart, the newest first."""
    return [signal(i, happened_at=NOW - timedelta(minutes=i)) for i in range(count)]


def run(signals: Sequence[Signal], detector: Detector, batch: int = 50) -> list[Alert]:
    """Alerts of a stream cut into batches, state written and read between them as a worker does."""
    states: dict[str, bytes] = {}
    campaigns: Campaigns | None = None
    alerts: list[Alert] = []
    for start in range(0, len(signals), batch):
        by_key: dict[str, list[Signal]] = {}
        for some in signals[start : start + batch]:
            by_key.setdefault(some.key, []).append(some)
        candidates: list[Candidate] = []
        for key, group in by_key.items():
            state = msgspec.msgpack.decode(states[key], type=Series) if key in states else None
            series, found = observe(state, group, detector)
            states[key] = msgspec.msgpack.encode(series)
            candidates += found
        newest = max(seconds(some.received_at) for some in signals[: start + batch])
        campaigns, new = fold(campaigns, candidates, newest, detector)
        campaigns = msgspec.msgpack.decode(msgspec.msgpack.encode(campaigns), type=Campaigns)
        alerts += new
    return alerts


def run_workers(signals: Sequence[Signal], detector: Detector, workers: int) -> list[Alert]:
    """Alerts of the same stream when its keys have `workers` owners, which read batches of their own size."""
    waiting = [by_partition(signals, workers).get(mine, []) for mine in range(workers)]
    series: dict[str, Series] = {}
    campaigns: Campaigns | None = None
    alerts: list[Alert] = []
    while any(waiting):
        candidates: list[Candidate] = []
        for mine in reversed(range(workers)):
            batch, waiting[mine] = waiting[mine][: 7 + mine], waiting[mine][7 + mine :]
            for key in {some.key for some in batch}:
                group = [some for some in batch if some.key == key]
                series[key], found = observe(series.get(key), group, detector)
                candidates += found
        campaigns, new = fold(campaigns, candidates, max((c.at for c in candidates), default=0), detector)
        alerts += new
    return alerts


def test_five_people_within_an_hour_page_once(detector: Detector) -> None:
    alerts = run(people(8), detector, batch=1)
    assert [alert.change for alert in alerts] == ["new"]
    assert alerts[0].observed == 5
    assert alerts[0].number == "+77051234567"
    assert alerts[0].report_ids == [f"report-{i}" for i in range(5)]


def test_many_accounts_within_one_minute_are_one_hand(detector: Detector) -> None:
    crowd = [signal(i, happened_at=NOW, received_at=NOW + timedelta(seconds=i)) for i in range(50)]
    assert run(crowd, detector) == []
    honest = [signal(100 + i, received_at=NOW + timedelta(minutes=2 + i)) for i in range(4)]
    (page,) = [alert for alert in run([*crowd, *honest], detector, batch=1) if alert.page]
    assert page.decided_by == "report-103", "the fifth hand decides"


def test_a_channel_that_sends_by_the_minute_or_tells_days_only_is_no_crowd(detector: Detector) -> None:
    bulk = [signal(i, happened_at=NOW - timedelta(minutes=7 * i)) for i in range(8)]
    yesterday = [signal(i, happened_at=NOW, received_at=NOW + timedelta(minutes=i)) for i in range(8)]
    file = [signal(i, channel=Channel.FILE) for i in range(8)]
    for told in (bulk, yesterday, file):
        assert [alert.change for alert in run(told, detector, batch=1)] == ["new"]


def test_background_of_a_number_never_pages(detector: Detector) -> None:
    days = [NOW - timedelta(days=4 * i) for i in range(90)]
    signals = [signal(i, happened_at=day, received_at=day) for i, day in enumerate(reversed(days))]
    assert run(signals, detector) == []


def test_crowd_that_cannot_be_told_from_one_person_never_pages(detector: Detector) -> None:
    sources = ("web", "bot", "partner")
    signals = [
        signal(i, anonymous=True, reporter=f"{sources[i % 3]} {i % 7}", happened_at=NOW - timedelta(days=i % 7))
        for i in range(10_000)
    ]
    assert run(signals, detector, batch=500) == []


@pytest.mark.parametrize(
    "fields",
    [
        {"stance": Stance.WARNING},
        {"stance": Stance.QUESTION},
        {"backfill": True},
        {"happened_at": NOW - timedelta(days=9)},
        {"reporter": "one person"},
    ],
    ids=["warning", "question", "backfill", "older than the longest window", "one person"],
)
def test_what_does_not_count_never_pages(detector: Detector, fields: dict[str, object]) -> None:
    assert run([signal(i, **fields) for i in range(100)], detector) == []


def test_replayed_wave_tells_nothing_new(detector: Detector) -> None:
    signals = people(7)
    alerts = run([*signals, *signals], detector, batch=1)
    assert [alert.change for alert in alerts] == ["new"]


def test_order_changes_no_state(detector: Detector) -> None:
    signals = [signal(i, happened_at=NOW - timedelta(hours=i % 40), reporter=f"p{i % 300}") for i in range(2000)]
    first, _ = observe(None, signals, detector)
    random.Random(7).shuffle(signals)
    second, _ = observe(None, signals, detector)
    second, _ = observe(second, signals, detector)
    assert first.hours == second.hours
    assert first.days == second.days
    assert first.evidence == second.evidence


def test_wave_over_several_series_is_one_alert_that_grows(detector: Detector) -> None:
    keys = ("official:1414|medical-appointment", "number:+77051234567")
    signals = [
        signal(i, key, received_at=NOW + timedelta(minutes=i), region="KZ-33") for i in range(24) for key in keys
    ]
    alerts = run(signals, detector)
    assert len({alert.id for alert in alerts}) == 1
    assert alerts[0].change == "new"
    assert {alert.change for alert in alerts[1:]} == {"doubled"}
    assert alerts[-1].key == keys[0]
    assert set(alerts[-1].keys) == set(keys)
    assert alerts[-1].regions == {"KZ-33": alerts[-1].regions["KZ-33"]}


def test_demo_background_sent_at_once_builds_the_baseline_and_pages_nothing(detector: Detector) -> None:
    draw = random.Random(1)
    regions, schemes = [f"KZ-{i}" for i in range(20, 40)], ["prize", "bank-security", "delivery", "rental"]
    signals: list[Signal] = []
    for i in range(4000):
        happened = NOW - timedelta(days=28) + timedelta(days=28) * (i / 4000)
        region, scheme = draw.choice(regions), draw.choice(schemes)
        keys = (f"region:{region}", f"scheme:{scheme}", f"scheme-region:{scheme}|{region}", f"number:+7705{i // 2}")
        signals += [signal(i, key, happened_at=happened, region=region, schemes=[scheme]) for key in keys]
    assert run(signals, detector, batch=200) == []
    wave = [
        signal(
            10_000 + i, key, region="KZ-33", happened_at=NOW - timedelta(minutes=3 * i), schemes=["medical-appointment"]
        )
        for i in range(40)
        for key in ("official:1414|medical-appointment", "region:KZ-33", "scheme:medical-appointment")
    ]
    alerts = run([*signals, *wave], detector, batch=200)
    assert len({alert.id for alert in alerts}) == 1
    assert alerts[-1].key == "official:1414|medical-appointment"


def test_wave_ends_after_a_quiet_week(detector: Detector) -> None:
    signals = people(6)
    later = NOW + timedelta(days=8)
    alerts = run([*signals, signal(99, "number:+7", happened_at=later, received_at=later)], detector, batch=1)
    assert [(alert.change, str(alert.status)) for alert in alerts] == [("new", "open"), ("ended", "closed")]


def test_several_workers_page_what_one_pages(detector: Detector) -> None:
    draw = random.Random(3)
    waves = [f"number:+7705999{n:04}" for n in range(6)]
    keys = [*waves, *(f"number:+7705{draw.randrange(10**6):07}" for _ in range(200))]
    signals = [
        signal(i, key, received_at=NOW + timedelta(seconds=20 * i), happened_at=NOW + timedelta(seconds=20 * i))
        for i, key in enumerate([draw.choice(waves if draw.random() < 0.4 else keys) for _ in range(300)])
    ]
    expected = {(alert.id, alert.key) for alert in run(signals, detector, batch=10) if alert.page}
    assert len(expected) == len(waves)
    for workers in (1, 2, 4):
        assert {(a.id, a.key) for a in run_workers(signals, detector, workers) if a.page} == expected


def test_page_names_the_report_that_decided_it(detector: Detector) -> None:
    signals = [signal(i, received_at=NOW + timedelta(minutes=i)) for i in range(8)]
    (page,) = [alert for alert in run(signals, detector, batch=1) if alert.page]
    assert page.decided_by == "report-4"


def test_disordered_reports_page_like_ordered_ones(detector: Detector) -> None:
    signals = [
        signal(i, happened_at=NOW - timedelta(minutes=90 - 10 * i), received_at=NOW + timedelta(seconds=i))
        for i in range(9)
    ]
    told = [signal(s.report_id.partition("-")[2], happened_at=s.happened_at, received_at=r.received_at)  # type: ignore[arg-type]
            for s, r in zip(random.Random(5).sample(signals, 9), signals, strict=True)]  # fmt: skip
    assert [a.change for a in run(told, detector, batch=2)] == [a.change for a in run(signals, detector, batch=2)]


def test_import_of_last_month_hides_no_wave_of_now(detector: Detector) -> None:
    """What an import tells of the days before is baseline; the wave of this hour still pages, with who reported now."""
    old = [
        signal(i, happened_at=NOW - timedelta(days=1 + i % 27), backfill=True, reporter=f"old {i}") for i in range(40)
    ]
    new = [signal(100 + i, received_at=NOW + timedelta(minutes=i), happened_at=NOW) for i in range(15)]
    pages = [alert for alert in run([*old, *new], detector, batch=5) if alert.page]
    assert len(pages) == 1
    assert pages[0].report_ids == [f"report-{100 + i}" for i in range(len(pages[0].report_ids))]


def test_restart_in_mid_wave_neither_forgets_nor_repeats(detector: Detector) -> None:
    """A worker that died after its writes and before its offsets reads the last batches again."""
    signals = [signal(i, received_at=NOW + timedelta(minutes=i)) for i in range(12)]
    again = [*signals[:3], *signals[:5], *signals[2:7], *signals[4:]]
    once = run(signals, detector, batch=1)
    assert [(a.id, a.page) for a in run(again, detector, batch=1)] == [(a.id, a.page) for a in once]
