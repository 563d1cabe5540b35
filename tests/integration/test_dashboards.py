"""The dashboards asked of the real server, over what the demo leaves: known fields, fitting types, no empty panel."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from elasticsearch import Elasticsearch
from elasticsearch.helpers import bulk

from deploy import prevention_plan
from deploy.kibana import bundle
from deploy.provision import provision
from deploy.stack.local import Stack
from schemas import indices
from tests.demo_documents import documents
from tests.lens_queries import Panel, Saved, dsl, fields_of, index_of, lens_panels, load, run, time_filter

OBJECTS = {key: one for text in bundle.files().values() for key, one in load(text).items()}
PANELS = list(lens_panels(OBJECTS))
SEARCHES = [one for (kind, _), one in OBJECTS.items() if kind == "search"]
CONTROLS = [
    (dashboard, control["explicitInput"]["fieldName"], key)
    for (kind, _), dashboard in OBJECTS.items()
    if kind == "dashboard"
    for key, control in json.loads(dashboard["attributes"]["controlGroupInput"]["panelsJSON"]).items()
]
#: What may be zero: nobody may have been told it, and a difference may be none.
DIFFERENCES = {"d"}


@pytest.fixture(scope="module")
def client(stack: Stack) -> Iterator[Elasticsearch]:
    """Elasticsearch with nothing but the demo's documents in the indices that dashboards read."""
    now = datetime.now(UTC)
    with Elasticsearch(stack.elasticsearch_url, request_timeout=60) as client:
        empty(client)
        provision(stack.bootstrap_servers, stack.elasticsearch_url, now=now)
        actions = (
            {"_index": one.index, "_id": one.id, "_source": one.body | (one.first or {})} for one in documents(now)
        )
        bulk(client, actions, chunk_size=2000, refresh=True)
        yield client
        empty(client)
        provision(stack.bootstrap_servers, stack.elasticsearch_url, now=now)


def empty(client: Elasticsearch) -> None:
    """Delete every index of ours: other tests share the server."""
    if found := list(client.indices.get(index="saqbol-*")):
        client.indices.delete(index=found)


@pytest.fixture(scope="module")
def capabilities(client: Elasticsearch) -> dict[str, Any]:
    """What the server says of the fields of each data view."""
    titles = {one["attributes"]["title"] for (kind, _), one in OBJECTS.items() if kind == "index-pattern"}
    return {title: client.field_caps(index=title, fields="*")["fields"] for title in titles}


def capability(capabilities: dict[str, Any], view: Saved, field: str) -> Any:
    """Type of a field, the same in all indices of the view, and what can be done with it."""
    kinds = capabilities[index_of(view)][field]
    assert len(kinds) == 1, f"{field} has several types in {index_of(view)}: {sorted(kinds)}"
    return next(iter(kinds.items()))


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel.name)
def test_panel_has_fitting_fields_and_shows_something(
    client: Elasticsearch, capabilities: dict[str, Any], panel: Panel
) -> None:
    for column in panel.columns.values():
        field, operation = column.get("sourceField"), column["operationType"]
        if operation in ("math", "formula") or field == "___records___":
            continue
        kind, can = capability(capabilities, panel.view, field)
        assert can["aggregatable"], field
        expected = {"terms": {"keyword"}, "unique_count": {"keyword"}, "date_histogram": {"date"}}
        expected |= {"min": {"date"}, "max": {"date"}}
        assert kind in expected.get(operation, {"long", "integer", "float"}), (field, kind)
    queries = [panel.query, *(c["filter"]["query"] for c in panel.columns.values() if "filter" in c)]
    for field in {field for query in queries for field in fields_of(query)}:
        assert capability(capabilities, panel.view, field)[1]["searchable"], field
    answer = run(client, panel)
    assert answer["rows"] > 0, answer
    # a metric or a table's column that never has a value tells nobody anything
    empty = {key for key, value in answer["values"].items() if not value}
    assert not empty - DIFFERENCES, (empty, answer)
    assert None not in answer["formulas"].values(), answer


