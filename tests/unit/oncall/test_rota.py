"""Who is told at which moment, and what a wrong file is told."""

from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path

import jsonschema
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from deploy.home import CHECKOUT
from schemas.local_time import ZONE
from streams.oncall.rota import OnCall, load_oncall, quiet_until, read_oncall, region_of, variables, who
from streams.waves.rules import RuleError
from tests.unit.oncall.builders import an_alert

FILE = """\
people:
  - {account: aigerim, name: Айгерим, language: kk, targets: [{name: telegram, url: "tgram://${TOKEN_A}/1"}]}
  - {account: marat, name: Марат, language: ru, targets: [{name: mail, url: "mailto://${USER_M}:${WORD_M}@example.kz"}]}
  - {account: saule, name: Сауле, language: ru, targets: [{name: sms, url: "json://127.0.0.1/"}]}
  - {account: timur, name: Тимур, language: ru, targets: [{name: sms, url: "json://127.0.0.1/"}]}
rotas:
  - id: operators
    routes: [operators]
    shifts: [{people: [timur]}]
  - id: zhetysu
    regions: [KZ-33]
    severities: [high, critical]
    shifts:
      - {people: [aigerim, marat], head: saule, days: [mon, tue, wed, thu, fri], hours: "09:00-18:00"}
      - {people: [marat], head: saule, hours: "18:00-09:00", until: 2026-01-14}
  - id: national
    shifts:
      - {people: [saule], hours: "08:00-20:00"}
      - {people: [timur], hours: "20:00-08:00"}
escalate_after: {critical: 5, high: 10, medium: 30, low: 60}
digest: {after: 3, within_minutes: 10, collect_seconds: 30}
quiet_hours: {hours: "22:00-08:00", severities: [low]}
"""


def at(text: str) -> datetime:
    """A moment in Astana, e.g. 2026-01-14T03:00."""
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "oncall.yaml"
    path.write_text(FILE, encoding="utf-8")
    return path


@pytest.fixture
def oncall(file: Path) -> OnCall:
    return read_oncall(file)


@pytest.mark.parametrize(
    ("moment", "region", "severity", "route", "rota", "people"),
    [
        ("2026-01-14T10:00", "KZ-33", "high", "regional", "zhetysu", ("aigerim", "marat", "saule")),
        ("2026-01-14T09:00", "KZ-33", "high", "regional", "zhetysu", ("aigerim", "marat", "saule")),
        ("2026-01-14T18:00", "KZ-33", "high", "regional", "zhetysu", ("marat", "saule")),
        ("2026-01-15T03:00", "KZ-33", "critical", "regional", "zhetysu", ("marat", "saule")),  # begun on the 14th
        ("2026-01-15T18:00", "KZ-33", "high", "regional", "national", ("saule",)),  # that shift has ended for good
        ("2026-01-17T10:00", "KZ-33", "high", "regional", "national", ("saule",)),  # a Saturday
        ("2026-01-14T10:00", "KZ-33", "low", "regional", "national", ("saule",)),
        ("2026-01-14T10:00", "KZ-75", "high", "regional", "national", ("saule",)),
        ("2026-01-14T10:00", None, "high", "national", "national", ("saule",)),
        ("2026-01-14T03:00", None, "high", "national", "national", ("timur",)),
        ("2026-01-14T20:00", None, "high", "national", "national", ("timur",)),
        ("2026-01-14T10:00", "KZ-33", "medium", "operators", "operators", ("timur",)),
    ],
)
def test_the_first_rota_that_fits_and_has_a_shift_counts(
    oncall: OnCall, moment: str, region: str | None, severity: str, route: str, rota: str, people: tuple[str, ...]
) -> None:
    duty = who(oncall, at(moment), region, severity, route)
    assert (duty.rota, duty.people) == (rota, people)


@given(st.datetimes(datetime(2025, 1, 1), datetime(2027, 1, 1)), st.sampled_from(["KZ-33", "KZ-10", None]))
def test_there_is_always_somebody(moment: datetime, region: str | None) -> None:
    shipped = read_oncall(CHECKOUT / "deploy" / "oncall.yaml")
    assert who(shipped, moment.replace(tzinfo=ZONE), region, "low", "regional").people


def test_a_region_answers_if_most_reports_come_from_it() -> None:
    assert region_of(an_alert(regions={"KZ-33": 5, "KZ-75": 1})) == "KZ-33"
    assert region_of(an_alert(regions={"KZ-33": 2, "KZ-75": 1, "KZ-10": 1})) is None
    assert region_of(an_alert(regions={})) is None


@pytest.mark.parametrize(
    ("moment", "severity", "until"),
    [
        ("2026-01-14T21:59", "low", None),
        ("2026-01-14T22:00", "low", "2026-01-15T08:00"),
        ("2026-01-15T03:00", "low", "2026-01-15T08:00"),
        ("2026-01-15T08:00", "low", None),
        ("2026-01-15T03:00", "high", None),
    ],
)
def test_quiet_hours_hold_what_is_not_severe(oncall: OnCall, moment: str, severity: str, until: str | None) -> None:
    assert quiet_until(oncall, severity, at(moment)) == (at(until) if until else None)


