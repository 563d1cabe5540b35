"""What an operator does at the desk: answer calls with the keyboard alone, lose the connection, reload, log out."""

from __future__ import annotations

import json
import os
import threading
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from elasticsearch import Elasticsearch
from playwright.sync_api import Page, Route, expect

from deploy.stack.local import Stack
from producers.desk.texts import LANGUAGES, Language, texts
from schemas.documents import report_document
from schemas.events import AffectedGroup, EnrichedReport, Medium, Outcome, Report
from tests.browser.conftest import DESKTOP, PHONE, OpenPage
from tests.browser.test_form import assert_accessible, assert_fits
from tests.builders import a_report
from tests.desk_process import PASSWORD, Desk, reports_of
from tests.integration.gateway.test_numbers import tell

SUSPECTED = "+77059990001"
STORY = "Позвонили из банка, сказали, что оформлен кредит, просили код из СМС"
#: Where pictures of the pages go, for people to look at.
PICTURES = os.environ.get("SAQBOL_PICTURES")


@pytest.fixture(scope="module", autouse=True)
def index(stack: Stack, desk: Desk) -> Iterator[None]:
    """The index with a suspected number, 1414 impersonated, and a story that was told before."""
    assert desk.pid
    with Elasticsearch(stack.elasticsearch_url) as client:
        tell(client, {SUSPECTED: 4, "1414": 5})
        now = datetime.now(UTC)
        told = a_report(
            text=STORY + ", назвался Ерланом", received_at=now - timedelta(hours=3), outcome=Outcome.ATTEMPT
        )
        document = report_document(EnrichedReport(report=told, region="KZ-59"))
        client.index(index=document.index, id=document.id, document=document.body, refresh=True)
        yield


def a_mark() -> str:
    """A word that nobody else wrote, of letters only: digits after the word "code" are masked."""
    return uuid.uuid4().hex[:10].translate(str.maketrans("0123456789", "ghijklmnop"))


def log_in(open_desk: OpenPage, account: str = "aigul", size: tuple[int, int] = DESKTOP) -> Page:
    """The page of consultations, reached with the keyboard."""
    page = open_desk("/", size)
    expect(page.locator("#account")).to_be_focused()
    page.keyboard.type(account)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator("#said")).to_be_focused()
    return page


def saved_number(page: Page, *, urgent: bool = False) -> str:
    """The number of the report that was saved last, as the beginning of its id."""
    note = page.locator("#status [data-report]")
    expect(note).to_contain_text(texts("consultation", "ru")["saved_urgent" if urgent else "saved"].split("{")[0])
    return str(note.get_attribute("data-report")).replace("-", "").lower()


def saved(stack: Stack, text: str) -> list[Report]:
    """The reports with this in their text."""
    return [report for report in reports_of(stack) if text in report.text]


def kept(page: Page) -> dict[str, str]:
    """What the browser keeps of consultations."""
    stored: dict[str, str] = page.evaluate("Object.fromEntries(Object.entries(localStorage))")
    return {key: value for key, value in stored.items() if key.startswith("saqbol.desk")}


def picture(page: Page, name: str) -> None:
    if PICTURES:
        page.screenshot(path=Path(PICTURES) / f"{name}.png", full_page=True)


