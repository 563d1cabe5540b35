"""The bundles keep to the shapes of an example that a real Kibana 8.12 imported, rendered and let click.

The example lies outside the project; without it these tests are skipped.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from deploy.home import CHECKOUT
from deploy.kibana import bundle
from tests.lens_queries import Saved, lens_panels, load

EXAMPLE = CHECKOUT.parent / "shared" / "data" / "kibana-example" / "example.ndjson"

#: What ours have and the example has not, each long in Kibana and the same in all versions meant: labels for the values
#: of a field (`static_lookup`), numbers written by a pattern, the smallest value of a field, a legend to be seen.
ALLOWED = {
    "operationType=min",
    "fieldFormat=static_lookup",
    "fieldFormat=number",
}

pytestmark = pytest.mark.skipif(not EXAMPLE.exists(), reason="the example bundle is not beside the checkout")

#: Strings of JSON inside a saved object, and objects whose keys are ids.
_JSON = {"panelsJSON", "optionsJSON", "searchSourceJSON", "ignoreParentSettingsJSON", "fieldFormatMap", "fieldAttrs"}
_KEYED = {"layers", "columns", "fieldFormatMap", "fieldAttrs"}
#: Names whose values say which kind of thing it is.
_KINDS = ("type", "operationType", "visualizationType", "seriesType", "shape", "factoryId", "dataType", "scale")


def paths(value: Any, prefix: str, keyed: bool = False) -> Iterator[str]:
    """Every path of keys within a saved object; ids that are keys count as one."""
    if isinstance(value, list):
        for item in value:
            yield from paths(item, f"{prefix}[]")
    elif isinstance(value, dict):
        for key, item in value.items():
            name = "*" if keyed else key
            content = json.loads(item) if key in _JSON and isinstance(item, str) else item
            yield f"{prefix}.{name}"
            is_controls = key == "panelsJSON" and isinstance(content, dict)
            inner = is_controls or (key in _KEYED and isinstance(content, dict))
            yield from paths(content, f"{prefix}.{name}", inner)


def shape_of(objects: dict[tuple[str, str], Saved]) -> set[str]:
    """The paths of all objects by type, without those inside formulas, formats and visualizations (see below)."""
    return {
        path
        for (kind, _), one in objects.items()
        for path in paths(one, kind)
        if "tinymathAst" not in path and "fieldFormatMap.*." not in path
    }


def kinds_of(objects: dict[tuple[str, str], Saved]) -> set[str]:
    """The kinds of things used: panels, operations, series, formats, controls."""

    def walk(value: Any) -> Iterator[str]:
        if isinstance(value, list):
            for item in value:
                yield from walk(item)
        elif isinstance(value, dict):
            for key, item in value.items():
                content = json.loads(item) if key in _JSON and isinstance(item, str) else item
                if key in _KINDS and isinstance(content, str):
                    yield f"{key}={content}"
                if key == "fieldFormatMap":
                    yield from (f"fieldFormat={one['id']}" for one in content.values())
                yield from walk(content)

    return {found for one in objects.values() for found in walk(one)}


@pytest.fixture(scope="module")
def example() -> dict[tuple[str, str], Saved]:
    return load(EXAMPLE.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", bundle.files(), ids=lambda path: path.name)
def test_nothing_has_a_key_that_kibana_was_not_shown(path: Path, example: dict[tuple[str, str], Saved]) -> None:
    ours = load(path.read_text(encoding="utf-8"))
    assert shape_of(ours) - shape_of(example) == set()


@pytest.mark.parametrize("path", bundle.files(), ids=lambda path: path.name)
def test_only_kinds_that_kibana_was_shown(path: Path, example: dict[tuple[str, str], Saved]) -> None:
    ours = load(path.read_text(encoding="utf-8"))
    assert kinds_of(ours) - kinds_of(example) == ALLOWED


@pytest.mark.parametrize("path", bundle.files(), ids=lambda path: path.name)
def test_migration_levels_are_those_of_the_example(path: Path, example: dict[tuple[str, str], Saved]) -> None:
    def levels(objects: dict[tuple[str, str], Saved]) -> dict[str, set[tuple[str, str]]]:
        found: dict[str, set[tuple[str, str]]] = {}
        for (kind, _), one in objects.items():
            found.setdefault(kind, set()).add((one["coreMigrationVersion"], one["typeMigrationVersion"]))
        return found

    assert levels(load(path.read_text(encoding="utf-8"))) == levels(example)


def _arguments(tree: Any) -> Iterator[Any]:
    if isinstance(tree, dict):
        assert set(tree) == {"type", "name", "args", "location", "text"}
        for argument in tree["args"]:
            yield argument
            yield from _arguments(argument)


def test_formulas_are_built_as_in_the_example(example: dict[tuple[str, str], Saved]) -> None:
    """A function's arguments are ids, whole numbers, or functions; no other functions than arithmetic."""
    for path in bundle.files():
        ours = load(path.read_text(encoding="utf-8"))
        for panel in [*lens_panels(ours), *lens_panels(example)]:
            for column in panel.columns.values():
                if column["operationType"] != "math":
                    continue
                tree = column["params"]["tinymathAst"]
                assert {type(one) for one in _arguments(tree)} <= {str, int, dict}
                names = {one["name"] for one in [tree, *_arguments(tree)] if isinstance(one, dict)}
                assert names <= {"add", "subtract", "divide"}
