from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from schemas.events import AffectedGroup, Alert, Verdict, VerdictKind
from schemas.reference import ReferenceDataError
from streams.oncall.rota import load_oncall
from streams.reputation import Facts, State, add_signals, add_verdict, assess
from streams.wording import LOCALES, Locale, alert_message, money, number_reasons, texts
from tests.builders import NOW, a_signal


def an_alert(**changes: Any) -> Alert:
    given: dict[str, Any] = {
        "id": "461f74e0-94d2-50a6-bc71-a95af01928dd",
        "family": "official",
        "key": "official:1414|medical-appointment",
        "number": "1414",
        "official": True,
        "schemes": ["medical-appointment"],
        "regions": {"KZ-33": 5, "KZ-75": 1},
        "groups": {"elderly": 4},
        "started_at": NOW,
        "detected_at": datetime(2026, 1, 20, 6, 30, tzinfo=UTC),
        "window_seconds": 7200,
        "observed": 6,
        "expected": 0.04,
        "score": 20.0,
        "victims": 1,
        "loss_kzt": 1_250_000,
        "excerpts": ["Просили код"],
    }
    return Alert(**{**given, **changes})


def test_the_page_about_an_impersonated_number_says_what_where_how_many_and_what_to_do() -> None:
    title, body = alert_message(an_alert(), "ru")
    assert "1414" in title
    assert "Запись к врачу" in title
    for part in ("6 за 2 ч", "обычно за это время: 0,04", "официальный", "Жетісу 5", "пожилые 4", "Пострадали: 1"):
        assert part in body
    assert "1\N{NO-BREAK SPACE}250\N{NO-BREAK SPACE}000\N{NO-BREAK SPACE}₸" in body
    assert "461f74e0" in body
    assert "20.01.2026 11:30" in body


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"official": False, "number": "+77051234567"},
        {"official": False, "number": None, "schemes": [], "regions": {}, "groups": {}, "victims": 0, "excerpts": []},
        {"official": False, "number": None, "family": "campaign", "keys": {"number:+77051234567": 3, "scheme:x": 9}},
        {"official": False, "number": None, "family": "channel", "key": "channel:telegram-bot", "schemes": []},
        {"groups": dict.fromkeys(AffectedGroup, 1), "window_seconds": 86_400, "schemes": ["not-in-the-reference"]},
    ],
)
def test_every_alert_reads_whole_in_every_language(locale: Locale, changes: dict[str, Any]) -> None:
    title, body = alert_message(an_alert(**changes), locale)
    assert not re.search(r"[{}]|None", title + body)


@pytest.mark.parametrize("locale", LOCALES)
def test_every_state_has_reasons_in_every_language(locale: Locale) -> None:
    facts = add_signals(Facts(), [a_signal(reporter=f"{i:032x}", report_id=str(i)) for i in range(3)])
    decided = Verdict(id="v", number="x", kind=VerdictKind.CLEARED, at=NOW, by="analyst", reason="проверено")
    for some in (Facts(), facts, add_verdict(facts, decided)):
        for official in (True, False):
            said = assess(some, NOW, official=official)
            lines = number_reasons("1414" if official else "+77051234567", said, locale)
            assert lines
            assert not re.search(r"[{}]|None", " ".join(lines))
    assert {state.value for state in State} <= set(texts().number)


def test_an_impersonated_number_is_said_to_be_official_first() -> None:
    facts = add_signals(Facts(), [a_signal()])
    lines = number_reasons("1414", assess(facts, NOW, official=True), "ru")
    assert "официальный" in lines[0]
    assert "подделать" in lines[1]


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(20, "1 мин"), (3600, "1 ч"), (8700, "2 ч 25 мин"), (86_400, "1 дн."), (180_000, "2 дн. 2 ч")],
)
def test_a_window_is_said_in_hours_and_minutes(seconds: int, said: str) -> None:
    assert f" за {said};" in alert_message(an_alert(window_seconds=seconds), "ru")[1]


def test_money_is_grouped() -> None:
    assert money(1_250_000).replace("\N{NO-BREAK SPACE}", " ") == "1 250 000 ₸"


def test_a_secret_of_the_oncall_file_that_is_not_set_is_named(tmp_path: Path) -> None:
    path = tmp_path / "oncall.yaml"
    path.write_text("people: [{name: A, language: ru, targets: ['${TOKEN_A}']}]", encoding="utf-8")
    with pytest.raises(ReferenceDataError, match="TOKEN_A"):
        load_oncall(path, {})
    assert load_oncall(path, {"TOKEN_A": "json://127.0.0.1/"}).people[0].targets == ["json://127.0.0.1/"]
    path.write_text("people: [{name: A, language: de, targets: [x]}]", encoding="utf-8")
    with pytest.raises(ReferenceDataError, match=r"oncall.yaml.*language"):
        load_oncall(path, {})
