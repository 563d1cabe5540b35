"""Clusters of unexplained reports: the same again under replay, bounded, and only of what no scheme explains."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from schemas.events import Channel, EnrichedReport, Report, Stance, report_id
from streams.understanding import clusters
from streams.understanding.clusters import Clusters, assign, is_unexplained, sketch, with_pattern, words_of
from streams.understanding.enrich import enrich

_START = datetime(2026, 1, 14, 9, tzinfo=UTC)
_WINDOWS = [
    "Ходят по домам, бесплатно меняют окна по программе, за замер взяли 20 тысяч и больше не пришли",
    "Замерщик взял деньги за замер, окна бесплатно никто не ставит",
    "Обещали бабушке новые окна бесплатно, оплатили замер, окон нет",
]
_COAL = [
    "Арзан көмір әкелеміз деп самосвал иесі көмірге ақша жинап кетті",
    "Көмір тасымаған самосвалдың иесін іздейміз, көмірсіз қалдық",
]


def _report(number: int, text: str, **given: object) -> Report:
    base = Report(
        id=report_id("test", str(number)),
        source="test",
        source_ref=str(number),
        channel=Channel.WEB,
        received_at=_START + timedelta(minutes=number),
        happened_at=_START,
        text=text,
    )
    return msgspec.structs.replace(base, **given)


def _run(texts: list[str], state: Clusters) -> list[str | None]:
    return [assign(state, f"r{i}", text, _START + timedelta(minutes=i)) for i, text in enumerate(texts)]


def test_one_story_in_different_words_is_one_pattern_with_its_words() -> None:
    state = Clusters()
    patterns = _run([*_WINDOWS, *_COAL], state)
    assert len(set(patterns[:3])) == 1
    assert len(set(patterns[3:])) == 1
    assert patterns[0] != patterns[3]
    assert {"окна", "замер"} <= set(words_of(state, patterns[0] or ""))
    assert "көмір" in words_of(state, patterns[3] or "")


def test_a_replay_gives_the_same_patterns_and_changes_nothing() -> None:
    texts = [*_WINDOWS, *_COAL]
    state, again = Clusters(), Clusters()
    first = _run(texts, state)
    before = msgspec.json.encode(state)
    assert _run(texts, state) == first  # delivered twice
    assert msgspec.json.encode(state) == before
    assert _run(texts, again) == first  # from the beginning
    stored = msgspec.json.decode(before, type=Clusters)
    assert assign(stored, "new", _WINDOWS[0], _START) == first[0]


def test_too_few_telling_words_found_nothing() -> None:
    state = Clusters()
    assert assign(state, "r", "Мошенники звонят, просят деньги", _START) is None
    assert state == Clusters()


def test_an_idle_cluster_is_forgotten() -> None:
    state = Clusters()
    assign(state, "a", _WINDOWS[0], _START)
    assign(state, "b", _COAL[0], _START + clusters.IDLE + timedelta(days=1))
    assert len(state.clusters) == 1


def test_the_state_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clusters, "MAX_CLUSTERS", 5)
    monkeypatch.setattr(clusters, "MAX_VOCABULARY", 50)
    monkeypatch.setattr(clusters, "MAX_REMEMBERED", 7)
    letters = random.Random(1)
    state = Clusters()
    for number in range(100):
        words = ["".join(letters.choices("бвгджзклмнпрст", k=8)) for _ in range(60)]
        assign(state, str(number), " ".join(words), _START + timedelta(minutes=number))
    assert len(state.clusters) <= 5
    assert len(state.remembered) <= 7
    assert len(state.frequency) <= 50 + clusters.MAX_STEMS
    assert all(len(c.stems) <= clusters.MAX_STEMS for c in state.clusters.values())


def test_a_sketch_shows_words_as_they_are_told() -> None:
    assert sketch("Қарт кісілерден көмірге деп ақша алған")["коми"] == "көмірге"


def test_only_reports_that_no_scheme_explains_get_a_pattern() -> None:
    state = Clusters()
    unexplained = enrich(_report(1, _WINDOWS[1]))
    explained = enrich(_report(2, "Звонили из поликлиники, просили код из СМС, записывали на флюорографию и скрининг"))
    heartbeat = enrich(_report(3, _WINDOWS[1], synthetic=True))
    question = enrich(_report(4, _WINDOWS[1], stance=Stance.QUESTION))
    assert is_unexplained(unexplained)
    assert with_pattern(state, unexplained).pattern in state.clusters
    for other in (explained, heartbeat, question):
        assert isinstance(other, EnrichedReport)
        assert with_pattern(state, other).pattern is None
