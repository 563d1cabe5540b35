"""What the person on call does at the desk: look at a wave, acknowledge it, close it, or answer from the phone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from elasticsearch import Elasticsearch
from playwright.sync_api import Page, expect

from deploy.stack.local import Stack
from producers.desk.texts import LANGUAGES, texts
from schemas.events import Alert
from streams.oncall.links import Grant, seal
from tests.browser.conftest import DESKTOP, PHONE, OpenPage
from tests.browser.test_desk import picture
from tests.browser.test_form import assert_accessible, assert_fits
from tests.desk_process import LINK_KEY, PASSWORD, Desk
from tests.waves_in_index import put_wave

RU = texts("alerts", "ru")


@pytest.fixture
def alert(stack: Stack, desk: Desk) -> Iterator[Alert]:
    assert desk.pid
    with Elasticsearch(stack.elasticsearch_url) as client:
        yield put_wave(client)


def log_in(open_desk: OpenPage, size: tuple[int, int] = DESKTOP) -> Page:
    page = open_desk("/alerts", size)
    page.fill("#account", "botagoz")
    page.fill("#password", PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(RU["title"])
    return page


def test_a_wave_is_looked_at_acknowledged_and_closed(open_desk: OpenPage, alert: Alert) -> None:
    page = log_in(open_desk)
    page.locator(".alerts.open").get_by_role("link", name=re.compile(re.escape(alert.number or ""))).click()
    expect(page.locator("svg.timeline rect.people").first).to_be_visible()
    expect(page.locator(".reports li")).to_have_count(9)
    expect(page.locator(".steps li")).to_have_count(1)
    page.get_by_role("button", name=RU["acknowledge"]).click()
    expect(page.locator(".badge")).to_have_text(RU["one_acknowledged"])
    page.get_by_label(RU["note"]).fill("проверили: рассылка самого банка")
    picture(page, "desk-alert")
    page.get_by_role("button", name=RU["close_false"]).click()
    expect(page.locator(".badge")).to_have_text(RU["one_closed"])
    expect(page.locator("main")).to_contain_text("рассылка самого банка")
    page.goto("/alerts")
    line = page.locator(".alerts.closed li", has_text=alert.number or "")
    expect(line).to_contain_text(RU["closed_false"])
    picture(page, "desk-alerts")


def test_one_tap_on_the_link_in_the_message_is_enough(open_desk: OpenPage, alert: Alert) -> None:
    expires = int((datetime.now(UTC) + timedelta(hours=1)).timestamp())
    token = seal(Grant(alert.id, "botagoz", 1, expires), LINK_KEY)
    heading = texts("link", "ru")["done"].format(name="Ботагөз Нұрлан")
    phone = open_desk(f"/a/{token}", PHONE)
    expect(phone.get_by_role("heading", level=1)).to_have_text(heading)
    assert_accessible(phone)
    assert_fits(phone)
    again = open_desk(f"/a/{token}", PHONE)
    expect(again.get_by_role("heading", level=1)).to_have_text(texts("link", "ru")["used"])


def test_the_link_works_without_scripts_by_its_button(open_desk: OpenPage, alert: Alert) -> None:
    expires = int((datetime.now(UTC) + timedelta(hours=1)).timestamp())
    token = seal(Grant(alert.id, "botagoz", 2, expires), LINK_KEY)
    page = open_desk(f"/a/{token}", PHONE, script=False)
    page.get_by_role("button", name=texts("link", "ru")["button"]).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Принято")


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_pages_are_accessible_and_fit(
    open_desk: OpenPage, alert: Alert, size: tuple[int, int], language: str
) -> None:
    page = log_in(open_desk, size)
    page.goto(f"/language/{language}?next=/alerts")
    for path in ("/alerts", f"/alerts/{alert.id}"):
        page.goto(path)
        expect(page.locator("html")).to_have_attribute("lang", language)
        assert_accessible(page)
        assert_fits(page)
