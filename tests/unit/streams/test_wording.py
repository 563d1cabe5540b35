from __future__ import annotations

import re

import pytest

from schemas.events import Outcome, Verdict, VerdictKind
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


@pytest.mark.parametrize(("loss", "said"), [(150_000, "150 000 ₸"), (0, "не сказано")])
def test_a_loss_that_nobody_named_is_not_called_nothing(loss: int, said: str) -> None:
    facts = add_signals(Facts(), [a_signal(outcome=Outcome.VICTIM, loss_kzt=loss)])
    lines = number_reasons("+77051234567", assess(facts, NOW, official=False), "ru")
    (harm,) = [line for line in lines if line.startswith("Пострадавших: 1")]
    assert said in harm.replace("\N{NO-BREAK SPACE}", " ")


def test_money_is_grouped() -> None:
    assert money(1_250_000).replace("\N{NO-BREAK SPACE}", " ") == "1 250 000 ₸"
