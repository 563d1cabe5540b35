"""Prevention: the warning calls, visits and talks that reach people before the fraudsters do.

A channel sends a `PreventionSubmission` over HTTP; the gateway turns it into a `Prevention`, a message of
`fraud.prevention.v1`.  Nothing in it names or reaches a person who was warned: no name, no phone, no address below
the village.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Final

from msgspec import Meta, Struct

from schemas.events import (
    CONTRACT_VERSION,
    AffectedGroup,
    DistrictName,
    RegionCode,
    ReportId,
    SourceName,
    SourceRef,
    Timestamp,
)

#: Most people that one talk or video can reach.
MAX_PEOPLE: Final = 100_000


class Activity(StrEnum):
    """How people were warned."""

    CALL = "call"
    VISIT = "house-visit"
    TALK = "talk"
    LEAFLET = "leaflet"
    VIDEO = "video"


class PreventionBody(Struct, kw_only=True, omit_defaults=True):
    """What was done; the common part of `PreventionSubmission` and `Prevention`.

    `topic` is the code of a scheme, absent where the warning was general.  `reached` says whether somebody listened: a
    call that nobody answered is `false`.  `people` counts those who listened, 0 where nobody did.
    """

    activity: Activity
    region: RegionCode | None = None
    district: DistrictName | None = None
    village: Annotated[str, Meta(min_length=1, max_length=100)] | None = None
    affected_group: AffectedGroup | None = None
    topic: Annotated[str, Meta(pattern=r"^[a-z]+(-[a-z]+)*$", description="code of a scheme")] | None = None
    reached: bool = True
    people: Annotated[int, Meta(ge=0, le=MAX_PEOPLE)] = 1


class PreventionSubmission(PreventionBody, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Body of `POST /v1/prevention`."""

    source_ref: SourceRef
    happened_at: Timestamp | None = None


class Prevention(PreventionBody, kw_only=True, omit_defaults=True):
    """One warning given: a message of `fraud.prevention.v1`, keyed by `id`, which is made like a report's."""

    id: ReportId
    version: Annotated[int, Meta(ge=1)] = CONTRACT_VERSION
    source: SourceName
    source_ref: SourceRef
    recorded_at: Timestamp
    happened_at: Timestamp
