"""`./saqbol staff`: people come and go, and no password is ever shown or typed on the command line."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from deploy.commands.staff import app
from producers.desk import staff
from producers.desk.staff import Role
from tests.desk_process import PASSWORD

runner = CliRunner()


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "secrets" / "staff.yaml"
    monkeypatch.setenv("SAQBOL_DESK_STAFF_FILE", str(path))
    return path


def add(account: str, *options: str, password: str = PASSWORD) -> tuple[int, str]:
    given = ["add", account, "--name", "Айгүл", "--role", "operator", *options]
    result = runner.invoke(app, given, input=f"{password}\n{password}\n")
    return result.exit_code, result.output


def test_somebody_comes_gets_another_password_and_goes(file: Path) -> None:
    code, said = add("aigul", "--role", "oncall", "--area-code", "71541", "--region", "KZ-59")
    assert code == 0, said
    assert PASSWORD not in said
    (person,) = staff.read(file)
    assert (person.roles, person.area_code) == ([Role.OPERATOR, Role.ONCALL], "71541")
    assert staff.verify(person, PASSWORD)

    other = "quite another password"
    assert runner.invoke(app, ["password", "aigul"], input=f"{other}\n{other}\n").exit_code == 0
    (changed,) = staff.read(file)
    assert staff.verify(changed, other)
    assert "aigul" in runner.invoke(app, ["list"]).output
    assert "1 people" in runner.invoke(app, ["check"]).output
    assert runner.invoke(app, ["remove", "aigul"]).exit_code == 0
    assert staff.read(file) == []


@pytest.mark.parametrize(
    ("account", "options", "password", "said"),
    [
        ("Айгүл", (), PASSWORD, "account"),
        ("aigul", ("--region", "KZ-99"), PASSWORD, "region of aigul"),
        ("aigul", ("--area-code", "71-541"), PASSWORD, "area_code"),
        ("aigul", (), "short", "12 to 128"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_written(
    file: Path, account: str, options: tuple[str, ...], password: str, said: str
) -> None:
    code, output = add(account, *options, password=password)
    assert code != 0
    assert said in output
    assert not file.exists()


def test_an_account_is_added_once(file: Path) -> None:
    assert add("aigul")[0] == 0
    assert add("aigul")[0] != 0
    assert len(staff.read(file)) == 1


def test_a_broken_file_is_named(file: Path) -> None:
    file.parent.mkdir()
    file.write_text("staff: [{account: aigul}]", encoding="utf-8")
    result = runner.invoke(app, ["check"])
    assert result.exit_code == 1
    assert "staff.yaml" in result.output


def test_nobody_is_changed_who_is_not_there(file: Path) -> None:
    add("aigul")
    before = file.read_bytes()
    assert runner.invoke(app, ["remove", "daniyar"]).exit_code != 0
    assert runner.invoke(app, ["password", "daniyar"]).exit_code != 0
    assert file.read_bytes() == before
