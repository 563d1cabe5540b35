"""What Kibana would ask Elasticsearch for a panel: an equivalent query for a Lens panel, a saved search, a control.

Knows the operations that our bundles use and refuses any other, so that nothing goes unchecked.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from elasticsearch import Elasticsearch
from msgspec import Struct

Saved = dict[str, Any]

_WORD = re.compile(r'"[^"]*"|\b(?:and|or|not)\b|:\s*(?=[^\s(])|\s*(>=|<=|>|<)\s*')
_FIELD = re.compile(r"([a-z_]+(?:\.[a-z_]+)*)\s*(?::|>=|<=|>|<)")
#: Seconds of the units of a time shift.
UNITS = {"h": 3600, "d": 86_400, "w": 604_800}


class Panel(Struct, frozen=True):
    """A panel of a dashboard with its layer: data view, columns, query."""

    dashboard: Saved
    title: str
    kind: str
    view: Saved
    columns: dict[str, Saved]
    query: str
    visualization: Saved

    @property
    def name(self) -> str:
        """As a test shows it."""
        return f"{self.dashboard['id']}: {self.title}"


def load(text: str) -> dict[tuple[str, str], Saved]:
    """The saved objects of a bundle by type and id."""
    objects = [json.loads(line) for line in text.splitlines()]
    return {(one["type"], one["id"]): one for one in objects}


def panels_of(dashboard: Saved) -> list[Saved]:
    """The panels of a dashboard, as JSON."""
    found: list[Saved] = json.loads(dashboard["attributes"]["panelsJSON"])
    return found


def lens_panels(objects: dict[tuple[str, str], Saved]) -> Iterator[Panel]:
    """Every Lens panel of every dashboard."""
    for (kind, _), dashboard in objects.items():
        if kind != "dashboard":
            continue
        for panel in panels_of(dashboard):
            if panel["type"] != "lens":
                continue
            attributes = panel["embeddableConfig"]["attributes"]
            ((layer, content),) = attributes["state"]["datasourceStates"]["formBased"]["layers"].items()
            (reference,) = attributes["references"]
            assert reference["name"] == f"indexpattern-datasource-layer-{layer}"
            yield Panel(
                dashboard,
                panel["title"],
                attributes["visualizationType"],
                objects["index-pattern", reference["id"]],
                content["columns"],
                attributes["state"]["query"]["query"],
                attributes["state"]["visualization"],
            )


def fields_of(query: str) -> set[str]:
    """The fields that a KQL query names."""
    return set(_FIELD.findall(query))


def dsl(query: str) -> Saved:
    """A query in the part of KQL that we use, for Elasticsearch."""
    if not query:
        return {"match_all": {}}

    def written(match: re.Match[str]) -> str:
        found = match.group()
        if found.startswith('"'):
            return found
        if match.group(1):
            return f":{match.group(1)}"
        return ":" if found.startswith(":") else found.upper()

    return {"query_string": {"query": _WORD.sub(written, query).replace(": ", ":"), "default_operator": "and"}}


def time_filter(view: Saved, since: str, shift: str = "") -> list[Saved]:
    """The filter of a dashboard's time on a data view, `shift` earlier."""
    field = view["attributes"].get("timeFieldName")
    if not field:
        return []
    back = f"-{shift}" if shift else ""
    return [{"range": {field: {"gte": f"{since}{back}", "lte": f"now{back}"}}}]


def index_of(view: Saved) -> str:
    """The indices of a data view."""
    title: str = view["attributes"]["title"]
    return title


def run(client: Elasticsearch, panel: Panel) -> dict[str, Any]:
    """The answer to the panel: `rows` of its innermost buckets, and the `values` of its measures over all of it."""
    since = panel.dashboard["attributes"]["timeFrom"]
    buckets = [(key, column) for key, column in panel.columns.items() if column["isBucketed"]]
    measures = {
        key: column
        for key, column in panel.columns.items()
        if not column["isBucketed"] and column["operationType"] not in ("formula", "math")
    }
    values: dict[str, float | None] = {}
    for key, column in measures.items():
        found = _search(client, panel, since, column.get("timeShift", ""), {key: _measure(panel, column)})
        values[key] = _value(found["aggregations"][key], column)
    unshifted = {key: column for key, column in measures.items() if not column.get("timeShift")}
    # on every level, because top values are ordered by one of them
    measured = {key: _measure(panel, column) for key, column in unshifted.items()}
    aggregations = measured
    for key, column in reversed(buckets):
        aggregations = {key: {**_bucket(column, measures), "aggs": measured | aggregations}}
    found = _search(client, panel, since, "", aggregations)
    return {
        "values": values,
        "rows": _rows(found["aggregations"], [key for key, _ in buckets])
        if buckets
        else found["hits"]["total"]["value"],
        "formulas": {key: _formula(panel.columns, key, values) for key in _formulas(panel.columns)},
    }