def test_secrets_come_from_the_environment(file: Path, oncall: OnCall) -> None:
    assert variables(oncall) == ["TOKEN_A", "USER_M", "WORD_M"]
    with pytest.raises(RuleError, match="TOKEN_A and WORD_M"):
        load_oncall(file, {"USER_M": "m"})
    filled = load_oncall(file, {"TOKEN_A": "1:a", "USER_M": "m", "WORD_M": "w"})
    assert filled.by_account["aigerim"].targets[0].url == "tgram://1:a/1"
    assert filled.by_account["marat"].targets[0].url == "mailto://m:w@example.kz"


def test_the_shipped_file_needs_one_variable() -> None:
    shipped = load_oncall(CHECKOUT / "deploy" / "oncall.yaml", {"SAQBOL_ONCALL_URL": "json://127.0.0.1/"})
    assert [target.url for person in shipped.people for target in person.targets] == ["json://127.0.0.1/"]


@pytest.mark.parametrize(
    ("old", "new", "line", "problem"),
    [
        ("language: kk", "language: de", 2, "Invalid enum value 'de' (in people[0].language); one of en, kk, ru"),
        ("days: [mon,", "days: [Mon,", 14, "(in rotas[1].shifts[0].days[0]); one of fri, mon, sat, sun"),
        ("until: 2026-01-14", "until: 14.01.2026", 15, "; a date such as 2026-03-31"),
        ("${TOKEN_A}", "${token}", 2, "write it as ${MARAT_SMS}"),
        ("account: marat", "account: aigerim", 3, "'aigerim' stands above already"),
        ("people: [aigerim, marat]", "people: [aigerim, murat]", 14, "'murat' is not among the people"),
        ("regions: [KZ-33]", "regions: [KZ-99]", 11, "unknown region 'KZ-99'"),
        ("id: national", "id: zhetysu", 16, "the rota 'zhetysu' stands above already"),
        ('hours: "09:00-18:00"', 'hours: "9-18"', 14, "; from-until in Asia/Almaty, e.g. 09:00-18:00"),
        ('hours: "09:00-18:00"', 'hours: "09:00-09:00"', 14, "begins when it ends"),
        ("until: 2026-01-14", "since: 2026-02-01, until: 2026-01-14", 15, "ends before it begins"),
        ('hours: "20:00-08:00"', 'hours: "20:00-07:30"', 7, "nobody is on call on mon 07:30"),
        ('{people: [timur], hours: "20:00-08:00"}', "{people: [timur], since: 2026-01-01}", 7, "nobody is on call"),
        ("routes: [operators]", "regions: []", 10, "nobody ever gets to rota 'zhetysu'"),
        ("low: 60", "lwo: 60", 20, "lwo"),
        (", low: 60", "", 20, "no minutes for low"),
        ("account: timur", "account: heartbeat", 5, "the heartbeat's own"),
        ("digest: {after: 3,", "digest: {after: 0,", 21, ">= 1"),
        ("quiet_hours:", "quite_hours:", 22, "quite_hours"),
        ('hours: "22:00-08:00"', 'hours: "22:00-22:00"', 22, "what waits is never told"),
        ('hours: "22:00-08:00"', 'hours: "00:00-24:00"', 22, "what waits is never told"),
    ],
)
def test_a_mistake_is_named_with_its_line(file: Path, old: str, new: str, line: int, problem: str) -> None:
    assert FILE.count(old) == 1
    file.write_text(FILE.replace(old, new), encoding="utf-8")
    with pytest.raises(RuleError) as error:
        read_oncall(file)
    assert problem in str(error.value)
    assert f"oncall.yaml:{line}:" in str(error.value)


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(RuleError, match="can't be read: Is a directory"):
        read_oncall(tmp_path)


def test_dates_are_dates(oncall: OnCall) -> None:
    assert oncall.rotas[1].shifts[1].until == date(2026, 1, 14)


def test_the_shipped_file_fits_the_schema_that_editors_read() -> None:
    schema = json.loads((CHECKOUT / "schemas" / "generated" / "oncall.schema.json").read_text(encoding="utf-8"))
    shipped = yaml.safe_load((CHECKOUT / "deploy" / "oncall.yaml").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(schema).validate(shipped)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(schema).validate({**shipped, "rotas": []})


def test_the_file_of_the_guide_is_a_right_one(tmp_path: Path) -> None:
    guide = (CHECKOUT / "docs" / "oncall.md").read_text(encoding="utf-8")
    path = tmp_path / "oncall.yaml"
    path.write_text(guide.partition("```yaml\n")[2].partition("```")[0], encoding="utf-8")
    oncall = read_oncall(path)
    assert who(oncall, at("2026-01-14T10:00"), "KZ-33", "high").people == ("aigerim", "marat", "saule")
    assert variables(oncall)[-1] == "WATCHDOG"
