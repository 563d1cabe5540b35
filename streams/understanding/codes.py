"""One-time codes, PIN and CVV: secrets that only the words around them tell."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from schemas import reference
from streams.understanding import cues
from streams.understanding.cues import after, before
from streams.understanding.identifiers import Secret, overlaps

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
#: Typed without a blank: "код6621", "код.6621", "6621код".
_STUCK: Final = re.compile(
    r"(?<!\w)(?:(?P<pin>пинкод|пин|pin)|(?P<cvv>cvv|cvc)|(?:смс)?код[а-я]{0,4}|kod|code|otp)[.]?(?P<after>\d{3,8})(?![\w*])"
    r"|(?<![\w.,:/-])(?:(?P<before>\d{4,8})код(?!\w)|(?P<labelled>[a-z]-\d{5,8})(?![\w-]))"
)
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
#: What follows a card's date of expiry.
_AFTER_EXPIRY: Final = re.compile(r"(?<![\d/])(?:0[1-9]|1[0-2]) ?/ ?\d\d[ ,;-]{1,4}(\d{3})(?!\d)")
_MIXED: Final = re.compile(r"(?<![\w.@/-])(?=[a-z]{0,8}\d)(?=\d{0,8}[a-z])[a-z0-9]{4,10}(?![\w@/.-])")
#: Without this there is no code of letters and digits.
_MIXED_NEAR: Final = re.compile(r"[0-9](?:(?=[a-z])|(?<=[a-z].))")
_DATE: Final = re.compile(
    r"(?:0?[1-9]|[12]\d|3[01])[ -](?:0?[1-9]|1[0-2])[ -](?:\d\d|(?:19|20)\d\d)|(?:19|20)\d\d-\d\d-\d\d"
)
_WORDS: Final = (
    "ноль|нуль|один|одна|раз|два|две|три|четыре|пять|шесть|семь|восемь|девять|десять|одиннадцать|двенадцать|тринадцать|"
    "четырнадцать|пятнадцать|шестнадцать|семнадцать|восемнадцать|девятнадцать|двадцать|тридцать|сорок|пятьдесят|шестьдесят|"
    "семьдесят|восемьдесят|девяносто|сто|двести|триста|четыреста|пятьсот|шестьсот|семьсот|восемьсот|девятьсот|"
    "нол|бир|еки|уш|торт|бес|алты|жети|сегиз|тогыз|он|жиырма|отыз|кырык|елу|алпыс|жетпис|сексен|токсан|жуз"
)
#: A code told in words: three of them or more, digits among them allowed.
_SPOKEN: Final = re.compile(rf"(?<!\w)(?:{_WORDS})(?:[ ,.…-]{{1,4}}(?:{_WORDS}|\d{{1,2}})(?!\w)){{2,7}}(?!\w)")
#: Four digits and more, told one by one: hardly anything else than a code.
_DIGIT_BY_DIGIT: Final = re.compile(
    r"(?:(?:ноль|нуль|один|два|три|четыре|пять|шесть|семь|восемь|девять"
    r"|нол|бир|еки|уш|торт|бес|алты|жети|сегиз|тогыз)[ ,.-]*){4,8}"
)
_LETTER: Final = re.compile(r"\w")
#: One of these is part of whatever announces a code; without them the text need not be read for it.
_CODE_STEMS: Final = (
    *("код", "kod", "code", "otp", "отп", "одноразов", "подтвер", "смс", "sms", "эсэмэс", "сообщ", "хабарл", "парол"),
    *("цифр", "санд", "диктов", "никому", "значн", "танбалы", "ешкимге", "назвал", "сказал", "прочит", "озвуч"),
    *("читаю", "зачит", "прочел", "прочла", "окып", "окыд", "называю"),
    *("сообщил", "говорю", "ответил", "ввел", "вбил", "вписал", "набрал", "айт", "енгизд", "терди"),
    *(" сан", "пин", "pin", "cvv", "cvc", "цвв", "свв", "цвц", "сивив", "оборот", "сзади", "арты"),
)
#: What the cue `code_word` begins with; and digits told in words, of which a code has at least two.
_ANCHORS: Final = (
    *(
        "код",
        "смскод",
        "скод",
        "икод",
        "otp",
        "отп",
        "code",
        "kod",
        "одноразов",
        "бир реттик",
        "парол",
        "провер",
        "подтвержд",
    ),
    "растау",
)
_UNITS: Final = (
    *("один", "два", "три", "четыр", "пят", "шест", "сем", "восем", "девят", "нол"),
    *("бир", "еки", "уш", "торт", "бес", "алты", "жети", "сегиз", "тогыз"),
)
#: How far from the word for it a code may stand, in characters.
_FAR: Final = 70
#: How far from the word for telling it.
_TOLD: Final = 32
#: A CVV has three digits; everything else has more.
_SHORTEST: Final = 3
_PIN: Final = 4
_NEAR: Final = 12
_BREAK: Final = re.compile(r"[!?\n]|[.](?=\s)")


class _Digits(NamedTuple):
    """Digits that may be a code, and the list ("6621 и 6690") in which they stand: what is said of one is of all."""

    start: int
    end: int
    first: int
    last: int


def scan(folded: str, taken: Sequence[tuple[int, int]]) -> Iterator[Secret]:
    """The secrets of `folded` text that stand outside of the spans `taken`: numbers, links, other secrets."""
    if "/" in folded:
        yield from (Secret(m.start(1), m.end(1), "cvv") for m in _AFTER_EXPIRY.finditer(folded))
    if not any(stem in folded for stem in _CODE_STEMS):
        return
    yield from _stuck(folded)
    digits = list(_lists(folded, taken))
    in_words = sum([unit in folded for unit in _UNITS]) >= 2
    mixed_near = _MIXED_NEAR.search(folded)
    if not (digits or in_words or mixed_near):
        return
    named = _named(folded)
    told = bool(named) or _CUES["message_word"].search(folded) is not None
    backs = [match.span() for match in _CUES["cvv_word"].finditer(folded)]
    pins = [match.span() for match in _CUES["pin_word"].finditer(folded)]
    for found in digits:
        if kind := _kind(folded, found, named, told):
            is_pin = (
                kind == "one-time-code" and _is_near(folded, found, pins) and not _is_called_code(folded, found, named)
            )
            yield Secret(found.start, found.end, "pin" if is_pin else kind)
        elif pins and _is_pin(folded, found, pins):
            yield Secret(found.start, found.end, "pin")
        elif backs and _is_cvv(folded, found, backs):
            yield Secret(found.start, found.end, "cvv")
    if in_words and (told or "пин" in folded):
        yield from (code for code in _spoken(folded, named, told) if not overlaps((code.start, code.end), taken))
    for _, end in named if mixed_near else ():
        mixed = _MIXED.search(folded, end, end + _NEAR + 10)
        if mixed and mixed.start() - end <= _NEAR and not overlaps(mixed.span(), taken):
            yield Secret(mixed.start(), mixed.end(), "one-time-code")


def _named(folded: str) -> list[tuple[int, int]]:
    """Where a code is spoken of: the word for it, not that for a code of another kind."""
    named = []
    for anchor in _ANCHORS:
        at = folded.find(anchor)
        while at >= 0:
            word = _CUES["code_word"].match(folded, at)
            if word and not (
                _CUES["not_a_code_before"].match(before(folded, at))
                or _CUES["not_a_code_after"].match(after(folded, word.end()))
            ):
                named.append(word.span())
            at = folded.find(anchor, at + 1)
    return named


def _digits(folded: str, taken: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Digits outside of `taken` that may be a code.

    One group of 3 to 8, or small groups of them ("48-21-07", "482 107", "4 8 2 1").
    """
    for run in _RUN.finditer(folded):
        if run.end() - run.start() < _SHORTEST:
            continue
        groups = [match.span() for match in _GROUP.finditer(folded, *run.span())]
        lengths = [end - start for start, end in groups]
        spans = [run.span()] if len(groups) > 1 and max(lengths) <= 3 and 4 <= sum(lengths) <= 8 else _apart(groups)
        for start, end in spans:
            if end - start < _SHORTEST or overlaps((start, end), taken) or _PART_AFTER.match(folded, end):
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
        small = small + 1 if end - start == _SHORTEST else 0
        if small == 2:
            parts[-1:] = [(parts[-1][0], end)]
            small = 0
        else:
            parts.append((start, end))
    return parts


