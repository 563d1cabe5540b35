"""Telephone numbers told in words, in both languages; and words of numbers that are none."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.understanding.numbers import find_contacts
from streams.understanding.secrets import mask

_UNITS = ["ноль", "один", "два", "три", "четыре", "пять", "шесть", "семь", "восемь", "девять"]
_TEENS = [
    *("десять", "одиннадцать", "двенадцать", "тринадцать", "четырнадцать", "пятнадцать", "шестнадцать", "семнадцать"),
    *("восемнадцать", "девятнадцать"),
]
_TENS = ["двадцать", "тридцать", "сорок", "пятьдесят", "шестьдесят", "семьдесят", "восемьдесят", "девяносто"]
_HUNDREDS = ["сто", "двести", "триста", "четыреста", "пятьсот", "шестьсот", "семьсот", "восемьсот", "девятьсот"]
_KAZAKH_UNITS = ["нөл", "бір", "екі", "үш", "төрт", "бес", "алты", "жеті", "сегіз", "тоғыз"]
_KAZAKH_TENS = ["он", "жиырма", "отыз", "қырық", "елу", "алпыс", "жетпіс", "сексен", "тоқсан"]


def _russian(group: str) -> str:
    """A group of digits as it is dictated; leading zeros one by one."""
    if group.startswith("0"):
        return " ".join(_UNITS[int(digit)] for digit in group)
    value = int(group)
    words = [_HUNDREDS[value // 100 - 1]] if value >= 100 else []
    rest = value % 100
    if 10 <= rest < 20:
        words.append(_TEENS[rest - 10])
    else:
        words += [_TENS[rest // 10 - 2]] if rest >= 20 else []
        words += [_UNITS[rest % 10]] if rest % 10 else []
    return " ".join(words)


def _kazakh(group: str) -> str:
    if group.startswith("0"):
        return " ".join(_KAZAKH_UNITS[int(digit)] for digit in group)
    value = int(group)
    words = [_KAZAKH_UNITS[value // 100], "жүз"] if value >= 200 else ["жүз"] if value >= 100 else []
    words += [_KAZAKH_TENS[value % 100 // 10 - 1]] if value % 100 >= 10 else []
    return " ".join(words + ([_KAZAKH_UNITS[value % 10]] if value % 10 else []))


_NUMBERS = st.from_regex(r"(?:70[015678]|747|77[15678])[0-9]{7}", fullmatch=True)


@given(_NUMBERS, st.sampled_from([_russian, _kazakh]), st.sampled_from([", ", " - "]))
def test_a_number_dictated_in_groups_is_found(national: str, dictated: Callable[[str], str], joint: str) -> None:
    groups = ["8", national[:3], national[3:6], national[6:8], national[8:]]
    told = joint.join(dictated(group) for group in groups)
    assert [contact.value for contact in find_contacts(f"Звонили: {told}.")] == [f"+7{national}"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("С номера восемь семьсот пять сто двадцать три сорок пять шестьдесят семь звонили", "+77051234567"),
        ("восемь семь ноль пять один два три четыре пять шесть семь", "+77051234567"),
        ("плюс семь семьсот один 555 двенадцать тридцать четыре", "+77015551234"),
        ("восемь 705 сто двадцать 45 67 дегеннен хабарласты", "+77051204567"),
        ("сегіз жеті жүз бес жүз жиырма үш қырық бес алпыс жеті", "+77051234567"),
    ],
)
def test_as_people_dictate(text: str, value: str) -> None:
    (contact,) = find_contacts(text)
    assert contact.value == value
    assert contact.raw in text


@pytest.mark.parametrize(
    "text",
    [
        "перевела семьсот пятьдесят тысяч тенге, потом ещё сто двадцать",
        "семь или восемь раз звонили, двадцать пять минут, в пять сорок семь",
        "код четыре восемь два один, семь цифр",
        "жеті жүз елу мың теңге, екі рет",
        "раз два три четыре пять шесть семь восемь девять десять",
    ],
)
def test_other_words_of_numbers_are_no_contact(text: str) -> None:
    assert find_contacts(text) == []


def test_the_reporters_own_dictated_number_is_masked_and_a_suspects_stays() -> None:
    told = "восемь семьсот пять сто двадцать три сорок пять шестьдесят семь"
    assert mask(f"мой номер {told}").text == "мой номер [phone]"
    assert mask(f"перезвоните на {told}", ["+77051234567"]).text == "перезвоните на [phone]"
    text = f"звонили с номера {told}, просили код из смс"
    assert mask(text).text == text
