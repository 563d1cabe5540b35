"""Entries of the audit log."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from producers import audit
from producers.kafka import record
from schemas.audit import AuditAction, AuditEntry

NOW = datetime(2026, 1, 14, 9, 30, tzinfo=UTC)


def test_an_entry_says_who_did_what_and_has_an_id_of_its_own() -> None:
    first, again = (
        audit.entry(AuditAction.LOOK_UP, "bank", "gateway", NOW, subject="+77051234567", results=1) for _ in range(2)
    )
    assert first.id != again.id
    assert (first.actor, first.part, first.subject, first.results) == ("bank", "gateway", "+77051234567", 1)
    assert record(first)["key"] == first.id.encode()


def test_a_secret_in_a_question_is_masked() -> None:
    asked = audit.entry(
        AuditAction.SEARCH, "analyst", "desk", NOW, subject="карта 4111 1111 1111 1111", reason="код 4821 из смс"
    )
    assert "4111" not in asked.subject
    assert "4821" not in asked.reason


@given(actor=st.text(min_size=1), subject=st.text(max_size=2000), reason=st.text(max_size=2000))
def test_whatever_is_asked_fits_the_contract(actor: str, subject: str, reason: str) -> None:
    entry = audit.entry(AuditAction.SEARCH, actor, "desk", NOW, subject=subject, reason=reason)
    msgspec.convert(msgspec.to_builtins(entry), AuditEntry)
