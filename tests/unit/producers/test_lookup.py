"""What is known of a number, from its document or without one; look-ups in a real index are integration tests."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from producers.lookup import known_number, number_asked_for, unreported
from schemas.documents import number_document
from schemas.reference import official_numbers
from streams.reputation import State
from tests.full_events import full_assessment

NOW = datetime(2026, 1, 14, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("asked", "value"),
    [
        ("8 705 123 45 67", "+77051234567"),
        ("+7(705)123-45-67", "+77051234567"),
        ("1414", "1414"),
        ("2-15-65", "+77154121565"),
        ("kaspi", "KASPI.KZ"),
        ("@fraud_bot", "telegram:@fraud_bot"),
        ("https://egov-kz.site/login?x=1", "egov-kz.site"),
        ("https://elicense.gov.kz/x", "gov.kz"),
        ("", None),
        ("скрытый номер", None),
        ("4400430123456784", None),
        ("?!", None),
    ],
)
def test_any_spelling_leads_to_the_normal_form(asked: str, value: str | None) -> None:
    assert number_asked_for(asked, "71541") == value


def test_a_local_number_needs_its_area_code() -> None:
    assert number_asked_for("2-15-65") is None


def test_a_number_that_nobody_reported_is_unknown_and_not_safe() -> None:
    known = unreported("+77051234567")
    assert (known.state, known.kind, known.reporters, known.impersonated) == (State.UNKNOWN, "e164", 0, False)
    assert known.owner is None
    assert known.reasons.ru
    assert known.reasons.kk
    assert known.reasons.en


@pytest.mark.parametrize("value", sorted(official_numbers())[:20])
def test_an_official_number_is_official_without_a_document(value: str) -> None:
    known = unreported(value)
    assert (known.state, known.impersonated) == (State.OFFICIAL, False)
    assert known.owner == official_numbers()[value].owner


def test_a_document_is_told_without_what_is_nobodys_business() -> None:
    reasons = {"ru": ["а"], "kk": ["ә"], "en": ["a"]}
    document: dict[str, Any] = number_document("1414", full_assessment(), NOW, reasons).body
    known = known_number(document)
    assert (known.value, known.state, known.impersonated, known.reporters) == ("1414", State.OFFICIAL, True, 14)
    assert known.reasons.kk == ["ә"]
    assert not hasattr(known, "verdict"), "which analyst decided is not told"
