"""What an operator does on the page of warnings: work through a call list with three keys, log a talk, see coverage."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from deploy.stack.local import Stack
from producers.desk.texts import LANGUAGES, texts
from schemas.topics import PREVENTION
from tests.browser.conftest import DESKTOP, PHONE, OpenPage
from tests.browser.test_desk import picture
from tests.browser.test_form import assert_accessible, assert_fits
from tests.desk_process import CENTRE, PASSWORD, events_of
from tests.gateway_process import wait_for

RU = texts("warnings", "ru")
LIST = """\
Телефон;ФИО;Село;Группа
87051110001;Алия;Новомихайловка;пенсионер
87051110002;Борис;Минкесер;
87051110003;Вера;Минкесер;
12;Кто;;
"""


def log_in(open_desk: OpenPage, size: tuple[int, int] = DESKTOP) -> Page:
    page = open_desk("/warnings", size)
    page.fill("#account", "aigul")
    page.fill("#password", PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(RU["title"])
    return page


def _given(stack: Stack, since: datetime) -> list[dict[str, Any]]:
    """The warnings given at this desk since a time, in order."""
    found = [event for event in events_of(stack, PREVENTION) if event["source"] == CENTRE]
    recent = [event for event in found if datetime.fromisoformat(event["recorded_at"]) >= since]
    return sorted(recent, key=lambda event: str(event["recorded_at"]))


def test_three_calls_and_a_talk(stack: Stack, open_desk: OpenPage) -> None:
    began = datetime.now(UTC)
    page = log_in(open_desk)
    page.set_input_files("#file", {"name": "list.csv", "mimeType": "text/csv", "buffer": LIST.encode("cp1251")})
    page.get_by_role("button", name=RU["add"]).click()
    told = page.locator(".told")
    expect(told).to_contain_text(RU["added"].format(added=3, known=0, called=0))
    expect(told).to_contain_text(RU["wrong_row"].format(line=5, problem=RU["row_phone"]))
    page.goto("/warnings")

    expect(page.locator(".phone")).to_have_text("+7 705 111 00 01")
    topic = page.get_by_label(RU["topic"]).first
    topic.select_option("medical-appointment")
    topic.focus()
    page.keyboard.press("1")
    expect(page.locator(".phone")).to_have_text("+7 705 111 00 02")
    page.locator("#district").focus()
    page.keyboard.press("1")  # means nothing in another form's field
    page.locator("h1").click()
    page.keyboard.press("2")
    expect(page.locator(".phone")).to_have_text("+7 705 111 00 03")
    picture(page, "desk-warnings")
    page.keyboard.press("3")
    expect(page.locator(".counter")).to_have_text(RU["counter"].format(calls=3, reached=1, centre=3))
    expect(page.locator("main")).to_contain_text(RU["left"].format(now=0, later=1))

    page.get_by_label(RU["activity"]).select_option("talk")
    page.get_by_label(RU["people"]).fill("24")
    page.get_by_label(RU["village"]).fill("Новомихайловка")
    page.get_by_role("button", name=RU["log"]).click()
    expect(page.locator(".told")).to_have_text(RU["notice_logged"])
    wait_for(lambda: len(_given(stack, began)) >= 4)
    events = _given(stack, began)
    assert [(e["activity"], e.get("reached", True), e.get("people", 1)) for e in events] == [
        ("call", True, 1),
        ("call", False, 0),
        ("call", False, 0),
        ("talk", True, 24),
    ]
    assert events[0]["topic"] == "medical-appointment"
    assert {event["district"] for event in events} == {"595200000"}
    for private in ("7705111000", "Алия", "Борис", "Вера"):
        assert private not in str(events)


def test_a_list_that_is_none_is_refused_in_words(open_desk: OpenPage) -> None:
    page = log_in(open_desk)
    page.set_input_files("#file", {"name": "list.csv", "mimeType": "text/csv", "buffer": b"a;b\n1;2\n"})
    page.get_by_role("button", name=RU["add"]).click()
    expect(page.locator(".notice")).to_have_text(RU["notice_wrong-header"])


def test_an_activity_that_names_a_phone_comes_back_as_it_was_filled_in(open_desk: OpenPage) -> None:
    page = log_in(open_desk)
    page.select_option("#activity", "talk")
    page.fill("#people", "24")
    page.fill("#village", "Минкесер, 8 705 111 00 01")
    page.select_option("#group", "elderly")
    page.get_by_role("button", name=RU["log"]).click()
    expect(page.locator(".notice")).to_have_text(RU["notice_wrong-village"])
    filled = {"#activity": "talk", "#people": "24", "#village": "Минкесер, 8 705 111 00 01", "#group": "elderly"}
    assert {field: page.input_value(field) for field in filled} == filled
    page.get_by_role("link", name="Қазақша").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(texts("warnings", "kk")["title"])


def test_the_warnings_to_print_are_a_click_away(open_desk: OpenPage) -> None:
    page = log_in(open_desk)
    with page.expect_popup() as opened:
        page.get_by_role("link", name=RU["leaflets"]).click()
    expect(opened.value.get_by_role("link", name="Запись к врачу")).to_be_visible()


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_is_accessible_and_fits(open_desk: OpenPage, size: tuple[int, int], language: str) -> None:
    page = log_in(open_desk, size)
    page.goto(f"/language/{language}?next=/warnings")
    expect(page.locator("html")).to_have_attribute("lang", language)
    assert_accessible(page)
    assert_fits(page)
