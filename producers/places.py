"""Names as people read them in a list: in their language and in the order of its alphabet.  Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from schemas.reference import districts, regions, schemes
from streams.wording import Locale, in_language

#: The Kazakh alphabet, which holds the Russian one in its order.
_ALPHABET: Final = "аәбвгғдеёжзийкқлмнңоөпрстуұүфхһцчшщъыіьэюя"


def alphabetical(name: str) -> list[tuple[int, int]]:
    """What sorts names of any of our languages; quotation marks and case do not count."""
    return [_rank(letter) for letter in name.casefold() if letter.isalnum() or letter.isspace()]


def named_regions(locale: Locale) -> list[tuple[str, str]]:
    """(code, name) of every region, by name."""
    return _by_name((region.code, in_language(region.name, locale)) for region in regions().values())


def named_schemes(locale: Locale) -> list[tuple[str, str]]:
    """(code, name) of every scheme, by name."""
    return _by_name((code, in_language(scheme.name, locale)) for code, scheme in schemes().items())


def named_districts(locale: Locale, region: str | None = None) -> list[tuple[str, str]]:
    """(code, name) of every district of a region (None: of all regions), by name."""
    chosen = (d for d in districts().values() if region in {None, d.region})
    return _by_name((district.code, in_language(district.name, locale)) for district in chosen)


def place_name(region: str | None, district: str | None, locale: Locale) -> str:
    """The name of a district, or of the region where no district is told; "" for neither.

    A district that no list has is called what it was called.
    """
    if district:
        known = districts().get(district)
        return in_language(known.name, locale) if known else district
    known_region = regions().get(region or "")
    return in_language(known_region.name, locale) if known_region else ""


def _by_name(named: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    return sorted(named, key=lambda pair: alphabetical(pair[1]))


def _rank(letter: str) -> tuple[int, int]:
    place = _ALPHABET.find(letter)
    if place >= 0:
        return 1, place
    return (0, 0) if letter.isspace() else (2, ord(letter))
