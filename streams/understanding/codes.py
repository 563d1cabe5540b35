"""One-time codes, PIN and CVV: secrets that only the words around them tell."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from schemas import reference
from streams.understanding import clues, cues
from streams.understanding.cues import after, before
from streams.understanding.digits import SHORTEST, Digits, find, is_amount, is_something_else, is_unexplained
from streams.understanding.identifiers import Secret, overlaps

_CUES: Final = cues.load("secrets")
_NUMBER_CUES: Final = cues.load("numbers")
_TOLD_AFTER: Final = cues.any_of(_CUES, "told_after", "read_out_after")

#: Typed without a blank: "код6621", "код.6621", "6621код".
_STUCK: Final = re.compile(
    r"(?<!\w)(?:(?P<pin>пинкод|пин|pin)|(?P<cvv>cvv|cvc)|(?:смс)?код[а-я]{0,4}|kod|code|otp)[.]?(?P<after>\d{3,8})(?![\w*])"
    r"|(?<![\w.,:/-])(?P<before>\d{4,8})код(?!\w)"
)
#: Without this there is none.
_stuck_near: Final = clues.test(re.compile(r"[0-9](?:(?=код)|(?<=[a-zа-я].)|(?<=[a-zа-я][.].))").search)
#: Google's codes come with a letter: "G-482107".
_LABELLED: Final = re.compile(r"-(?<=(?<![\w.,:/-])[a-z]-)\d{5,8}(?![\w-])")
#: What follows a card's date of expiry.
_AFTER_EXPIRY: Final = re.compile(r"(?<![\d/])(?:0[1-9]|1[0-2]) ?/ ?\d\d[ ,;-]{1,4}(\d{3})(?!\d)")
_MIXED: Final = re.compile(r"(?<![\w.@/-])(?=[a-z]{0,8}\d)(?=\d{0,8}[a-z])[a-z0-9]{4,10}(?![\w@/.-])")
#: Without this there is no code of letters and digits.
_mixed_near: Final = clues.test(re.compile(r"[0-9](?:(?=[a-z])|(?<=[a-z].))").search)
_WORDS: Final = (
    "ноль|нуль|один|одна|раз|два|две|три|четыре|пять|шесть|семь|восемь|девять|десять|одиннадцать|двенадцать|тринадцать|"
    "четырнадцать|пятнадцать|шестнадцать|семнадцать|восемнадцать|девятнадцать|двадцать|тридцать|сорок|пятьдесят|шестьдесят|"
    "семьдесят|восемьдесят|девяносто|сто|двести|триста|четыреста|пятьсот|шестьсот|семьсот|восемьсот|девятьсот|"
    "нол|бир|еки|уш|торт|бес|алты|жети|сегиз|тогыз|он|жиырма|отыз|кырык|елу|алпыс|жетпис|сексен|токсан|жуз"
)
#: A code told in words: three of them or more, digits among them allowed.
_SPOKEN: Final = re.compile(rf"(?<!\w)(?:{_WORDS})(?:[ ,.…-]{{1,4}}(?:{_WORDS}|\d{{1,2}})(?!\w)){{2,7}}(?!\w)")
_in_words: Final = clues.test(re.compile(rf"(?<!\w)(?:{_WORDS})(?!\w)").search)
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
    *(
        "сообщил",
        "говорю",
        "ответил",
        "ввел",
        "вбил",
        "вписал",
        "набрал",
        "айттым",
        "айтып",
        "айта ",
        "айткан",
        "енгизд",
        "терди",
    ),
    *(" сан", "пин", "pin", "cvv", "cvc", "цвв", "свв", "цвц", "сивив", "оборот", "сзади", "арты"),
)
_speaks_of_codes: Final = clues.has_any(_CODE_STEMS)
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
        "верифик",
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
#: One of these is part of whatever speaks of a card's back.
_BACK_STEMS: Final = (
    *("cvv", "cvc", "цвв", "свв", "цвц", "сивив", "сивиси", "оборот", "обратн", "обратк", "сзади", "артын", "сыртын"),
    *("3 ци", "три ци", "уш ци", "3 са", "уш са"),
)
_speaks_of_backs: Final = clues.has_any(_BACK_STEMS)
_PIN: Final = 4
_NEAR: Final = 12
_BREAK: Final = re.compile(r"[!?\n]|[.](?=\s)")


def scan(folded: str, taken: Sequence[tuple[int, int]]) -> Iterator[Secret]:
    """The secrets of `folded` text that stand outside of the spans `taken`: numbers, links, other secrets."""
    if "/" in folded:
        yield from (Secret(m.start(1), m.end(1), "cvv") for m in _AFTER_EXPIRY.finditer(folded))
    if not _speaks_of_codes(folded):
        return
    yield from _stuck(folded)
    candidates = list(find(folded, taken))
    in_words = _in_words(folded) and sum([unit in folded for unit in _UNITS]) >= 2
    mixed_near = _mixed_near(folded)
    if not (candidates or in_words or mixed_near):
        return
    named = _named(folded)
    told = bool(named) or _CUES["message_word"].search(folded) is not None
    backs = _places("cvv_word", folded) if _speaks_of_backs(folded) else []
    pins = _places("pin_word", folded) if "пин" in folded or "pin" in folded else []
    kinds = [_kind(folded, found, named, told) for found in candidates]
    if not told and "one-time-code" in kinds:  # then the text speaks of codes
        kinds = [_kind(folded, found, named, told=True) for found in candidates]
    for found, kind in zip(candidates, kinds, strict=True):
        if kind:
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
    if mixed_near:
        yield from (code for code in _mixed(folded, named) if not overlaps((code.start, code.end), taken))


def _places(cue: str, folded: str) -> list[tuple[int, int]]:
    return [match.span() for match in _CUES[cue].finditer(folded)]


def _mixed(folded: str, named: Sequence[tuple[int, int]]) -> Iterator[Secret]:
    """Codes of letters and digits: after the word for a code, or right before it."""
    for start, end in named:
        mixed = _MIXED.search(folded, end, end + _NEAR + 10)
        if mixed and mixed.start() - end <= _NEAR:
            yield Secret(mixed.start(), mixed.end(), "one-time-code")
        for mixed in _MIXED.finditer(folded, max(0, start - _NEAR), start):
            if start - mixed.end() <= 2:
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


def _stuck(folded: str) -> Iterator[Secret]:
    """Codes that touch the word for them, and Google's, which come with a letter."""
    for match in _STUCK.finditer(folded) if _stuck_near(folded) else ():
        kind = "pin" if match["pin"] else "cvv" if match["cvv"] else "one-time-code"
        yield Secret(*match.span("after" if match["after"] else "before"), kind)
    for match in _LABELLED.finditer(folded):
        yield Secret(match.start() - 1, match.end(), "one-time-code")


