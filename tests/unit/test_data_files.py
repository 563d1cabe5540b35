"""Rules, reference data and texts: any YAML parser reads them, not only libyaml, which is faster and lets more pass."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from deploy.home import CHECKOUT

FOLDERS = ("producers", "streams", "schemas", "deploy")
FILES = [path.relative_to(CHECKOUT) for folder in FOLDERS for path in sorted((CHECKOUT / folder).rglob("*.yaml"))]


@pytest.mark.parametrize("file", FILES, ids=str)
def test_every_parser_reads_it(file: Path) -> None:
    assert list(yaml.safe_load_all((CHECKOUT / file).read_text(encoding="utf-8")))
