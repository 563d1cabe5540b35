"""What a citizen does with the form: fill it in, lose the connection, reload, read the answer."""

from __future__ import annotations

import json
import re

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Page, Route, expect

from producers.advice import texts as advice_texts
from producers.gateway.form.handlers import FREE_PER_ADDRESS
from producers.gateway.form.texts import LANGUAGES, texts
from streams.wording import Locale
from tests.browser.conftest import DESKTOP, PHONE, OpenPage
from tests.gateway_process import Broker

STORY = "Звонили с 1414, сказали из поликлиники, просили код из СМС, чтобы записать к врачу"
RU = texts("ru")


def number_on(page: Page) -> str:
    """The report's number in the answer, as the beginning of its id."""
    shown = page.locator(".number strong").inner_text()
    assert re.fullmatch("[0-9A-F]{4}-[0-9A-F]{4}", shown)
    return shown.replace("-", "").lower()


def reports(broker: Broker, text: str) -> list[dict[str, object]]:
    """The reports in the topic with this text."""
    return [record for record in broker.records() if record["text"] == text]


def assert_accessible(page: Page) -> None:
    """No violation that axe-core knows of, WCAG 2.2 AA and good practice."""
    results = Axe().run(page)
    found = [(v["id"], [node["html"][:120] for node in v["nodes"]]) for v in results.response["violations"]]
    assert found == []


def assert_fits(page: Page) -> None:
    """Nothing to scroll sideways."""
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def test_the_whole_form_by_keyboard_alone(broker: Broker, open_page: OpenPage) -> None:
    page = open_page("/ru")
    keys = page.keyboard
    story = STORY + ", клавиатура"
    keys.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    keys.press("Enter")
    while page.evaluate("document.activeElement.id") != "text":
        keys.press("Tab")
    keys.type(story)
    keys.press("Tab")
    keys.type("1414")
    keys.press("Tab")
    keys.press("Space")  # the first medium: a call
    keys.press("Tab")
    expect(page.locator("#when")).to_be_focused()
    while page.evaluate("document.activeElement.name") != "lost":
        keys.press("Tab")
    keys.press("Space")  # money was lost
    keys.press("Tab")
    expect(page.locator("#amount")).to_be_focused()
    keys.type("150 000")
    keys.press("Tab")
    keys.press("ArrowDown")  # an elderly person
    keys.press("Tab")
    while page.locator("#region").input_value() != "KZ-55":
        keys.press("ArrowDown")
    keys.press("Tab")
    keys.type("Иртышский")
    keys.press("Tab")
    expect(page.locator("[type=submit]")).to_be_focused()
    keys.press("Enter")

    expect(page.locator("h1")).to_have_text(RU["done_heading"])
    assert page.evaluate("document.activeElement.matches('.done')")
    (report,) = reports(broker, story)
    assert str(report["id"]).startswith(number_on(page))
    assert report["contacts"] == [{"value": "1414"}]
    assert (report["medium"], report["outcome"], report["loss_kzt"]) == ("call", "victim", 150_000)
    assert (report["affected_group"], report["region"]) == ("elderly", "KZ-55")
    assert report["district"] == "Иртышский"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_each_language_reads_well_on_each_screen(open_page: OpenPage, language: Locale, size: tuple[int, int]) -> None:
    t = texts(language)
    page = open_page(f"/{language}", size)
    expect(page.locator("html")).to_have_attribute("lang", language)
    assert_fits(page)
    assert_accessible(page)

    page.get_by_label(t["lost_yes"], exact=True).check()
    page.get_by_label(t["amount_label"]).fill("x")
    page.get_by_role("button", name=t["send"], exact=True).click()
    summary = page.get_by_role("alert")
    expect(summary).to_be_focused()
    expect(summary).to_contain_text(t["error_empty"])
    expect(summary).to_contain_text(t["error_amount"])
    assert_fits(page)
    assert_accessible(page)
    summary.get_by_text(t["error_amount"]).click()
    expect(page.locator("#amount")).to_be_focused()
    page.locator("#amount").fill("5000")
    page.get_by_label(t["text_label"]).fill(STORY + " код 4821")
    page.get_by_role("button", name=t["send"], exact=True).click()

    expect(page.locator("h1")).to_have_text(t["done_heading"])
    expect(page.locator("main")).to_contain_text(advice_texts(language)["money_today"])
    expect(page.locator("main")).to_contain_text("eGov")
    expect(page.locator("a[href='tel:102']").first).to_be_visible()
    assert_fits(page)
    assert_accessible(page)


def test_the_amount_is_asked_for_only_if_money_was_lost(open_page: OpenPage) -> None:
    page = open_page("/ru")
    expect(page.locator("#amount")).to_be_hidden()
    page.locator("#lost-yes").check()
    expect(page.locator("#amount")).to_be_visible()
    page.locator("#lost-no").check()
    expect(page.locator("#amount")).to_be_hidden()


