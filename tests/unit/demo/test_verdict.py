"""The demo's own judgement notices everything that it promises to notice."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

from msgspec.structs import replace

from deploy.demo.receiver import Page
from deploy.demo.verdict import deciding_moment, first_alert, problems
from schemas.events import Alert, AlertStatus

WAVE = "official:1414|medical-appointment"
NOW = datetime(2026, 1, 14, 12, tzinfo=UTC)
ALERT = Alert(
    id="3c21397b-0000-5000-8000-000000000000",
    family="official",
    key=WAVE,
    started_at=NOW,
    detected_at=NOW,
    window_seconds=3600,
    observed=7,
    expected=0.1,
    score=22.0,
    report_ids=["b", "a"],
)
OTHER = replace(ALERT, id="99999999-0000-5000-8000-000000000000", family="number", key="number:+77050001234")
PAGE = Page("Волна", "Оповещение 3c21397b, замечено сегодня", NOW, 10.0)
ACCEPTED = {"a": 1.0, "b": 2.0, "c": 3.0}
COPIES = Counter(ACCEPTED.keys())


def judged(**changes: object) -> list[str]:
    given: dict[str, object] = {
        "accepted": ACCEPTED,
        "copies": COPIES,
        "alerts": [ALERT],
        "pages": [PAGE],
        "wave": WAVE,
    }
    return problems(**{**given, **changes})  # type: ignore[arg-type]


def test_nothing_to_complain_about() -> None:
    assert judged() == []
    grown = replace(ALERT, observed=28)
    ended = replace(ALERT, status=AlertStatus.CLOSED)
    assert judged(alerts=[ALERT, grown, ended]) == []


def test_every_accepted_report_exactly_once() -> None:
    assert judged(copies=Counter(["a", "c"])) == ["1 accepted reports are not in Elasticsearch: b"]
    assert judged(copies=Counter(["a", "b", "b", "c"])) == ["1 reports are in Elasticsearch more than once: b"]
    # The totals agree here, and still one is missing and one strange.
    assert judged(copies=Counter(["a", "b", "x"])) == [
        "1 accepted reports are not in Elasticsearch: c",
        "1 reports are in Elasticsearch that were never accepted: x",
    ]


def test_many_ids_are_shortened() -> None:
    accepted = {f"id-{number}": 1.0 for number in range(9)}
    assert judged(accepted=accepted, copies=Counter()) == [
        "9 accepted reports are not in Elasticsearch: id-0, id-1, id-2, id-3, id-4 …"
    ]


def test_a_wave_that_was_missed() -> None:
    assert judged(alerts=[], pages=[]) == [f"the wave {WAVE} was not detected"]


def test_an_alert_that_reached_nobody_or_too_often() -> None:
    assert judged(pages=[]) == ["the wave's alert 3c21397b reached the person on call 0 times instead of once"]
    assert judged(pages=[PAGE, PAGE]) == [
        "the wave's alert 3c21397b reached the person on call 2 times instead of once"
    ]


def test_false_alarms() -> None:
    strange = Page("Волна: +77050001234", "Оповещение 99999999", NOW, 11.0)
    assert judged(alerts=[ALERT, OTHER, OTHER], pages=[PAGE, strange]) == [
        "an alert that should not be: number:+77050001234, score 22",
        "a page that should not be (1 times): Волна: +77050001234",
    ]


def test_an_urgent_case_may_page_beside_the_wave() -> None:
    urgent = replace(ALERT, id="77777777-0000-5000-8000-000000000000", family="urgent", key="urgent:b")
    case = Page("Срочно", "Оповещение 77777777-1", NOW, 9.0)
    assert judged(alerts=[urgent, ALERT], pages=[case, PAGE]) == []


def test_a_wave_that_was_folded_into_another_series_counts() -> None:
    assert judged(alerts=[replace(ALERT, key="pattern:1", keys={"pattern:1": 8, WAVE: 7})]) == []


def test_the_first_announcement_decides() -> None:
    grown = replace(ALERT, report_ids=["c", "b", "a"])
    assert first_alert([OTHER, ALERT, grown], WAVE) is ALERT
    assert first_alert([OTHER], WAVE) is None
    assert deciding_moment(ACCEPTED, ALERT, PAGE) == 2.0
    assert deciding_moment(ACCEPTED, replace(ALERT, decided_by="a"), PAGE) == 1.0
    assert deciding_moment(ACCEPTED, replace(ALERT, report_ids=["x"]), PAGE) is None
    assert deciding_moment({**ACCEPTED, "b": 99.0}, ALERT, PAGE) == 1.0
