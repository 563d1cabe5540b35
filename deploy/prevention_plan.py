"""The prevention plan in Elasticsearch: one document a district and week, so that coverage is a sum over a sum.

Weeks that are over keep the plan that they had; from this week on the plan is what the reference data says.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Final

from elasticsearch import Elasticsearch

from schemas import indices, reference
from schemas.documents import Document, target_document
from schemas.local_time import ZONE

#: Weeks before this one, and from this one on, that have a plan after provisioning.
WEEKS_BACK: Final = 13
WEEKS_AHEAD: Final = 53


def due(client: Elasticsearch, now: datetime) -> list[Document]:
    """The documents of the plan that are missing, or of a week not yet over and different, at `now` (aware)."""
    today = now.astimezone(ZONE).date()
    this_week = today - timedelta(days=today.weekday())
    wanted = {document.id: (week, document) for week, document in _plan(this_week)}
    found = client.mget(index=indices.PREVENTION_INDEX, ids=list(wanted))["docs"] if wanted else []
    existing = {one["_id"]: one["_source"] for one in found if one.get("found")}
    return [
        document
        for key, (week, document) in wanted.items()
        if key not in existing or (week >= this_week and existing[key] != document.body)
    ]


def _plan(this_week: date) -> Iterator[tuple[date, Document]]:
    for target in reference.prevention_targets().values():
        for number in range(-WEEKS_BACK, WEEKS_AHEAD):
            week = this_week + timedelta(weeks=number)
            yield week, target_document(target, week)
