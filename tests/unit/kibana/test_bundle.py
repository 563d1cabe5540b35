"""The bundles of saved objects, as far as they can be checked without Kibana and without a server.

Kibana's import checks nothing and much fails silently: a missing reference, an unknown column, a formula's part.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from deploy.kibana import bundle, views, wording
from deploy.kibana.__main__ import stale
from deploy.kibana.dashboards import BOARDS, TAG
from deploy.kibana.panels import GRID
from deploy.kibana.searches import REAL, REAL_ALERTS, SEARCHES
from deploy.kibana.wording import LOCALES, Locale
from schemas import audit, events, indices, prevention, reference
from streams.reputation import State
from streams.understanding.folding import SECRET_KINDS
from streams.waves.rules import SEVERITIES
from tests.lens_queries import Panel, Saved, fields_of, lens_panels, load, panels_of

BUNDLES = {locale: load(text) for locale, text in zip(LOCALES, bundle.files().values(), strict=True)}
LENS = [panel for objects in BUNDLES.values() for panel in lens_panels(objects)]
DASHBOARDS = [one for objects in BUNDLES.values() for (kind, _), one in objects.items() if kind == "dashboard"]
_VIEW_LINK = re.compile(r"#/view/([a-z-]+)(?:\?_g=\(time:\(from:([a-z0-9-]+),to:now\)\)&_a=\((.*?)\)(?=\)|$))?")

each_locale = pytest.mark.parametrize("locale", LOCALES)
each_lens = pytest.mark.parametrize("panel", LENS, ids=lambda panel: panel.name)
each_dashboard = pytest.mark.parametrize("dashboard", DASHBOARDS, ids=lambda one: one["id"])


def known_fields(view: Saved) -> dict[str, str]:
    """Type of every field of a data view, an alias's target resolved, and the multi-fields."""
    found: dict[str, str] = {}
    for alias in view["attributes"]["title"].split(","):
        properties = indices.templates()[alias]["template"]["mappings"]["properties"]
        types = indices.fields(properties)
        found |= {name: types[_path(properties, name)] if kind == "alias" else kind for name, kind in types.items()}
    return found


def _path(properties: Any, name: str) -> str:
    path: str = properties[name]["path"]
    return path


def test_bundles_pictures_and_questions_are_current() -> None:
    assert [path.name for path in stale()] == [], "run: python -m deploy.kibana"


@pytest.mark.parametrize("path", bundle.files(), ids=lambda path: path.name)
def test_bundle_is_small(path: Path) -> None:
    assert path.stat().st_size < 1_000_000


@each_locale
def test_bundle_is_the_same_each_time(locale: Locale) -> None:
    assert bundle.objects(locale) == bundle.objects(locale)


def test_languages_share_no_object_but_the_tag() -> None:
    first, second = (set(objects) for objects in BUNDLES.values())
    assert first & second == {("tag", TAG)}


def test_languages_show_the_same() -> None:
    def shapes(locale: Locale) -> list[Any]:
        return [
            (
                board.name,
                [
                    (panel.key.removesuffix(locale), panel.kind, width)
                    for row in board.rows
                    for panel, width in row.panels
                ],
            )
            for board in bundle.boards(locale)
        ]

    assert shapes("ru") == shapes("kk")


@each_locale
def test_the_five_dashboards_are_there(locale: Locale) -> None:
    found = [one["attributes"]["title"] for (kind, _), one in BUNDLES[locale].items() if kind == "dashboard"]
    assert found == [wording.texts()[f"title.{name}"].of(locale) for name in BOARDS]


@each_locale
def test_every_reference_is_to_an_object_before_it_or_a_dashboard(locale: Locale) -> None:
    seen: set[tuple[str, str]] = set()
    for key, one in BUNDLES[locale].items():
        for reference_ in one["references"]:
            target = reference_["type"], reference_["id"]
            assert target in BUNDLES[locale]
            assert target in seen or target[0] == "dashboard", (key, target)
        names = [reference_["name"] for reference_ in one["references"]]
        assert len(names) == len(set(names)), key
        seen.add(key)


