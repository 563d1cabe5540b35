"""Ways to write a number: every usual grouping is one of the forms, or a part of one."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.number_forms import number_forms
from streams.understanding.numbers import normalise


def words(text: str) -> list[str]:
    """What Elasticsearch's standard analysis makes of digits and separators."""
    return re.findall(r"\d+", text)


def found(typed: str, value: str) -> bool:
    """Whether a phrase finds the number."""
    sought = words(typed)
    forms = [words(form) for form in number_forms(value)]
    return any(form[at : at + len(sought)] == sought for form in forms for at in range(len(form)))


@pytest.mark.parametrize(
    "typed",
    [
        "8 705 123 45 67",
        "8(705)123-45-67",
        "+7 705 123 45 67",
        "+7 (705) 123-4567",
        "87051234567",
        "+77051234567",
        "7051234567",
        "8 705 1234567",
        "705 123 45 67",
        "705 1234567",
        "8-705-123-4567",
    ],
)
def test_a_mobile_number_is_found_as_it_is_typed(typed: str) -> None:
    assert found(typed, "+77051234567")
    assert not found(typed, "+77051234568")


@pytest.mark.parametrize("typed", ["8 (71541) 2-15-65", "+7 71541 21565", "2-15-65", "87154121565", "71541 2 15 65"])
def test_a_local_number_is_found_as_it_is_typed(typed: str) -> None:
    assert found(typed, "+77154121565")


def test_a_number_of_another_country_has_forms_too() -> None:
    assert found("+44 20 7123 4567", "+442071234567")


@pytest.mark.parametrize("value", ["1414", "KZ-POST", "telegram:@name", "kaz-post.example", "", "+", "+7"])
def test_what_is_no_phone_number_has_no_forms(value: str) -> None:
    assert number_forms(value) == ()


@given(st.integers(min_value=7_000_000_000, max_value=7_999_999_999))
def test_every_form_is_digits_and_leads_back_to_the_number(national: int) -> None:
    value = f"+7{national}"
    forms = number_forms(value)
    assert len(set(forms)) == len(forms)
    for form in forms:
        digits = form.replace(" ", "")
        assert digits.isdecimal()
        assert digits.endswith(str(national))
        if (found_value := normalise(form).value).startswith("+"):
            assert found_value == value
