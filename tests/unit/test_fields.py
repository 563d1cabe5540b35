"""The data dictionary: every field of every mapping is explained, the page is current, readers are those of roles."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path

import msgspec
import pytest

from deploy import fields
from deploy.kibana import views, wording
from schemas import indices
from schemas.reference import ReferenceDataError
from streams.understanding.folding import SECRET_KINDS


def test_every_field_is_explained_and_no_other() -> None:
    said = fields.fields()
    assert set(said) == set(indices.TEMPLATES)
    for alias, explained in said.items():
        mapped = indices.fields(indices.templates()[alias]["template"]["mappings"]["properties"])
        assert set(explained) == {path for path, kind in mapped.items() if kind != "alias"}


def test_the_page_is_current() -> None:
    assert fields.is_current(), "run python -m deploy.fields and commit"


def test_the_page_has_every_field_with_type_meaning_and_example() -> None:
    page = fields.document()
    for alias, template in indices.templates().items():
        part = page.partition(f"\n## {alias}\n")[2].partition("\n## ")[0]
        for path, kind in indices.fields(template["template"]["mappings"]["properties"]).items():
            (row,) = [line for line in part.splitlines() if line.startswith(f"| `{path}`")]
            cells = row.strip("| ").split(" | ")
            assert cells[1].startswith(kind)
            assert len(cells) >= 3


def test_a_field_that_nobody_explained_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = fields.FIELDS.read_text(encoding="utf-8")
    other = tmp_path / "fields.yaml"
    other.write_text(text.replace("  masked_count:", "  masked_sum:"), encoding="utf-8")
    monkeypatch.setattr(fields, "FIELDS", other)
    with pytest.raises(ReferenceDataError, match=r"saqbol-reports: not explained: \['masked_count'\]; in no mapping"):
        fields.fields()


def test_examples_are_of_the_fields_type() -> None:
    kinds = {"date": str, "boolean": bool, "integer": int, "long": int, "float": float, "half_float": float}
    for alias, explained in fields.fields().items():
        mapped = indices.fields(indices.templates()[alias]["template"]["mappings"]["properties"])
        for path, field in explained.items():
            wanted = kinds.get(mapped[path], str)
            assert isinstance(field.example, wanted), f"{alias} {path}"
            if mapped[path] == "date":
                msgspec.convert(field.example, datetime, strict=False)


def test_examples_of_closed_lists_are_in_them() -> None:
    """What dashboards have labels for is what the code writes; a dictionary with another word misleads a search."""
    found = 0
    for alias, explained in fields.fields().items():
        for path, field in explained.items():
            listed = views.LABELLED.get((alias, path)) or views.LABELLED.get(("", path))
            if listed and not isinstance(field.example, bool):
                found += 1
                assert field.example in wording.labels()[listed], f"{alias} {path}"
            for secret in re.findall(r"\[([a-z-]+)\]", str(field.example)):
                assert secret in SECRET_KINDS, f"{alias} {path}"
    assert found > 25


def test_the_audit_log_is_read_by_the_auditor_alone() -> None:
    people = {"saqbol_analyst", "saqbol_oncall", "saqbol_operator", "saqbol_auditor", "saqbol_gateway", "saqbol_desk"}
    assert people.intersection(fields.readers(indices.AUDIT)) == {"saqbol_auditor"}
    assert people.intersection(fields.readers(indices.REPORTS)) == {"saqbol_analyst", "saqbol_oncall", "saqbol_desk"}
