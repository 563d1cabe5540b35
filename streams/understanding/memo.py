"""What is known of words: texts are new, but words come again, so what a word gives is found once and looked up."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Generic, TypeVar

Known = TypeVar("Known")
#: How many different words are remembered.
SIZE: Final = 50_000
#: Nothing longer is remembered: it is no word, and would only take memory.
LONGEST: Final = 50


class Memo(dict[str, Known], Generic[Known]):
    """`memo[word]` is what `find` gives for a word, found once; a full memo begins anew.

    A dictionary, because a look-up in it costs half of one in `functools.lru_cache`.
    """

    def __init__(self, find: Callable[[str], Known]) -> None:
        super().__init__()
        self._find = find

    def __missing__(self, word: str) -> Known:
        known = self._find(word)
        if len(word) <= LONGEST:
            if len(self) >= SIZE:
                self.clear()
            self[word] = known
        return known
