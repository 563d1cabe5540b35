"""Enrichment as a whole: one pure function over a report."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from schemas.events import (
    Channel,
    ContactKind,
    ContactOrigin,
    ContactRole,
    EnrichedReport,
    FoundContact,
    GivenContact,
    Language,
    Outcome,
    Report,
    Stance,
    report_id,
)
from streams.understanding.enrich import enrich, merge_contacts, understand

_TEXT = (
    "Позвонили с +7 705 123 45 67 якобы из поликлиники Мамлютского района, записывали на флюорографию, "
    "просили код из СМС, код 4821, мой номер 8 (71541) 2-15-65"
)


def _report(text: str = _TEXT, **given: object) -> Report:
    base = Report(
        id=report_id("test", "1"),
        source="test",
        source_ref="1",
        channel=Channel.HOTLINE,
        received_at=datetime(2026, 1, 14, 9, 30, tzinfo=UTC),
        happened_at=datetime(2026, 1, 14, 9, 0, tzinfo=UTC),
        text=text,
    )
    return msgspec.structs.replace(base, **given)


def test_everything_a_report_says() -> None:
    enriched = enrich(_report())
    assert enriched.language is Language.RU
    assert enriched.stance is Stance.REPORT
    assert enriched.region == "KZ-59"
    assert [t.code for t in enriched.schemes] == ["medical-appointment"]
    assert [t.code for t in enriched.demands] == ["sms-code"]
    assert [(c.kind, c.value) for c in enriched.contacts if c.role is ContactRole.SUSPECT] == [
        (ContactKind.E164, "+77051234567")
    ]
    assert "4821" not in enriched.report.text
    assert enriched.masked.get("one-time-code") == 1


def test_a_victim_who_asks_what_to_do_reports() -> None:
    asked = "Подскажите, что делать: с карты списали деньги после звонка? Это мошенники?"
    assert enrich(_report(asked)).stance is Stance.QUESTION
    assert enrich(_report(asked, outcome=Outcome.VICTIM)).stance is Stance.REPORT
    assert enrich(_report(asked, outcome=Outcome.VICTIM, stance=Stance.QUESTION)).stance is Stance.QUESTION


def test_the_reporters_own_contact_tells_the_place_and_goes_no_further() -> None:
    own = GivenContact(value="2-15-65", role=ContactRole.OWN)
    enriched = enrich(_report("Звонили мне на 2-15-65, просили код", contacts=[own], area_code="71541"))
    assert enriched.region == "KZ-59"
    assert b"2-15-65" not in msgspec.json.encode(enriched)
    assert b"77154121565" not in msgspec.json.encode(enriched)


def test_what_the_channel_says_stands() -> None:
    enriched = enrich(_report(language=Language.KK, region="KZ-33", stance=Stance.WARNING))
    assert (enriched.language, enriched.region, enriched.stance) == (Language.KK, "KZ-33", Stance.WARNING)


def test_a_contact_counts_once_and_a_given_one_keeps_its_role() -> None:
    given_contact = GivenContact(value="8 705 123 45 67", role=ContactRole.HELPLINE)
    enriched = enrich(_report(contacts=[given_contact]))
    same = [c for c in enriched.contacts if c.value == "+77051234567"]
    assert [(c.role, c.origin) for c in same] == [(ContactRole.HELPLINE, ContactOrigin.GIVEN)]


def test_contacts_without_identity_all_stay() -> None:
    hidden = FoundContact(raw="скрытый", kind=ContactKind.HIDDEN)
    odd = FoundContact(raw="7 7 7", kind=ContactKind.INVALID)
    known = FoundContact(raw="1414", kind=ContactKind.SHORT_CODE, value="1414")
    assert merge_contacts([hidden, known, odd, known]) == [known, hidden, odd]


@given(st.text(max_size=200))
def test_enrichment_is_deterministic_and_survives_the_wire(text: str) -> None:
    enriched = enrich(_report(text))
    assert enriched == enrich(_report(text))
    assert msgspec.json.decode(msgspec.json.encode(enriched), type=EnrichedReport) == enriched


def test_enriching_twice_changes_nothing() -> None:
    once = enrich(_report())
    assert enrich(once.report).report == once.report


def test_counts_what_the_gateway_masked_before() -> None:
    """Where reports come through the gateway, nothing is left to mask: the placeholders tell."""
    first = understand("Назвала код 482913 из смс, карта 4111 1111 1111 1111")
    again = understand(first.text)
    assert again.text == first.text
    assert again.masked == first.masked == {"one-time-code": 1, "card": 1}