def _stuck(folded: str) -> Iterator[Secret]:
    """Codes that touch the word for them, and Google's, which come with a letter."""
    for match in _STUCK.finditer(folded):
        kind = "pin" if match["pin"] else "cvv" if match["cvv"] else "one-time-code"
        yield Secret(*match.span(match.lastgroup or 0), kind)


def _lists(folded: str, taken: Sequence[tuple[int, int]]) -> Iterator[_Digits]:
    """Digits outside of `taken` that may be a code, each with the list in which they stand."""
    spans = list(_digits(folded, taken))
    first = 0
    for index, (_, end) in enumerate(spans):
        if index + 1 < len(spans) and _AND.fullmatch(folded, end, spans[index + 1][0]):
            continue
        for span in spans[first : index + 1]:
            yield _Digits(*span, spans[first][0], end)
        first = index + 1


def _spoken(folded: str, named: Sequence[tuple[int, int]], told: bool) -> Iterator[Secret]:
    """Codes told in words."""
    for start, end in (match.span() for match in _SPOKEN.finditer(folded)):
        if _CUES["pin_before"].match(before(folded, start)):
            yield Secret(start, end, "pin")
        elif _is_amount(folded, end):
            continue
        elif _is_code(folded, _Digits(start, end, start, end), named, told) or (
            named and _DIGIT_BY_DIGIT.fullmatch(folded, start, end)
        ):
            yield Secret(start, end, "one-time-code")


