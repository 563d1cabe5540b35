"""The hand-written phrases: they fit their schema, every place leads somewhere, no phrase is dead."""

from __future__ import annotations

import json
import re
from datetime import datetime
from random import Random

import pytest
import yaml
from jsonschema import Draft202012Validator

from deploy.demo.grammar import FOLDER, PLACE, Person, PhraseError, Phrases, bare, careless, phrases, tell
from deploy.demo.numbers import NumberBook, eightfold, grouped, spelled
from deploy.demo.telling import hour_of, money
from schemas.events import AffectedGroup, Language
from schemas.local_time import ZONE
from schemas.reference import demands, schemes

LANGUAGES = [Language.RU, Language.KK]
#: Places that the code fills or leads elsewhere.
FILLED = {
    *("town", "born", "time", "code", "link", "sum", "ask", "ask_small", "day", "month", "month_number", "year"),
    *("years", "years_word", "number", "local", "amount", "short", "n"),
    *("when", "claim", "speech", "message", "demand", "end", "from", "came", "wrote", "tail", "warning"),
}
MAN = Person(form=0, dat="ему", nom="он", groups=[AffectedGroup.ADULT])
WOMAN = Person(form=1, dat="ей", nom="она", groups=[AffectedGroup.ADULT])


@pytest.mark.parametrize("path", sorted(FOLDER.rglob("*.yaml")), ids=lambda path: f"{path.parent.name}/{path.name}")
def test_files_fit_their_schema(path) -> None:  # type: ignore[no-untyped-def]
    schema = json.loads((FOLDER.parent / "phrases.schema.json").read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(yaml.safe_load(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_place_is_filled(language: Language) -> None:
    words = phrases(language)
    for rule, alternatives in words.rules.items():
        for alternative in alternatives:
            for _, place in PLACE.findall(alternative):
                assert place in words.rules or place in FILLED or place.startswith("who."), f"{rule}: {place}"
            assert not re.search(r"[{}<>]", PLACE.sub("", re.sub(r"<[^<>|]*\|[^<>|]*>", "", alternative))), rule


@pytest.mark.parametrize("language", LANGUAGES)
def test_both_languages_tell_every_scheme_and_demand(language: Language) -> None:
    words = phrases(language).rules
    for scheme in schemes():
        assert len(words[f"schemes.{scheme}.claims"]) >= 4
        assert len(words[f"schemes.{scheme}.warnings"]) >= 2
        for kind in ("speech", "messages"):
            asked = [name.rpartition(".")[2] for name in words if name.startswith(f"schemes.{scheme}.{kind}.")]
            assert asked
            assert set(asked) <= set(demands())
    for demand in demands():
        for kind in ("demands", "refuse", "lost"):
            assert len(words[f"{kind}.{demand}"]) >= 2


def test_the_languages_have_the_same_rules_but_for_the_case() -> None:
    russian, kazakh = (set(phrases(language).rules) for language in LANGUAGES)
    assert not kazakh - russian
    only = {name.partition(".")[0] for name in russian - kazakh}
    assert only == {"case", "client", "town_from", "years_word"}


def test_forms_capitals_and_rules() -> None:
    words = Phrases({"hello": ["{^who.nom} поступил<|а> {how}"], "how": ["верно"]}, {})
    assert tell(words, "{hello}", Random(1), values={}, person=MAN) == "Он поступил верно"
    assert tell(words, "{hello}", Random(1), values={"how": "иначе"}, person=WOMAN) == "Она поступила иначе"
    assert tell(words, "{^what}", Random(1), values={}, person=MAN, aliases={"what": "how"}) == "Верно"


def test_a_place_that_nothing_fills_is_named() -> None:
    with pytest.raises(PhraseError, match=r"\{nothing\} in: а \{nothing\}"):
        tell(Phrases({}, {}), "а {nothing}", Random(1), values={}, person=MAN)
    circle = Phrases({"a": ["{b}"], "b": ["{a}"]}, {})
    with pytest.raises(PhraseError):
        tell(circle, "{a}", Random(1), values={}, person=MAN)


def test_typed_in_a_hurry() -> None:
    assert bare("Маған қоңырау шалды") == "Маган конырау шалды"
    text = "Позвонили, просили код, не сказала."
    assert {careless(text, Random(n)) for n in range(20)} == {
        "позвонили, просили код, не сказала",
        "позвонили просили код, не сказала",
    }


def test_numbers_are_handed_out_once_and_spelled_in_many_ways() -> None:
    book = NumberBook(Random(1))
    numbers = [book.number() for _ in range(2000)]
    assert len(set(numbers)) == 2000
    spellings = {spelled("+77050001234", Random(n)) for n in range(60)}
    assert {"8 705 000 12 34", "+77050001234", "8 (705) 000-12-34"} < spellings
    assert {re.sub(r"\D", "", one)[1:] for one in spellings} == {"7050001234"}
    assert eightfold("+77050001234") == "8 (705) 000-12-34"


def test_amounts_of_money() -> None:
    assert grouped(1_250_000) == "1 250 000"
    assert {money(455_000, Language.RU, Random(n)) for n in range(20)} == {
        "455 000 тенге",
        "455 000 тг",
        "455 тыс. тенге",
    }
    assert "1,25 млн теңге" in {money(1_250_000, Language.KK, Random(n)) for n in range(20)}


def test_parts_of_the_day() -> None:
    day = datetime(2026, 1, 14, tzinfo=ZONE)
    assert [hour_of(day.replace(hour=hour)) for hour in (0, 6, 12, 18, 23)] == [
        "night",
        "morning",
        "day",
        "evening",
        "evening",
    ]