def test_three_calls_by_keyboard_alone(stack: Stack, open_desk: OpenPage) -> None:  # noqa: PLR0915 - a long morning
    mark = a_mark()
    page = log_in(open_desk)
    keys = page.keyboard

    # 1. Somebody asks about a number: the verdict stands there while he is still talking.
    keys.type("8 705 999 00 01")
    expect(page.locator(".verdict")).to_have_attribute("data-verdict", "suspected")
    expect(page.locator(f'[data-number="{SUSPECTED}"] dd').first).to_have_text("4")
    keys.press("Enter")
    keys.type(f"Обещали выигрыш {mark}")
    keys.press("F8")
    expect(page.locator("#lost-yes")).to_be_focused()
    keys.press("ArrowDown")  # no
    keys.press("F9")
    first = saved_number(page)
    expect(page.locator("#said")).to_be_focused()
    expect(page.locator("#said")).to_have_value("")

    # 2. In Kazakh, and the money has just gone: what to say changes its language with one key.
    keys.type(f"Банктен қоңырау шалып, СМС-код сұрады, айтып қойыппын {mark}")
    expect(page.locator(".words")).to_have_attribute("lang", "ru")
    keys.press("F4")
    expect(page.locator(".words")).to_have_attribute("lang", "kk")
    keys.press("F8")
    keys.press("Space")
    expect(page.locator("#moved")).to_be_visible()
    keys.press("Tab")
    keys.type("2")
    expect(page.locator("#answer .first")).to_be_visible()
    expect(page.locator(".words")).to_contain_text("102")
    keys.press("Tab")
    keys.type("150 000")
    keys.press("Tab")
    keys.type("Halyk")
    keys.press("Tab")
    expect(page.locator("#who")).to_be_focused()
    keys.press("ArrowDown")  # an elderly person
    keys.press("Tab")
    keys.press("ArrowDown")  # a call
    for _ in range(4):
        keys.press("Tab")
    while page.evaluate("document.activeElement.id") != "reporter":
        keys.press("Tab")  # through the parts of a date
    keys.type("8 701 555 44 33")
    keys.press("Control+Enter")
    second = saved_number(page, urgent=True)

    # 3. A story without a number, and one field wrong: it says so, and goes out once it is right.
    expect(page.locator("#said")).to_be_focused()
    keys.type(f"{STORY} {mark}")
    expect(page.locator(".similar")).to_contain_text("назвался Ерланом")
    keys.press("F8")
    keys.press("Space")
    keys.press("Tab")
    keys.type("вчера")
    keys.press("F9")
    expect(page.locator("#moved-wrong")).to_be_visible()
    expect(page.locator("#moved")).to_be_focused()
    keys.press("Control+A")
    keys.type("30")
    keys.press("F9")
    third = saved_number(page)

    found = sorted(saved(stack, mark), key=lambda report: report.received_at)
    assert [report.id[:8] for report in found] == [first, second, third]
    one, two, three = found
    assert [contact.value for contact in one.contacts] == ["8 705 999 00 01"]
    assert (one.source, one.outcome, one.region, one.district) == (
        "mamlyut-desk",
        Outcome.ATTEMPT,
        "KZ-59",
        "Мамлютский район",
    )
    assert (two.urgent, two.outcome, two.loss_kzt, two.bank) == (True, Outcome.VICTIM, 150_000, "Halyk")
    assert (two.affected_group, two.medium) == (AffectedGroup.ELDERLY, Medium.CALL)
    assert two.money_moved_at is not None
    assert timedelta(hours=2) <= two.received_at - two.money_moved_at < timedelta(hours=2, minutes=5)
    assert two.reporter is not None
    assert (three.urgent, three.outcome) == (False, Outcome.VICTIM)
    assert kept(page) == {}


def test_the_keyboard_is_never_trapped_and_always_seen(open_desk: OpenPage) -> None:
    page = log_in(open_desk)
    page.keyboard.type("1414")
    expect(page.locator(".verdict")).to_be_visible()
    seen: list[str] = []
    for _ in range(60):
        page.keyboard.press("Tab")
        here = page.evaluate(
            """() => {
                const here = document.activeElement;
                if (here === document.body) return "";
                const outline = getComputedStyle(here.closest(".choice") || here).outlineStyle;
                return `${here.tagName} ${here.id || here.name || here.textContent.trim()} ${outline}`;
            }"""
        )
        if not here:
            break
        seen.append(here)
    else:
        pytest.fail("the keyboard never leaves the page")
    assert all(step.endswith("solid") for step in seen), seen
    assert any("lost" in step for step in seen)
    assert any(step.startswith("BUTTON clear") for step in seen)


def test_a_draft_survives_a_reload_and_a_lost_connection(stack: Stack, open_desk: OpenPage) -> None:
    mark = a_mark()
    page = log_in(open_desk, "daniyar", PHONE)
    page.fill("#said", f"Пропала связь {mark}")
    page.locator("#lost-yes").check()
    page.fill("#moved", "1")
    page.reload()
    expect(page.locator("#said")).to_have_value(f"Пропала связь {mark}")
    expect(page.locator("#lost-yes")).to_be_checked()
    expect(page.locator("#moved")).to_have_value("1")
    expect(page.locator("#answer .first")).to_be_visible()

    page.context.set_offline(True)
    page.keyboard.press("F9")
    expect(page.locator("#said")).to_have_value("")  # the next call can begin
    expect(page.locator("#status .trouble")).to_contain_text("1")
    page.fill("#said", f"Ещё один звонок {mark}")
    expect(page.locator("#answer .warning")).to_be_visible()
    page.keyboard.press("F9")
    expect(page.locator("#status .trouble")).to_contain_text("2")
    page.fill("#said", f"Недописано {mark}")
    page.context.set_offline(False)
    expect(page.locator("#status [data-report]")).to_be_visible()
    expect(page.locator("#status .trouble")).to_have_count(0)
    # one that is on its way when the page is left goes out again: once more in the log, under the same id
    page.wait_for_function("() => !Object.keys(localStorage).some((key) => key.startsWith('saqbol.desk.queue'))")
    page.reload()
    expect(page.locator("#said")).to_have_value(f"Недописано {mark}")

    found = saved(stack, mark)
    assert sorted(report.text for report in found) == [f"Ещё один звонок {mark}", f"Пропала связь {mark}"]
    page.click("#clear")
    assert kept(page) == {}
    page.click("#bring-back")
    expect(page.locator("#said")).to_have_value(f"Недописано {mark}")


