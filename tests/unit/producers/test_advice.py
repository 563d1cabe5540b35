"""What citizens and operators are told about a report and about a number."""

from __future__ import annotations

import json
import string
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from producers.advice import (
    Advice,
    Gravity,
    Verdict,
    advise,
    advise_number,
    money_steps,
    report_number,
    shown_contact,
    suspects,
    texts,
)
from producers.advice.wording import FILE
from producers.lookup import KnownNumber, unreported
from schemas.events import ContactRole, EnrichedReport, GivenContact, Outcome, Tag
from schemas.reference import Words, load, schemes
from streams.reputation import State
from streams.understanding.enrich import enrich
from streams.urgent import STOPPABLE
from streams.wording import LOCALES, Locale
from tests.builders import NOW, a_report

CLINIC = "Звонили якобы из поликлиники с 8 705 111 22 33, просили код из смс"
NUMBER = "+77051112233"


def known(value: str = NUMBER, **changes: Any) -> KnownNumber:
    return msgspec.structs.replace(unreported(value), **changes)


def advice(text: str, *numbers: KnownNumber, locale: Locale = "ru", masked: bool = False, **changes: Any) -> Advice:
    return advise(enrich(a_report(text=text, **changes)), numbers, NOW, locale, masked=masked)


@pytest.mark.parametrize(
    ("state", "verdict", "gravity"),
    [
        (State.CONFIRMED, Verdict.CONFIRMED, Gravity.DANGER),
        (State.SUSPECTED, Verdict.SUSPECTED, Gravity.DANGER),
        (State.REPORTED, Verdict.REPORTED, Gravity.CAUTION),
        (State.UNKNOWN, Verdict.UNKNOWN, Gravity.CALM),
        (State.CLEARED, Verdict.CLEARED, Gravity.CALM),
        (State.OFFICIAL, Verdict.OFFICIAL, Gravity.CALM),
    ],
)
def test_a_number_is_judged_by_its_state(state: State, verdict: Verdict, gravity: Gravity) -> None:
    for locale in LOCALES:
        told = advise_number(known(state=state), locale)
        assert (told.verdict, told.gravity, told.shown) == (verdict, gravity, "+7 705 111 22 33")
        assert told.headline == texts(locale)[f"headline_{verdict}"]
        assert told.reasons
        assert told.steps


def test_an_official_number_that_is_reported_is_impersonated_and_never_bad() -> None:
    told = advise_number(known("1414", impersonated=True), "ru")
    assert (told.verdict, told.gravity) == (Verdict.IMPERSONATED, Gravity.CAUTION)
    whole = advice("Звонили с 1414 и просили код из смс", known("1414", impersonated=True))
    assert any(note.startswith("1414 — настоящий номер") for note in whole.officials)


def test_the_gravest_decides_the_headline() -> None:
    assert advice(CLINIC, known()).verdict is Verdict.FRAUD
    assert advice(CLINIC, known(state=State.CONFIRMED)).verdict is Verdict.CONFIRMED
    assert advice(CLINIC).verdict is Verdict.FRAUD
    assert advice(NUMBER, known(), known("+77051112244", state=State.REPORTED)).verdict is Verdict.REPORTED
    assert advice("Сегодня солнечно").verdict is Verdict.UNCLEAR


@pytest.mark.parametrize("locale", LOCALES)
def test_a_story_is_explained_and_says_what_to_do(locale: Locale) -> None:
    told = advice(CLINIC, known(), locale=locale)
    scheme = schemes()["medical-appointment"]
    assert told.scheme
    assert told.scheme.code == scheme.code
    assert (told.scheme.how, told.steps) == (
        getattr(scheme.definition, locale),
        [getattr(scheme.advice, locale)],
    )
    assert [demand.code for demand in told.demands] == ["sms-code"]
    assert told.money == money_steps(locale, urgent=False)
    assert not told.victim


