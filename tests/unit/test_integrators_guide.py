"""What docs/integrators.md shows is what the code takes: its bodies, its mapping, its events, its links."""

from __future__ import annotations

import ast
import re
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
import yaml

from deploy import cli
from deploy.home import CHECKOUT
from producers.conformance import check_lines
from producers.files.checking import preview
from producers.files.encoding import examine
from producers.files.mapping import load_mapping
from producers.files.rows import RowReader
from producers.files.tables import open_table
from producers.gateway.batches import MAX_BATCH
from producers.intake import MAX_TEXT, Origin, checked_submission
from producers.integrations import Permission
from producers.prevention import read_prevention
from producers.problems import InvalidError
from producers.reporters import ReporterHasher
from schemas.events import Channel, ReportSubmission

GUIDE = CHECKOUT / "docs" / "integrators.md"
TEXT = GUIDE.read_text(encoding="utf-8")
NOW = datetime.now(UTC)
HASHER = ReporterHasher(b"k" * 32)
#: Bodies that the guide sends, by address.
BODIES = re.findall(r"8080(/v1/[a-z/]+) .\n[^']*?-d '([^']*)'\n", TEXT)


def heredoc(mark: str) -> str:
    found = re.search(rf"<<'{mark}'\n(.*?)^{mark}$", TEXT, re.DOTALL | re.MULTILINE)
    assert found
    return found[1]


def test_the_bodies_are_taken_but_for_the_one_that_shows_errors() -> None:
    origin = Origin(source="guide", channel=Channel.PARTNER)
    addresses = [address for address, _ in BODIES]
    assert addresses == ["/v1/reports", "/v1/reports", "/v1/reports/batch", "/v1/prevention"]
    (first, wrong, batch, warning) = [body.encode() for _, body in BODIES]
    checked_submission(first, NOW, HASHER)
    with pytest.raises(InvalidError):
        checked_submission(wrong, NOW, HASHER)
    items = msgspec.json.decode(batch, type=dict[str, list[msgspec.Raw]])["reports"]
    checked_submission(bytes(items[0]), NOW, HASHER)
    with pytest.raises(InvalidError):
        checked_submission(bytes(items[1]), NOW, HASHER)
    read_prevention(warning, origin, NOW, HASHER)


def test_the_mapping_reads_the_table(tmp_path: Path) -> None:
    file, mapping = tmp_path / "january.csv", tmp_path / "mapping.yaml"
    file.write_text(heredoc("CSV"), encoding="utf-8")
    mapping.write_text(heredoc("YAML"), encoding="utf-8")
    loaded, nature = load_mapping(mapping), examine(file)
    reader = RowReader(loaded, b"key", NOW)
    with open_table(file, nature, loaded.table, reader.columns) as table:
        found = preview(table, reader, "local-test", NOW, lambda _: None)
    assert (found.good, found.bad, found.backfill) == (2, 1, 2)
    assert [field for field, _, _ in found.problems] == ["/happened_at"]


def test_the_events_are_refused_as_it_says() -> None:
    found = list(check_lines(heredoc("JSONL").encode().splitlines(), NOW))
    assert [sorted(p.field for p in one.problems) for one in found] == [[], ["/colour", "/loss_kzt"], ["/source_ref"]]


def test_python_is_python_and_commands_exist() -> None:
    (code,) = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    ast.parse(code)
    for name in re.findall(r"\./saqbol ([a-z-]+)", TEXT):
        assert name in cli.COMMANDS


def test_fields_permissions_and_limits_are_those_of_the_code() -> None:
    for field in ReportSubmission.__struct_fields__:
        assert f"`{field}`" in TEXT, field
    for permission in Permission:
        assert f"`{permission.value}`" in TEXT
    assert f"{MAX_BATCH} items" in TEXT
    assert f"{MAX_TEXT:,} characters" in TEXT


def test_links_lead_somewhere() -> None:
    headings = {
        re.sub(r"[^\w\- ]", "", line).strip().lower().replace(" ", "-")
        for line in TEXT.splitlines()
        if line.startswith("#")
    }
    for target in re.findall(r"\]\(([^)]+)\)", TEXT):
        if target.startswith("#"):
            assert target[1:] in headings, target
        else:
            assert (GUIDE.parent / target).exists(), target
    assert yaml.safe_load((CHECKOUT / "schemas/generated/asyncapi.yaml").read_text(encoding="utf-8"))