def test_an_answer_that_got_lost_makes_no_second_report(stack: Stack, open_desk: OpenPage) -> None:
    mark = a_mark()
    page = log_in(open_desk)

    def lose_the_answer(route: Route) -> None:
        route.fetch()
        route.abort()

    page.route("**/consultation/reports", lose_the_answer, times=1)
    page.fill("#said", f"Ответ потерялся {mark}")
    page.keyboard.press("F9")
    expect(page.locator("#status .trouble")).to_be_visible()
    page.reload()
    expect(page.locator("#status [data-report]")).to_be_visible()
    assert len({report.id for report in saved(stack, mark)}) == 1
    assert kept(page) == {}


def test_a_session_that_ended_loses_nothing(stack: Stack, open_desk: OpenPage) -> None:
    mark = a_mark()
    page = log_in(open_desk)
    page.fill("#said", f"Смена кончилась {mark}")
    page.context.clear_cookies()
    page.keyboard.press("F9")
    expect(page.locator("#status a")).to_be_visible()
    page.click("#status a")
    page.fill("#account", "aigul")
    page.fill("#password", PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator("#status [data-report]")).to_be_visible()
    assert len(saved(stack, mark)) == 1


def test_logging_out_wipes_what_the_browser_kept(open_desk: OpenPage) -> None:
    page = log_in(open_desk)
    page.fill("#said", "Сказал код 4821")
    assert "4821" in json.dumps(kept(page))
    page.click("form.person button")
    expect(page.locator("#account")).to_be_visible()
    assert kept(page) == {}
    page.goto("/consultation")
    expect(page.locator("#account")).to_be_visible()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_each_language_reads_well_on_each_screen(
    open_desk: OpenPage, language: Language, size: tuple[int, int]
) -> None:
    t = texts("consultation", language)
    name = f"desk-{language}-{size[0]}"
    page = open_desk("/login", size)
    page.get_by_role("link", name=LANGUAGES[language]).click()
    expect(page.locator("html")).to_have_attribute("lang", language)
    picture(page, f"{name}-login")
    assert_fits(page)
    assert_accessible(page)
    page.fill("#account", "aigul")
    page.fill("#password", PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator("html")).to_have_attribute("lang", language)
    expect(page.locator("#answer")).to_contain_text(t["waiting"])
    picture(page, f"{name}-empty")
    assert_fits(page)
    assert_accessible(page)
    page.fill("#said", f"8 705 999 00 01\n1414\n{STORY}, код 4821")
    page.locator("#lost-yes").check()
    page.fill("#moved", "3")
    expect(page.locator("#answer .first")).to_contain_text(t["urgent_title"])
    expect(page.locator(".known")).to_have_count(2)
    expect(page.locator(".words")).to_have_attribute("lang", language)
    picture(page, f"{name}-answer")
    assert_fits(page)
    assert_accessible(page)
    page.fill("#reporter", "нет")
    page.fill("#amount", "много")
    page.keyboard.press("F9")
    expect(page.locator("#amount-wrong")).to_have_text(t["error_amount"])
    picture(page, f"{name}-wrong")
    assert_fits(page)
    assert_accessible(page)


class Elsewhere(BaseHTTPRequestHandler):
    """An empty page without any policy of its own."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>elsewhere</title>")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def elsewhere() -> Iterator[str]:
    """Another origin on this host."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_stolen_cookie_gets_nothing_in_from_another_origin(
    stack: Stack, desk: Desk, elsewhere: str, open_desk: OpenPage
) -> None:
    """Another port of the same host is the same site, so that the browser sends even a strict cookie along."""
    mark = a_mark()
    page = log_in(open_desk)
    sent: list[str | None] = []
    page.context.on("request", lambda request: sent.append(request.all_headers().get("cookie")))
    thief = page.context.new_page()
    thief.goto(elsewhere)
    body = json.dumps({"id": str(uuid.uuid4()), "at": datetime.now(UTC).isoformat(), "said": f"украдено {mark}"})
    refused = desk.log.read_text(encoding="utf-8").count("403")
    for path in ("look-up", "reports"):
        told = thief.evaluate(
            """([url, body]) => fetch(url, {method: "POST", body, credentials: "include", mode: "no-cors"})
                .then((answer) => `${answer.type} ${answer.status}`, () => "failed")""",
            [f"{desk.url}/consultation/{path}", body],
        )
        assert told == "failed"  # what comes back is for the desk's own pages (Cross-Origin-Resource-Policy)
    assert any(cookie and "desk=" in cookie for cookie in sent)
    assert desk.log.read_text(encoding="utf-8").count("403") == refused + 2
    assert saved(stack, mark) == []
