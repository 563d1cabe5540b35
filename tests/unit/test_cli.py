"""The command line: every command exists, the overview costs little, and `test` is honest."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from deploy import cli
from deploy.commands import test as test_command
from deploy.home import CHECKOUT, local_addresses


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_every_command_explains_itself(name: str) -> None:
    result = CliRunner().invoke(cli.build(name), [name, "--help"])
    assert result.exit_code == 0, result.output
    assert f"Usage: root {name}" in result.output.replace("\n", " ")


def test_the_overview_imports_no_command() -> None:
    code = (
        "import sys; from deploy import cli; cli.build(None);"
        "print([name for name in sys.modules if name.startswith(('deploy.commands', 'kafka', 'elastic', 'rich'))])"
    )
    output = subprocess.run([sys.executable, "-c", code], cwd=CHECKOUT, capture_output=True, text=True, check=True)
    assert output.stdout.strip() == "[]"


def test_a_misspelt_command_is_answered_with_the_right_one() -> None:
    result = CliRunner().invoke(cli.build("stak"), ["stak"])
    assert result.exit_code == 2
    assert "Did you mean 'stack'" in result.output


def test_addresses_are_those_that_the_stack_recorded(tmp_path: Path) -> None:
    assert local_addresses(tmp_path) == {}
    (tmp_path / "ports.json").write_text(json.dumps({"kafka": 1092, "elasticsearch": 1200}))
    assert local_addresses(tmp_path) == {
        "SAQBOL_HOME": str(tmp_path),
        "SAQBOL_KAFKA": "127.0.0.1:1092",
        "SAQBOL_ELASTICSEARCH": "http://127.0.0.1:1200",
    }


@pytest.mark.parametrize(("check", "assertion", "code"), [("0", "1", 0), ("3", "1", 1), ("0", "0", 1)])
def test_test_runs_everything_and_is_honest(
    check: str,
    assertion: str,
    code: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    file = tmp_path / "test_it.py"
    file.write_text(f"def test_it() -> None:\n    assert {assertion}\n")
    monkeypatch.setattr(test_command, "CHECKS", (("-c", f"raise SystemExit({check})"),))
    with pytest.raises(typer.Exit) as ended:
        test_command.run_tests([str(file), "-q", "-p", "no:cacheprovider"])
    output = capfd.readouterr().out
    assert ended.value.exit_code == code
    assert (f"failed: raise SystemExit({check})" in output) == (check != "0")
    assert output.splitlines()[-1].startswith("1 passed" if assertion == "1" else "1 failed")
