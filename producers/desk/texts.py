"""The texts of the desk: `wording/NAME.yaml`, each in Russian and Kazakh."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final, Literal

from msgspec import Struct

from schemas.reference import load

Language = Literal["ru", "kk"]
#: Languages of the desk by code, named in themselves; the first is the default.
LANGUAGES: Final[dict[Language, str]] = {"ru": "Русский", "kk": "Қазақша"}
FOLDER: Final = Path(__file__).with_name("wording")


class Both(Struct, frozen=True, forbid_unknown_fields=True):
    """One text in both languages."""

    ru: str
    kk: str


@cache
def texts(name: str, language: Language) -> dict[str, str]:
    """Every text of `wording/NAME.yaml` by its name, in one of `LANGUAGES`."""
    return {key: getattr(words, language) for key, words in load(FOLDER / f"{name}.yaml", dict[str, Both]).items()}
