"""A consultation without HTTP: what a draft says, what the desk answers to it, and the words of every page."""

from __future__ import annotations

import string
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from producers.desk.consultation.answering import Answer, answer, understand
from producers.desk.consultation.reading import Draft, glance, is_urgent, read, split
from producers.desk.consultation.similar import SimilarReport, query
from producers.desk.texts import FOLDER, LANGUAGES, Both, texts
from producers.gateway.form.reading import FormErrors
from producers.lookup import KnownNumber, unreported
from schemas.events import AffectedGroup, GivenContact, Medium, Outcome
from schemas.reference import load
from tests.desk_process import a_person

NOW = datetime(2026, 1, 20, 6, 0, tzinfo=UTC)
PERSON = a_person()
STORY = "Позвонили из банка, сказали, что оформлен кредит, просили код из СМС"


def a_draft(**fields: Any) -> Draft:
    given = {"id": "2f6c1d1e-5a0e-4c1b-9b7e-7a1414021565", "at": NOW, "said": STORY}
    return msgspec.convert(given | fields, Draft)


def wrong(**fields: Any) -> list[tuple[str, str]]:
    """(field, text) of everything wrong with a draft."""
    with pytest.raises(FormErrors) as caught:
        read(a_draft(**fields), PERSON, NOW)
    return [(error.field, error.text) for error in caught.value.errors]


@pytest.mark.parametrize(
    ("said", "contacts", "text"),
    [
        ("8 705 123 45 67", ["8 705 123 45 67"], ""),
        ("1414\nпросили код", ["1414"], "просили код"),
        ("просили код\n 2-15-65 ", ["2-15-65"], "просили код"),
        ("HALYKBANK", ["HALYKBANK"], ""),
        ("@kaspi_support", ["@kaspi_support"], ""),
        ("https://egov-kz.top/pay", ["https://egov-kz.top/pay"], ""),
        ("звонили с 87051234567 утром", [], "звонили с 87051234567 утром"),
        ("hello", [], "hello"),
        ("да", [], "да"),
        ("", [], ""),
    ],
)
def test_a_line_that_is_a_number_by_itself_is_a_contact(said: str, contacts: list[str], text: str) -> None:
    found = split(said, "71541")
    assert (found.contacts, found.text) == (contacts, text)


def test_a_full_draft_becomes_a_submission() -> None:
    submission = read(
        a_draft(
            said=f"8 705 123 45 67\n{STORY}",
            lost="yes",
            amount="1 250 000 тг",
            moved="2,5",
            bank=" Halyk ",
            medium="call",
            who="elderly",
            district="Мамлютский район",
            reporter="2-15-65",
        ),
        PERSON,
        NOW + timedelta(seconds=1),
    )
    assert submission.source_ref == "2f6c1d1e-5a0e-4c1b-9b7e-7a1414021565"
    assert submission.text == STORY
    assert submission.contacts == [GivenContact(value="8 705 123 45 67")]
    assert (submission.outcome, submission.loss_kzt, submission.bank) == (Outcome.VICTIM, 1_250_000, "Halyk")
    assert submission.money_moved_at == submission.happened_at == NOW - timedelta(hours=2, minutes=30)
    assert (submission.medium, submission.affected_group) == (Medium.CALL, AffectedGroup.ELDERLY)
    assert (submission.region, submission.district) == ("KZ-59", "Мамлютский район")
    assert submission.reporter == "+77154121565"
    assert submission.urgent


def test_a_retry_hours_later_is_the_same_submission() -> None:
    draft = a_draft(lost="yes", moved="1")
    first, second = read(draft, PERSON, NOW), read(draft, PERSON, NOW + timedelta(hours=3))
    assert first == second


@pytest.mark.parametrize(
    ("fields", "urgent"),
    [
        ({"lost": "yes", "moved": "0"}, True),
        ({"lost": "yes", "moved": "23"}, True),
        ({"lost": "yes", "moved": "24"}, False),
        ({"lost": "yes"}, False),  # nobody knows when: no guess wakes the person on call
        ({"lost": "no", "moved": "1"}, False),
        ({"moved": "1"}, False),
    ],
)
def test_it_is_urgent_if_money_went_within_a_day(fields: dict[str, str], urgent: bool) -> None:
    submission = read(a_draft(**fields), PERSON, NOW)
    assert submission.urgent is urgent
    assert is_urgent(glance(a_draft(**fields), PERSON), NOW) is urgent
    if fields.get("lost") != "yes":
        assert submission.money_moved_at is None


def test_a_clock_that_is_ahead_moves_nothing_into_the_future() -> None:
    submission = read(a_draft(at=NOW + timedelta(hours=5)), PERSON, NOW)
    assert submission.happened_at == NOW