def test_money_that_left_today_comes_first() -> None:
    lost = advice(CLINIC, outcome=Outcome.VICTIM)
    assert (lost.victim, lost.urgent) == (True, True)
    assert lost.steps[0] == texts("ru")["money_today"]
    assert lost.steps[1:4] == money_steps("ru", urgent=False)
    long_ago = advice(CLINIC, outcome=Outcome.VICTIM, happened_at=NOW - STOPPABLE)
    assert (long_ago.victim, long_ago.urgent) == (True, False)
    assert long_ago.steps[:3] == money_steps("ru", urgent=False)
    moved = advice(
        CLINIC,
        outcome=Outcome.VICTIM,
        happened_at=NOW - 3 * STOPPABLE,
        money_moved_at=NOW - STOPPABLE + timedelta(minutes=1),
    )
    assert moved.urgent
    assert not advice(CLINIC, outcome=Outcome.ATTEMPT).urgent


def test_a_number_alone_says_what_to_do_about_it() -> None:
    assert advice(NUMBER, known()).steps == [texts("ru")["unknown_number"]]
    assert advice("1414", known("1414")).steps == [texts("ru")["official_number"]]
    assert advice(NUMBER, known(state=State.SUSPECTED)).steps == [texts("ru")["general"]]


def test_a_site_is_not_called_a_number() -> None:
    site = known("kaspi-prize.top", kind="link")
    told = advise_number(site, "ru")
    assert (told.headline, told.steps) == (texts("ru")["address_unknown"], [texts("ru")["address"]])
    assert advice("kaspi-prize.top", site).headline == texts("ru")["address_unknown"]


def test_a_story_that_no_scheme_explains_is_not_judged_by_a_number_that_nobody_knows() -> None:
    assert advice("Просили никому не рассказывать, звонили с 8 705 111 22 33", known()).verdict is not Verdict.UNKNOWN
    assert advice("Звонила соседка по делу с 8 705 111 22 33", known()).verdict is Verdict.UNCLEAR
    assert advice("8 705 111 22 33", known()).verdict is Verdict.UNKNOWN


def test_what_was_hidden_is_said() -> None:
    assert advice("карта 4111 1111 1111 1111, звонили из банка").masked == texts("ru")["masked"]
    assert advice(CLINIC, masked=True).masked == texts("ru")["masked"]
    assert advice(CLINIC).masked is None


def test_only_suspects_are_looked_up() -> None:
    report: EnrichedReport = enrich(
        a_report(
            text=CLINIC,
            contacts=[
                GivenContact(value="+77051112255", role=ContactRole.OTHER),
                GivenContact(value="скрыт"),
                GivenContact(value="+77051112266"),
            ],
        )
    )
    assert suspects(report) == ["+77051112266", NUMBER]


@pytest.mark.parametrize("locale", ["ru", "kk"])
def test_schemes_are_quoted_once(locale: Locale) -> None:
    for code in schemes():
        tagged = msgspec.structs.replace(enrich(a_report()), schemes=[Tag(code=code, confidence=0.9, evidence=[])])
        scheme = advise(tagged, [], NOW, locale).scheme
        assert scheme
        assert scheme.title.count("«") == scheme.title.count("»")
        assert "««" not in scheme.title


def test_numbers_are_written_as_people_write_them() -> None:
    assert report_number("83c9b95b-0000-5000-8000-000000000000") == "83C9-B95B"
    assert shown_contact("e164", "+77051112233") == "+7 705 111 22 33"
    assert shown_contact("e164", "+442071838750") == "+44 20 7183 8750"
    assert shown_contact("handle", "telegram:@bank_kz") == "@bank_kz"
    assert shown_contact("short-code", "1414") == "1414"


def test_texts_are_complete_and_fit_their_schema() -> None:
    assert json.loads(FILE.with_name("texts.schema.json").read_text()) == msgspec.json.schema(dict[str, Words])
    for name, words in load(FILE, dict[str, Words]).items():
        blanks = {
            frozenset(blank for _, blank, _, _ in string.Formatter().parse(getattr(words, locale)) if blank)
            for locale in LOCALES
        }
        assert len(blanks) == 1, name
        assert all(getattr(words, locale).strip() for locale in LOCALES), name
    assert {f"headline_{verdict}" for verdict in Verdict} <= set(texts("ru"))
    assert {f"address_{advise_number(known(state=state), 'ru').verdict}" for state in State} <= set(texts("ru"))
