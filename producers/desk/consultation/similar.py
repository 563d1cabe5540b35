"""Reports like the one that is being told: of the same numbers or in like words, the recent ones first."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import msgspec
from elasticsearch import AsyncElasticsearch
from msgspec import Struct

from schemas.events import Outcome
from schemas.indices import REPORTS

#: Reports shown.
MAX_SIMILAR: Final = 5
#: A report of this age (days) counts half as much as one of today.
HALF_LIFE: Final = "14d"
#: Older reports are not looked at.
OLDEST: Final = "now-180d/d"
#: Characters of a story that are compared; its most telling words are in them.
_MAX_LIKE: Final = 2000


class SimilarReport(Struct, frozen=True, kw_only=True):
    """A report as far as an operator needs it; its text is masked, like everything in the index."""

    id: str
    received_at: datetime
    text: str = ""
    outcome: Outcome = Outcome.UNKNOWN
    region: str | None = None
    district: str | None = None
    numbers: list[str] = []
    impersonated: list[str] = []


def query(text: str, values: Sequence[str]) -> dict[str, Any] | None:
    """The query for reports like a masked text and numbers in their normal form; None if neither says anything."""
    likes: list[dict[str, Any]] = []
    if values:
        for field in ("numbers", "impersonated"):
            likes.append({"constant_score": {"filter": {"terms": {field: list(values)}}, "boost": 30}})
    if text.strip():
        likes.append(
            {
                "more_like_this": {
                    "fields": ["text.ru", "text.kk"],
                    "like": text[:_MAX_LIKE],
                    "min_term_freq": 1,
                    "min_doc_freq": 1,
                    "max_query_terms": 20,
                    "minimum_should_match": "3<30%",
                }
            }
        )
    if not likes:
        return None
    told = {
        "bool": {
            "should": likes,
            "minimum_should_match": 1,
            "filter": [{"range": {"received_at": {"gte": OLDEST}}}],
            "must_not": [{"term": {"synthetic": True}}],
        }
    }
    decay = {"exp": {"received_at": {"origin": "now", "scale": HALF_LIFE, "decay": 0.5}}}
    return {"function_score": {"query": told, "functions": [decay], "boost_mode": "multiply"}}


async def similar(client: AsyncElasticsearch, text: str, values: Sequence[str]) -> list[SimilarReport]:
    """The reports most like a masked text and numbers, the best first.

    Raises elasticsearch.ApiError or elasticsearch.TransportError while the index can't be read.
    """
    wanted = query(text, values)
    if wanted is None:
        return []
    found = await client.search(
        index=REPORTS,
        query=wanted,
        size=MAX_SIMILAR,
        source_includes=list(SimilarReport.__struct_fields__),
        track_total_hits=False,
        ignore_unavailable=True,
    )
    return [msgspec.convert(hit["_source"], SimilarReport, strict=False) for hit in found["hits"]["hits"]]
