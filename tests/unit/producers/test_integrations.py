"""The integrations file: who may publish, and what a wrong file says."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
import yaml

from producers import integrations
from producers.intake import Origin
from producers.integrations import FILE_SCHEMA, IntegrationsError, IntegrationsFile
from schemas.events import Channel, json_schema

DESK = Origin(source="desk", channel=Channel.HOTLINE, area_code="71541", region="KZ-59", district="Мамлютский")
BOT = Origin(source="bot", channel=Channel.TELEGRAM)


def entry(**changes: object) -> dict[str, object]:
    return {"source": "desk", "channel": "hotline", "key_sha256": "0" * 64} | changes


def test_created_keys_open_what_they_were_created_for(tmp_path: Path) -> None:
    path = tmp_path / "new" / "integrations.yaml"
    keys = integrations.create(path, [DESK, BOT], rate="5/minute")
    loaded = integrations.load(path)
    for origin in (DESK, BOT):
        found = loaded.by_key(keys[origin.source])
        assert found is not None
        assert found.origin() == origin
        assert found.rate == "5/minute"
    assert path.stat().st_mode & 0o777 == 0o600


def test_the_file_holds_no_key(tmp_path: Path) -> None:
    path = tmp_path / "integrations.yaml"
    keys = integrations.create(path, [DESK])
    assert keys["desk"] not in path.read_text()
    assert hashlib.sha256(keys["desk"].encode()).hexdigest() in path.read_text()
    assert integrations.create(path, [DESK]) != keys


@pytest.mark.parametrize("key", ["", "x", "\udc80", "0" * 64, "sb_" + "A" * 43])
def test_unknown_keys_open_nothing(tmp_path: Path, key: str) -> None:
    path = tmp_path / "integrations.yaml"
    integrations.create(path, [DESK, BOT])
    assert integrations.load(path).by_key(key) is None


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ([entry(source="Desk 1")], "source"),
        ([entry(channel="pigeon")], "channel"),
        ([entry(key_sha256="secret")], "key_sha256"),
        ([entry(key="secret")], "key"),
        ([entry(area_code="abc")], "area_code"),
        ([entry(rate="often")], "rate of desk"),
        ([entry(), entry(key_sha256="1" * 64)], "same source"),
        ([entry(), entry(source="bot")], "same key_sha256"),
        ([entry(source="web-form")], "web-form"),
        ("nothing", "integrations"),
    ],
)
def test_a_wrong_file_is_refused_with_the_place(tmp_path: Path, entries: object, said: str) -> None:
    path = tmp_path / "integrations.yaml"
    path.write_text(yaml.safe_dump({"integrations": entries}))
    with pytest.raises(IntegrationsError, match=said) as caught:
        integrations.load(path)
    assert str(path) in str(caught.value)


def test_a_missing_or_broken_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "integrations.yaml"
    with pytest.raises(IntegrationsError, match="No such file"):
        integrations.load(path)
    path.write_text("integrations: [")
    with pytest.raises(IntegrationsError, match=r"integrations\.yaml"):
        integrations.load(path)


def test_the_schema_beside_the_code_is_current() -> None:
    assert json.loads(FILE_SCHEMA.read_text()) == json.loads(json.dumps(json_schema(IntegrationsFile)))
