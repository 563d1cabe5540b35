"""Digits that may be a code, PIN or CVV, and what else they may be by their shape and the words around."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from streams.understanding import cues
from streams.understanding.cues import after, before
from streams.understanding.identifiers import overlaps

_CUES: Final = cues.load("secrets")
_NUMBER_CUES: Final = cues.load("numbers")

#: Digits with blanks and dashes between, single ones also with commas, and what makes them part of something longer.
_RUN: Final = re.compile(r"[0-9](?:(?<![\d,].)(?:, ?\d){3,7}(?![\d,])|[0-9]*(?:[ -]{1,2}\d+)*)")
_GROUP: Final = re.compile(r"\d+")
_PART_BEFORE: Final = re.compile(r"(?:[\w.*+]|\d[,:/-])\Z")
_PART_AFTER: Final = re.compile(r"[\w*#]|[.,:/]\d|-(?:й|я|е|го|му|ом|ой|ый|ая|ое)\b")
#: Google's codes come with a letter: "G-482107".
_LABEL: Final = re.compile(r"(?<![\w-])[a-z]-\Z")
_TIME: Final = re.compile(r"(?:[01]?\d|2[0-3])[ -][0-5]\d")
#: What joins the codes of a list: "6621 и 6690".
_AND: Final = re.compile(r"[ ,]{1,3}(?:(?:и|мен|да|потом|затем|еще|кейин|сосын)[ ,]{1,2}){0,2}")
#: Grouped as sums are; codes have even groups.
_SUM: Final = re.compile(r"\d{1,2} \d{3}")
_ANNOUNCING: Final = re.compile(r"[:«\"] ?\Z")
_THOUSANDS: Final = re.compile(r"\d{1,3} \d{3}")
#: A short code has five digits at most.
_TOO_LONG_TO_CALL: Final = 6
_CLOCK: Final = re.compile(r"(?:[01]\d|2[0-3])[0-5]\d")
_YEAR: Final = re.compile(r"19[3-9]\d|20[0-3]\d")
_DATE: Final = re.compile(
    r"(?:0?[1-9]|[12]\d|3[01])[ -](?:0?[1-9]|1[0-2])[ -](?:\d\d|(?:19|20)\d\d)|(?:19|20)\d\d-\d\d-\d\d"
)
#: A CVV has three digits; everything else has more.
SHORTEST: Final = 3


class Digits(NamedTuple):
    """Digits that may be a code, and the list ("6621 и 6690") in which they stand: what is said of one is of all."""

    start: int
    end: int
    first: int
    last: int


def find(folded: str, taken: Sequence[tuple[int, int]]) -> Iterator[Digits]:
    """Digits outside of `taken` that may be a code, each with the list in which they stand."""
    spans = list(_spans(folded, taken))
    first = 0
    for index, (_, end) in enumerate(spans):
        if index + 1 < len(spans) and _AND.fullmatch(folded, end, spans[index + 1][0]):
            continue
        for span in spans[first : index + 1]:
            yield Digits(*span, spans[first][0], end)
        first = index + 1


def _spans(folded: str, taken: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Digits outside of `taken` that may be a code.

    One group of 3 to 8, or small groups of them ("48-21-07", "482 107", "4 8 2 1").
    """
    for run in _RUN.finditer(folded):
        if run.end() - run.start() < SHORTEST or any(s <= run.start() and run.end() <= e for s, e in taken):
            continue
        groups = [match.span() for match in _GROUP.finditer(folded, *run.span())]
        lengths = [end - start for start, end in groups]
        spans = [run.span()] if len(groups) > 1 and max(lengths) <= 3 and 4 <= sum(lengths) <= 8 else _apart(groups)
        for start, end in spans:
            if end - start < SHORTEST or overlaps((start, end), taken) or _PART_AFTER.match(folded, end):
                continue
            if not _PART_BEFORE.search(folded, max(0, start - 2), start):
                yield start, end
            elif label := _LABEL.search(folded, max(0, start - 3), start):
                yield label.start(), end


def _apart(groups: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Groups of which some are long: "1414 603 118" is a number and a code of two groups."""
    parts: list[tuple[int, int]] = []
    small = 0
    for start, end in groups:
        small = small + 1 if end - start == SHORTEST else 0
        if small == 2:
            parts[-1:] = [(parts[-1][0], end)]
            small = 0
        else:
            parts.append((start, end))
    return parts


def is_something_else(folded: str, found: Digits) -> bool:
    """Whether it is rather a date, a time, a year, or a sum that lacks its currency."""
    written = folded[found.start : found.end]
    if _DATE.fullmatch(written) or sum(c.isdigit() for c in written) == SHORTEST or _is_round(written):
        return True
    if _CUES["spent_before"].match(before(folded, found.first)) or _CUES["spent_after"].match(after(folded, found.end)):
        return True
    preceding = before(folded, found.start)
    if _SUM.fullmatch(written) and not _ANNOUNCING.search(folded, max(0, found.start - 2), found.start):
        return True
    return bool(
        (_THOUSANDS.fullmatch(written) and _is_told_sum(folded, found))
        or (_CLOCK.fullmatch(written) and _CUES["clock_before"].match(preceding))
        or ((_TIME.fullmatch(written) or _YEAR.fullmatch(written)) and _CUES["time_before"].match(preceding))
    )


def _is_told_sum(folded: str, found: Digits) -> bool:
    """Whether a sum is spoken of before, and not told there already: "код для займа на 380 000 тенге: 716 942"."""
    told = _CUES["sum_before"].match(before(folded, found.first))
    announced = _ANNOUNCING.search(folded, max(0, found.start - 2), found.start)
    return told is not None and not (announced and _GROUP.search(told.group()))


def is_unexplained(folded: str, found: Digits) -> bool:
    """Whether nothing beside the digits says what they are, in a text that speaks of codes: then they may be one."""
    preceding, written = before(folded, found.start), folded[found.start : found.end]
    if any(shape.fullmatch(written) for shape in (_TIME, _YEAR, _THOUSANDS)):
        return False
    if len(written) < _TOO_LONG_TO_CALL and _NUMBER_CUES["from_before"].match(preceding):
        return False
    return not (
        _CUES["sum_before"].match(before(folded, found.first))
        or _CUES["sum_asked_before"].match(preceding)
        or _CUES["sum_word_after"].match(after(folded, found.end))
        or _CUES["other_code_before"].match(preceding)
        or any(
            _NUMBER_CUES[cue].match(preceding) for cue in ("phone_word_before", "from_weak_before", "calling_before")
        )
    )


def _is_round(written: str) -> bool:
    """Whether it is rather a sum that lacks its currency."""
    return written.endswith("00") and written[-3:].isdigit()


def is_amount(folded: str, end: int) -> bool:
    """Whether a currency, a measure or a thing that is numbered follows."""
    following = after(folded, end)
    return any(_NUMBER_CUES[cue].match(following) for cue in ("sum_after", "amount_after"))
