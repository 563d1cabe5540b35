"""What Kibana itself checks: its schemas of saved objects at the import, Lens's rules before it draws a panel.

From the schemas of the types, which refuse what they don't know, and from Lens's definitions of its operations
(`getErrorMessage`), which put an error in the panel's place; the same from Kibana 8.12 to 9.x.
"""

from __future__ import annotations

import ast
import json
from typing import Any

import pytest

from deploy.kibana import bundle
from tests.lens_queries import UNITS, Panel, Saved, lens_panels, load

PANELS = [panel for text in bundle.files().values() for panel in lens_panels(load(text))]

OBJECTS = [one for text in bundle.files().values() for one in load(text).values()]
#: The attributes of each type, as its oldest schema has them.
ATTRIBUTES = {
    "dashboard": {
        "title",
        "description",
        "version",
        "timeRestore",
        "timeFrom",
        "timeTo",
        "refreshInterval",
        "optionsJSON",
        "panelsJSON",
        "controlGroupInput",
        "kibanaSavedObjectMeta",
    },
    "search": {
        "title",
        "description",
        "columns",
        "sort",
        "grid",
        "hideChart",
        "isTextBasedQuery",
        "timeRestore",
        "kibanaSavedObjectMeta",
    },
    "index-pattern": {"title", "name", "timeFieldName", "fieldFormatMap", "fieldAttrs"},
    "tag": {"name", "description", "color"},
}

each_panel = pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel.name)


def seconds(span: str) -> int:
    """A span of time such as `1w`."""
    return int(span[:-1]) * UNITS[span[-1]]


def operations(panel: Panel) -> set[str]:
    """The operations of a panel's columns."""
    return {column["operationType"] for column in panel.columns.values()}


def is_measured(column: Saved) -> bool:
    """Whether a column asks Elasticsearch for a figure."""
    return not column["isBucketed"] and "references" not in column


@pytest.mark.parametrize("one", OBJECTS, ids=lambda one: one["id"])
def test_attributes_are_those_of_the_types_schema(one: Saved) -> None:
    assert set(one) == {"type", "id", "coreMigrationVersion", "typeMigrationVersion", "attributes", "references"}
    attributes = one["attributes"]
    optional = {"timeFieldName"}
    assert ATTRIBUTES[one["type"]] - optional <= set(attributes) <= ATTRIBUTES[one["type"]]
    if one["type"] == "dashboard":
        assert set(attributes["controlGroupInput"]) == {
            "chainingSystem",
            "controlStyle",
            "ignoreParentSettingsJSON",
            "panelsJSON",
        }
        assert set(attributes["refreshInterval"]) == {"pause", "value"}
    for part in (attributes, attributes.get("controlGroupInput", {}), attributes.get("kibanaSavedObjectMeta", {})):
        for key, value in part.items():
            if key.endswith(("JSON", "Map", "Attrs")):
                json.loads(value)


@each_panel
def test_top_values_are_not_shown_with_figures_of_several_times(panel: Panel) -> None:
    """ "In a single layer, you are unable to combine metrics with different time shifts and dynamic top values"."""
    shifts = {column.get("timeShift", "") for column in panel.columns.values() if is_measured(column)}
    assert "terms" not in operations(panel) or len(shifts) == 1


@each_panel
def test_a_reduced_time_stands_in_no_time_line(panel: Panel) -> None:
    reduced = [column for column in panel.columns.values() if "reducedTimeRange" in column]
    assert not reduced or "date_histogram" not in operations(panel)


@each_panel
def test_a_time_line_is_shifted_by_whole_steps(panel: Panel) -> None:
    """Otherwise the shifted points fall between the others; what step `auto` is nobody knows."""
    steps = [
        column["params"]["interval"] for column in panel.columns.values() if column["operationType"] == "date_histogram"
    ]
    shifts = [column["timeShift"] for column in panel.columns.values() if "timeShift" in column]
    for step in steps if shifts else []:
        assert step != "auto"
        assert all(seconds(shift) % seconds(step) == 0 for shift in shifts)


@each_panel
def test_a_split_panel_has_a_figure_of_its_own(panel: Panel) -> None:
    """What top values are ordered by is no part of a formula."""
    buckets = [column for column in panel.columns.values() if column["isBucketed"]]
    parts = {key for column in panel.columns.values() for key in column.get("references", [])}
    assert not buckets or any(is_measured(column) for column in panel.columns.values())
    for column in buckets:
        if column["operationType"] == "terms":
            assert column["params"]["orderBy"]["columnId"] not in parts


_SIGNS = {ast.Add: "add", ast.Sub: "subtract", ast.Div: "divide"}
_ARGUMENTS = {"kql": "filter", "shift": "timeShift", "reducedTimeRange": "reducedTimeRange"}


def read(node: ast.AST) -> Any:
    """A formula's text as a tree: (function, arguments), a number, or an operand's properties.

    The part of Lens's language that we use reads like Python.
    """
    if isinstance(node, ast.BinOp):
        return _SIGNS[type(node.op)], [read(node.left), read(node.right)]
    if isinstance(node, ast.Constant):
        return node.value
    assert isinstance(node, ast.Call), ast.dump(node)
    named = {_ARGUMENTS[str(one.arg)]: ast.literal_eval(one.value) for one in node.keywords}
    return {"operationType": ast.unparse(node.func), "field": [ast.unparse(one) for one in node.args], **named}


def written(panel: Panel, tree: Any) -> Any:
    """The parts of a formula as they stand in the panel, in the same form."""
    if isinstance(tree, dict):
        return tree["name"], [written(panel, argument) for argument in tree["args"]]
    if not isinstance(tree, str):
        return tree
    column = panel.columns[tree]
    if column["operationType"] == "math":
        return written(panel, column["params"]["tinymathAst"])
    field = [] if column["sourceField"] == "___records___" else [column["sourceField"]]
    more = {key: column[key] for key in ("timeShift", "reducedTimeRange") if key in column}
    if "filter" in column:
        more["filter"] = column["filter"]["query"]
    return {"operationType": column["operationType"], "field": field, **more}


@each_panel
def test_the_text_of_a_formula_says_what_its_parts_compute(panel: Panel) -> None:
    """Lens checks the text and computes the parts: if they differ, the panel lies to whoever opens it for editing."""
    for column in panel.columns.values():
        if column["operationType"] == "formula":
            text = column["params"]["formula"]
            assert read(ast.parse(text, mode="eval").body) == written(panel, column["references"][0]), text
