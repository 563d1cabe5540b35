"""`./saqbol tag`: lines in, lines out; a bad line is named and the others are still read."""

from __future__ import annotations

import json

import pytest
import typer
from typer.testing import CliRunner, Result

from deploy.commands.tag import tag

_GOOD = {"id": "a", "text": "Позвонили из поликлиники, +7 705 123 45 67, просят код из СМС, код 4821", "extra": 1}


def _run(data: str | bytes, *arguments: str) -> Result:
    app = typer.Typer()
    app.command()(tag)
    return CliRunner().invoke(app, list(arguments), input=data)


def test_each_line_is_understood() -> None:
    result = _run(json.dumps(_GOOD) + "\n\n" + json.dumps({"id": "b", "text": ""}) + "\n")
    assert result.exit_code == 0, result.stderr
    first, second = map(json.loads, result.stdout.splitlines())
    assert set(first) == {"id", "language", "schemes", "demands", "numbers", "masked_text", "place", "stance"}
    assert first["language"] == "ru"
    assert first["stance"] == "report"
    assert [t["code"] for t in first["schemes"]] == ["medical-appointment"]
    assert set(first["demands"][0]) == {"code", "confidence", "evidence"}
    assert [n["value"] for n in first["numbers"]] == ["+77051234567"]
    assert "4821" not in result.stdout
    assert second == {**second, "id": "b", "schemes": [], "demands": [], "masked_text": ""}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"nonsense", "line 2: not JSON in UTF-8"),
        (b'{"id": "x"}', "line 2: Object missing required field `text`"),
        (b'{"id": null, "text": "x"}', "line 2: Expected `int | str`, got `null` - at `$.id`"),
        (b'{"id": "x", "text": "\xff"}', "line 2: "),
        (b"[]", "line 2: Expected `object`"),
        (
            json.dumps({"id": "x", "text": "a" * 10_001}).encode(),
            "line 2: Expected `str` of length <= 10000 - at `$.text`; shorten it",
        ),
    ],
)
def test_a_bad_line_is_named_and_the_rest_is_read(line: bytes, said: str) -> None:
    good = json.dumps(_GOOD).encode()
    result = _run(good + b"\n" + line + b"\n" + good + b"\n")
    assert result.exit_code == 1
    assert said in result.stderr
    assert len(result.stdout.splitlines()) == 2


def test_a_number_may_stand_for_an_id() -> None:
    assert json.loads(_run('{"id": 5, "text": "x"}').stdout)["id"] == 5


def test_an_error_does_not_repeat_what_was_sent() -> None:
    assert "4821" not in _run('{"id": "x", "text": "код 4821"').stderr


def test_explain_names_rules_and_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    result = _run(json.dumps(_GOOD), "--explain")
    assert result.exit_code == 0
    for part in ("medical-appointment", "a clinic wants a code", "поликлиники", "sms-code", "+77051234567"):
        assert part in result.stdout
    assert "no rule fires" in _run('{"id": "x", "text": "погода"}', "--explain").stdout


def test_a_local_number_needs_the_area_code() -> None:
    line = json.dumps({"id": "x", "text": "Звонили с номера 2-15-65, назвались банком"})
    numbers = json.loads(_run(line, "--area-code", "71541").stdout)["numbers"]
    assert [n["value"] for n in numbers] == ["+77154121565"]
