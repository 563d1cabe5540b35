"""When the fallback way is told, what, and which hop is broken."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from producers.heartbeat import AGAIN, Pulse, Sightings, from_environment, next_pulse, wording
from schemas.cases import Case, Step, StepKind
from schemas.topics import ALERTS, CASES
from streams.understanding.enrich import enrich
from streams.urgent import HEARTBEAT_ALERT, HEARTBEAT_SOURCE, at_once
from tests.builders import a_report

NOW = datetime(2026, 1, 14, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def record(topic: str, event: Any, key: str = HEARTBEAT_ALERT) -> Any:
    value = event if isinstance(event, bytes) else msgspec.json.encode(event)
    return SimpleNamespace(topic=topic, key=key.encode(), value=value)


def a_case(kind: StepKind, message: str) -> Case:
    return Case(alert_id=HEARTBEAT_ALERT, opened_at=NOW, steps=[Step(at=NOW, kind=kind, message=message)])


def test_a_beat_is_followed_from_hop_to_hop() -> None:
    report = a_report(source=HEARTBEAT_SOURCE, synthetic=True)
    seen = Sightings(report.id)
    assert seen.hop == "alerts"
    seen.look([record(ALERTS, b"{}"), record(ALERTS, at_once(enrich(report)), key="other")])
    assert seen.hop == "alerts"
    seen.look([record(ALERTS, at_once(enrich(report)))])
    assert seen.hop == "delivery"
    seen.look([record(CASES, a_case(StepKind.FAILED, report.id)), record(CASES, a_case(StepKind.SENT, "another"))])
    assert seen.hop == "delivery"
    seen.look([record(CASES, a_case(StepKind.SENT, report.id))])
    assert seen.hop is None


def test_the_fallback_way_is_told_once_then_every_hour_and_when_it_is_mended() -> None:
    pulse, said = Pulse(), []
    beats: list[Any] = [None, "alerts", "alerts", *["alerts"] * 12, "delivery", None, None]
    for number, broken in enumerate(beats):
        pulse, speak = next_pulse(pulse, broken, NOW + number * 5 * MINUTE)
        if speak:
            said.append((number, broken))
    assert said == [(1, "alerts"), (1 + AGAIN // (5 * MINUTE), "alerts"), (15, "delivery"), (16, None)]


@pytest.mark.parametrize("hop", ["gateway", "alerts", "delivery"])
def test_it_says_in_both_languages_what_is_broken(hop: Any) -> None:
    title, body = wording(hop)
    assert title == "SaqBol: оповещения не доходят · SaqBol: хабарландыру жетпей тұр"
    assert len(body.splitlines()) == 2
    assert "снова" in wording(None)[0]


def test_settings_name_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="SAQBOL_HEARTBEAT_KEY"):
        from_environment({})
    key = tmp_path / "key"
    key.write_text("sb_x\n")
    with pytest.raises(ValueError, match="SAQBOL_HEARTBEAT_URLS"):
        from_environment({"SAQBOL_HEARTBEAT_KEY_FILE": str(key)})
    given = {"SAQBOL_HEARTBEAT_KEY_FILE": str(key), "SAQBOL_HEARTBEAT_URLS": "json://a json://b"}
    with pytest.raises(ValueError, match="SAQBOL_HEARTBEAT_MINUTES"):
        from_environment({**given, "SAQBOL_HEARTBEAT_MINUTES": "often"})
    settings = from_environment(given)
    assert (settings.key, settings.fallback, settings.every) == ("sb_x", ("json://a", "json://b"), 5 * MINUTE)