def test_what_was_typed_survives_a_lost_connection_and_a_reload(broker: Broker, open_page: OpenPage) -> None:
    story = STORY + ", связь пропала"
    page = open_page("/ru", PHONE)
    page.fill("#text", story)
    page.fill("#contact", "87051234567")
    page.locator("#medium-call").check()
    page.select_option("#region", "KZ-33")
    page.context.set_offline(True)
    page.click("[type=submit]")
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text(RU["network_text"])
    expect(alert).to_be_focused()
    expect(page.locator("#text")).to_have_value(story)

    page.context.set_offline(False)
    page.reload()
    expect(page.locator("#text")).to_have_value(story)
    expect(page.locator("#medium-call")).to_be_checked()
    expect(page.locator("#region")).to_have_value("KZ-33")
    page.click("nav a[lang=kk]")  # the draft follows into another language
    expect(page.locator("#text")).to_have_value(story)
    page.click("[type=submit]")
    expect(page.locator(".done")).to_be_visible()
    assert len(reports(broker, story)) == 1
    page.goto("/ru")
    expect(page.locator("#text")).to_have_value("")


def test_an_answer_that_got_lost_makes_no_second_report(broker: Broker, open_page: OpenPage) -> None:
    story = STORY + ", ответ потерялся"
    page = open_page("/ru")

    def lose_the_answer(route: Route) -> None:
        route.fetch()
        route.abort()

    page.route("**/ru", lose_the_answer, times=1)
    page.fill("#text", story)
    page.click("[type=submit]")
    expect(page.get_by_role("alert")).to_contain_text(RU["network_text"])
    page.reload()
    page.click("[type=submit]")
    expect(page.locator(".done")).to_be_visible()
    assert len({record["id"] for record in reports(broker, story)}) == 1

    page.goto("/ru")
    page.fill("#text", story)  # the same words about another case are another report
    page.click("[type=submit]")
    expect(page.locator(".done")).to_be_visible()
    assert len({record["id"] for record in reports(broker, story)}) == 2


def test_a_double_click_sends_once(broker: Broker, open_page: OpenPage) -> None:
    story = STORY + ", двойной щелчок"
    page = open_page("/ru")
    page.fill("#text", story)
    page.dblclick("[type=submit]")
    expect(page.locator(".done")).to_be_visible()
    assert len(reports(broker, story)) == 1


def test_the_draft_can_be_cleared_and_is_forgotten_after_a_day(open_page: OpenPage) -> None:
    page = open_page("/ru")
    page.fill("#text", STORY)
    page.click("#clear")
    expect(page.locator("#text")).to_have_value("")
    page.fill("#text", STORY)
    draft = json.loads(page.evaluate("localStorage.getItem('saqbol.draft')"))
    draft["at"] -= 25 * 60 * 60 * 1000
    page.evaluate("draft => localStorage.setItem('saqbol.draft', draft)", json.dumps(draft))
    page.reload()
    expect(page.locator("#text")).to_have_value("")


def test_it_works_without_storage(open_page: OpenPage) -> None:
    page = open_page("/ru")
    page.add_init_script("Object.defineProperty(window, 'localStorage', {get() { throw new Error('off'); }})")
    page.reload()
    page.fill("#text", STORY)
    page.click("[type=submit]")
    expect(page.locator(".done")).to_be_visible()


def test_it_works_without_script(broker: Broker, open_page: OpenPage) -> None:
    story = STORY + ", без скрипта"
    page = open_page("/kk", PHONE, script=False)
    page.click("[type=submit]")
    expect(page.get_by_role("alert")).to_contain_text(texts("kk")["error_empty"])
    page.fill("#text", story)
    page.click("[type=submit]")
    expect(page.locator("h1")).to_have_text(texts("kk")["done_heading"])
    assert len(reports(broker, story)) == 1


def test_when_it_gets_busy_the_browser_works_and_the_person_only_waits(open_page: OpenPage) -> None:
    page = open_page("/ru")
    for n in range(FREE_PER_ADDRESS.amount + 2):
        page.goto("/ru")
        page.fill("#text", f"{STORY}, {n}")
        page.click("[type=submit]")
        expect(page.locator(".done")).to_be_visible(timeout=60_000)


def test_the_start_page_takes_the_browsers_language(open_page: OpenPage) -> None:
    for locale, language in (("kk-KZ", "kk"), ("en-GB", "en"), ("de-DE", "ru")):
        expect(open_page("/", language=locale).locator("html")).to_have_attribute("lang", language)


def test_the_docs_page_shows_the_operations(open_page: OpenPage) -> None:
    page = open_page("/docs")
    expect(page.locator("#docs")).to_contain_text("/v1/reports/batch")
