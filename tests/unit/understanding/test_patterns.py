"""Word patterns: forms, phrases, endings, slips of the finger."""

from __future__ import annotations

import pytest

from streams.understanding.patterns import Lexicon, Match, has_ending
from streams.understanding.text import Words, fold


def _found(lexicon: Lexicon, text: str) -> dict[str, list[Match]]:
    return lexicon.match(Words(fold(text)))


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        ("код", "назвал код", True),
        ("код", "назвал кода", False),
        ("мошенн*", "опять мошенники", True),
        ("счет~", "на счета", True),
        ("счет~", "новый счетчик", False),
        ("код~", "кодыңызды айтыңыз", True),
        ("код~", "кодировка", False),
        ("*мын", "прокурормын деді", True),
        ("банк|каспи", "из каспи", True),
        ("безопасн* счет~", "на безопасный счёт", True),
        ("безопасн* счет~", "безопасный новый счёт", False),
        ("безопасн* .. счет~", "безопасный новый тайный счёт", True),
        ("безопасн* .. счет~", "безопасный раз два три четыре счёт", False),
        ("безопасн* .. счет~", "Это безопасно. Счёт открыт", False),
        ("қоңырау*", "конырау шалды", True),
        ("қоңырау*", "қоңырауға сенді", True),
        ("код", "назвал kod", True),
        ("смс", "пришло CMC", True),
    ],
)
def test_forms_and_phrases(pattern: str, text: str, found: bool) -> None:
    assert ("concept" in _found(Lexicon({"concept": [pattern]}), text)) is found


@pytest.mark.parametrize("slip", ["поликлинника", "поликлиика", "поликлинека", "полкилиника"])
def test_one_slip_in_a_long_word_is_forgiven(slip: str) -> None:
    assert _found(Lexicon({"clinic": ["поликлин*"]}), f"из {slip} звонят") == {"clinic": [Match(1, 1)]}


def test_a_slip_is_not_a_slip_where_it_makes_another_word() -> None:
    concepts = {"police": ["полици*"], "block": ["заблокир*"]}
    assert "block" in _found(Lexicon(concepts), "карту зоблокировали")
    assert "block" not in _found(Lexicon(concepts, not_typos=["зоблок"]), "карту зоблокировали")
    assert "police" not in _found(Lexicon(concepts), "позиция ясна")  # shorter stems forgive nothing


def test_a_phrase_with_a_loose_end_is_refused() -> None:
    with pytest.raises(ValueError, match=r"begins or ends with '\.\.'"):
        Lexicon({"concept": ["код .."]})


def test_every_occurrence_is_found_in_order() -> None:
    assert _found(Lexicon({"code": ["код~"]}), "код, кода и кодом")["code"] == [Match(0, 0), Match(1, 1), Match(3, 3)]


@pytest.mark.parametrize("ending", ["", "ов", "ами", "ға", "лардың", "ымызды", "ыңыздан", "дарға"])
def test_endings_of_both_languages(ending: str) -> None:
    from streams.understanding.text import bare

    assert has_ending(bare(ending))


@pytest.mark.parametrize("rest", ["чик", "ировка", "екс", "щина"])
def test_what_is_no_ending(rest: str) -> None:
    assert not has_ending(rest)