def _spoken(folded: str, named: Sequence[tuple[int, int]], told: bool) -> Iterator[Secret]:
    """Codes told in words."""
    for start, end in (match.span() for match in _SPOKEN.finditer(folded)):
        if _CUES["pin_before"].match(before(folded, start)):
            yield Secret(start, end, "pin")
        elif is_amount(folded, end):
            continue
        elif _is_code(folded, Digits(start, end, start, end), named, told) or (
            named and _DIGIT_BY_DIGIT.fullmatch(folded, start, end)
        ):
            yield Secret(start, end, "one-time-code")


def _kind(folded: str, found: Digits, named: Sequence[tuple[int, int]], told: bool) -> str | None:
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
        is_amount(folded, found.end)
        or _NUMBER_CUES["thing_before"].match(preceding)
        or digits in reference.official_numbers()
    ):
        return None
    return "one-time-code" if _is_code(folded, found, named, told) else None


def _is_cvv(folded: str, found: Digits, named: Sequence[tuple[int, int]]) -> bool:
    """Whether three digits that nothing else explains stand in the sentence that speaks of a card's back."""
    if found.end - found.start != SHORTEST or is_amount(folded, found.end):
        return False
    preceding = before(folded, found.start)
    if (
        folded[found.start : found.end] in reference.official_numbers()
        or any(_NUMBER_CUES[cue].match(preceding) for cue in ("thing_before", "from_before", "calling_before"))
        or _CUES["spent_before"].match(preceding)
    ):
        return False
    return _is_near(folded, found, named)


def _is_pin(folded: str, found: Digits, named: Sequence[tuple[int, int]]) -> bool:
    """Whether four digits that nothing else explains stand in a sentence that speaks of a PIN."""
    if found.end - found.start != _PIN or is_amount(folded, found.end):
        return False
    if _NUMBER_CUES["thing_before"].match(before(folded, found.start)) or is_something_else(folded, found):
        return False
    if any(0 < start - found.end <= 2 for start, _ in named):
        return True
    official = folded[found.start : found.end] in reference.official_numbers()
    return not official and is_unexplained(folded, found) and _is_near(folded, found, named)


def _is_near(folded: str, found: Digits, words: Sequence[tuple[int, int]]) -> bool:
    """Whether one of `words` stands not far from the digits, within the sentence."""
    return any(
        -_FAR <= found.start - end <= _FAR
        and not _BREAK.search(folded[min(end, found.end) : max(start, found.start)].rstrip())
        for start, end in words
    )


def _is_code(folded: str, found: Digits, named: Sequence[tuple[int, int]], told: bool) -> bool:
    """Whether what stands there was a code, by words farther off; for digits that are not plainly something else."""
    if _is_called_code(folded, found, named):
        return True
    if is_something_else(folded, found):
        return False
    if any(0 <= found.start - e <= _FAR and not _BREAK.search(folded[e : found.start].rstrip()) for _, e in named):
        return True
    preceding, following = before(folded, found.first), after(folded, found.last)
    told_to = _CUES["told_to_before"].match(preceding) and not _CUES["sum_word_after"].match(following)
    if told_to or _CUES["told_to_after"].match(following):
        return True
    if told and (_CUES["told_before"].match(preceding) or _TOLD_AFTER.match(following)):
        return True
    return (told or _is_told(folded, found)) and is_unexplained(folded, found)


def _is_told(folded: str, found: Digits) -> bool:
    """Whether somebody says, reads or types something right before or after."""
    told = _CUES["telling_word"]
    earlier = told.search(folded, max(0, found.first - _TOLD), found.first)
    if earlier and not _BREAK.search(folded[earlier.end() : found.first].rstrip()):
        return True
    later = told.search(folded, found.last, found.last + _TOLD)
    return later is not None and not _BREAK.search(folded[found.last : later.start()])


def _is_called_code(folded: str, found: Digits, named: Sequence[tuple[int, int]]) -> bool:
    """Whether the word for a code stands right beside."""
    return _beside(folded, found, named) or _NUMBER_CUES["code_after"].match(after(folded, found.last)) is not None


def _beside(folded: str, found: Digits, named: Sequence[tuple[int, int]]) -> bool:
    """Whether the word for a code stands right before, with nothing but signs between."""
    return any(0 <= found.start - end <= 4 and not _LETTER.search(folded, end, found.start) for _, end in named)
