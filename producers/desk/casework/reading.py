"""Alerts and their cases from the index of alerts, where both parts are one document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from elasticsearch import AsyncElasticsearch, NotFoundError
from msgspec import Struct

from schemas.cases import Case
from schemas.events import Alert, AlertStatus
from schemas.indices import ALERTS
from streams.urgent import HEARTBEAT

#: Alerts listed at most: those that wait for an answer, those that were answered, those that are closed.
MAX_OPEN: Final = 100
MAX_CLOSED: Final = 30

#: Alerts that nobody has to answer.
_NOT_SHOWN: Final = [{"term": {"family": HEARTBEAT}}]


class AlertView(Struct, frozen=True):
    """An alert as it was last told, and what people did about it; `over`: the wave itself has ended."""

    alert: Alert
    case: Case
    over: bool


class Overview(Struct, frozen=True):
    """All alerts by what is to be done: answered by nobody yet, answered and not closed, and the last closed ones."""

    open: list[AlertView]
    acknowledged: list[AlertView]
    closed: list[AlertView]


async def overview(client: AsyncElasticsearch) -> Overview:
    """The alerts, newest first.  Raises elasticsearch.ApiError or TransportError while the index can't be read."""
    lists = [
        await _list(client, status, MAX_CLOSED if status is AlertStatus.CLOSED else MAX_OPEN) for status in AlertStatus
    ]
    return Overview(*lists)


async def find(client: AsyncElasticsearch, alert_id: str) -> AlertView | None:
    """One alert, or None.  Raises as `overview`."""
    try:
        found = await client.get(index=ALERTS, id=alert_id)
    except NotFoundError:
        return None
    return view(found["_source"])


def view(document: Mapping[str, Any]) -> AlertView:
    """Alert and case of a document (`schemas.documents.alert_document` and `case_document`)."""
    document = {name: value for name, value in document.items() if value is not None}
    counted = {
        name: {item["code"]: item["reports"] for item in document.get(name, ())}
        for name in ("regions", "channels", "groups", "media", "outcomes")
    }
    keys = {item["key"]: item["reporters"] for item in document.get("keys", ())}
    alert = msgspec.convert({**document, **counted, "keys": keys}, Alert, strict=False)
    opened = document.get("opened_at", document["detected_at"])
    case = msgspec.convert({**document, "alert_id": document["id"], "opened_at": opened}, Case, strict=False)
    return AlertView(alert, case, bool(document.get("wave_over")))


async def _list(client: AsyncElasticsearch, status: AlertStatus, size: int) -> list[AlertView]:
    found = await client.search(
        index=ALERTS,
        query={"bool": {"filter": [{"term": {"status": status.value}}], "must_not": _NOT_SHOWN}},
        sort=[{"detected_at": "desc"}, {"id": "asc"}],
        size=size,
    )
    return [view(hit["_source"]) for hit in found["hits"]["hits"]]
