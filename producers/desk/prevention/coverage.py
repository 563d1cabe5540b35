"""Coverage: people warned this week by district, against the plan, and by village of the operator's own district."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any, Final

from elasticsearch import AsyncElasticsearch
from msgspec import Struct

from schemas.indices import PREVENTION
from schemas.local_time import ZONE
from schemas.reference import districts, prevention_targets

#: Villages listed.
MAX_VILLAGES: Final = 50


class Place(Struct, frozen=True):
    """A district or village: people warned, calls and other activities, and the plan of the week if there is one."""

    name: dict[str, str]
    people: int
    calls: int
    others: int
    target: int | None = None

    @property
    def percent(self) -> int | None:
        """Share of the plan that is done, in percent; None without a plan."""
        return round(100 * self.people / self.target) if self.target else None


def week_of(now: datetime) -> datetime:
    """Monday 00:00 of the week, in Astana."""
    day = now.astimezone(ZONE).date()
    return datetime.combine(day - timedelta(days=day.weekday()), time(), ZONE)


async def by_district(client: AsyncElasticsearch, region: str | None, now: datetime) -> list[Place]:
    """This week in the districts of a region (None: of all regions) that have a plan or a warning, worst first.

    Raises elasticsearch.ApiError or TransportError.
    """
    where = [{"term": {"region": region}}] if region else []
    counts = await _count(client, "district", where, now)
    planned = {
        code: target.people_a_week
        for code, target in prevention_targets().items()
        if region in (None, districts()[code].region)
    }
    places = [Place(_district_name(code), *counts.get(code, (0, 0, 0)), planned.get(code)) for code in planned | counts]
    return sorted(places, key=lambda p: (p.percent is None, p.percent or 0, p.name["ru"]))


async def by_village(client: AsyncElasticsearch, district: str, now: datetime) -> list[Place]:
    """This week in the villages of one district, most people first.  Raises as `by_district`."""
    counts = await _count(client, "village", [{"term": {"district": district}}], now)
    places = [Place({"ru": name, "kk": name}, *figures) for name, figures in counts.items()]
    return sorted(places, key=lambda p: (-p.people, p.name["ru"]))


async def _count(
    client: AsyncElasticsearch, field: str, where: list[dict[str, Any]], now: datetime
) -> dict[str, tuple[int, int, int]]:
    """(people, calls, other activities) of the week by value of `field`."""
    found = await client.search(
        index=PREVENTION,
        size=0,
        query={
            "bool": {
                "filter": [
                    {"range": {"happened_at": {"gte": week_of(now).isoformat()}}},
                    {"exists": {"field": "activity"}},
                    *where,
                ]
            }
        },
        aggs={
            "places": {
                "terms": {"field": field, "size": len(districts()) if field == "district" else MAX_VILLAGES},
                "aggs": {"people": {"sum": {"field": "people"}}, "calls": {"filter": {"term": {"activity": "call"}}}},
            }
        },
    )
    return {
        bucket["key"]: (
            int(bucket["people"]["value"]),
            bucket["calls"]["doc_count"],
            bucket["doc_count"] - bucket["calls"]["doc_count"],
        )
        for bucket in found["aggregations"]["places"]["buckets"]
    }


def _district_name(code: str) -> dict[str, str]:
    district = districts().get(code)
    return {"ru": district.name.ru, "kk": district.name.kk} if district else {"ru": code, "kk": code}
