from __future__ import annotations

from typing import Any

import pytest

from schemas.events import ContactKind, ContactRole, EnrichedReport, FoundContact, Stance, Tag
from streams.signals import MAX_EXCERPT, by_partition, owner_of, shorten, signals_of
from tests.builders import a_report


def contact(value: str, role: ContactRole = ContactRole.SUSPECT) -> FoundContact:
    return FoundContact(raw=value, kind=ContactKind.E164, value=value, role=role)


def tag(code: str, confidence: float = 0.8) -> Tag:
    return Tag(code=code, confidence=confidence, evidence=["слово"])


def enriched(report: dict[str, Any] | None = None, **changes: Any) -> EnrichedReport:
    given: dict[str, Any] = {
        "contacts": [contact("+77051234567")],
        "schemes": [tag("bank-security"), tag("safe-account", 0.9)],
        "region": "KZ-33",
    }
    return EnrichedReport(report=a_report(**(report or {})), **{**given, **changes})


def keys(report: EnrichedReport) -> set[str]:
    return {signal.key for signal in signals_of(report)}


def test_a_report_feeds_its_number_its_schemes_and_its_region() -> None:
    assert keys(enriched(pattern="p1")) == {
        "channel:hotline-test",
        "number:+77051234567",
        "scheme:bank-security",
        "scheme:safe-account",
        "region:KZ-33",
        "scheme-region:bank-security|KZ-33",
        "scheme-region:safe-account|KZ-33",
        "pattern:p1",
    }


def test_an_accused_official_number_feeds_one_series_with_the_surest_scheme() -> None:
    found = keys(enriched(contacts=[contact("1414"), contact("+77051234567")]))
    assert found == {"channel:hotline-test", "impersonated:1414", "number:+77051234567", "official:1414|safe-account"}


def test_every_site_of_the_state_is_official() -> None:
    site = FoundContact(raw="e-otinish.gov.kz", kind=ContactKind.LINK, value="e-otinish.gov.kz")
    found = keys(enriched(contacts=[site]))
    assert found == {"channel:hotline-test", "impersonated:gov.kz", "official:gov.kz|safe-account"}


def test_an_official_number_without_a_scheme_still_has_a_series() -> None:
    assert "official:1414|unknown" in keys(enriched(contacts=[contact("1414")], schemes=[]))


@pytest.mark.parametrize("role", [role for role in ContactRole if role is not ContactRole.SUSPECT])
def test_only_suspects_count(role: ContactRole) -> None:
    assert not any(key.startswith("number:") for key in keys(enriched(contacts=[contact("+77051234567", role)])))


def test_a_heartbeat_counts_nowhere_and_a_warning_only_as_a_sign_of_life() -> None:
    assert signals_of(enriched({"synthetic": True})) == []
    assert keys(enriched(stance=Stance.WARNING)) == {"channel:hotline-test"}


def test_a_question_is_about_the_number_only() -> None:
    assert keys(enriched(stance=Stance.QUESTION)) == {"channel:hotline-test", "number:+77051234567"}


def test_anonymous_reporters_of_one_source_and_day_are_one() -> None:
    first, second = (signals_of(enriched({"source_ref": ref}))[0] for ref in "ab")
    assert first.anonymous
    assert first.reporter == second.reporter
    assert "hotline-test" in first.reporter


def test_an_excerpt_is_short_and_ends_with_a_whole_word() -> None:
    assert len(signals_of(enriched({"text": "я" * 5000}))[0].excerpt) == MAX_EXCERPT
    assert shorten("Просили назвать код,\n из СМС", 21) == "Просили назвать код…"
    assert shorten("Просили код", 21) == "Просили код"


def test_each_key_has_one_owner() -> None:
    signals = signals_of(enriched())
    owners = by_partition(signals, 4)
    assert sorted(s.key for group in owners.values() for s in group) == sorted(s.key for s in signals)
    number = next(s for s in signals if s.key == "number:+77051234567")
    assert number in owners[owner_of("+77051234567", 4)]
