"""Data views: which indices, by which time, and how their fields are shown and linked."""

from __future__ import annotations

from typing import Any, Final

from msgspec import Struct

from deploy.kibana.panels import dumps
from deploy.kibana.wording import Locale, labels, texts
from schemas import indices


class View(Struct, frozen=True):
    """A data view: the aliases it reads, and its time field; without one a dashboard's time does not narrow it."""

    aliases: tuple[str, ...]
    time: str | None


#: The data views by name.  Reports have two clocks: when it happened, and when it was received.
VIEWS: Final = {
    "reports": View((indices.REPORTS,), "happened_at"),
    "reports-always": View((indices.REPORTS,), None),
    "received": View((indices.REPORTS,), "received_at"),
    "numbers": View((indices.NUMBERS,), None),
    "alerts": View((indices.ALERTS,), None),
    "alerts-detected": View((indices.ALERTS,), "detected_at"),
    "prevention": View((indices.PREVENTION,), "happened_at"),
    "districts": View((indices.REPORTS, indices.PREVENTION), "happened_at"),
    "rejected": View((indices.REJECTED,), "logged_at"),
    "audit": View((indices.AUDIT,), "at"),
}

#: The list of `labels` that the values of a field come from, by index alias ("" for all) and field.
LABELLED: Final = {
    ("", "channel"): "channel",
    ("", "channels"): "channel",
    ("", "channels.code"): "channel",
    ("", "medium"): "medium",
    ("", "media"): "medium",
    ("", "media.code"): "medium",
    ("", "outcome"): "outcome",
    ("", "outcomes.code"): "outcome",
    ("", "stance"): "stance",
    ("", "language"): "language",
    ("", "affected_group"): "group",
    ("", "groups.code"): "group",
    ("", "region"): "region",
    ("", "regions"): "region",
    ("", "regions.code"): "region",
    ("", "contacts.region"): "region",
    ("", "district"): "district",
    ("", "demands"): "demand",
    ("", "schemes"): "scheme",
    (indices.PREVENTION, "topic"): "scheme",
    ("", "activity"): "activity",
    ("", "status"): "status",
    ("", "severity"): "severity",
    ("", "family"): "family",
    ("", "state"): "state",
    ("", "kind"): "kind",
    ("", "contacts.kind"): "kind",
    ("", "verdict.kind"): "verdict",
    (indices.REJECTED, "reason"): "reason",
    ("", "masked"): "masked",
    (indices.AUDIT, "action"): "action",
}
#: Fields that hold numbers, and lead to the page of the one that is clicked.
NUMBER_FIELDS: Final = frozenset({"number", "numbers", "impersonated", "official_numbers", "value"})
#: How numbers are written: money, and seconds.
_PATTERNS: Final = {"loss_kzt": "0,0", "searchable_seconds": "0,0.[0]", "acknowledged_after_seconds": "0,0"}


def view_id(name: str, locale: Locale) -> str:
    """Id of a data view."""
    return f"saqbol-view-{name}-{locale}"


def board_id(name: str, locale: Locale) -> str:
    """Id of a dashboard; here, because links of fields lead there."""
    return f"saqbol-{name}-{locale}"


def scheme_field(locale: Locale) -> str:
    """The field with the names of schemes in a language."""
    return f"scheme_names.{locale}"


def link(board: str, locale: Locale, field: str, value: str, since: str) -> str:
    """Where a dashboard shows one value of a field; `value` is a value in a URL's encoding, or a placeholder.

    `filters:!()` takes away what was chosen on that dashboard before.
    """
    return (
        f"#/view/{board_id(board, locale)}?_g=(time:(from:{since},to:now))"
        f"&_a=(filters:!(),query:(language:kuery,query:'{field}:%22{value}%22'))"
    )


def fields(view: View) -> dict[str, str]:
    """Type of every field of a data view's indices by name, from the mappings."""
    found: dict[str, str] = {}
    for alias in view.aliases:
        found |= indices.fields(indices.templates()[alias]["template"]["mappings"]["properties"])
    return found


def data_view(name: str, locale: Locale) -> dict[str, Any]:
    """The saved object of a data view."""
    view = VIEWS[name]
    known = fields(view)
    formats = {field: shown for field, kind in known.items() if (shown := _format(view, field, kind, locale))}
    said = {
        field: {"customLabel": texts()[f"field.{field}"].of(locale)} for field in known if f"field.{field}" in texts()
    }
    attributes = {
        "title": ",".join(view.aliases),
        "name": texts()[f"view.{name}"].of(locale),
        "fieldFormatMap": dumps(formats),
        "fieldAttrs": dumps(said),
    }
    if view.time:
        attributes["timeFieldName"] = view.time
    return {
        "type": "index-pattern",
        "id": view_id(name, locale),
        "coreMigrationVersion": "8.8.0",
        "typeMigrationVersion": "8.0.0",
        "attributes": attributes,
        "references": [],
    }


def _format(view: View, field: str, kind: str, locale: Locale) -> dict[str, Any] | None:
    if field in NUMBER_FIELDS and kind != "boolean":
        return _link_format(link("number", locale, "number", "{{value}}", "now-90d"))
    if field == scheme_field(locale):
        return _link_format(link("schemes", locale, field, "{{value}}", "now-28d"))
    listed = next((found for alias in ("", *view.aliases) if (found := LABELLED.get((alias, field)))), None)
    if listed or kind == "boolean":
        return _labels_format(listed or "yes", locale)
    if kind == "date":
        return {"id": "date", "params": {"pattern": "DD.MM.YYYY HH:mm:ss"}}
    pattern = _PATTERNS.get(field)
    return {"id": "number", "params": {"pattern": pattern}} if pattern else None


def _link_format(fragment: str) -> dict[str, Any]:
    params = {
        "type": "a",
        # this form alone leads to the dashboards of the space, and behind the base path, that one is in
        "urlTemplate": f"../app/dashboards{fragment}",
        "labelTemplate": "{{value}}",
        "openLinkInCurrentTab": True,
    }
    return {"id": "url", "params": params}


def _labels_format(listed: str, locale: Locale) -> dict[str, Any]:
    entries = [{"key": key, "value": said.of(locale)} for key, said in labels()[listed].items()]
    return {"id": "static_lookup", "params": {"lookupEntries": entries, "unknownKeyValue": None}}
