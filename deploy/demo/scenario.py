"""What the demo's story is made of: the numbers, shares and names of `scenario.yaml` and `places.yaml`, typed."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from producers.intake import Origin
from schemas.events import AreaCode, Channel, DistrictName, Medium, RegionCode, SourceName
from schemas.reference import load

FOLDER: Final = Path(__file__).parent

Share = Annotated[float, Meta(ge=0, le=1)]
Weight = Annotated[float, Meta(gt=0)]
Register = Literal["chat", "hotline", "police", "bank"]


class Parts(Struct, frozen=True, forbid_unknown_fields=True):
    """Reports of each part of the story (`shared_numbers`: numbers)."""

    ordinary: int
    shared_numbers: int
    rising: int
    impersonated: int
    question: int
    code_question: int
    delivery_question: int
    warning: int
    viral: int
    complaint: int
    crowd: int
    backfill: int
    late: int
    duplicate: int
    retry: int
    wave: int


class Integration(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An integration of the demo: its name in Russian, what the gateway stamps on its reports, how they are written."""

    source: SourceName
    name: str
    channel: Channel
    share: Weight
    anonymous: Share
    register: Register
    area_code: AreaCode | None = None
    region: RegionCode | None = None
    district: DistrictName | None = None

    def origin(self) -> Origin:
        """The integration as the gateway knows it."""
        return Origin(
            source=self.source,
            channel=self.channel,
            area_code=self.area_code,
            region=self.region,
            district=self.district,
        )


class Plot(Struct, frozen=True, forbid_unknown_fields=True):
    """How a scheme goes: its share, how people are reached, what they are asked for, what victims lose (tenge)."""

    share: Weight
    media: dict[Medium, Weight]
    demands: Annotated[list[str], Meta(min_length=1)]
    loss: tuple[int, int]


class Scenario(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Content of scenario.yaml."""

    hours: Annotated[list[float], Meta(min_length=24, max_length=24)]
    weekdays: Annotated[list[float], Meta(min_length=7, max_length=7)]
    parts: Parts
    integrations: list[Integration]
    schemes: dict[str, Plot]
    rising_scheme: str
    victims: Share
    outcome_unknown: Share
    mixed_language: Share
    bare_kazakh: Share
    careless: Share
    knew_personal_data: Share
    stance_unsaid: Share
    banks: list[str]
    links: list[str]
    senders: list[str]
    unseen: Annotated[list[str], Meta(min_length=5, description="one story that no scheme explains, told by several")]

    def integration(self, source: str) -> Integration:
        """The integration of that name."""
        return next(one for one in self.integrations if one.source == source)


class Town(Struct, frozen=True, forbid_unknown_fields=True):
    """A town: its Russian name in the genitive, its Kazakh name in the nominative."""

    ru_gen: str
    kk: str


class Place(Struct, frozen=True, forbid_unknown_fields=True):
    """A region: its weight by population, the share of Kazakh among its reports, a few towns."""

    weight: Weight
    kazakh: Share
    towns: Annotated[list[Town], Meta(min_length=1)]


class Places(Struct, frozen=True, forbid_unknown_fields=True):
    """Content of places.yaml."""

    regions: dict[RegionCode, Place]


@cache
def scenario() -> Scenario:
    """The scenario.  Raises schemas.reference.ReferenceDataError."""
    return load(FOLDER / "scenario.yaml", Scenario)


@cache
def places() -> dict[str, Place]:
    """The regions by ISO 3166-2 code.  Raises schemas.reference.ReferenceDataError."""
    return load(FOLDER / "places.yaml", Places).regions
