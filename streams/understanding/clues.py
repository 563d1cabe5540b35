"""Clues: whether there can be something in a folded text at all, told by its pieces (see `pieces`).

To search a text for something costs a hundred times as much as to ask what is known of its pieces, and most texts have
no link, no password, no number told in words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import lru_cache, reduce
from operator import or_
from typing import Final

from streams.understanding import pieces
from streams.understanding.folding import fold_piece, written_as

_TESTS: Final[list[tuple[int, Callable[[str], object]]]] = []


def test(holds: Callable[[str], object]) -> Callable[[str], bool]:
    """Registers a test of a folded piece: the function returned tells whether any piece of a folded text passes it."""
    bit = 1 << len(_TESTS)
    _TESTS.append((bit, holds))
    return lambda folded: _passed(folded) & bit > 0


def has_any(stems: Iterable[str]) -> Callable[[str], bool]:
    """A function that tells whether one of `stems` is part of a folded text."""
    inside = [stem for stem in stems if " " not in stem]
    across = [stem for stem in stems if " " in stem]
    in_a_piece = test(re.compile("|".join(map(re.escape, inside)) or "(?!)").search)
    return lambda folded: in_a_piece(folded) or any(stem in folded for stem in across)


def digits(folded: str) -> int:
    """How many digits a folded text has."""
    return sum(_digits(written_as(folded)))


@lru_cache(maxsize=16)
def _passed(folded: str) -> int:
    """The tests that a piece of the text passes, as bits."""
    return reduce(or_, set(_bits(written_as(folded))))


_bits: Final = pieces.column(lambda piece: sum([bit for bit, holds in _TESTS if holds(fold_piece(piece))]))
_digits: Final = pieces.column(lambda piece: sum(map(str.isdigit, piece)))
