"""`./saqbol integrations`: who may use the gateway."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from deploy import cli
from producers import integrations
from producers.integrations import Permission


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SAQBOL_INTEGRATIONS_FILE", str(tmp_path / "integrations.yaml"))
    return tmp_path / "integrations.yaml"


def call(*arguments: str) -> Result:
    return CliRunner().invoke(cli.build("integrations"), ["integrations", *arguments])


def test_a_key_is_shown_once_and_opens_what_it_was_given_for(path: Path) -> None:
    added = call("add", "bank", "--channel", "partner", "--may", "look-up", "--may", "export", "--region", "KZ-59")
    key = added.stdout.strip()
    assert key.startswith("sb_")
    found = integrations.load(path).by_key(key)
    assert found is not None
    assert (found.source, found.may, found.region) == ("bank", (Permission.LOOK_UP, Permission.EXPORT), "KZ-59")
    shown = call("list").stdout
    assert "bank" in shown
    assert key not in shown
    assert "reports" not in shown


def test_by_itself_it_may_report(path: Path) -> None:
    key = call("add", "bot", "--channel", "telegram").stdout.strip()
    found = integrations.load(path).by_key(key)
    assert found is not None
    assert found.may == (Permission.REPORT,)


def test_what_was_there_stays_and_a_revoked_key_opens_nothing(path: Path) -> None:
    first = call("add", "bank", "--channel", "partner").stdout.strip()
    path.chmod(0o644)
    second = call("add", "bot", "--channel", "telegram").stdout.strip()
    assert call("revoke", "bank").exit_code == 0
    known = integrations.load(path)
    assert known.by_key(first) is None
    assert known.by_key(second) is not None
    assert path.stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["add", "Bank", "--channel", "partner"], "source"),
        (["add", "bank", "--channel", "pigeon"], "pigeon"),
        (["add", "bank", "--channel", "partner", "--may", "erase"], "erase"),
        (["add", "bank", "--channel", "partner", "--rate", "often"], "rate of bank"),
        (["add", "web-form", "--channel", "web"], "web-form"),
        (["add", "there", "--channel", "partner"], "same source"),
        (["revoke", "nobody"], "no integration nobody"),
    ],
)
def test_a_mistake_is_named_and_changes_nothing(path: Path, arguments: list[str], said: str) -> None:
    call("add", "there", "--channel", "partner")
    before = path.read_bytes()
    result = call(*arguments)
    assert result.exit_code == 2
    assert said in result.stderr.replace("\n", " ")
    assert path.read_bytes() == before