@each_dashboard
def test_every_panel_finds_its_references_by_name(dashboard: Saved) -> None:
    names = {reference_["name"] for reference_ in dashboard["references"]}
    wanted = {f"tag-ref-{TAG}"}
    for panel in panels_of(dashboard):
        key, config = panel["panelIndex"], panel["embeddableConfig"]
        if panel["type"] == "search":
            assert panel["panelRefName"] == f"panel_{key}"
            wanted.add(f"{key}:panel_{key}")
        if panel["type"] == "lens":
            wanted |= {f"{key}:{reference_['name']}" for reference_ in config["attributes"]["references"]}
            for event in config["enhancements"].get("dynamicActions", {}).get("events", []):
                wanted.add(f"{key}:drilldown:{event['action']['factoryId']}:{event['eventId']}:dashboardId")
    for key in json.loads(dashboard["attributes"]["controlGroupInput"]["panelsJSON"]):
        wanted.add(f"controlGroup_{key}:optionsListDataView")
    assert names == wanted


@each_dashboard
def test_panels_fill_the_grid_without_overlap(dashboard: Saved) -> None:
    taken: dict[tuple[int, int], str] = {}
    for panel in panels_of(dashboard):
        place = panel["gridData"]
        assert place["i"] == panel["panelIndex"]
        assert place["x"] + place["w"] <= GRID
        assert place["w"] >= 8
        assert place["h"] >= 4
        for x in range(place["x"], place["x"] + place["w"]):
            for y in range(place["y"], place["y"] + place["h"]):
                assert (x, y) not in taken, (panel, taken[x, y])
                taken[x, y] = panel["panelIndex"]
    rows = {y for _, y in taken}
    assert rows == set(range(max(rows) + 1))
    assert len(taken) == GRID * len(rows)


def test_panel_and_control_ids_are_used_once() -> None:
    keys = [panel["panelIndex"] for one in DASHBOARDS for panel in panels_of(one)]
    keys += [key for one in DASHBOARDS for key in json.loads(one["attributes"]["controlGroupInput"]["panelsJSON"])]
    assert len(keys) == len(set(keys))


@each_lens
def test_columns_are_whole(panel: Panel) -> None:
    columns = panel.columns
    layer = next(iter(_layers(panel)))
    assert layer["columnOrder"] == list(columns)
    bucketed = [column["isBucketed"] for column in columns.values()]
    assert bucketed == sorted(bucketed, reverse=True), "buckets come before measures"
    for key, column in columns.items():
        assert set(column.get("references", [])) <= set(columns)
        if column["operationType"] == "terms":
            by = columns[column["params"]["orderBy"]["columnId"]]
            assert not by["isBucketed"]
            assert by["operationType"] not in ("formula", "math")
            assert "timeShift" not in by
        if column["operationType"] == "math":
            assert _leaves(column["params"]["tinymathAst"]) == set(column["references"])
        if column["operationType"] == "formula":
            assert list(columns).index(column["references"][0]) == list(columns).index(key) - 1
            assert column["params"]["formula"].count("(") == column["params"]["formula"].count(")")
        assert column["label"] or "X" in key


def _layers(panel: Panel) -> list[Saved]:
    """The layers of the panel as they stand in its dashboard."""
    found = [
        one["embeddableConfig"]["attributes"]["state"]["datasourceStates"]["formBased"]["layers"]
        for one in panels_of(panel.dashboard)
        if one["type"] == "lens" and one["title"] == panel.title
    ]
    return [layer for layers in found for layer in layers.values() if layer["columns"] == panel.columns]


def _leaves(tree: Any) -> set[str]:
    if isinstance(tree, dict):
        return {leaf for argument in tree["args"] for leaf in _leaves(argument)}
    return {tree} if isinstance(tree, str) else set()


@each_lens
def test_every_column_shown_exists(panel: Panel) -> None:
    shown = set(re.findall(r"'(?:\w*Accessor|columnId)': '([^']*)'", str(panel.visualization)))
    shown |= {key for name in ("accessors", "primaryGroups", "metrics") for key in _listed(panel.visualization, name)}
    assert shown
    assert shown <= set(panel.columns)
    hidden = {key for key, column in panel.columns.items() if column["label"].startswith("Part of ")}
    assert shown == set(panel.columns) - hidden


def _listed(visualization: Saved, name: str) -> list[str]:
    layers = visualization.get("layers", [])
    return [key for layer in layers for key in layer.get(name, [])]


@each_lens
def test_fields_have_a_fitting_type(panel: Panel) -> None:
    types = known_fields(panel.view)
    for column in panel.columns.values():
        field, operation = column.get("sourceField"), column["operationType"]
        if operation in ("math", "formula") or field == "___records___":
            continue
        kind = types[field]
        if operation in ("terms", "unique_count"):
            assert kind == "keyword"
        elif operation in ("sum", "percentile"):
            assert kind in ("long", "integer", "float")
        else:
            assert operation in ("date_histogram", "min", "max")
            assert kind == "date"
        if operation == "date_histogram":
            assert field == panel.view["attributes"]["timeFieldName"]
    for query in (panel.query, *(column["filter"]["query"] for column in panel.columns.values() if "filter" in column)):
        assert fields_of(query) <= set(types), query


