"""What the terminal shows, with and without a terminal, wide and narrow."""

from __future__ import annotations

from datetime import UTC, datetime
from io import StringIO

import pytest
from msgspec.structs import replace
from rich.console import Console

from deploy.demo.display import Display
from deploy.demo.receiver import Page
from deploy.demo.story import Story
from deploy.demo.summary import Result, show, show_next
from deploy.demo.watch import Counts


def console(width: int, *, terminal: bool = False) -> Console:
    return Console(file=StringIO(), width=width, force_terminal=terminal, highlight=False, color_system=None)


def printed(on: Console) -> str:
    assert isinstance(on.file, StringIO)
    return on.file.getvalue()


@pytest.fixture
def result(story: Story) -> Result:
    known = {"impersonated": False, "reasons": {"ru": ["О номере сообщали, но подтверждений пока мало."]}}
    return Result(
        by_source=Counts({"telegram-bot": 900, "hotline-mamlyut": 40}, 0),
        by_scheme=Counts({"medical-appointment": 120, "safe-account": 80}, 700),
        by_region=Counts({"KZ-33": 300, "KZ-59": 100}, 50),
        cast=story.cast,
        numbers={
            "official": {**known, "state": "official", "impersonated": True},
            "suspected": {**known, "state": "suspected"},
            "innocent": None,
        },
        pages=[Page("Волна: прикрываются номером 1414", "Сообщили разных людей: [6] за 3 ч", datetime.now(UTC), 1.0)],
        delay=1.84,
        accepted=2639,
        retried=50,
        seconds=41.2,
    )


@pytest.mark.parametrize("width", [80, 100, 140])
def test_the_summary_names_everything_in_russian(result: Result, story: Story, width: int) -> None:
    terminal = console(width)
    show(terminal, result)
    text = printed(terminal)
    assert max(map(len, text.splitlines())) <= width
    for expected in (
        "2639",
        "Мамлютский район, 2-15-65",
        "Запись к врачу",
        "«Безопасный счёт»",
        "схема не названа",
        "область Жетісу",
        "не указан",
        "1414  официальный, им прикрываются мошенники",
        f"{story.cast.suspected}  подозрительный",
        f"{story.cast.innocent}  ничего не известно",
        "Сообщили разных людей: [6] за 3 ч",
        "1.8 с",
    ):
        assert expected in text


def test_says_that_nobody_was_told(result: Result) -> None:
    terminal = console(80)
    show(terminal, replace(result, pages=[], delay=None))
    assert "Ничего." in printed(terminal)
    assert "решающего" not in printed(terminal)


def test_what_can_be_clicked_or_copied_stays_on_one_line() -> None:
    terminal = console(60)
    where = "http://127.0.0.1:12345"
    show_next(
        terminal,
        gateway=where,
        elasticsearch=where,
        receiver=where,
        key="sb_" + "k" * 43,
        home=".saqbol/demo",
        desk=where,
        password="1a2b-3c4d-5e6f",
    )
    lines = printed(terminal).splitlines()
    assert any(f"{where}/alerts" in line and "1a2b-3c4d-5e6f" in line for line in lines)
    assert any(f"{where}/saqbol-reports/_search?q=text.ru:поликлиника" in line for line in lines)
    assert any(line.endswith("}'") and '"contacts": [{"value": "1414"}]' in line for line in lines)


def test_without_a_terminal_there_are_plain_lines() -> None:
    plain = console(80)
    with Display(plain) as display:
        with display.step("starting"):
            display.say("kafka is ready [1]")
        for done in range(0, 1001, 10):
            display.bar("indexed", done, 1000)
        display.bar("indexed", 1000, 1000)
    lines = [line.split(" s  ", 1)[1] for line in printed(plain).splitlines()]
    assert lines == [
        "starting …",
        "kafka is ready [1]",
        "starting: done",
        "indexed: 0 of 1000",
        "indexed: 1000 of 1000",
    ]


def test_on_a_terminal_there_are_bars() -> None:
    terminal = console(80, terminal=True)
    with Display(terminal) as display:
        with display.step("starting"):
            display.say("kafka is ready")
        display.bar("indexed", 500, 1000)
    text = printed(terminal)
    assert "kafka is ready" in text
    assert "500/1000" in text
    assert "/?" not in text
