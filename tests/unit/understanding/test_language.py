"""Languages: Russian, Kazakh with and without Kazakh letters, both, neither."""

from __future__ import annotations

import json

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from schemas.events import Language
from streams.understanding import language
from streams.understanding.language import RULES, detect


def test_rules_fit_their_schema() -> None:
    schema = json.loads(RULES.with_suffix(".schema.json").read_text(encoding="utf-8"))
    rules = yaml.safe_load(RULES.read_text(encoding="utf-8"))
    assert list(Draft202012Validator(schema).iter_errors(rules)) == []


@pytest.mark.parametrize(
    "text",
    [
        "Мне позвонили и сказали, что карта заблокирована",
        "Сәлеметсіз бе! Мне звонили из Каспи, просили код",
        "Сказала Құдайберген Өміртай из Жезқазған, что это обман",
        "перевела деньги на чужой счёт",
        "Осторожно, развод!",
    ],
)
def test_russian(text: str) -> None:
    assert detect(text) is Language.RU


@pytest.mark.parametrize(
    "text",
    [
        "Маған банктен қоңырау шалып, кодты сұрады",
        "Маган банктен конырау шалып, кодты сурады",
        "бул адам алаяк, ешкимге акша салманыздар",
        "Приложение орнат деді де экранды демонстрация жасатты",
        "Не істейміз?",
    ],
)
def test_kazakh(text: str) -> None:
    assert detect(text) is Language.KK


@pytest.mark.parametrize(
    "text",
    [
        "Кеше анама хабарласыпты, говорят, вашу карту заблокировали",
        "Құрметті клиент! Сіздің картаңыз бұғатталды. Уважаемый клиент! Ваша карта заблокирована.",
        "Маган звандап жатыр, не знаю что им ответить",
    ],
)
def test_both(text: str) -> None:
    assert detect(text) is Language.MIXED


@pytest.mark.parametrize(
    "text", ["", " ", "1414", "hello my friend, your code is here", "👍", "https://kaspi.kz", "\0"]
)
def test_neither(text: str) -> None:
    assert detect(text) is Language.UNKNOWN


@pytest.mark.parametrize(
    "text",
    [
        "Мені подзвонили і сказали, що це банк",
        "Мага банктан чалышты эле, жообун күтүп жатам",
        "Мага чалышты, акча сурашты, эмне кылам",
        "Мени бир киши чакырып, акчамды алып койду, эмне кылуум керек экенин билбейм",
        "Кечээ бизге бирөө келип, газ текшеребиз деп акча алып кетти",
        "Илтимос ёрдам беринг, мени картамдан пул ечиб олишди",
    ],
)
def test_neighbours_are_not_taken_for_kazakh(text: str) -> None:
    assert detect(text) is not Language.KK


@given(st.text(max_size=300))
def test_any_text_is_borne(text: str) -> None:
    assert detect(text) in Language


_SPOKEN = [
    "Мне",
    "позвонили",
    "из",
    "банка",
    "Алматы",
    "код",
    "бұл",
    "маған",
    "Қонысбай",
    "ақшамды",
    "деді",
    "звонки",
    "Халык",
]


@given(st.lists(st.sampled_from([*_SPOKEN, "салем", "дякую", ".", ",", "\n", "WhatsApp"]), max_size=25).map(" ".join))
def test_a_language_told_at_once_is_what_the_clauses_come_to(text: str) -> None:
    assert language._evident(text) in {None, language._by_clauses(text)}
