"""Saved searches for the daily work: which documents, which columns, the newest first."""

from __future__ import annotations

from typing import Any, Final

from msgspec import Struct

from deploy.kibana.columns import kql
from deploy.kibana.panels import dumps
from deploy.kibana.views import scheme_field, view_id
from deploy.kibana.wording import Locale, texts

#: Stands for the field with the names of schemes in the bundle's language, and for the reasons of a number's state.
_SCHEMES: Final = "scheme_names"
_REASONS: Final = "reasons"
#: No heartbeat is ever shown beside reports and alerts.
REAL: Final = "not synthetic: true"
REAL_ALERTS: Final = "not family: heartbeat"

_TOLD: Final = ("number", _SCHEMES, "region", "channel", "outcome", "text")
_KNOWN: Final = ("value", "state", "reporters", "independent", "victims", "loss_kzt", _SCHEMES, "region", "last_seen")
_ALERT: Final = ("status", "family", "number", _SCHEMES, "region", "observed", "expected", "victims", "loss_kzt")


class Search(Struct, frozen=True):
    """A saved search: its data view, KQL, columns, and the field that its newest come first by."""

    view: str
    where: str
    columns: tuple[str, ...]
    sort: str


SEARCHES: Final = {
    "reports": Search("reports", REAL, _TOLD, "happened_at"),
    "money-moved": Search(
        "reports",
        f"{REAL} and (urgent: true or money_moved_at: *)",
        ("region", "district", "bank", "money_moved_at", "loss_kzt", _SCHEMES, "text"),
        "happened_at",
    ),
    "victims": Search(
        "reports",
        f"{REAL} and outcome: victim",
        ("loss_kzt", "number", _SCHEMES, "region", "affected_group", "text"),
        "happened_at",
    ),
    "questions": Search(
        "reports", f"{REAL} and stance: question", ("number", "region", "channel", "text"), "happened_at"
    ),
    "unexplained": Search(
        "reports",
        f"{REAL} and stance: report and not schemes: *",
        ("pattern", "number", "demands", "region", "outcome", "text"),
        "happened_at",
    ),
    "new-stories": Search(
        "reports",
        f"{REAL} and pattern: *",
        ("pattern", "number", _SCHEMES, "demands", "region", "outcome", "text"),
        "happened_at",
    ),
    "waves": Search(
        "alerts",
        "status: (open or acknowledged) and not family: (heartbeat or urgent)",
        ("status", "family", "number", _SCHEMES, "region", "observed", "expected", "victims", "started_at"),
        "detected_at",
    ),
    "urgent": Search(
        "alerts",
        "family: urgent and not status: closed",
        ("status", "region", "district", "bank", "money_moved_at", "loss_kzt", _SCHEMES, "excerpts"),
        "detected_at",
    ),
    "alerts": Search("alerts-detected", REAL_ALERTS, _ALERT, "detected_at"),
    "number-alerts": Search("alerts", REAL_ALERTS, ("detected_at", *_ALERT), "detected_at"),
    "number": Search("numbers", "", (*_KNOWN[:3], "impersonated", *_KNOWN[3:], "fades_at", _REASONS), "last_seen"),
    "suspects": Search("numbers", "state: (suspected or confirmed)", (*_KNOWN, "fades_at"), "last_seen"),
    "impersonated": Search(
        "numbers",
        "impersonated: true",
        ("value", "owner.ru", "reporters", "victims", _SCHEMES, "last_seen"),
        "last_seen",
    ),
    "objections": Search(
        "numbers",
        "appeals >= 1 or doubted: true",
        ("value", "state", "appeals", "doubted", "verdict.kind", "verdict.by", "verdict.at", "reporters"),
        "last_seen",
    ),
    "warnings-given": Search(
        "prevention",
        "activity: *",
        ("activity", "region", "district", "village", "affected_group", _SCHEMES, "reached", "people"),
        "happened_at",
    ),
    "rejected": Search("rejected", "", ("reason", "source", "detail", "report_id", "topic", "offset"), "logged_at"),
    "audit": Search("audit", "", ("action", "actor", "part", "subject", "results", "reason"), "at"),
}


def search_id(name: str, locale: Locale) -> str:
    """Id of a saved search."""
    return f"saqbol-search-{name}-{locale}"


def columns(search: Search, locale: Locale) -> list[str]:
    """The columns of a saved search in a language."""
    own = {_SCHEMES: scheme_field(locale), _REASONS: f"reasons.{locale}", "owner.ru": f"owner.{locale}"}
    return [own.get(column, column) for column in search.columns]


def saved_search(name: str, locale: Locale, tag: dict[str, str]) -> dict[str, Any]:
    """The saved object of a search; `tag` is a reference to its tag."""
    search = SEARCHES[name]
    source = "kibanaSavedObjectMeta.searchSourceJSON.index"
    return {
        "type": "search",
        "id": search_id(name, locale),
        "coreMigrationVersion": "8.8.0",
        "typeMigrationVersion": "8.0.0",
        "attributes": {
            "title": texts()[f"search.{name}"].of(locale),
            "description": "",
            "columns": columns(search, locale),
            "sort": [[search.sort, "desc"]],
            "grid": {},
            "hideChart": True,
            "isTextBasedQuery": False,
            "timeRestore": False,
            "kibanaSavedObjectMeta": {
                "searchSourceJSON": dumps({"query": kql(search.where), "filter": [], "indexRefName": source})
            },
        },
        "references": [{"type": "index-pattern", "id": view_id(search.view, locale), "name": source}, tag],
    }
