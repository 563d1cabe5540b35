"""Language of a text: Russian, Kazakh, both, or neither."""

from __future__ import annotations

import re

from schemas.events import Language

_KAZAKH = re.compile(r"[әғқңөұүһі]", re.IGNORECASE)
_CYRILLIC = re.compile(r"[а-яё]", re.IGNORECASE)


def detect(text: str) -> Language:
    """The language of `text`; `unknown` where nothing tells."""
    if _KAZAKH.search(text):
        return Language.KK
    return Language.RU if _CYRILLIC.search(text) else Language.UNKNOWN
