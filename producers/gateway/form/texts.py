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
