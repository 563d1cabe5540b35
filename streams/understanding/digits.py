"""Digits that may be a code, PIN or CVV, and what else they may be by their shape and the words around."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from schemas import reference
from streams.understanding import cues
from streams.understanding.cues import after, before
from streams.understanding.identifiers import overlaps

_CUES: Final = cues.load("secrets")
_NUMBER_CUES: Final = cues.load("numbers")
#: What follows a number that was called or not told in full.
_USED_AFTER: Final = re.compile(
    "|".join([cues.any_of(_CUES, "cut_after").pattern, _NUMBER_CUES["phone_word_after"].pattern])
)

_CALLED_BEFORE: Final = cues.any_of(
    _NUMBER_CUES, "phone_word_before", "from_weak_before", "calling_before", "said_from_before"
)
#: Digits with blanks and dashes between, single ones also with commas, and what makes them part of something longer.
_RUN: Final = re.compile(r"[0-9](?:(?<![\d,].)(?:, ?\d){3,7}(?!,? ?\d)|[0-9]*(?:[ -]{1,2}\d+)*)")
_GROUP: Final = re.compile(r"\d+")
_NEXT_ITEM: Final = re.compile(r"\d\d?\)")
_PART_BEFORE: Final = re.compile(r"(?:[\w.*+]|\d[,:/-])\Z")
_PART_AFTER: Final = re.compile(r"[\w*#]|[.,:/]\d|-(?:й|я|е|го|му|ом|ой|ый|ая|ое)\b")
#: Another code of the same length before or after a stroke: "4821/7713".
_TWIN_BEFORE: Final = re.compile(r"(?<![\w/.,:-])(\d{4,6})/\Z")
_TWIN_AFTER: Final = re.compile(r"/(\d{4,6})(?![\w/-]|[.,]\d)")
#: Google's codes come with a letter: "G-482107".
_LABEL: Final = re.compile(r"(?<![\w-])[a-z]-\Z")
_TIME: Final = re.compile(r"(?:[01]?\d|2[0-3])[ -][0-5]\d")
#: What joins the codes of a list: "6621 и 6690".
_AND: Final = re.compile(
    r"/|[ ,]{1,3}(?:(?:и|мен|да|или|либо|то ли|не то|алде|немесе|потом|затем|еще|кейин|сосын)[ ,]{1,2}){0,2}"
)
#: Written as sums are, without a zero before; codes have even groups.
_SUM_LIKE: Final = re.compile(r"[1-9]\d*|[1-9]\d{0,2}(?: \d{3})+")
#: Grouped as sums are; no code is.
_SUM: Final = re.compile(r"\d{1,2} \d{3}")
#: Another number, a few words on.
_ANOTHER: Final = re.compile(r"(?:[ ,:-]{1,3}[а-я]{1,12}){0,3}[ ,:-]{1,3}\d{2}")
_ANNOUNCING: Final = re.compile(r"[:«\"] ?\Z")
_THOUSANDS: Final = re.compile(r"\d{1,3} \d{3}")
#: A short code has five digits at most.
_TOO_LONG_TO_CALL: Final = 6
#: A word for a sum is not about the digits where the sum, or a word for a code, stands between.
_USED_UP: Final = re.compile(r"\d{3}|(?<!\w)(?:код|смс|пин|парол|подтвер|верифик|цифр|сообщен|хабарлам)")
_TWO_HALVES: Final = re.compile(r"\d{3}-\d{3}")
_HOUSE: Final = re.compile(r"\d\d?-\d\d?")
_TURNED_OUT: Final = re.compile(
    r"[\W_]{1,4}(?:(?:я )?(?:назвал|сказал|продиктовал|ввел|отправил)[аи]?[ ,-]{1,3})?(?:(?:а|и|потом|но) )?"
    r"(?:оказал\w{2,3}|на самом деле)[^.!?\n\d]{0,30}(?:код|парол)"
)
_COMES: Final = re.compile(
    r"[»\"\W_]{1,3}(?:(?:деп|деген|дегенди) (?:бир )?(?:смс|sms|хабарлама|код)\w* (?:кел|туст)"
    r"|(?:который )?(?:прише?л|прид[её]т|пришл|приход)\w* (?:мне |ей |ему |маме )?(?:в|по|на) (?:смс|sms|сообщени))"
)
#: A word that is all of a clause but for the digits, and no verb (written backwards).
_NOUN_ALONE: Final = re.compile(r" (?!л|ал|ил|ьт|ю|ме|ми|п|(?:ид|ыд|ит|ыт))[а-я]{4,20}(?=[.,;!?\n(«\"]|\Z| [.,;!?\n])")
_CLAUSE_END: Final = re.compile(r" ?(?:[,;!?)\n-]|[.](?!\d)|\Z)")
#: A local number, as nobody writes a code.
_LANDLINE: Final = re.compile(r"\d-\d\d-\d\d|\d{3}-\d\d-\d\d")
#: "0-0-24": an offer of a bank.
_INSTALMENTS: Final = re.compile(r"\d-\d-\d\d")
#: The rest of a card, or of a number plate, before the digits (written backwards).
_PART_OF_LONGER: Final = re.compile(r" ?(?:[*•x]{2}|[a-z]{1,2}(?![^\W_]))|-[^\W\d_]")
_DIGIT_SOON: Final = re.compile(r"[^.!?\n]{0,14}[\d\uffff]")
#: What is counted: "4512 подписчиков".
_COUNTED: Final = re.compile(r" [а-я]{3,}[ое]в(?!\w)")
_GROUP_BEFORE: Final = re.compile(r"(?<!\d)(\d{2,})[ -]{1,2}\Z")
_GROUP_AFTER: Final = re.compile(r"[ -]{1,2}\d{3}")
_WORD: Final = re.compile(r"\w+")
_CLOCK: Final = re.compile(r"(?:[01]\d|2[0-3])[0-5]\d")
_YEAR: Final = re.compile(r"19[3-9]\d|20[0-3]\d")
_DATE: Final = re.compile(
    r"(?:0?[1-9]|[12]\d|3[01])[ -](?:0?[1-9]|1[0-2])[ -](?:\d\d|(?:19|20)\d\d)|(?:19|20)\d\d-\d\d-\d\d"
)
#: How far from the word for telling it digits may stand, in characters; within the sentence.
_TOLD: Final = 32
#: The end of a sentence.
BREAK: Final = re.compile(r"[!?\n]|[.](?=\s)")
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
        if len(groups) > 1 and _NEXT_ITEM.match(folded, groups[-1][0]):  # "1) 15 340 2) 17 890"
            groups.pop()
        lengths = [end - start for start, end in groups]
        spans = (
            [(groups[0][0], groups[-1][1])]
            if len(groups) > 1 and max(lengths) <= 3 and 4 - (max(lengths) == 1) <= sum(lengths) <= 8
            else _apart(groups)
        )
        for start, end in spans:
            if (
                end - start < SHORTEST
                or overlaps((start, end), taken)
                or (_PART_AFTER.match(folded, end) and not _is_twin(folded, start, end, _TWIN_AFTER.match(folded, end)))
            ):
                continue
            if not _PART_BEFORE.search(folded, max(0, start - 2), start) or _is_twin(
                folded, start, end, _TWIN_BEFORE.search(folded, max(0, start - 8), start)
            ):
                yield start, end
            elif label := _LABEL.search(folded, max(0, start - 3), start):
                yield label.start(), end


def _is_twin(folded: str, start: int, end: int, other: re.Match[str] | None) -> bool:
    """Whether it is one of two codes with a stroke between, of the same length: "4821/7713"; no school year."""
    return other is not None and len(other[1]) == end - start and not _YEAR.fullmatch(folded, start, end)


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
    if (
        (_DATE.fullmatch(written) and not is_in_message(folded, found.start))
        or sum(c.isdigit() for c in written) == SHORTEST
        or _is_round(written)
    ):
        return True
    if may_be_sum(folded, found) and _is_spent(folded, found):
        return True
    preceding = before(folded, found.start)
    if _SUM.fullmatch(written) and not _ANNOUNCING.search(folded, max(0, found.start - 2), found.start):
        return written.endswith("0") or not is_told(folded, found) or is_sum(folded, found)
    return bool(
        (_THOUSANDS.fullmatch(written) and _is_told_sum(folded, found))
        or (_CLOCK.fullmatch(written) and _CUES["clock_before"].match(preceding))
        or ((_TIME.fullmatch(written) or _YEAR.fullmatch(written)) and _CUES["time_before"].match(preceding))
    )


def _is_spent(folded: str, found: Digits) -> bool:
    """Whether it is money that somebody took or paid; not where another sum follows: "назвал 4821, сняли 45 000"."""
    if _CUES["spent_before"].match(before(folded, found.first)):
        return True
    following = after(folded, found.end)
    spent = _CUES["spent_after"].match(following)
    if not spent:
        return False
    apart = spent.group().startswith(",") or is_told(folded, found)
    return not (apart and _ANOTHER.match(following, spent.end()))


def _is_told_sum(folded: str, found: Digits) -> bool:
    """Whether a sum is spoken of before, and not told there already: "код для займа на 380 000 тенге: 716 942"."""
    told = _CUES["sum_before"].match(before(folded, found.first))
    announced = _ANNOUNCING.search(folded, max(0, found.start - 2), found.start)
    if not told or _is_nearer(told.group()[::-1], after(folded, found.end)):
        return False
    return not (announced and _GROUP.search(told.group()))


def is_unexplained(folded: str, found: Digits) -> bool:
    """Whether nothing beside the digits says what they are, in a text that speaks of codes: then they may be one."""
    preceding, written = before(folded, found.start), folded[found.start : found.end]
    if any(shape.fullmatch(written) for shape in (_TIME, _YEAR, _LANDLINE, _INSTALMENTS)):
        return False
    if is_sum(folded, found):
        return False
    in_message = is_in_message(folded, found.start)
    if not in_message and len(written) < _TOO_LONG_TO_CALL and _NUMBER_CUES["from_before"].match(preceding):
        return False
    following = after(folded, found.end)
    return not (
        _CUES["other_code_before"].match(preceding)
        or _PART_OF_LONGER.match(preceding)
        or _COUNTED.match(following)
        or (written.isdecimal() and _is_numbered(preceding) and not is_told(folded, found))
        or _CUES["cut_before"].match(preceding)
        or _is_used(following)
        or _is_in_a_row(folded, found)
        or (not (in_message or _CUES["read_out_after"].match(following)) and _CALLED_BEFORE.match(preceding))
    )


def is_pretext(folded: str, found: Digits) -> bool:
    """Whether it is written as a code, and called what fraudsters call one: "номер талона 638-402"."""
    written = folded[found.start : found.end]
    named = _TWO_HALVES.fullmatch(written) and _CUES["pretext_before"].match(before(folded, found.start))
    return bool(named or _TURNED_OUT.match(folded, found.end))


def is_of_message(folded: str, found: Digits) -> bool:
    """Whether it is said to come in a message, whatever it is called: "кезек нөміріңіз 552310 деп смс келеді"."""
    return _COMES.match(folded, found.end) is not None


def is_in_message(folded: str, start: int) -> bool:
    """Whether what begins there is what a message says, not who sent it."""
    preceding = before(folded, start)
    return bool(_CUES["in_message_before"].match(preceding) or _CUES["message_before"].match(preceding))


def _is_in_a_row(folded: str, found: Digits) -> bool:
    """Whether long groups of digits stand right beside: a number that is longer than any code."""
    group = _GROUP_BEFORE.search(folded, max(0, found.start - _TOLD), found.start)
    if group:
        return group[1] not in reference.official_numbers()
    return _GROUP_AFTER.match(folded, found.end) is not None


def _is_used(following: str) -> bool:
    """Whether it is said of them that somebody called, or that there is more of them; a comma begins something else."""
    if following.startswith(","):
        word = _USED_AFTER.match(following)
        return word is not None and _DIGIT_SOON.match(following, word.end()) is not None
    if following.startswith(("...", "…")):
        return True
    return bool(_USED_AFTER.match(following) or _NUMBER_CUES["calls_after"].match(following))


def _is_numbered(preceding: str) -> bool:
    """Whether a noun stands right before, of those that are numbered: "контейнер 4512"."""
    beside = preceding[:1] == " " and preceding[1:2].isalpha()
    return beside and bool(_CUES["noun_before"].match(preceding)) and not _CUES["code_noun_before"].match(preceding)


def may_be_sum(folded: str, found: Digits) -> bool:
    """Whether it is written as sums are: together, or in thousands."""
    return _SUM_LIKE.fullmatch(folded, found.start, found.end) is not None


def is_bare_sum(folded: str, found: Digits) -> bool:
    """Whether a noun and thousands are all of a clause, and nobody says or is sent it: "недостача 118 215, …"."""
    return bool(
        _THOUSANDS.fullmatch(folded, found.start, found.end)
        and _CLAUSE_END.match(folded, found.end)
        and _NOUN_ALONE.match(before(folded, found.start))
        and not (is_told(folded, found) or is_in_message(folded, found.start))
    )


def is_like_a_code(folded: str, found: Digits) -> bool:
    """Whether it is written as neither sums are nor houses with their flats ("46-12"), but as codes."""
    return not may_be_sum(folded, found) and not _HOUSE.fullmatch(folded, found.start, found.end)


def is_sum(folded: str, found: Digits) -> bool:
    """Whether it is rather money: by the words around, or as sums end on a zero where codes seldom do."""
    written, preceding = folded[found.start : found.end], before(folded, found.start)
    if not may_be_sum(folded, found):
        return False
    ends_on_zero = written.endswith("0")
    if ends_on_zero and (_THOUSANDS.fullmatch(written) or _CUES["given_before"].match(preceding)):
        return not is_told(folded, found)
    following = after(folded, found.end)
    if _CUES["sum_word_after"].match(following):
        return True
    if _CUES["code_asked_before"].match(preceding):
        return False
    apart = preceding.startswith(" ,") and not ends_on_zero  # "спросили ещё, 7199"
    if not apart and _CUES["sum_asked_before"].match(preceding):
        return True
    sum_word = _CUES["sum_before"].match(before(folded, found.first))
    return sum_word is not None and not _is_nearer(sum_word.group()[::-1], following)


def _is_nearer(since: str, following: str) -> bool:
    """Whether a word for a code or for telling stands nearer than the word for a sum with which `since` begins."""
    if _USED_UP.search(since) or _CUES["telling_word"].search(since):
        return True
    apart = ("," in since or len(_WORD.findall(since)) > 1) and not following.startswith(",")
    return apart and _CUES["telling_after"].match(following) is not None


def is_told(folded: str, found: Digits) -> bool:
    """Whether somebody says, reads or types something right before or after."""
    told = _CUES["telling_word"]
    earlier = told.search(folded, max(0, found.first - _TOLD), found.first)
    if earlier and not BREAK.search(folded[earlier.end() : found.first].rstrip()):
        return True
    later = told.search(folded, found.last, found.last + _TOLD)
    return later is not None and not BREAK.search(folded[found.last : later.start()])


def _is_round(written: str) -> bool:
    """Whether it is rather a sum that lacks its currency."""
    return written.endswith("00") and written[-3:].isdigit()


def is_amount(folded: str, end: int) -> bool:
    """Whether a currency, a measure or a thing that is numbered follows."""
    following = after(folded, end)
    return any(_NUMBER_CUES[cue].match(following) for cue in ("sum_after", "amount_after"))
