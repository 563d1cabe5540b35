"""Excerpts as they leave the house: without people's names, and with what was masked named in the reader's language.

Secrets were masked before a report was written down.  Names stay in a report, behind the desk's login; a message goes
through a messenger to a lock screen.  Found is what looks like a name: after "меня зовут" and its like, with a
patronymic, or a surname beside another capitalised word.  A first name alone, without such a word before it, is not.
Pure.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

#: The kind of what is masked here; the others are those of `streams.understanding.secrets`.
NAME: Final = "name"

_UPPER: Final = "А-ЯЁӘҒҚҢӨҰҮҺІ"
_LOWER: Final = "а-яёәғқңөұүһі"
_WORD: Final = rf"[{_UPPER}][{_LOWER}]+(?:-[{_UPPER}][{_LOWER}]+)?"
#: Surname and patronymic, in every case of the declension.
_SURNAME: Final = rf"[{_UPPER}][{_LOWER}]+(?:[оеё]в|ин)(?:а|ой|у|ым|е|ы)?"
_PATRONYMIC: Final = rf"[{_UPPER}][{_LOWER}]+(?:[вн]ич(?:а|у|ем|е)?|[вч]н(?:а|ой|у|е|ы)|[ұу]лы|[қк]ызы)"
#: What begins a sentence is mostly this: "Позвонили Ахметову".
_NO_VERB: Final = rf"(?![{_UPPER}][{_LOWER}]*(?:ли|лась|лось|лся|лись|ть)\b)"
_NAMES: Final = re.compile(
    rf"\b(?P<cue>(?i:зовут|фамилия|фио|имя|есімім|атым|аты-жөнім)\s*[:—–-]?\s+){_WORD}(?:\s+{_WORD}){{0,2}}"
    rf"|\b(?:{_WORD}\s+){{0,2}}{_PATRONYMIC}(?:\s+{_SURNAME})?\b"
    rf"|\b{_SURNAME}\s+(?:{_WORD}|[{_UPPER}]\.(?:\s?[{_UPPER}]\.)?)"
    rf"|\b{_NO_VERB}{_WORD}\s+{_SURNAME}\b(?!\s+(?:район|аудан|облыс|област|көше))"
    rf"|\b[{_UPPER}]\.\s?(?:[{_UPPER}]\.\s?)?{_SURNAME}\b",
)
_MASKED: Final = re.compile(r"\[([a-z-]+)\]")


def anonymised(excerpt: str, word: Callable[[str], str]) -> str:
    """An excerpt without names; `word` gives the reader's word for a kind of what is masked, such as `iin`."""
    return worded(_NAMES.sub(lambda found: f"{found.group('cue') or ''}[{NAME}]", excerpt), word)


def worded(text: str, word: Callable[[str], str]) -> str:
    """A masked text with the reader's words for what was masked."""
    return _MASKED.sub(lambda found: f"[{word(found.group(1))}]", text)