def _kind(folded: str, found: _Digits, named: Sequence[tuple[int, int]], told: bool) -> str | None:
    """What the digits are, or None if they are no secret."""
    preceding, digits = before(folded, found.start), re.sub(r"\D", "", folded[found.start : found.end])
    if not 3 <= len(digits) <= 8:
        return None
    if len(digits) == 3 and _CUES["cvv_before"].match(preceding):
        return "cvv"
    if 4 <= len(digits) <= 6 and _CUES["pin_before"].match(preceding):
        return "pin"
    if _is_called_code(folded, found, named):
        return "one-time-code"
    if (
        _is_amount(folded, found.end)
        or _NUMBER_CUES["thing_before"].match(preceding)
        or digits in reference.official_numbers()
    ):
        return None
    return "one-time-code" if _is_code(folded, found, named, told) else None


def _is_cvv(folded: str, found: _Digits, named: Sequence[tuple[int, int]]) -> bool:
    """Whether three digits that nothing else explains stand in the sentence that speaks of a card's back."""
    if found.end - found.start != _SHORTEST or _is_amount(folded, found.end):
        return False
    preceding = before(folded, found.start)
    if (
        folded[found.start : found.end] in reference.official_numbers()
        or any(_NUMBER_CUES[cue].match(preceding) for cue in ("thing_before", "from_before", "calling_before"))
        or _CUES["spent_before"].match(preceding)
    ):
        return False
    return _is_near(folded, found, named)


