"""The scenario's data files: their schemas are those of the types, and what they name exists."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
import yaml
from jsonschema import Draft202012Validator

from deploy.demo.scenario import FOLDER, Places, Scenario, places, scenario
from schemas.reference import demands, regions, schemes


@pytest.mark.parametrize(("name", "kind"), [("scenario", Scenario), ("places", Places)])
def test_schemas_are_current_and_fit(name: str, kind: Any) -> None:
    """To bring one up to date: write `msgspec.json.schema(kind)` with the `$schema` of 2020-12 into the file."""
    schema = json.loads((FOLDER / f"{name}.schema.json").read_text(encoding="utf-8"))
    assert schema == {"$schema": "https://json-schema.org/draft/2020-12/schema", **msgspec.json.schema(kind)}
    Draft202012Validator(schema).validate(yaml.safe_load((FOLDER / f"{name}.yaml").read_text(encoding="utf-8")))


def test_names_exist() -> None:
    assert set(scenario().schemes) == set(schemes())
    assert {demand for plot in scenario().schemes.values() for demand in plot.demands} <= set(demands())
    assert scenario().rising_scheme in schemes()
    assert set(places()) == set(regions())
    assert all(low < high for low, high in (plot.loss for plot in scenario().schemes.values()))


def test_no_two_integrations_share_a_name() -> None:
    sources = [one.source for one in scenario().integrations]
    assert len(set(sources)) == len(sources)
    # The gateway keeps this name for its own form.
    assert "web-form" not in sources
