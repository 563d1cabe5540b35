"""Clusters of unexplained reports: the same from the same log, bounded, and only of what no scheme explains."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from schemas.events import Channel, Report, Stance, Tag, report_id
from streams.understanding import clusters
from streams.understanding.clusters import Cluster, Clusters, assign, is_unexplained, sketch
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
    return [assign(state, text, _START + timedelta(minutes=i)) for i, text in enumerate(texts)]


def test_one_story_in_different_words_is_one_pattern_with_its_words() -> None:
    state = Clusters()
    patterns = _run([*_WINDOWS, *_COAL], state)
    assert len(set(patterns[:3])) == 1
    assert len(set(patterns[3:])) == 1
    assert patterns[0] != patterns[3]
    assert {"окна", "замер"} <= set(state.clusters[patterns[0] or ""].words.values())
    assert "көмір" in state.clusters[patterns[3] or ""].words.values()


def test_a_pattern_is_named_by_its_founders_words() -> None:
    pattern = assign(Clusters(), _WINDOWS[1], _START)
    assert pattern is not None
    *words, mark = pattern.split("-")
    assert len(words) == clusters.MAX_SHOWN
    assert set(words) <= set(_WINDOWS[1].lower().replace(",", "").split())
    assert len(mark) == 6


def test_the_same_log_gives_the_same_patterns_and_stored_clusters_go_on() -> None:
    texts = [*_WINDOWS, *_COAL]
    state, again = Clusters(), Clusters()
    first = _run(texts, state)
    assert _run(texts, again) == first
    stored = {name: msgspec.msgpack.encode(cluster) for name, cluster in state.clusters.items()}
    loaded = Clusters({name: msgspec.msgpack.decode(data, type=Cluster) for name, data in stored.items()})
    for text in texts:
        assert assign(loaded, text, _START) == assign(state, text, _START)
    assert loaded.clusters == state.clusters


def test_too_few_telling_words_found_nothing() -> None:
    state = Clusters()
    assert assign(state, "Мошенники звонят, просят деньги", _START) is None
    assert state.clusters == {}


def test_an_idle_cluster_is_forgotten() -> None:
    state = Clusters()
    assign(state, _WINDOWS[0], _START)
    assign(state, _COAL[0], _START + clusters.IDLE + timedelta(days=1))
    assert len(state.clusters) == 1


def test_the_state_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clusters, "MAX_CLUSTERS", 5)
    letters = random.Random(1)
    state = Clusters()
    for number in range(100):
        words = ["".join(letters.choices("бвгджзклмнпрст", k=8)) for _ in range(60)]
        assign(state, " ".join(words), _START + timedelta(minutes=number))
    assert len(state.clusters) <= 5
    assert state.reports == sum(c.size for c in state.clusters.values())
    assert state.rarity("никто") == max(
        state.rarity(stem) for c in state.clusters.values() for stem in (*c.stems, "никто")
    )
    assert all(len(c.stems) <= clusters.MAX_STEMS for c in state.clusters.values())


def test_a_sketch_shows_words_as_they_are_told() -> None:
    assert sketch("Қарт кісілерден көмірге деп ақша алған")["коми"] == "көмірге"


def test_only_reports_that_no_scheme_explains_are_put_together() -> None:
    assert is_unexplained(enrich(_report(1, _WINDOWS[1])))
    assert not is_unexplained(
        enrich(_report(2, "Звонили из поликлиники, просили код из СМС, записывали на флюорографию и скрининг"))
    )
    assert not is_unexplained(enrich(_report(3, _WINDOWS[1], synthetic=True)))
    assert not is_unexplained(enrich(_report(4, _WINDOWS[1], stance=Stance.QUESTION)))


@pytest.mark.parametrize(("confidence", "unexplained"), [(0.3, True), (0.8, False)])
def test_only_a_scheme_that_is_sure_enough_explains_a_story(confidence: float, *, unexplained: bool) -> None:
    told = enrich(_report(1, _WINDOWS[1]))
    guessed = Tag(code="marketplace", confidence=confidence, evidence=["деньги"])
    assert is_unexplained(msgspec.structs.replace(told, schemes=[guessed])) is unexplained
