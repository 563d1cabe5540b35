"""Passwords and code words: secrets of letters, digits and signs that are called so."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from streams.understanding import clues, cues
from streams.understanding.digits import Digits, is_amount, is_something_else, is_sum
from streams.understanding.identifiers import Secret, overlaps

_CUES: Final = cues.load("secrets")
_NUMBER_CUES: Final = cues.load("numbers")
_SECRET_WORD: Final = re.compile(r"[^\s\uffff\[\],;«»\"()]{3,64}")
_ANNOUNCED: Final = re.compile(
    r"(?: мой| был| у меня| такой)? ?[:=] ?[«\"]?|[^\w\s]* [«\"]| (?:был|была|это|такой) [«\"]?"
)
#: Between "кодовое слово" and the word itself, and what follows there but is not it.
_FILLED: Final = re.compile(
    r"(?:[ ,:—-]{1,3}(?:банка|карты|каспи|kaspi|халык"
    r"|у меня|у нее|у него|у мамы|у папы|у мужа|у жены|у бабушки|мо[ея]|было?|это|такое|стоит|назвал[аи]?|сказал[аи]?"
    r"|болатын|мынау|менин))*[ ,:—-]{1,3}[«\"]?"
)
_NO_CODE_PHRASE: Final = re.compile(
    r"(?:и|а|но|что|как|для|от|из|на|по|не|ни|то|тоже|его|ее|им|ему|ей|они|он|она|я|мы|банк\w*|каспи\w*|kaspi\w*|карт\w*|нет|да|уже"
    r"|деп|деген|жок|оны|соны|сол|туралы|\w+(?:ть|ли|ла|л|ют|ут|ет|ит|ди|ды|ты|ти|ып|ип|ган|ген))"
)
_SENTENCE_END: Final = re.compile(r"[.!?](?=\s)")
#: One of these is part of whatever announces a password; without them the text need not be read for it.
_STEMS: Final = (
    "парол",
    "pass",
    "пасс",
    "parol",
    "купия",
    "кодов",
    "код соз",
    "pw",
    "код-сл",
    "кодсл",
    "секретн",
    "контрольн",
)
_speaks_of_passwords: Final = clues.has_any(_STEMS)
#: How far from the word for it a password may stand, in characters.
_FAR: Final = 70


def scan(folded: str, taken: Sequence[tuple[int, int]]) -> Iterator[Secret]:
    """The passwords of `folded` text that stand outside of the spans `taken`: numbers, links, other secrets."""
    if not _speaks_of_passwords(folded):
        return
    for named in _CUES["password_word"].finditer(folded):
        end = named.end()
        stop = _SENTENCE_END.search(folded, end)
        limit = min(end + _FAR, stop.start() if stop else len(folded))
        announced = _ANNOUNCED.match(folded, end)
        filled = _FILLED.match(folded, end) if _CUES["code_phrase"].match(folded, named.start()) else None
        phrase = filled.end() if filled else None
        for match in _SECRET_WORD.finditer(folded, end, limit):
            word = match.group().rstrip(".!?:")
            said = (announced is not None and announced.end() == match.start()) or (
                match.start() == phrase and not _NO_CODE_PHRASE.fullmatch(word)
            )
            if (
                word
                and not overlaps(match.span(), taken)
                and _is_password(word, said)
                and not ("," in folded[end : match.start()] and _is_figure(folded, match.start(), word))
            ):
                reach = (named.start() - 20, match.start()) if word.isdecimal() else (named.start() - 12, named.end())
                once = _CUES["one_time_word"].search(folded, max(0, reach[0]), reach[1])
                yield Secret(match.start(), match.start() + len(word), "one-time-code" if once else "password")
                break


def _is_figure(folded: str, start: int, word: str) -> bool:
    """Whether digits some way after "пароль" are rather a sum or the number of a thing."""
    found = Digits(start, start + len(word), start, start + len(word))
    return word.isdecimal() and (
        is_amount(folded, found.end)
        or is_something_else(folded, found)
        or is_sum(folded, found)
        or _NUMBER_CUES["thing_before"].match(cues.before(folded, start)) is not None
    )


def _is_password(word: str, said: bool) -> bool:
    """Whether a word after "пароль" is one: letters with digits or signs in them; any word that a colon announces."""
    if any(c.isalpha() for c in word) and any(c.isdecimal() or c in "!@#$%^&*_+=~" for c in word):
        return True
    return (word.isdecimal() and len(word) >= 4) or said
