"""What a backtest promises: it knows no future, it is one however many workers there are, and gaps are no calm."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from deploy import cli
from streams.waves.backtest import Backtest, alarm_line
from streams.waves.calendar import date_of
from streams.waves.history import Row
from streams.waves.series import day_of, start_of
from tests.unit.waves.histories import ALERTS, CALIBRATION_DAYS, DAYS, FIRST, background, backtest, wave

SLOW, FAST = "+77770000001", "+77770000002"


def story(hourly: bool = False) -> list[Row]:
    """A background with a wave that begins slowly, and one that is all there on its first day."""
    return sorted(
        [
            *background(hourly=hourly),
            *wave("+77770000009", 40, [8, 9], hourly),
            *wave(SLOW, 60, [2, 3, 4, 6, 9, 9, 9], hourly),
            *wave(FAST, 66, [30, 20], hourly),
        ]
    )


def lines(test: Backtest, daily: bool = True) -> list[dict[str, Any]]:
    return [alarm_line(alarm, daily) for alarm in test.alarms]


@pytest.mark.parametrize("hourly", [False, True], ids=["days", "hours"])
def test_cutting_the_data_after_a_day_changes_no_alarm_up_to_it(hourly: bool) -> None:
    rows = story(hourly)
    whole = lines(backtest(rows, hourly), daily=not hourly)
    assert {SLOW, FAST} <= {line.get("key") for line in whole}
    for day in (61, 66) if not hourly else (66,):
        cut = [row for row in rows if day_of(row.at) <= FIRST + day]
        end = date_of(FIRST + day + 1).isoformat()
        assert lines(backtest(cut, hourly), daily=not hourly) == [
            line for line in whole if line["at"] < (end if not hourly else f"{date_of(FIRST + day)}T19")
        ]


def test_a_wave_is_paged_once_and_named_by_its_number() -> None:
    found = [line for line in lines(backtest(story())) if line.get("key") in (SLOW, FAST)]
    assert [line["key"] for line in found] == [SLOW, FAST]
    fast = found[1]
    assert fast["at"] == date_of(FIRST + 66).isoformat()
    assert (fast["family"], fast["window"], fast["observed"]) == ("number", "1d", 30)
    assert fast["expected"] < 2
    assert fast["evidence"]["series"][f"number:{FAST}"] == 30


def test_days_that_come_back_after_a_gap_page_nothing() -> None:
    """Nor is the first day after a gap a jump."""
    days = [day for day in range(DAYS) if day not in range(58, 62)]
    after = {date_of(FIRST + day).isoformat() for day in (62, 63, 64)}
    assert [line for line in lines(backtest(background(days=days))) if line["at"] in after] == []


def test_a_day_on_which_everything_doubles_is_no_wave() -> None:
    twice = [
        row._replace(reporter=f"{row.reporter}-{again}")
        for again in (0, 1)
        for row in background()
        if again == 0 or day_of(row.at) == FIRST + 60
    ]
    assert [line for line in lines(backtest(twice)) if line["at"] == date_of(FIRST + 60).isoformat()] == []


def test_numbers_too_weak_alone_that_rise_together_are_one_wave_with_the_share_of_each() -> None:
    numbers = [f"+7747{n:07}" for n in range(8)]
    rising = [row for number in numbers for row in wave(number, 60, [5, 4])]
    usual = [row for n in range(11) for row in wave(f"+7701{n:07}", 28 + 2 * n, [10 + n])]
    found = lines(backtest([*background(), *usual, *rising]))
    mine = [line for line in found if {*line.get("keys", ()), line.get("key")} & set(numbers)]
    assert len(mine) == 1
    assert mine[0]["family"] == "campaign"
    assert len(set(mine[0]["keys"]) & set(numbers)) >= 6
    assert all(mine[0]["evidence"]["series"][f"number:{key}"] >= 3 for key in mine[0]["keys"] if key in numbers)


def test_a_history_too_short_says_how_long_it_must_be() -> None:
    with pytest.raises(ValueError, match="calibration needs 42"):
        backtest([row for row in background() if day_of(row.at) > FIRST + 20])


def write(path: Path, rows: Sequence[Row]) -> Path:
    text = "observed_at,number,reporter,scheme,region\n" + "".join(
        f"{date_of(day_of(row.at))},{row.number},{row.reporter},{row.scheme},{row.region}\n" for row in rows
    )
    path.write_bytes(gzip.compress(text.encode()))
    return path


def test_the_command_writes_alarms_table_and_pictures(tmp_path: Path) -> None:
    rows = story()
    half = start_of(FIRST + 40)
    files = [
        write(tmp_path / "a.csv.gz", [row for row in rows if row.at < half]),
        write(tmp_path / "b.csv.gz", [row for row in rows if row.at >= half]),
    ]
    until = date_of(FIRST + CALIBRATION_DAYS).isoformat()
    out, page = tmp_path / "out.jsonl", tmp_path / "waves.html"
    given = ["--calibrate-until", until, "--budget", "2/week", "--alarms", str(out), "--plot", str(page)]
    result = CliRunner().invoke(cli.build("backtest"), ["backtest", *map(str, files), *given])
    assert result.exit_code == 0, result.output
    told = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert {SLOW, FAST} <= {line.get("key") for line in told}
    assert {"at", "family", "window", "observed", "expected", "score", "evidence"} <= set(told[0])
    assert all(date.fromisoformat(line["at"]) >= date.fromisoformat(until) for line in told)
    assert FAST in page.read_text(encoding="utf-8")
    assert "alarms by week" in result.output


def test_rules_are_run_over_history_with_the_thresholds_that_calibration_wrote(tmp_path: Path) -> None:
    data, folder = write(tmp_path / "a.csv.gz", story()), tmp_path / "alerts"
    folder.mkdir()
    (folder / "rules.yaml").write_bytes((ALERTS / "rules.yaml").read_bytes())
    written = folder / "calibration.yaml"
    result = CliRunner().invoke(cli.build("calibrate"), ["calibrate", str(data), "--out", str(written)])
    assert result.exit_code == 0, result.output
    assert "for a budget of 1.00 a day" in " ".join(written.read_text(encoding="utf-8").split())
    out = tmp_path / "pages.jsonl"
    given = ["--rules", str(folder), "--rule", "number", "--alarms", str(out)]
    result = CliRunner().invoke(cli.build("rules"), ["rules", "test", str(data), *given])
    assert result.exit_code == 0, result.output
    told = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert {SLOW, FAST} <= {line.get("key") for line in told}
    result = CliRunner().invoke(cli.build("rules"), ["rules", "test", str(data), "--rule", "nonesuch"])
    assert result.exit_code == 1
    assert "no rule 'nonesuch'; there are" in result.output


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("observed_at,number\n", "no column reporter"),
        ("observed_at,number,reporter\n", "no reports"),
        ("observed_at,number,reporter\n2025-03-03,1,2,3\n", ":2: 4 fields where the header has 3"),
        ("observed_at,number,reporter\n2025-03-03,1,2\n03.03.2025,1,2\n", ":3: observed_at '03.03.2025' is not a date"),
        ("observed_at,number,reporter\n2025-03-03T10:00:00,1,2\n", ":2: observed_at '2025-03-03T10:00:00' is not"),
    ],
)
def test_a_bad_file_is_named_with_its_line(tmp_path: Path, content: str, told: str) -> None:
    path = tmp_path / "reports.csv"
    path.write_text(content, encoding="utf-8")
    result = CliRunner().invoke(cli.build("backtest"), ["backtest", str(path), "--calibrate-until", "2025-05-01"])
    assert result.exit_code == 1
    assert told in result.output


@pytest.mark.parametrize(
    ("option", "name", "told"),
    [
        ("--alarms", "nowhere/out.jsonl", "is no folder; name a file"),
        ("--alarms", ".", "is a folder; name a file"),
        ("--plot", "nowhere/out.html", "is no folder; name a file"),
        ("--plot", "out.pdf", "is neither a .html nor a .png file"),
    ],
)
def test_a_file_that_cannot_be_written_is_told_before_the_replay(
    tmp_path: Path, option: str, name: str, told: str
) -> None:
    given = ["missing.csv", "--calibrate-until", "2025-05-01", option, str(tmp_path / name)]
    result = CliRunner().invoke(cli.build("backtest"), ["backtest", *given])
    assert result.exit_code == 1
    assert told in result.output


def test_the_same_reports_in_other_files_are_the_same_alarms(tmp_path: Path) -> None:
    """Columns in another order, others beside them, several files in any order, gzipped under any name, with a mark."""
    rows = sorted(story())
    plain = write(tmp_path / "plain.csv.gz", rows)
    half = start_of(FIRST + 40)
    early, late = tmp_path / "early.csv", tmp_path / "late.csv"
    write(early, [row for row in rows if row.at < half])
    lines = ["\ufeffreporter,remark,number,observed_at"] + [
        f"{row.reporter},,{row.number},{date_of(day_of(row.at))}" for row in rows if row.at >= half
    ]
    late.write_text("\r\n".join(lines) + "\r\n", encoding="utf-8")
    until = date_of(FIRST + CALIBRATION_DAYS).isoformat()
    found = []
    for files in ([plain], [late, early]):
        out = tmp_path / "out.jsonl"
        given = ["--calibrate-until", until, "--budget", "2/week", "--alarms", str(out)]
        result = CliRunner().invoke(cli.build("backtest"), ["backtest", *map(str, files), *given])
        assert result.exit_code == 0, result.output
        found.append(out.read_text(encoding="utf-8"))
    assert found[0] == found[1]
    assert FAST in found[0]
