"""The texts of the web form (`texts.yaml`) and the languages it speaks."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

from schemas.reference import Words, load

#: Languages of the form by code, named in themselves; the first is the default.
LANGUAGES: Final = {"ru": "Русский", "kk": "Қазақша", "en": "English"}
FILE: Final = Path(__file__).with_name("texts.yaml")


@cache
def texts(language: str) -> dict[str, str]:
    """Every text by name, in one of `LANGUAGES`."""
    return {name: getattr(words, language) for name, words in load(FILE, dict[str, Words]).items()}


def preferred(accept_language: str) -> str:
    """The language of `LANGUAGES` that a browser asks for (RFC 9110, 12.5.4): the one with the highest weight."""
    best, best_weight = next(iter(LANGUAGES)), 0.0
    for item in accept_language.split(","):
        tag, _, parameter = item.partition(";")
        code = tag.strip().lower().partition("-")[0]
        try:
            weight = float(parameter.strip().removeprefix("q=")) if parameter.strip() else 1.0
        except ValueError:
            continue
        if code in LANGUAGES and best_weight < weight <= 1:
            best, best_weight = code, weight
    return best
