"""What is erased is forgotten in every state, told in few messages, and takes nobody else's with it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, NamedTuple

import msgspec
import pytest

from deploy.home import CHECKOUT
from schemas import erasure
from schemas.erasure import Erasure, erasure_of, headers_of, joined
from schemas.events import Stance, report_id
from streams import reputation
from streams.reputation import MAX_CLAIMS, Facts, add_signals, assess
from streams.signals import partition_of
from streams.understanding.clusters import Clusters, assign
from streams.waves import Campaigns, Series, fold, load_detector, observe
from streams.waves.erasing import forget_in_campaigns, forget_in_series, traces
from streams.waves.series import SKETCH, add, reporter_hash, reporters_in
from tests.builders import NOW, a_signal

ANNA, BORIS = "a" * 32, "b" * 32
IDS = [report_id("hotline-test", str(number)) for number in range(3)]


class Message(NamedTuple):
    key: bytes | None = None
    value: bytes | None = None
    headers: Any = None


def test_an_erasure_travels_in_the_header_of_a_tombstone() -> None:
    told = Erasure(report_ids=IDS, reporter=ANNA)
    assert erasure_of(Message(headers=headers_of(told))) == told
    assert erasure_of(Message(headers=dict(headers_of(told)))) == told
    assert erasure_of(Message(value=b"{}", headers=headers_of(told))) is None


def test_a_plain_tombstone_erases_the_report_of_its_key_and_any_other_nothing() -> None:
    assert erasure_of(Message(key=IDS[0].encode())) == Erasure(report_ids=IDS[:1])
    assert erasure_of(Message(key=b"x")) is None
    assert erasure_of(Message()) is None
    with pytest.raises(msgspec.MsgspecError):
        erasure_of(Message(headers=[(erasure.HEADER, b"[]")]))


def test_erasures_of_one_reporter_are_told_together_and_never_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    each = [Erasure(report_ids=[name], reporter=ANNA) for name in [*IDS, IDS[0]]]
    assert joined([*each, Erasure(report_ids=IDS[:1]), Erasure()]) == [
        Erasure(report_ids=IDS, reporter=ANNA),
        Erasure(report_ids=IDS[:1]),
    ]
    monkeypatch.setattr(erasure, "MAX_REPORTS", 2)
    assert [len(e.report_ids) for e in joined(each)] == [2, 1]


def told(reporter: str, name: str, **changes: Any) -> Any:
    return a_signal(reporter=reporter, report_id=name, **changes)


def test_a_number_forgets_one_reporter_as_if_they_had_never_spoken() -> None:
    others = [told(BORIS, IDS[2])]
    own = [told(ANNA, IDS[0]), told(ANNA, IDS[1], stance=Stance.QUESTION)]
    facts = add_signals(Facts(), [*others, *own])
    data = msgspec.msgpack.encode(facts)
    assert any(trace in data for trace in reputation.traces(ANNA, IDS[:2]))
    left = reputation.forget(facts, ANNA, IDS[:2])
    assert left == add_signals(Facts(), others)
    assert not any(trace in msgspec.msgpack.encode(left) for trace in reputation.traces(ANNA, IDS[:2]))
    assert reputation.forget(left, ANNA, IDS[:2]) == left


def test_an_anonymous_claim_stays_while_somebody_else_is_behind_it() -> None:
    shared = [told("anonymous:web:day", name, anonymous=True) for name in IDS]
    facts = add_signals(Facts(), shared)
    left = reputation.forget(facts, None, IDS[:1])
    assert [claim.reports for claim in left.claims.values()] == [tuple(sorted(IDS[1:]))]
    assert reputation.forget(facts, None, IDS).claims == {}


def test_a_sampled_number_forgets_who_spoke_and_not_how_many() -> None:
    crowd = [told(f"{number:032x}", report_id("s", str(number)), region="KZ-33") for number in range(3000)]
    facts = add_signals(Facts(), crowd)
    by_claim = {reputation._reporter_key(s): s for s in crowd}
    kept = by_claim[sorted(facts.claims)[100]]
    left = reputation.forget(facts, kept.reporter, [kept.report_id])
    assert len(left.claims) == MAX_CLAIMS
    assert not any(t in msgspec.msgpack.encode(left) for t in reputation.traces(kept.reporter, [kept.report_id]))
    before, after = (assess(f, NOW, official=False).reporters for f in (facts, left))
    assert after == before


def test_a_series_forgets_reporter_and_report() -> None:
    own, other = told(ANNA, IDS[0], excerpt="её слова"), told(BORIS, IDS[1])
    series = add(None, [own, other])
    gone = Erasure(report_ids=[IDS[0]], reporter=ANNA)
    assert any(trace in msgspec.msgpack.encode(series) for trace in traces(gone))
    assert forget_in_series(series, gone)
    assert series == add(None, [other])
    assert not any(trace in msgspec.msgpack.encode(series) for trace in traces(gone))
    assert not forget_in_series(series, Erasure(report_ids=[IDS[1]], reporter=BORIS))


def test_a_channel_forgets_the_report_and_who_made_it() -> None:
    own, *others = (
        told(who, name, key="channel:hotline-test") for who, name in zip((ANNA, BORIS, BORIS), IDS, strict=True)
    )
    series, gone = add(None, [own, *others]), Erasure(report_ids=IDS[:1], reporter=ANNA)
    assert forget_in_series(series, gone)
    assert series == add(None, others)
    assert not any(trace in msgspec.msgpack.encode(series) for trace in traces(gone))


def test_a_full_sketch_forgets_who_and_not_how_many() -> None:
    crowd = [told(f"{number:032x}", report_id("s", str(number))) for number in range(1000)]
    series = add(None, crowd)
    (bucket,) = series.days.values()
    before, smallest = reporters_in(bucket, SKETCH), bucket.identified[0]
    for signal in crowd:
        if reporter_hash(signal.reporter) in bucket.identified[:2]:
            forget_in_series(series, Erasure(report_ids=[signal.report_id], reporter=signal.reporter))
    assert smallest not in bucket.identified
    assert bucket.identified == sorted(set(bucket.identified))
    assert len(bucket.identified) == SKETCH
    assert reporters_in(bucket, SKETCH) == before


def test_a_wave_forgets_a_report_and_its_alert_is_told_anew_without_it() -> None:
    detector = load_detector(CHECKOUT / "deploy" / "alerts")
    state: Campaigns | None = None
    series: Series | None = None
    alerts = []
    names = [report_id("wave", str(number)) for number in range(14)]
    for number, name in enumerate(names):
        at = NOW + timedelta(minutes=2 * number)
        signal = told(f"{number:032x}", name, received_at=at, happened_at=at, excerpt=f"рассказ {number}.")
        series, candidates = observe(series, [signal], detector)
        state, new = fold(state, candidates, int(at.timestamp()), detector)
        alerts += new
    assert state is not None
    assert alerts
    (again,) = forget_in_campaigns(state, Erasure(report_ids=[names[0]], reporter="0" * 32), detector)
    assert (again.id, again.page, again.change) == (alerts[0].id, False, "erased")
    assert names[0] not in again.report_ids
    assert names[1] in again.report_ids
    assert names[0].encode() not in msgspec.msgpack.encode(state)
    assert "рассказ 0.".encode() not in msgspec.msgpack.encode(state)
    assert forget_in_campaigns(state, Erasure(report_ids=[names[0]]), detector) == []


def test_a_story_of_its_own_goes_and_a_shared_one_stays() -> None:
    state = Clusters()
    text = "Предложили разводить вьетнамских свиней на балконе и прислали договор аренды кормушки"
    pattern = assign(state, text, NOW)
    assert pattern is not None
    assert assign(state, text, NOW) == pattern
    left = state.leave(pattern)
    assert left is not None
    assert left.size == 1
    assert state.leave(pattern) is None
    assert state.clusters == {}
    assert state.reports == 0
    assert state.leave(pattern) is None


def test_keys_have_owners() -> None:
    assert {partition_of(f"number:{n}", 4) for n in range(100)} == {0, 1, 2, 3}
