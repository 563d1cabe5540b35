"""`./saqbol number`: what an analyst decides."""

from __future__ import annotations

import pytest
import typer

from deploy.commands.number import decision
from schemas.events import VerdictKind


def test_a_decision_is_about_the_number_in_its_normal_form_and_says_why() -> None:
    made = decision("8 (705) 123-45-67", VerdictKind.CONFIRMED, "проверено у оператора", "aliya")
    assert (made.number, made.kind, made.by, made.reason) == (
        "+77051234567",
        VerdictKind.CONFIRMED,
        "aliya",
        "проверено у оператора",
    )
    assert decision("https://kgd.gov.kz/", VerdictKind.APPEAL, "сайт комитета", "aliya").number == "gov.kz"


def test_a_secret_in_a_reason_is_masked() -> None:
    made = decision("1414", VerdictKind.CLEARED, "потерпевшая назвала код 4821", "aliya")
    assert made.reason == "потерпевшая назвала код [one-time-code]"


@pytest.mark.parametrize(
    ("number", "reason"), [("никакой", "проверено"), ("87051234567", ""), ("87051234567", "x" * 501)]
)
def test_a_decision_without_a_number_or_a_reason_is_refused(number: str, reason: str) -> None:
    with pytest.raises(typer.BadParameter):
        decision(number, VerdictKind.CLEARED, reason, "aliya")