def _is_pin(folded: str, found: _Digits, named: Sequence[tuple[int, int]]) -> bool:
    """Whether four digits that nothing else explains stand in a sentence that speaks of a PIN."""
    if found.end - found.start != _PIN or _is_amount(folded, found.end):
        return False
    if _NUMBER_CUES["thing_before"].match(before(folded, found.start)) or _is_something_else(folded, found):
        return False
    if any(0 < start - found.end <= 2 for start, _ in named):
        return True
    official = folded[found.start : found.end] in reference.official_numbers()
    return not official and _is_unexplained(folded, found) and _is_near(folded, found, named)


def _is_near(folded: str, found: _Digits, words: Sequence[tuple[int, int]]) -> bool:
    """Whether one of `words` stands not far from the digits, within the sentence."""
    return any(
        -_FAR <= found.start - end <= _FAR
        and not _BREAK.search(folded[min(end, found.end) : max(start, found.start)].rstrip())
        for start, end in words
    )


def _is_code(folded: str, found: _Digits, named: Sequence[tuple[int, int]], told: bool) -> bool:
    """Whether what stands there was a code, by words farther off; for digits that are not plainly something else."""
    if _is_called_code(folded, found, named):
        return True
    if _is_something_else(folded, found):
        return False
    if any(0 <= found.start - e <= _FAR and not _BREAK.search(folded[e : found.start].rstrip()) for _, e in named):
        return True
    preceding, following = before(folded, found.first), after(folded, found.last)
    if _CUES["told_to_before"].match(preceding) or _CUES["told_to_after"].match(following):
        return True
    if told and (_CUES["told_before"].match(preceding) or _CUES["told_after"].match(following)):
        return True
    return (told or _is_told(folded, found)) and _is_unexplained(folded, found)


def _is_told(folded: str, found: _Digits) -> bool:
    """Whether somebody says, reads or types something right before or after."""
    told = _CUES["telling_word"]
    earlier = told.search(folded, max(0, found.first - _TOLD), found.first)
    if earlier and not _BREAK.search(folded[earlier.end() : found.first].rstrip()):
        return True
    later = told.search(folded, found.last, found.last + _TOLD)
    return later is not None and not _BREAK.search(folded[found.last : later.start()])


def _is_called_code(folded: str, found: _Digits, named: Sequence[tuple[int, int]]) -> bool:
    """Whether the word for a code stands right beside."""
    return _beside(folded, found, named) or _NUMBER_CUES["code_after"].match(after(folded, found.last)) is not None


def _is_something_else(folded: str, found: _Digits) -> bool:
    """Whether it is rather a date, a time, a year, or a sum that lacks its currency."""
    written = folded[found.start : found.end]
    if _DATE.fullmatch(written) or sum(c.isdigit() for c in written) == _SHORTEST or _is_round(written):
        return True
    if _CUES["spent_before"].match(before(folded, found.first)) or _CUES["spent_after"].match(after(folded, found.end)):
        return True
    preceding = before(folded, found.start)
    if _SUM.fullmatch(written) and not _ANNOUNCING.search(folded, max(0, found.start - 2), found.start):
        return True
    return bool(
        (_THOUSANDS.fullmatch(written) and _CUES["sum_before"].match(before(folded, found.first)))
        or (_CLOCK.fullmatch(written) and _CUES["clock_before"].match(preceding))
        or ((_TIME.fullmatch(written) or _YEAR.fullmatch(written)) and _CUES["time_before"].match(preceding))
    )


def _is_unexplained(folded: str, found: _Digits) -> bool:
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


def _beside(folded: str, found: _Digits, named: Sequence[tuple[int, int]]) -> bool:
    """Whether the word for a code stands right before, with nothing but signs between."""
    return any(0 <= found.start - end <= 4 and not _LETTER.search(folded, end, found.start) for _, end in named)


def _is_round(written: str) -> bool:
    """Whether it is rather a sum that lacks its currency."""
    return written.endswith("00") and written[-3:].isdigit()


def _is_amount(folded: str, end: int) -> bool:
    following = after(folded, end)
    return any(_NUMBER_CUES[cue].match(following) for cue in ("sum_after", "amount_after"))
