"""Place of a report: region and district, from the channel, an area code or the text."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from schemas import reference
from schemas.events import FoundContact


class Place(Struct, frozen=True):
    """A region (ISO 3166-2) and a district (KATO code or name), each where known."""

    region: str | None = None
    district: str | None = None


def find_place(
    text: str,
    region: str | None = None,
    district: str | None = None,
    area_code: str | None = None,
    contacts: Sequence[FoundContact] = (),
) -> Place:
    """Where it happened: what the channel says, else the text, else the channel's area code."""
    if region or district:
        return Place(region, district)
    lower = text.lower()
    for entry in reference.districts().values():
        if any(stem in lower for stem in entry.stems):
            return Place(entry.region, entry.code)
    for known in reference.regions().values():
        if any(stem.lstrip("=") in lower for stem in known.stems):
            return Place(known.code)
    if area_code:
        best = max(
            (
                (prefix, r.code)
                for r in reference.regions().values()
                for prefix in r.area_codes
                if area_code.startswith(prefix)
            ),
            default=None,
            key=lambda pair: len(pair[0]),
        )
        return Place(best[1] if best else None)
    return Place()
