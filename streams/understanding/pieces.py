"""Pieces: what stands between two blanks of a text, and all that is known of it, kept together.

Texts are new, but most of their pieces come again.  Each module that reads texts by words registers what it wants to
know of a piece.  All of that is found when a piece is first met, and costs one look-up for everybody afterwards: most
of the time that a look-up takes is spent waiting for memory.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import lru_cache, reduce
from itertools import accumulate
from operator import or_
from typing import Any, Final, TypeVar

from streams.understanding.memo import Memo

Known = TypeVar("Known")


class Pieces:
    """What is known of the pieces of texts of one kind."""

    def __init__(self) -> None:
        self._tests: list[tuple[int, Callable[[str], object]]] = []
        self._finders: list[Callable[[str], Any]] = [self._passed]
        self._known: Memo[tuple[Any, ...]] = Memo(lambda piece: tuple([find(piece) for find in self._finders]))
        self._columns = lru_cache(maxsize=16)(self._read)

    def column(self, find: Callable[[str], Known]) -> Callable[[str], tuple[Known, ...]]:
        """Registers something to know of a piece: the function returned gives it for all pieces of a text."""
        number = len(self._finders)
        self._finders.append(find)
        self._forget()
        return lambda text: self._columns(text)[number]

    def test(self, holds: Callable[[str], object]) -> Callable[[str], bool]:
        """Registers a test of a piece: the function returned tells whether any piece of a text passes it."""
        bit = 1 << len(self._tests)
        self._tests.append((bit, holds))
        self._forget()
        return lambda text: self._columns(text)[0] & bit > 0

    def _forget(self) -> None:
        self._known.clear()
        self._columns.cache_clear()

    def _passed(self, piece: str) -> int:
        """The tests that a piece passes, as bits."""
        return sum([bit for bit, holds in self._tests if holds(piece)])

    def _read(self, text: str) -> tuple[Any, ...]:
        """What is known of the pieces of a text; remembered for the last few, since a text is read in several ways."""
        passed, *columns = zip(*map(self._known.__getitem__, split(text)), strict=True)
        return reduce(or_, set(passed)), *columns


#: Of texts as they are written, and as `folding.fold` gives them.
WRITTEN: Final = Pieces()
FOLDED: Final = Pieces()


def has_any(stems: Iterable[str]) -> Callable[[str], bool]:
    """A function that tells whether one of `stems` is part of a folded text."""
    inside = [stem for stem in stems if " " not in stem]
    across = [stem for stem in stems if " " in stem]
    test = FOLDED.test(re.compile("|".join(map(re.escape, inside))).search)
    return lambda folded: test(folded) or any(stem in folded for stem in across)


_and_a_blank: Final = (1).__add__


def split(text: str) -> list[str]:
    """The pieces of `text`; a line's end is the end of a piece and part of it."""
    return text.replace("\n", "\n ").split(" ")


def join(pieces: Iterable[str]) -> str:
    """The text of these pieces: `join(split(text)) == text`."""
    return " ".join(pieces).replace("\n ", "\n")


def starts(text: str) -> list[int]:
    """Where each piece of `text` starts."""
    if "\n" in text:
        return list(accumulate([len(piece) + (piece[-1:] != "\n") for piece in split(text)], initial=0))
    return list(accumulate(map(_and_a_blank, map(len, text.split(" "))), initial=0))
