"""Whether digits, or words for them, were a code: by the words that call them so or say that they were told."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from schemas import reference
from streams.understanding import cues
from streams.understanding.cues import after, before
from streams.understanding.digits import BREAK, Digits, is_bare_sum, is_something_else, is_sum, is_unexplained

_CUES: Final = cues.load("secrets")
_NUMBER_CUES: Final = cues.load("numbers")
_TOLD_AFTER: Final = cues.any_of(_CUES, "told_after", "read_out_after")
#: "За код" (written backwards).
_FOR_A_CODE: Final = re.compile(r"[ ,]{1,3}[а-я]{0,3}док аз(?!\w)")
#: Whoever does it, and to whom.
_SAYS: Final = re.compile(
    r"(?<!\w)(?:сказ|назв|назыв|ответил|сообщил|продикт|дикт|озвуч|прочит|прочл|прочел|зачит|говор|ввел|ввод|вбил|вписал"
    r"|айт|окып|окыд|деди|дедим|деп)"
)
#: How far a word for telling may stand from what is told, in characters.
NEAR: Final = 40
_DIGITS_NEXT: Final = re.compile(r"[\W_]{1,3}\d")
_LETTER: Final = re.compile(r"\w")
#: How far from the word for it a code may stand, in characters.
FAR: Final = 70


def is_code(folded: str, found: Digits, named: Sequence[tuple[int, int]], told: bool) -> bool:
    """Whether what stands there was a code, by words farther off; for digits that are not plainly something else."""
    if is_called_code(folded, found, named):
        return True
    if is_something_else(folded, found):
        return False
    if any(0 <= found.start - e <= FAR and not BREAK.search(folded[e : found.start].rstrip()) for _, e in named):
        return not is_sum(folded, found) or _CUES["counted_before"].match(before(folded, found.start)) is not None
    if _CUES["other_thing_before"].match(before(folded, found.start)):
        return False
    if _is_told(folded, found, told):
        return True
    return is_unexplained(folded, found) and bool(named or not is_bare_sum(folded, found))


def _is_told(folded: str, found: Digits, told: bool) -> bool:
    """Whether words right beside say that they were told to somebody."""
    preceding, following = before(folded, found.first), after(folded, found.last)
    if _CUES["told_to_before"].match(preceding) and not _CUES["sum_word_after"].match(following):
        return True
    if _CUES["told_to_after"].match(following):
        return True
    return told and bool(_CUES["told_before"].match(preceding) or _TOLD_AFTER.match(following))


def is_called_code(folded: str, found: Digits, named: Sequence[tuple[int, int]]) -> bool:
    """Whether the word for a code stands right beside."""
    if _beside(folded, found, named) and not _is_other_sum(folded, found):
        return True
    following = after(folded, found.last)
    word = _NUMBER_CUES["code_after"].match(following)
    official = folded[found.start : found.end] in reference.official_numbers()
    return word is not None and not (official and _DIGITS_NEXT.match(following, word.end()))  # "9909 код 61204"


def says(folded: str, start: int, end: int) -> bool:
    """Whether anybody tells anything right before or after, within the sentence."""
    earlier = BREAK.split(folded[max(0, start - NEAR) : start])[-1]
    return bool(_SAYS.search(earlier) or _SAYS.search(BREAK.split(folded[end : end + NEAR])[0]))


def _is_other_sum(folded: str, found: Digits) -> bool:
    """Whether it is a sum after all: "спросили код, 50 000 тенге списали", "просит за код 4990 тг"."""
    if "," not in folded[max(0, found.start - 4) : found.start] and not _FOR_A_CODE.match(before(folded, found.start)):
        return False
    return _NUMBER_CUES["sum_after"].match(after(folded, found.end)) is not None


def _beside(folded: str, found: Digits, named: Sequence[tuple[int, int]]) -> bool:
    """Whether the word for a code stands right before, with nothing but signs between."""
    return any(0 <= found.start - end <= 4 and not _LETTER.search(folded, end, found.start) for _, end in named)


def is_near(folded: str, found: Digits, words: Sequence[tuple[int, int]]) -> bool:
    """Whether one of `words` stands not far from the digits, within the sentence."""
    return any(
        -FAR <= found.start - end <= FAR
        and not BREAK.search(folded[min(end, found.end) : max(start, found.start)].rstrip())
        for start, end in words
    )
