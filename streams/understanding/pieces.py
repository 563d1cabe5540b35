"""Pieces: what stands between two blanks of a text, and all that is known of it, kept together.

Texts are new, but most of their pieces come again.  Each module that reads texts by words registers what it wants to
know of a piece (`column`).  All of that is found when a piece is first met, and costs one look-up for everybody
afterwards: most of the time that a look-up takes is spent waiting for memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from itertools import accumulate
from typing import Any, Final, TypeVar

from streams.understanding.memo import Memo

Known = TypeVar("Known")

_FINDERS: Final[list[Callable[[str], Any]]] = []
_KNOWN: Final[Memo[tuple[Any, ...]]] = Memo(lambda piece: tuple([find(piece) for find in _FINDERS]))


def column(find: Callable[[str], Known]) -> Callable[[str], tuple[Known, ...]]:
    """Registers something to know of a piece: the function returned gives it for all pieces of a text."""
    number = len(_FINDERS)
    _FINDERS.append(find)
    _KNOWN.clear()
    _columns.cache_clear()
    return lambda text: _columns(text)[number]


@lru_cache(maxsize=16)
def _columns(text: str) -> tuple[tuple[Any, ...], ...]:
    """What is known of the pieces of a text; remembered for the last few, since a text is read in several ways."""
    return tuple(zip(*map(_KNOWN.__getitem__, split(text)), strict=True))


def split(text: str) -> list[str]:
    """The pieces of `text`; a line's end is the end of a piece and part of it."""
    return text.replace("\n", "\n ").split(" ")


def join(pieces: Iterable[str]) -> str:
    """The text of these pieces: `join(split(text)) == text`."""
    return " ".join(pieces).replace("\n ", "\n")


def starts(text: str) -> list[int]:
    """Where each piece of `text` starts."""
    return list(accumulate(_widths(text), initial=0))


def width(piece: str) -> int:
    """How many characters a piece takes with the blank after it; a line's end has none."""
    return len(piece) + (piece[-1:] != "\n")


_widths: Final = column(width)