@pytest.mark.parametrize("search", SEARCHES, ids=lambda one: one["id"])
def test_saved_search_finds_documents(client: Elasticsearch, capabilities: dict[str, Any], search: Saved) -> None:
    (view,) = [OBJECTS["index-pattern", r["id"]] for r in search["references"] if r["type"] == "index-pattern"]
    attributes = search["attributes"]
    source = json.loads(attributes["kibanaSavedObjectMeta"]["searchSourceJSON"])
    ((sort, order),) = attributes["sort"]
    for field in (*attributes["columns"], sort):
        capability(capabilities, view, field)
    for field in fields_of(source["query"]["query"]):
        assert capability(capabilities, view, field)[1]["searchable"], field
    query = {"bool": {"filter": [dsl(source["query"]["query"]), *time_filter(view, "now-28d")]}}
    # as Discover asks: for every field, those included that are another name for one
    found = client.search(
        index=index_of(view),
        query=query,
        sort=[{sort: order}],
        fields=[{"field": "*", "include_unmapped": True}],
        size=20,
    )
    hits = found["hits"]["hits"]
    assert hits, "a saved search that finds nothing over the demo"
    shown = {field for hit in hits for field in hit["fields"]}
    rare = {
        "scheme_names.ru",
        "scheme_names.kk",
        "appeals",
        "doubted",
        "number",
        "demands",
        "district",
        "village",
        "bank",
        "money_moved_at",
        "fades_at",
    }
    assert set(attributes["columns"]) - shown <= rare


@pytest.mark.parametrize(("dashboard", "field", "key"), CONTROLS, ids=lambda one: one if isinstance(one, str) else "")
def test_control_offers_values(
    client: Elasticsearch, capabilities: dict[str, Any], dashboard: Saved, field: str, key: str
) -> None:
    name = f"controlGroup_{key}:optionsListDataView"
    (view,) = [OBJECTS["index-pattern", r["id"]] for r in dashboard["references"] if r["name"] == name]
    kind, can = capability(capabilities, view, field)
    assert kind == "keyword"
    assert can["aggregatable"]
    query = {"bool": {"filter": time_filter(view, dashboard["attributes"]["timeFrom"])}}
    found = client.search(index=index_of(view), size=0, query=query, aggs={"values": {"terms": {"field": field}}})
    assert found["aggregations"]["values"]["buckets"]


def test_every_choice_of_a_control_leaves_waves_that_have_it(client: Elasticsearch) -> None:
    """The filter of a control meets alerts under the same names of fields."""
    for field in ("region", "channel", "medium", "outcome", "scheme_names.ru"):
        aggregations = {"values": {"terms": {"field": field, "size": 30}}}
        found = client.search(index=indices.ALERTS, size=0, aggs=aggregations)
        values = [bucket["key"] for bucket in found["aggregations"]["values"]["buckets"]]
        assert values, field
        assert client.count(index=indices.REPORTS, query={"term": {field: values[0]}})["count"], (field, values)


def test_a_heartbeat_counts_nowhere(client: Elasticsearch) -> None:
    assert client.count(index=indices.REPORTS, query={"term": {"synthetic": True}})["count"] == 1
    for search in SEARCHES:
        if "saqbol-search-reports" not in search["id"]:
            continue
        source = json.loads(search["attributes"]["kibanaSavedObjectMeta"]["searchSourceJSON"])
        query = {"bool": {"filter": [dsl(source["query"]["query"]), {"term": {"synthetic": True}}]}}
        assert client.count(index=indices.REPORTS, query=query)["count"] == 0


def test_distinct_reporters_count_anonymous_ones_as_one_a_source_and_day(client: Elasticsearch) -> None:
    query = {"bool": {"must_not": {"exists": {"field": "reporter"}}}}
    found = client.search(
        index=indices.REPORTS,
        size=0,
        query=query,
        aggs={"people": {"cardinality": {"field": "counted_as"}}, "sources": {"cardinality": {"field": "source"}}},
        track_total_hits=True,
    )
    anonymous = found["hits"]["total"]["value"]
    assert anonymous > 100
    assert found["aggregations"]["people"]["value"] < anonymous / 2


def test_the_plan_of_weeks_to_come_is_corrected_and_of_past_weeks_stays(client: Elasticsearch) -> None:
    now = datetime.now(UTC)
    assert prevention_plan.due(client, now) == []
    found = client.search(
        index=indices.PREVENTION, query={"exists": {"field": "target_people"}}, sort="happened_at", size=10_000
    )
    first, *_, last = found["hits"]["hits"]
    assert first["_source"]["happened_at"] < now.isoformat() < last["_source"]["happened_at"]
    for hit in (first, last):
        client.update(index=hit["_index"], id=hit["_id"], doc={"target_people": 7})
    (due,) = prevention_plan.due(client, now)
    assert due.id == last["_id"]
    client.index(index=due.index, id=due.id, document=due.body)
    assert prevention_plan.due(client, now) == []
