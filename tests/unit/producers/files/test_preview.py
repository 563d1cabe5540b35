"""What a dry run says of a file."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import yaml
from typer.testing import CliRunner

from deploy import cli
from tests import agency


def test_the_days_of_incidents_are_those_of_the_file(tmp_path: Path) -> None:
    file, mapping = tmp_path / "a.csv", tmp_path / "mapping.yaml"
    rows = [agency.row(1, datetime(2026, 1, 15, 0, 30)), agency.row(2, datetime(2026, 1, 16, 4, 0))]
    file.write_bytes(agency.as_csv(rows, "cp1251"))
    mapping.write_text(yaml.safe_dump(agency.MAPPING, allow_unicode=True), encoding="utf-8")
    arguments = ["import", str(file), "--source", "agency", "--mapping", str(mapping), "--dry-run"]
    said = CliRunner().invoke(cli.build("import"), arguments).output
    assert "CSV, Windows-1251; 2 rows can be sent" in said
    assert "incidents of 2026-01-15 to 2026-01-16" in said
