"""Reference data: schemes, demands, official numbers, regions.  YAML beside this file, typed here."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import msgspec
import yaml
from msgspec import Meta, Struct

FOLDER = Path(__file__).parent

Code = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9-]*$")]
Digits = Annotated[str, Meta(pattern=r"^[0-9]+$")]
T = TypeVar("T")

#: The safe loader in C, ten times as fast, where PyYAML was built with it.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class ReferenceDataError(ValueError):
    """A data file does not fit its schema; the message names the file, the place and what is wrong."""


class Words(Struct, frozen=True, forbid_unknown_fields=True):
    """One text in the three languages."""

    ru: str
    kk: str
    en: str


class Scheme(Struct, frozen=True, forbid_unknown_fields=True):
    """A fraud scheme: the story or identity that is claimed."""

    code: Code
    name: Words
    definition: Words
    advice: Words


class Demand(Struct, frozen=True, forbid_unknown_fields=True):
    """What the person is asked to do."""

    code: Code
    name: Words
    definition: Words
    advice: Words


class OfficialNumber(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A number or SMS sender that belongs to a state body, bank or operator.

    `value` is the identity as in `FoundContact.value`: a short code's digits, E.164, or a sender in upper case.
    """

    value: str
    kind: Literal["short-code", "e164", "sender", "link"]
    owner: Words
    purpose: Words
    source: str
    aliases: list[str] = []


class Region(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A region or city of republican significance: ISO 3166-2 code, names, area codes, what means it in a text.

    `stems` mean it by themselves, `marked_stems` only beside the word for its kind (область, облысы).  `towns` are its
    towns and larger villages, `marked_towns` those that mean something else without город, село, қаласы.  All without
    the ending that inflection changes; one that begins with `=` must be the whole word.
    """

    code: Annotated[str, Meta(pattern=r"^KZ-[0-9]{2}$")]
    kind: Literal["region", "city"]
    name: Words
    area_codes: list[Digits]
    stems: list[str] = []
    marked_stems: list[str] = []
    towns: list[str] = []
    marked_towns: list[str] = []


class District(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A district: `code` is its KATO code where two lists confirm it, else its Russian name.

    `stems` are the beginnings of its name's words; they mean it beside the word for a district (район, ауданы).
    """

    code: str
    region: Annotated[str, Meta(pattern=r"^KZ-[0-9]{2}$")]
    name: Words
    area_codes: list[Digits] = []
    stems: list[str]


class PreventionTarget(Struct, frozen=True, forbid_unknown_fields=True):
    """The plan of prevention for a district: how many people are to be warned in a week."""

    district: str
    people_a_week: Annotated[int, Meta(ge=1, le=100_000)]


#: The file of each kind of reference data, and the type of its content.
FILES: dict[str, Any] = {
    "schemes.yaml": list[Scheme],
    "demands.yaml": list[Demand],
    "official_numbers.yaml": list[OfficialNumber],
    "regions.yaml": list[Region],
    "districts.yaml": list[District],
    "prevention_targets.yaml": list[PreventionTarget],
}


def load(path: Path, kind: type[T]) -> T:
    """Content of a YAML file as `kind`.  Raises ReferenceDataError naming file and place of the first error."""
    try:
        return msgspec.convert(yaml.load(path.read_text(encoding="utf-8"), Loader=_LOADER), kind)  # noqa: S506 - a safe one
    except (yaml.YAMLError, msgspec.ValidationError) as error:
        raise ReferenceDataError(f"{path.name}: {error}") from error


@cache
def schemes() -> dict[str, Scheme]:
    """All schemes by code."""
    return {s.code: s for s in load(FOLDER / "schemes.yaml", list[Scheme])}


@cache
def demands() -> dict[str, Demand]:
    """All demands by code."""
    return {d.code: d for d in load(FOLDER / "demands.yaml", list[Demand])}


@cache
def official_numbers() -> dict[str, OfficialNumber]:
    """All official numbers by value; an alias leads to the same entry."""
    entries = load(FOLDER / "official_numbers.yaml", list[OfficialNumber])
    return {value: entry for entry in entries for value in (entry.value, *entry.aliases)}


def official_entry(value: str) -> OfficialNumber | None:
    """The official number, sender or site of that normal form or alias, if it is one; every host below gov.kz is."""
    known = official_numbers()
    return known.get(value) or (known["gov.kz"] if value.endswith(".gov.kz") and "@" not in value else None)


@cache
def regions() -> dict[str, Region]:
    """All regions by ISO 3166-2 code."""
    return {r.code: r for r in load(FOLDER / "regions.yaml", list[Region])}


@cache
def districts() -> dict[str, District]:
    """All districts by code."""
    return {d.code: d for d in load(FOLDER / "districts.yaml", list[District])}


@cache
def prevention_targets() -> dict[str, PreventionTarget]:
    """The prevention plan by code of the district.  Raises ReferenceDataError for a district that is not known."""
    found = {t.district: t for t in load(FOLDER / "prevention_targets.yaml", list[PreventionTarget])}
    unknown = sorted(set(found) - set(districts()))
    if unknown:
        raise ReferenceDataError(f"prevention_targets.yaml: no such district in districts.yaml: {', '.join(unknown)}")
    return found
