"""Money that moved in the last day is an alert of its own, and a heartbeat is one that counts nowhere."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from schemas.events import AffectedGroup, GivenContact, Outcome, Report, Stance
from streams.signals import signals_of
from streams.understanding.enrich import enrich
from streams.urgent import HEARTBEAT_SOURCE, at_once
from tests.builders import NOW, a_report


def a_case(**changes: Any) -> Report:
    given: dict[str, Any] = {
        "text": "Перевела деньги мошенникам, звонили с 8 705 123 45 67 и 1414, код из смс 482913 назвала",
        "contacts": [GivenContact(value="8 705 123 45 67"), GivenContact(value="1414")],
        "outcome": Outcome.VICTIM,
        "money_moved_at": NOW - timedelta(hours=2),
        "loss_kzt": 1_250_000,
        "bank": "Kaspi",
        "region": "KZ-33",
        "district": "Талдыкорган",
        "affected_group": AffectedGroup.ELDERLY,
    }
    return a_report(**{**given, **changes})


def test_money_that_moved_two_hours_ago_is_urgent_with_all_that_helps_to_stop_it() -> None:
    alert = at_once(enrich(a_case()))
    assert alert is not None
    assert (alert.family, alert.severity, alert.page, alert.change) == ("urgent", "critical", True, "new")
    assert (alert.bank, alert.loss_kzt, alert.money_moved_at) == ("Kaspi", 1_250_000, NOW - timedelta(hours=2))
    assert (alert.regions, alert.district, alert.victims) == ({"KZ-33": 1}, "Талдыкорган", 1)
    assert alert.number == "+77051234567"
    assert alert.keys == {"number:+77051234567": 1}, "an official number is nobody's to block"
    assert "482913" not in alert.excerpts[0]


def test_a_retry_is_the_same_alert_and_another_report_another() -> None:
    first, again, other = at_once(enrich(a_case())), at_once(enrich(a_case())), at_once(enrich(a_case(source_ref="2")))
    assert first == again
    assert first is not None
    assert other is not None
    assert first.id != other.id


def test_urgent_with_a_victim_counts_from_when_it_happened() -> None:
    said = a_case(money_moved_at=None, urgent=True, happened_at=NOW - timedelta(hours=3))
    alert = at_once(enrich(said))
    assert alert is not None
    assert alert.started_at == NOW - timedelta(hours=3)
    assert alert.money_moved_at is None


@pytest.mark.parametrize(
    "changes",
    [
        {"money_moved_at": NOW - timedelta(hours=24, seconds=1)},
        {"money_moved_at": NOW + timedelta(hours=1)},
        {"money_moved_at": NOW - timedelta(days=30), "urgent": True},
        {"backfill": True},
        {"synthetic": True},
        {"stance": Stance.WARNING},
        {"stance": Stance.QUESTION},
        {"money_moved_at": None},
        {"money_moved_at": None, "urgent": True, "outcome": Outcome.ATTEMPT},
        {"money_moved_at": None, "urgent": True, "happened_at": NOW - timedelta(days=2)},
    ],
)
def test_what_is_old_imported_told_on_or_asked_is_not_urgent(changes: dict[str, Any]) -> None:
    assert at_once(enrich(a_case(**changes))) is None


def test_heartbeats_are_one_alert_and_count_nowhere() -> None:
    beats = [
        enrich(a_report(source=HEARTBEAT_SOURCE, source_ref=ref, synthetic=True, text="heartbeat")) for ref in "12"
    ]
    alerts = [at_once(beat) for beat in beats]
    assert alerts[0] is not None
    assert alerts[1] is not None
    assert alerts[0].id == alerts[1].id
    assert alerts[0].report_ids != alerts[1].report_ids
    assert (alerts[0].family, alerts[0].page, alerts[0].observed, alerts[0].victims) == ("heartbeat", False, 0, 0)
    assert [signals_of(beat) for beat in beats] == [[], []]


def test_a_real_report_under_that_name_and_a_synthetic_one_of_another_are_no_heartbeats() -> None:
    assert at_once(enrich(a_report(source=HEARTBEAT_SOURCE))) is None
    assert at_once(enrich(a_report(synthetic=True))) is None
