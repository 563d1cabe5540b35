"""How dashboards are worded: texts and labels in the languages of the bundles, from the YAML files beside this one."""

from __future__ import annotations

from collections import Counter
from functools import cache
from pathlib import Path
from typing import Final, Literal

from msgspec import Struct

from schemas import reference

FOLDER: Final = Path(__file__).parent

Locale = Literal["ru", "kk"]
LOCALES: Final[tuple[Locale, ...]] = ("ru", "kk")


class Said(Struct, frozen=True, forbid_unknown_fields=True):
    """One text in the languages of the bundles."""

    ru: str
    kk: str

    def of(self, locale: Locale) -> str:
        """The text in a language."""
        return self.ru if locale == "ru" else self.kk


@cache
def texts() -> dict[str, Said]:
    """Titles and sentences by key.  Raises schemas.reference.ReferenceDataError."""
    return reference.load(FOLDER / "texts.yaml", dict[str, Said])


@cache
def labels() -> dict[str, dict[str, Said]]:
    """Labels of the values of closed lists, by list and value; those that the reference data have are added here.

    Raises schemas.reference.ReferenceDataError.
    """
    found = reference.load(FOLDER / "labels.yaml", dict[str, dict[str, Said]])
    named = {
        "demand": {code: one.name for code, one in reference.demands().items()},
        "scheme": {code: one.name for code, one in reference.schemes().items()},
    }
    return (
        found
        | {
            name: {code: Said(ru=words.ru, kk=words.kk) for code, words in entries.items()}
            for name, entries in named.items()
        }
        | {"district": _districts(found["region"])}
    )


def _districts(regions: dict[str, Said]) -> dict[str, Said]:
    """Names of districts by code; with the region where several regions have one of that name."""

    def told_apart(names: dict[str, str], locale: Locale) -> dict[str, str]:
        times = Counter(names.values())
        return {
            code: name if times[name] == 1 else f"{name} ({regions[reference.districts()[code].region].of(locale)})"
            for code, name in names.items()
        }

    ru = told_apart({code: one.name.ru for code, one in reference.districts().items()}, "ru")
    kk = told_apart({code: one.name.kk for code, one in reference.districts().items()}, "kk")
    return {code: Said(ru=ru[code], kk=kk[code]) for code in reference.districts()}
