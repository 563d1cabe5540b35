"""The evidence of an alert: its reports, and how many distinct people told of it hour by hour."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

import msgspec
from elasticsearch import AsyncElasticsearch
from msgspec import Struct

from producers.desk.consultation.similar import SimilarReport
from schemas.events import Alert
from schemas.indices import REPORTS
from streams.signals import NUMBER, report_fields

#: What is shown before a wave began and after it was last told of.
BEFORE: Final = timedelta(hours=12)
AFTER: Final = timedelta(hours=12)
#: Reports listed; columns that the time line has about.
MAX_REPORTS: Final = 20
_COLUMNS: Final = 96
#: Widths of a column.
_WIDTHS: Final = (timedelta(minutes=10), timedelta(hours=1), timedelta(hours=6), timedelta(days=1))


class Column(Struct, frozen=True):
    """A column of the time line: where it begins, and the distinct people who reported something that happened then."""

    at: datetime
    people: int


class Evidence(Struct, frozen=True):
    """The reports, newest first, how many there are in all, and the time line with the width of its columns."""

    reports: list[SimilarReport]
    total: int
    columns: list[Column]
    width: timedelta


async def evidence(client: AsyncElasticsearch, alert: Alert, now: datetime) -> Evidence:
    """The reports of an alert, from before it began until a while after it was last told of, or `now` (aware).

    Raises elasticsearch.ApiError or TransportError.
    """
    start = alert.started_at - BEFORE
    end = min(now, (alert.updated_at or alert.detected_at) + AFTER)
    width = next((w for w in _WIDTHS if (end - start) / w <= _COLUMNS), _WIDTHS[-1])
    found = await client.search(
        index=REPORTS,
        query=query(alert, start, end),
        sort=[{"happened_at": "desc"}, {"id": "asc"}],
        size=MAX_REPORTS,
        source_includes=list(SimilarReport.__struct_fields__),
        track_total_hits=True,
        aggs={
            "line": {
                "date_histogram": {
                    "field": "happened_at",
                    "fixed_interval": f"{int(width.total_seconds())}s",
                    "min_doc_count": 0,
                    "extended_bounds": {"min": start.isoformat(), "max": end.isoformat()},
                },
                "aggs": {"people": {"cardinality": {"field": "counted_as"}}},
            }
        },
    )
    return Evidence(
        [msgspec.convert(hit["_source"], SimilarReport, strict=False) for hit in found["hits"]["hits"]],
        found["hits"]["total"]["value"],
        [
            Column(datetime.fromtimestamp(bucket["key"] / 1000, tz=start.tzinfo), bucket["people"]["value"])
            for bucket in found["aggregations"]["line"]["buckets"]
        ],
        width,
    )


def query(alert: Alert, start: datetime, end: datetime) -> dict[str, Any]:
    """The query for what an alert counts: reports of its series that happened between two moments."""
    terms: list[dict[str, Any]] = [{"term": {field: value}} for field, value in report_fields(alert.key).items()]
    if not terms:
        numbers = [key.removeprefix(NUMBER) for key in alert.keys if key.startswith(NUMBER)]
        terms = [{"terms": {"number": numbers}}]
    happened = {"range": {"happened_at": {"gte": start.isoformat(), "lte": end.isoformat()}}}
    return {
        "bool": {
            "filter": [happened, *terms],
            "must_not": [{"term": {"synthetic": True}}, {"terms": {"stance": ["question", "warning"]}}],
        }
    }
