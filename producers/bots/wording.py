"""The texts of the bots (`texts.yaml`)."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

from schemas.reference import Words, load
from streams.wording import Locale, in_language

FILE: Final = Path(__file__).with_name("texts.yaml")
#: Languages of the bots, in the order in which they are offered; the first is spoken where nothing tells.
LANGUAGES: Final[tuple[Locale, ...]] = ("ru", "kk", "en")


@cache
def texts(locale: Locale) -> dict[str, str]:
    """Every text by name, in one language.  Raises schemas.reference.ReferenceDataError."""
    return {name: in_language(words, locale) for name, words in load(FILE, dict[str, Words]).items()}
