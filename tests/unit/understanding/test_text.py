"""Folding: what is undone, and that every folded character knows where it came from."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.understanding.text import Words, bare, fold, fold_with_offsets, read

_CYRILLIC_LOOKALIKES = str.maketrans("аеорсухкАВСЕНКМОРТХ", "aeopcyxkABCEHKMOPTX")


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("с б е р", "сбер"),
        ("К.О.Д", "код"),
        ("к-о-д", "код"),
        ("Слuв", "слив"),
        ("мoшeнники", "мошенники"),
        ("м0шенники", "мошенники"),
        ("Каspi", "kaspi"),
        ("kaspiге", "kaspiге"),
        ("5000тг", "5000тг"),
        ("кооооод", "код"),
        ("ЁЛКА", "елка"),
        ("к\u200bо\u00adд", "код"),
        ("\u202eкод", "код"),
        ("ко\u0301д", "код"),
        ("и\u0306од", "йод"),
        ("ＷhatsApp", "whatsapp"),
        ("№ 70\u201112", "№ 70\u201112"),
        ("и я в доме", "и я в доме"),
        ("A. B. Smith", "a. b. smith"),
        ("группа", "группа"),
        ("", ""),
    ],
)
def test_undoes_tricks_and_leaves_prose(written: str, folded: str) -> None:
    assert fold(written) == folded


@given(
    st.text(alphabet=st.sampled_from("аоекс bpАКё.\u200b\u0301\u0306иi0@-\nқҚІ\u0130ﬁＡ😀"), max_size=60)
    | st.text(max_size=60)
)
def test_offsets_lead_back_in_order(text: str) -> None:
    folded = fold_with_offsets(text)
    offsets = list(folded.offsets)
    assert len(offsets) == len(folded.text) + 1
    assert offsets == sorted(offsets)
    assert all(0 <= o <= len(text) for o in offsets)


@given(
    st.sampled_from(["мошенники", "безопасный", "прокурор", "поликлиника", "кредит"]),
    st.sampled_from(["lookalikes", "zero-width", "spaced", "capitals", "stressed"]),
)
def test_a_disguised_word_folds_to_the_word(word: str, trick: str) -> None:
    disguised = {
        "lookalikes": word.translate(_CYRILLIC_LOOKALIKES),
        "zero-width": "\u200c".join(word),
        "spaced": " ".join(word),
        "capitals": word.upper(),
        "stressed": word[:2] + "\u0301" + word[2:],
    }[trick]
    folded = fold_with_offsets(f"это {disguised} тут")
    assert folded.text == f"это {word} тут"
    start = folded.text.index(word)
    quote = f"это {disguised} тут"[folded.offsets[start] : folded.offsets[start + len(word) - 1] + 1]
    assert fold(quote) == word


def test_words_are_cut_at_digits_and_alphabets_and_count_sentences() -> None:
    words = Words(fold("Kaspiге 5000тг салды. Кім? Ол!\nБіз т.е. тг"))
    assert words.texts == ["kaspi", "ге", "5000", "тг", "салды", "ким", "?", "ол", "биз", "т", "е", "тг"]
    assert words.sentences[:5] == [0] * 5
    assert words.sentences[5] == 1
    assert words.sentences[7] == 2
    assert words.sentences[8] > words.sentences[7]
    assert [fold("Kaspiге 5000тг")[slice(*span)] for span in map(words.span, range(4))] == ["kaspi", "ге", "5000", "тг"]


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("раз. два", [0, 1]),
        ("раз.два", [0, 0]),
        ("«раз!» два", [0, 1]),
        ("раз\nдва\r\n\nтри", [0, 1, 3]),
        ("раз.\nдва", [0, 2]),
        ("раз? два?три", [0, 0, 1, 1, 2]),
    ],
)
def test_where_a_sentence_ends(text: str, sentences: list[int]) -> None:
    assert Words(fold(text)).sentences == sentences


@given(st.text(alphabet="ab1 яқ.!?…»-_\n\t", max_size=60))
def test_every_word_stands_where_its_span_says(text: str) -> None:
    folded = fold(text)
    words = Words(folded)
    assert [bare(folded)[slice(*span)] for span in map(words.span, range(len(words.texts)))] == words.texts
    assert len(words.sentences) == len(words.texts)


@given(st.text(alphabet=st.sampled_from("аокд bpАК.\u200bиi0-\nІ\u0130ı№ㄱ?"), max_size=60))
def test_a_text_is_read_as_it_is_folded(text: str) -> None:
    folded, words = read(text)
    assert folded == fold_with_offsets(text)
    assert words.texts == Words(folded.text).texts
    assert words.sentences == Words(folded.text).sentences


def test_letters_that_are_spaced_out_by_underscores() -> None:
    assert fold("с_б_е_р_ звонит") == "сбер_ звонит"


def test_kazakh_typed_without_its_letters_is_the_same() -> None:
    assert bare(fold("Қоңырау шалып, ақша сұрады")) == bare(fold("Конырау шалып, акша сурады"))


def test_a_hostile_text_takes_no_longer_than_its_length() -> None:
    started = time.perf_counter()
    for unit in ("аb", "а ", "а\u0301", "аа", "0а", "к.о.д.", "?!. "):
        fold_with_offsets((unit * 10_000)[:10_000])
    assert time.perf_counter() - started < 5