@each_lens
def test_panels_with_a_time_shift_have_a_time(panel: Panel) -> None:
    shifted = [c for c in panel.columns.values() if "timeShift" in c or "reducedTimeRange" in c]
    assert not shifted or "timeFieldName" in panel.view["attributes"]


@each_lens
def test_heartbeats_are_left_out(panel: Panel) -> None:
    read = panel.view["attributes"]["title"].split(",")
    if indices.REPORTS in read:
        assert panel.query.startswith(REAL)
    if indices.ALERTS in read:
        assert REAL_ALERTS in panel.query or "family: urgent" in panel.query or "not family: (heartbeat" in panel.query


def test_saved_searches_leave_heartbeats_out() -> None:
    for name, search in SEARCHES.items():
        if indices.REPORTS in views.VIEWS[search.view].aliases:
            assert search.where.startswith(REAL), name
        if indices.ALERTS in views.VIEWS[search.view].aliases:
            assert "heartbeat" in search.where or search.where.startswith("family: urgent"), name


@each_locale
def test_saved_searches_know_their_fields(locale: Locale) -> None:
    for (kind, key), one in BUNDLES[locale].items():
        if kind != "search":
            continue
        (view,) = [BUNDLES[locale]["index-pattern", r["id"]] for r in one["references"] if r["type"] == "index-pattern"]
        types = known_fields(view)
        attributes = one["attributes"]
        ((sort, _),) = attributes["sort"]
        assert types[sort] == "date", key
        assert set(attributes["columns"]) <= set(types), key
        assert len(set(attributes["columns"])) == len(attributes["columns"]), key
        source = json.loads(attributes["kibanaSavedObjectMeta"]["searchSourceJSON"])
        assert fields_of(source["query"]["query"]) <= set(types), key


@each_dashboard
def test_controls_stand_on_keywords_that_every_panel_answers_to(dashboard: Saved) -> None:
    """A choice must not empty a panel only because its index has another name for the field."""
    objects = next(objects for objects in BUNDLES.values() if ("dashboard", dashboard["id"]) in objects)
    group = json.loads(dashboard["attributes"]["controlGroupInput"]["panelsJSON"])
    chosen = {one["explicitInput"]["fieldName"] for one in group.values()}
    assert chosen
    for target in {r["id"] for r in dashboard["references"] if r["type"] == "index-pattern"}:
        types = known_fields(objects["index-pattern", target])
        if "saqbol-quality" in dashboard["id"] and "alerts" in target:
            continue  # an alert has no source, and the dashboard says so
        assert {field: types.get(field) for field in chosen} == dict.fromkeys(chosen, "keyword"), target


@pytest.mark.parametrize("locale", LOCALES)
def test_the_usual_controls_are_on_the_dashboards_of_reports(locale: Locale) -> None:
    for name in ("now", "number", "schemes"):
        attributes = BUNDLES[locale]["dashboard", views.board_id(name, locale)]["attributes"]
        group = json.loads(attributes["controlGroupInput"]["panelsJSON"])
        chosen = {one["explicitInput"]["fieldName"] for one in group.values()}
        assert {"region", "channel", views.scheme_field(locale), "medium", "outcome"} <= chosen


@each_locale
def test_every_link_leads_to_a_dashboard(locale: Locale) -> None:
    found = 0
    known = {key for kind, key in BUNDLES[locale] if kind == "dashboard"}
    for (kind, _), one in BUNDLES[locale].items():
        if kind not in ("dashboard", "index-pattern"):
            continue
        text = json.dumps(one, ensure_ascii=False)
        for target, since, state in _VIEW_LINK.findall(text):
            found += 1
            assert target in known
            if since:
                assert state.startswith("filters:!(),query:(language:kuery,query:'"), "older filters must go"
    assert found > 60


