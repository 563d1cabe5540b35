"""Pieces and clues: a text is the sum of its pieces, and no clue is missed that the whole text has."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.understanding import clues, pieces
from streams.understanding.folding import fold, written_as

_TEXTS = st.text(alphabet="аб8o. \n\t\u00a0-Ә@", max_size=40)


@given(_TEXTS)
def test_pieces_put_together_are_the_text_and_stand_where_they_start(text: str) -> None:
    parts = pieces.split(text)
    assert pieces.join(parts) == text
    assert [text[start:][: len(part)] for start, part in zip(pieces.starts(text), parts, strict=False)] == parts


def test_a_column_gives_what_is_known_of_each_piece_and_finds_it_once() -> None:
    asked: list[str] = []
    lengths = pieces.column(lambda piece: (asked.append(piece), len(piece))[1])
    assert lengths("он дал код") == lengths("он дал код ")[:3] == (2, 3, 3)
    assert asked == ["он", "дал", "код", ""]


def test_a_line_ends_a_piece() -> None:
    assert pieces.split("код\n123 и") == ["код\n", "123", "и"]


@pytest.mark.parametrize(
    ("text", "found"),
    [("Назвал КОД", True), ("кодовое", True), ("Дом 8", False), ("бір реттік", True), ("бір\nреттік", False)],
)
def test_whether_a_stem_is_part_of_a_text(text: str, found: bool) -> None:
    spoken_of = clues.has_any(["код", "бир реттик"])
    assert spoken_of(fold(text)) is found


@given(_TEXTS, st.sampled_from(["а", "8", "8о", "б.", "@", "а "]))
def test_no_stem_is_missed(text: str, stem: str) -> None:
    folded = fold(text)
    assert _STEMS[stem](folded) is (stem in folded)


_STEMS = {stem: clues.has_any([stem]) for stem in ("а", "8", "8о", "б.", "@", "а ")}


def test_digits_are_counted() -> None:
    assert clues.digits(fold("с 8 (705) 12")) == 6


def test_a_folded_text_is_known_by_what_was_written() -> None:
    assert written_as(fold("Код ДВА")) == "Код ДВА"
    assert written_as("никем не свёрнут") == "никем не свёрнут"
