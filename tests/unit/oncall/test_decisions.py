"""What a decision must say, what decisions teach, and the commands that make them."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from typer.testing import CliRunner

from deploy.commands import oncall
from deploy.home import CHECKOUT
from schemas.cases import DecisionKind
from streams.oncall.decisions import Feedback, feedback, problem
from tests.unit.oncall.builders import MINUTE, NIGHT, a_decision, an_alert

FALSE, REAL, MISSED, SILENCED = (
    DecisionKind.FALSE,
    DecisionKind.REAL,
    DecisionKind.MISSED,
    DecisionKind.SILENCED,
)


@pytest.mark.parametrize(
    ("kind", "fields", "wrong"),
    [
        (DecisionKind.ACKNOWLEDGED, {}, None),
        (DecisionKind.ACKNOWLEDGED, {"alert_id": None}, "name the alert"),
        (FALSE, {"alert_id": None}, "name the alert"),
        (DecisionKind.RESUMED, {"alert_id": None}, "name the series"),
        (DecisionKind.RESUMED, {"alert_id": None, "key": "scheme:prize"}, None),
        (MISSED, {"key": "scheme:prize", "happened_at": NIGHT - MINUTE}, None),
        (MISSED, {"key": "scheme:prize"}, "needs the time"),
        (MISSED, {"key": "scheme:prize", "happened_at": NIGHT + MINUTE}, "in the past"),
        (MISSED, {"happened_at": NIGHT - MINUTE}, "names its series"),
        (SILENCED, {"key": "scheme:prize", "until": NIGHT + MINUTE, "note": "учения"}, None),
        (SILENCED, {"key": "scheme:prize", "until": NIGHT + MINUTE}, "needs a reason"),
        (SILENCED, {"key": "scheme:prize", "note": "учения"}, "needs an end"),
        (SILENCED, {"alert_id": None, "until": NIGHT + MINUTE, "note": "учения"}, "names a series"),
    ],
)
def test_what_is_missing_is_named(kind: DecisionKind, fields: dict[str, Any], wrong: str | None) -> None:
    said = problem(a_decision(kind, **fields), NIGHT)
    assert (said is None) == (wrong is None)
    assert wrong is None or wrong in str(said)


def test_feedback_is_the_last_word_on_each_wave_and_what_was_missed() -> None:
    wave, urgent = an_alert(), replace(an_alert(), id="u", family="urgent", key="urgent:r")
    decisions = [
        a_decision(FALSE, NIGHT, id="1"),
        a_decision(REAL, NIGHT + MINUTE, id="2"),
        a_decision(REAL, NIGHT, id="3", alert_id="u"),
        a_decision(FALSE, NIGHT, id="4", alert_id="gone"),
        a_decision(MISSED, NIGHT, id="5", alert_id=None, key="scheme:prize", happened_at=NIGHT - timedelta(days=1)),
        a_decision(DecisionKind.ACKNOWLEDGED, NIGHT, id="6"),
    ]
    assert feedback(reversed(decisions), {wave.id: wave, "u": urgent}) == [
        Feedback(at=NIGHT - timedelta(days=1), verdict="missed", key="scheme:prize"),
        Feedback(at=NIGHT, verdict="false", alert_id="gone"),
        Feedback(at=wave.detected_at, verdict="real", key=wave.key, alert_id=wave.id),
    ]


def test_who_says_the_order_and_the_ways() -> None:
    said = CliRunner().invoke(oncall.app, ["who", "--at", "2026-01-14T03:00", "--region", "KZ-33"])
    assert said.exit_code == 0
    assert said.output.splitlines() == [
        "2026-01-14 03:00 rota national",
        "  at once: oncall (Дежурный), ru, by oncall",
    ]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["who", "--at", "tonight"], "--at 'tonight' is no time such as 2026-01-14T03:00"),
        (["who", "--region", "zhetysu"], "--region 'zhetysu' is none; one of KZ-10, KZ-11,"),
        (["check", "--file", "nowhere.yaml"], "nowhere.yaml: there is no such file"),
        (["silence", "scheme:prize", "--until", "2020-01-01", "--reason", "учения"], "lies in the future"),
        (["missed", "scheme:prize", "--at", "2120-01-01"], "in the past"),
        (["close", "x" * 36], "say --real or --false"),
    ],
)
def test_what_is_wrong_is_said_in_a_line(arguments: list[str], said: str) -> None:
    result = CliRunner().invoke(oncall.app, arguments)
    assert result.exit_code != 0
    assert said in result.output


@pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")  # one of Apprise's plugins
def test_check_knows_ways_that_apprise_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAQBOL_ONCALL_URL", "pigeon://loft")
    result = CliRunner().invoke(oncall.app, ["check"])
    assert result.exit_code == 1
    assert "Apprise does not know the URL of oncall's way oncall" in result.output
    assert "pigeon" not in result.output, "an address may hold a secret"
    monkeypatch.setenv("SAQBOL_ONCALL_URL", "json://127.0.0.1/")
    assert "Apprise knows every way" in CliRunner().invoke(oncall.app, ["check"]).output


@pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")  # one of Apprise's plugins
def test_check_looks_at_each_way_whose_variables_are_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("SAQBOL_ONCALL_URL", raising=False)
    shipped = (CHECKOUT / "deploy" / "oncall.yaml").read_text(encoding="utf-8")
    path = tmp_path / "oncall.yaml"
    path.write_text(
        shipped.replace("targets:\n", 'targets:\n      - {name: loft, url: "pigeon://"}\n'), encoding="utf-8"
    )
    result = CliRunner().invoke(oncall.app, ["check", "--file", str(path)])
    assert result.exit_code == 1
    assert "oncall's way loft" in result.output
