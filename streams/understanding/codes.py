"""One-time codes, PIN and CVV: secrets that only the words around them tell."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from schemas import reference
from streams.understanding import clues, cues
from streams.understanding.cues import after, before
from streams.understanding.digits import (
    BREAK,
    SHORTEST,
    Digits,
    find,
    is_amount,
    is_like_a_code,
    is_pretext,
    is_something_else,
    is_sum,
    is_unexplained,
)
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
_AFTER_EXPIRY: Final = re.compile(r"(?<![\d/])(?:0[1-9]|1[0-2]) ?/ ?\d\d[ ,;\n-]{1,4}(\d{3})(?!\d)")
#: Right after a card also without the stroke: "1129, 407".
_AFTER_CARD: Final = re.compile(r"[ ,;\n]{1,3}(?:0[1-9]|1[0-2])\d\d[ ,;\n-]{1,3}(\d{3})(?!\d)")
#: A card has thirteen digits at least.
_CARD: Final = 13
_MIXED: Final = re.compile(r"(?<![\w.@/-])(?=[a-z]{0,8}\d)(?=\d{0,8}[a-z])[a-z0-9]{4,10}(?![\w@/.-])")
#: Without this there is no code of letters and digits.
_mixed_near: Final = clues.test(re.compile(r"[0-9](?:(?=[a-z])|(?<=[a-z].))").search)
_WORDS: Final = (
    "ноль|нуль|один|одна|раз|два|две|три|четыре|пять|шесть|семь|восемь|девять|десять|одиннадцать|двенадцать|тринадцать|"
    "четырнадцать|пятнадцать|шестнадцать|семнадцать|восемнадцать|девятнадцать|двадцать|тридцать|сорок|пятьдесят|шестьдесят|"
    "семьдесят|восемьдесят|девяносто|сто|двести|триста|четыреста|пятьсот|шестьсот|семьсот|восемьсот|девятьсот|"
    "нол|бир|еки|уш|торт|бес|алты|жети|сегиз|тогыз|он|жиырма|отыз|кырык|елу|алпыс|жетпис|сексен|токсан|жуз"
)
#: A code told in words: three of them or more, two for a card's back; digits among them allowed.
_SPOKEN: Final = re.compile(rf"(?<!\w)(?:{_WORDS})(?:[ ,.…-]{{1,4}}(?:{_WORDS}|\d{{1,2}})(?!\w)){{1,7}}(?!\w)")
_in_words: Final = clues.test(re.compile(rf"(?<!\w)(?:{_WORDS})(?!\w)").search)
#: Four digits and more, told one by one: hardly anything else than a code.
_DIGIT_BY_DIGIT: Final = re.compile(
    r"(?:(?:ноль|нуль|один|два|три|четыре|пять|шесть|семь|восемь|девять"
    r"|нол|бир|еки|уш|торт|бес|алты|жети|сегиз|тогыз)[ ,.-]*){4,8}"
)
_DIGITS_NEXT: Final = re.compile(r"[\W_]{1,3}\d")
_WORD: Final = re.compile(r"\w+")
#: Words of the shortest code told in words.
_FEWEST: Final = 3
#: Blanks between two pairs of words: "тридцать два сорок восемь".
_PAIRS: Final = 3
_LETTER: Final = re.compile(r"\w")
#: One of these is part of whatever speaks of a code, a call, a message, fraud or money that is gone; without them the
#: text need not be read for codes.
_REPORT_STEMS: Final = (
    *("код", "kod", "code", "otp", "отп", "одноразов", "подтвер", "смс", "sms", "эсэмэс", "сообщ", "хабар", "парол"),
    *("цифр", "санд", " сан", "дикт", "никому", "ешкимге", "значн", "танбалы", "назва", "сказа", "прочит", "озвуч"),
    *("читаю", "зачит", "прочел", "прочла", "окып", "окыд", "говор", "ответил", "ввел", "вбил", "вписал", "набрал"),
    *("айт", "енгизд", "терди", "пин", "pin", "cvv", "cvc", "цвв", "свв", "цвц", "сивив", "оборот", "сзади", "карт"),
    *("звон", "зван", "zvon", "сокты", "шалд", "шалып", "номер", "номир", "телефон", "трубк", "банк", "bank", "каспи"),
    *("kaspi", "halyk", "халык", "егов", "egov", "цон", "ватсап", "вотсап", "вацап", "whatsapp", "телег", "telegram"),
    *(
        "инст",
        "присл",
        "переслал",
        "доставк",
        "такси",
        "аккаунт",
        "акаунт",
        "взлом",
        "угнал",
        "мошен",
        "алая",
        "обман",
        "алдад",
        "алдан",
        "алдап",
        "жулик",
    ),
    *("развел", "развод", "украл", "урлат", "урлан", "урлап", "пропал", "исчез", "деньг", "денег", "акша", "dengi"),
    *(
        "списа",
        "снял",
        "сняли",
        "шешип",
        "шешилд",
        "кредит",
        "несие",
        "курьер",
        "оператор",
        "дозвон",
        "пришл",
        "приход",
        "читает",
        "доступ",
        "ключ",
        "цифер",
        "вводи",
        "введ",
        "впеча",
        "провероч",
        "жазды",
        "жибер",
        "келип",
        "келди",
        "келген",
        "терип",
        "выдал",
        "верифик",
        "растау",
        "проголос",
        "голосова",
        "скаж",
        "назов",
        "вставил",
        "скопир",
        "дедим",
        "деппин",
    ),
)
_speaks_of_reports: Final = clues.has_any(_REPORT_STEMS)
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
    *("надцат", "двест", "трист", "один", "два", "три", "четыр", "пят", "шест", "сем", "восем", "девят", "нол"),
    *("бир", "еки", "уш", "торт", "бес", "алты", "жети", "сегиз", "тогыз"),
)
#: How far from the word for it a code may stand, in characters.
_FAR: Final = 70
#: One of these is part of whatever speaks of a card's back.
_BACK_STEMS: Final = (
    *("cvv", "cvc", "цвв", "свв", "цвц", "сивив", "сивиси", "оборот", "обратн", "обратк", "сзади", "артын", "сыртын"),
    *("3 ци", "три ци", "уш ци", "3 са", "уш са"),
)
#: How far from it in the next sentence.
_NEXT: Final = 14
_speaks_of_backs: Final = clues.has_any(_BACK_STEMS)
_PIN: Final = 4
_NEAR: Final = 12


def scan(folded: str, taken: Sequence[tuple[int, int]]) -> Iterator[Secret]:
    """The secrets of `folded` text that stand outside of the spans `taken`: numbers, links, other secrets."""
    if "/" in folded:
        yield from (Secret(m.start(1), m.end(1), "cvv") for m in _AFTER_EXPIRY.finditer(folded))
    for start, end in taken:
        if end - start >= _CARD and (match := _AFTER_CARD.match(folded, end)):
            yield Secret(match.start(1), match.end(1), "cvv")
    yield from _stuck(folded)
    candidates = list(find(folded, taken))
    if candidates and not _speaks_of_reports(folded):  # then only what is written as codes are
        told = folded.count(" ") >= _FEWEST  # words, not an id or a name
        candidates = [found for found in candidates if told and is_like_a_code(folded, found)]
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
    if in_words:
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
        preceding = before(folded, start)
        if _CUES["cvv_before"].match(preceding):
            yield Secret(start, end, "cvv")
        elif len(_WORD.findall(folded, start, end)) < _FEWEST:
            continue
        elif _CUES["pin_before"].match(preceding):
            yield Secret(start, end, "pin")
        elif is_amount(folded, end) and not _is_read_out(folded, start, end):
            continue
        elif (
            (told and _is_code(folded, Digits(start, end, start, end), named, told))
            or (folded.count(" ", start, end) >= _PAIRS and _CUES["told_to_before"].match(preceding))
            or _is_read_out(folded, start, end)
        ):
            yield Secret(start, end, "one-time-code")


def _is_read_out(folded: str, start: int, end: int) -> bool:
    """Whether digits are told one by one, and no sum."""
    digit_by_digit = _DIGIT_BY_DIGIT.fullmatch(folded, start, end)
    return digit_by_digit is not None and not _NUMBER_CUES["sum_after"].match(after(folded, end))


def _kind(folded: str, found: Digits, named: Sequence[tuple[int, int]], told: bool) -> str | None:
    """What the digits are, or None if they are no secret."""
    preceding, digits = before(folded, found.start), re.sub(r"\D", "", folded[found.start : found.end])
    if not 3 <= len(digits) <= 8:
        return None
    if len(digits) == 3 and _CUES["cvv_before"].match(preceding):
        return "cvv"
    if 4 <= len(digits) <= 6 and _CUES["pin_before"].match(preceding):
        return "pin"
    if _is_called_code(folded, found, named) or (named and is_pretext(folded, found)):
        return "one-time-code"
    if (
        is_amount(folded, found.end)
        or _NUMBER_CUES["thing_before"].match(preceding)
        or (digits in reference.official_numbers() and not _NUMBER_CUES["code_before"].match(preceding))
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
    return _is_near(folded, found, named) or any(0 < found.start - end <= _NEXT for _, end in named)


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
        and not BREAK.search(folded[min(end, found.end) : max(start, found.start)].rstrip())
        for start, end in words
    )


def _is_code(folded: str, found: Digits, named: Sequence[tuple[int, int]], told: bool) -> bool:
    """Whether what stands there was a code, by words farther off; for digits that are not plainly something else."""
    if _is_called_code(folded, found, named):
        return True
    if is_something_else(folded, found):
        return False
    if any(0 <= found.start - e <= _FAR and not BREAK.search(folded[e : found.start].rstrip()) for _, e in named):
        return not is_sum(folded, found)
    if _CUES["other_thing_before"].match(before(folded, found.start)):
        return False
    return _is_told(folded, found, told) or is_unexplained(folded, found)


def _is_told(folded: str, found: Digits, told: bool) -> bool:
    """Whether words right beside say that they were told to somebody."""
    preceding, following = before(folded, found.first), after(folded, found.last)
    if _CUES["told_to_before"].match(preceding) and not _CUES["sum_word_after"].match(following):
        return True
    if _CUES["told_to_after"].match(following):
        return True
    return told and bool(_CUES["told_before"].match(preceding) or _TOLD_AFTER.match(following))


def _is_called_code(folded: str, found: Digits, named: Sequence[tuple[int, int]]) -> bool:
    """Whether the word for a code stands right beside."""
    if _beside(folded, found, named):
        return True
    following = after(folded, found.last)
    word = _NUMBER_CUES["code_after"].match(following)
    official = folded[found.start : found.end] in reference.official_numbers()
    return word is not None and not (official and _DIGITS_NEXT.match(following, word.end()))  # "9909 код 61204"


def _beside(folded: str, found: Digits, named: Sequence[tuple[int, int]]) -> bool:
    """Whether the word for a code stands right before, with nothing but signs between."""
    return any(0 <= found.start - end <= 4 and not _LETTER.search(folded, end, found.start) for _, end in named)