def test_everything_wrong_is_named_in_the_order_of_the_page() -> None:
    found = wrong(said="", lost="yes", amount="много", moved="вчера", reporter="нет", when="2099-01-01T00:00")
    assert found == [
        ("said", "error_empty"),
        ("amount", "error_amount"),
        ("moved", "error_moved"),
        ("when", "error_future"),
        ("reporter", "error_reporter"),
    ]
    assert wrong(bank="x" * 101) == [("bank", "error_long")]
    assert wrong(region="KZ-99") == [("region", "error_choice")]


def test_every_error_has_words() -> None:
    for language in LANGUAGES:
        assert {"error_said", "error_amount", "error_moved", "error_reporter"} <= texts("consultation", language).keys()


@pytest.mark.parametrize("field", [{"id": "77051234567"}, {"extra": "x"}, {"at": "yesterday"}, {"said": "x" * 30_001}])
def test_a_draft_that_is_none_of_ours_is_refused(field: dict[str, str]) -> None:
    with pytest.raises(msgspec.ValidationError):
        a_draft(**field)


def told(say: str = "ru", known: dict[str, KnownNumber] | None = None, **fields: Any) -> Answer:
    submission = glance(a_draft(**fields), PERSON)
    understood = understand(submission, PERSON.origin(), NOW)
    assert understood is not None
    return answer(understood, known, [], NOW, "ru", "kk" if say == "kk" else "ru")


def test_nothing_is_said_about_nothing() -> None:
    assert understand(glance(a_draft(said=" \n "), PERSON), PERSON.origin(), NOW) is None


def test_an_id_that_looks_like_a_phone_is_answered_too() -> None:
    draft = a_draft(id="2f6c1d1e-5a0e-4c1b-9b7e-877051234567")
    assert understand(glance(draft, PERSON), PERSON.origin(), NOW) is not None


def test_the_words_are_in_the_residents_language_and_the_rest_in_the_operators() -> None:
    said = told(say="kk")
    assert said.advice.headline == told().advice.headline
    assert said.words != told().words
    assert any("банк" in sentence and "құпиясөз" in sentence for sentence in said.words)


def test_whose_money_has_just_gone_hears_first_what_to_do() -> None:
    said = told(lost="yes", moved="1")
    assert said.advice.urgent
    assert said.words[0] == said.advice.money[0]
    assert any("102" in sentence for sentence in said.words[:3])


def test_an_official_number_is_said_to_be_one() -> None:
    said = told(said="1414", known={"1414": unreported("1414")})
    assert [number.official for number in said.numbers] == ["Единый контакт-центр «электронного правительства»"]
    assert said.numbers[0].advice.verdict == "official"


def test_without_the_index_the_story_is_still_answered() -> None:
    said = told()
    assert not said.checked
    assert said.numbers == []
    assert said.advice.scheme is not None


def test_no_secret_is_looked_for_or_shown() -> None:
    understood = understand(glance(a_draft(said=STORY + " 482913"), PERSON), PERSON.origin(), NOW)
    assert understood is not None
    assert understood.masked
    assert "482913" not in understood.report.report.text
    said = answer(understood, {}, [], NOW, "ru", "ru")
    assert "482913" not in repr(said)


def test_similar_reports_are_shown_short_with_their_place() -> None:
    understood = understand(glance(a_draft(), PERSON), PERSON.origin(), NOW)
    assert understood is not None
    report = SimilarReport(
        id="x",
        received_at=NOW,
        text="а б\nв " * 100,
        region="KZ-59",
        district="595200000",
        numbers=["+77051234567"],
    )
    (shown,) = answer(understood, {}, [report], NOW, "ru", "ru").similar
    assert shown.day == "20.01.2026 11:00"
    assert shown.place == "Мамлютский район"
    (shown_in_kazakh,) = answer(understood, {}, [report], NOW, "kk", "ru").similar
    assert shown_in_kazakh.place == "Мамлют ауданы"
    assert shown.numbers == ["+7 705 123 45 67"]
    assert len(shown.text) <= 260
    assert shown.text.endswith("…")


def test_nothing_is_searched_without_words_or_numbers() -> None:
    assert query(" ", []) is None
    assert "more_like_this" not in str(query("", ["1414"]))
    assert "constant_score" not in str(query(STORY, []))


@pytest.mark.parametrize("name", sorted(path.stem for path in FOLDER.glob("*.yaml")))
def test_every_text_of_the_desk_is_in_both_languages(name: str) -> None:
    for key, words in load(FOLDER / f"{name}.yaml", dict[str, Both]).items():
        assert words.ru.strip(), key
        assert words.kk.strip(), key
        names = [{field for _, field, _, _ in string.Formatter().parse(text) if field} for text in (words.ru, words.kk)]
        assert names[0] == names[1], key
    assert texts("base", "ru").keys().isdisjoint(texts(name, "ru")) or name == "base"
