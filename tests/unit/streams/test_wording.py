from __future__ import annotations

import re

import pytest

from schemas.events import Verdict, VerdictKind
from streams.reputation import Facts, State, add_signals, add_verdict, assess
from streams.wording import LOCALES, Locale, money, number_reasons, texts
from tests.builders import NOW, a_signal


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


def test_money_is_grouped() -> None:
    assert money(1_250_000).replace("\N{NO-BREAK SPACE}", " ") == "1 250 000 ₸"