def _formulas(columns: dict[str, Saved]) -> list[str]:
    return [key for key, column in columns.items() if column["operationType"] == "formula"]


def _formula(columns: dict[str, Saved], key: str, values: dict[str, float | None]) -> float | None:
    """The value of a formula; None where Kibana would write N/A."""
    (last,) = columns[key]["references"]
    tree = columns[last]["params"]["tinymathAst"] if columns[last]["operationType"] == "math" else last
    return _computed(tree, values)


def _computed(tree: Any, values: dict[str, float | None]) -> float | None:
    if isinstance(tree, str):
        return values[tree]
    if isinstance(tree, (int, float)):
        return float(tree)
    left, right = (_computed(argument, values) for argument in tree["args"])
    if left is None or right is None or (tree["name"] == "divide" and not right):
        return None
    return {
        "add": lambda: left + right,
        "subtract": lambda: left - right,
        "divide": lambda: left / right,
    }[tree["name"]]()


def _search(client: Elasticsearch, panel: Panel, since: str, shift: str, aggregations: Saved) -> Any:
    query = {"bool": {"filter": [dsl(panel.query), *time_filter(panel.view, since, shift)]}}
    return client.search(index=index_of(panel.view), size=0, query=query, aggs=aggregations, track_total_hits=True)


def _measure(panel: Panel, column: Saved) -> Saved:
    """A measure inside a filter: the column's own, and that of its reduced time range."""
    field, operation = column["sourceField"], column["operationType"]
    filters = [dsl(column["filter"]["query"])] if "filter" in column else []
    if "reducedTimeRange" in column:
        shift = f"-{column['timeShift']}" if "timeShift" in column else ""
        span = {"gt": f"now{shift}-{column['reducedTimeRange']}", "lte": f"now{shift}"}
        filters.append({"range": {panel.view["attributes"]["timeFieldName"]: span}})
    measured = {
        "count": {},
        "unique_count": {"m": {"cardinality": {"field": field}}},
        "sum": {"m": {"sum": {"field": field}}},
        "min": {"m": {"min": {"field": field}}},
        "max": {"m": {"max": {"field": field}}},
        "percentile": {"m": {"percentiles": {"field": field, "percents": [column["params"].get("percentile", 50)]}}},
    }[operation]
    return {"filter": {"bool": {"filter": filters}}, **({"aggs": measured} if measured else {})}


def _value(answer: Saved, column: Saved) -> float | None:
    if column["operationType"] == "count":
        return float(answer["doc_count"])
    if column["operationType"] == "percentile":
        (value,) = answer["m"]["values"].values()
        return value if value is None else float(value)
    value = answer["m"]["value"]
    return None if value is None else float(value)


def _bucket(column: Saved, measures: dict[str, Saved]) -> Saved:
    field = column["sourceField"]
    if column["operationType"] == "date_histogram":
        interval = column["params"]["interval"]
        return {"date_histogram": {"field": field, "calendar_interval": "1h" if interval == "auto" else interval}}
    assert column["operationType"] == "terms", column["operationType"]
    by = column["params"]["orderBy"]["columnId"]
    # a count is the number of documents in its filter
    order = {by if measures[by]["operationType"] == "count" else f"{by}>m": "desc"}
    return {"terms": {"field": field, "size": column["params"]["size"], "order": order}}


def _rows(aggregations: Saved, keys: list[str]) -> int:
    """How many buckets there are at the innermost level, documents in them."""
    first, *rest = keys
    buckets = [bucket for bucket in aggregations[first]["buckets"] if bucket["doc_count"]]
    return sum(_rows(bucket, rest) for bucket in buckets) if rest else len(buckets)