@each_dashboard
def test_a_click_leads_to_another_dashboard_and_takes_along_what_that_one_knows(dashboard: Saved) -> None:
    """To the dashboard that is open already nothing would happen."""
    targets = {one["name"]: one["id"] for one in dashboard["references"] if one["type"] == "dashboard"}
    for panel in panels_of(dashboard):
        for event in panel["embeddableConfig"]["enhancements"].get("dynamicActions", {}).get("events", []):
            action = event["action"]
            target = targets.pop(
                f"{panel['panelIndex']}:drilldown:{action['factoryId']}:{event['eventId']}:dashboardId"
            )
            assert target != dashboard["id"], panel["title"]
            assert action["config"] == {
                "useCurrentFilters": not target.startswith("saqbol-regions"),
                "useCurrentDateRange": False,
                "openInNewTab": False,
            }
    assert not targets


@each_locale
def test_links_hold_in_every_space(locale: Locale) -> None:
    """Kibana puts neither its base path nor the space before a link that begins with /app."""
    for (kind, key), one in BUNDLES[locale].items():
        if kind == "index-pattern":
            for shown in json.loads(one["attributes"]["fieldFormatMap"]).values():
                if shown["id"] == "url":
                    assert shown["params"]["urlTemplate"].startswith("../app/dashboards#/view/"), key


@each_locale
def test_numbers_and_schemes_are_links_wherever_they_are_shown(locale: Locale) -> None:
    for (kind, key), one in BUNDLES[locale].items():
        if kind != "index-pattern":
            continue
        formats = json.loads(one["attributes"]["fieldFormatMap"])
        for field, type_ in known_fields(one).items():
            if field in views.NUMBER_FIELDS and type_ == "keyword":
                assert f"saqbol-number-{locale}" in formats[field]["params"]["urlTemplate"], (key, field)
            if field == views.scheme_field(locale):
                assert f"saqbol-schemes-{locale}" in formats[field]["params"]["urlTemplate"], (key, field)


@each_locale
def test_names_of_schemes_fit_into_a_link(locale: Locale) -> None:
    """A URL keeps these characters as they are, and they would end the query that they stand in."""
    for said in wording.labels()["scheme"].values():
        assert not set(said.of(locale)) & set("'\"!()\\"), said.of(locale)


@each_locale
def test_the_directory_has_every_scheme(locale: Locale) -> None:
    dashboard = BUNDLES[locale]["dashboard", views.board_id("schemes", locale)]
    text = panels_of(dashboard)[0]["embeddableConfig"]["savedVis"]["params"]["markdown"]
    for said in wording.labels()["scheme"].values():
        assert f"%22{said.of(locale)}%22" in unquote(text.replace("%22", "%2522"))


def test_every_text_is_used_and_every_text_is_said() -> None:
    used: set[str] = set()
    texts = wording.texts()

    class Noting(dict[str, wording.Said]):
        def __getitem__(self, key: str) -> wording.Said:
            used.add(key)
            return super().__getitem__(key)

    with pytest.MonkeyPatch.context() as patch:
        for module in ("deploy.kibana.dashboards", "deploy.kibana.views", "deploy.kibana.searches"):
            patch.setattr(f"{module}.texts", lambda: Noting(texts))
        for locale in LOCALES:
            bundle.objects(locale)
    assert set(texts) - used == set()
    for key, said in texts.items():
        assert said.ru.strip()
        assert said.kk.strip(), key


@pytest.mark.parametrize(
    ("listed", "values"),
    [
        ("channel", events.Channel),
        ("medium", events.Medium),
        ("outcome", events.Outcome),
        ("stance", events.Stance),
        ("language", events.Language),
        ("group", events.AffectedGroup),
        ("kind", events.ContactKind),
        ("status", events.AlertStatus),
        ("verdict", events.VerdictKind),
        ("reason", events.RejectReason),
        ("activity", prevention.Activity),
        ("action", audit.AuditAction),
        ("state", State),
        ("severity", SEVERITIES),
        ("masked", SECRET_KINDS),
        ("region", reference.regions()),
        ("demand", reference.demands()),
        ("scheme", reference.schemes()),
        ("district", reference.districts()),
    ],
)
def test_every_value_has_a_label(listed: str, values: Any) -> None:
    assert set(wording.labels()[listed]) == {str(value) for value in values}


@each_locale
@pytest.mark.parametrize("listed", wording.labels())
def test_no_two_values_have_the_same_label(listed: str, locale: Locale) -> None:
    """Two rows of a table that read the same tell nobody which is which: several regions have a district of Zhambyl."""
    said = [one.of(locale) for one in wording.labels()[listed].values()]
    assert sorted(said) == sorted(set(said))


def test_every_panel_answers_a_question() -> None:
    for board in bundle.boards("ru"):
        for row in board.rows:
            for panel, _ in row.panels:
                assert panel.kind == "text" or panel.question.endswith("?"), panel.key
