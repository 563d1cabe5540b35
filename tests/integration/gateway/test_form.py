"""The web form over HTTP, as a browser without JavaScript uses it, and what keeps floods out."""

from __future__ import annotations

import itertools
import json
import re
import uuid
from collections.abc import Iterator
from html import unescape
from urllib.parse import urlencode

import altcha
import httpx
import pytest

from producers.advice import texts as advice_texts
from producers.gateway.form.handlers import FREE_IN_ALL, FREE_PER_ADDRESS, MAX_FORM_BYTES, MOST_PER_ADDRESS
from producers.gateway.form.texts import LANGUAGES, texts
from schemas.events import report_id
from tests.gateway_process import Broker, Gateway, gateway_running

addresses = (f"10.1.{n // 250}.{n % 250 + 1}" for n in itertools.count())


@pytest.fixture
def browser(gateway: Gateway) -> Iterator[httpx.Client]:
    """A browser at an address of its own."""
    with httpx.Client(base_url=gateway.url, headers={"X-Forwarded-For": next(addresses)}, timeout=30) as client:
        yield client


def fill(**fields: str) -> dict[str, str]:
    """A filled-in form with a reference of its own."""
    return {"reference": str(uuid.uuid4()), "text": "Звонили из банка"} | fields


def solved(page: str) -> str:
    """The solution of the challenge in a page."""
    found = re.search(r'data-challenge="([^"]+)"', page)
    assert found is not None
    challenge = altcha.Challenge.from_dict(json.loads(unescape(found[1])))
    solution = altcha.solve_challenge(challenge)
    assert solution is not None
    return altcha.Payload(challenge, solution).to_base64()


def test_the_page_speaks_the_browsers_language(browser: httpx.Client) -> None:
    for header, language in (("", "ru"), ("kk", "kk"), ("en-GB,ru;q=0.5", "en")):
        page = browser.get("/", headers={"Accept-Language": header})
        assert f'<html lang="{language}">' in page.text
        assert page.headers["vary"] == "Accept-Language"
    for language in LANGUAGES:
        assert texts(language)["heading"] in browser.get(f"/{language}").text


def test_pages_load_nothing_from_elsewhere(browser: httpx.Client) -> None:
    page = browser.get("/ru")
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert page.headers["x-content-type-options"] == "nosniff"
    assert page.headers["referrer-policy"] == "same-origin"
    assert "http://" not in page.text
    assert "https://" not in page.text
    for name in re.findall(r'(?:src|href)="(/static/[^"]+)"', page.text):
        assert browser.get(name).status_code == 200


def test_a_report_is_taken_masked_and_anonymous(broker: Broker, browser: httpx.Client) -> None:
    form = fill(
        text="сказала код 4821 из смс", contact="1414", medium="call", lost="yes", amount="150 000", who="elderly"
    )
    answer = browser.post("/kk", data=form)
    assert answer.status_code == 200
    assert "data-accepted" in answer.text
    record = broker.record(report_id("web-form", form["reference"]))
    assert f"{record['id'][:4]}-{record['id'][4:8]}".upper() in answer.text
    assert (record["source"], record["channel"], record["medium"]) == ("web-form", "web", "call")
    assert (record["outcome"], record["loss_kzt"], record["affected_group"]) == ("victim", 150_000, "elderly")
    assert record["contacts"] == [{"value": "1414"}]
    assert "reporter" not in record
    assert "4821" not in str(record)
    assert advice_texts("kk")["money_today"] in answer.text


def test_a_retry_makes_no_second_report(broker: Broker, browser: httpx.Client) -> None:
    form = fill()
    pages = {browser.post("/ru", data=form).text for _ in range(3)}
    assert len(pages) == 1
    assert {record["source_ref"] for record in broker.records() if record["source"] == "web-form"} >= {
        form["reference"]
    }
    identity = report_id("web-form", form["reference"])
    assert {record["id"] for record in broker.records() if record["source_ref"] == form["reference"]} == {identity}


def test_a_made_up_reference_is_replaced(broker: Broker, browser: httpx.Client) -> None:
    assert browser.post("/ru", data=fill(reference="+77051234567")).status_code == 200
    assert "+77051234567" not in {record["source_ref"] for record in broker.records()}


def test_wrong_fields_come_back_with_what_was_typed(browser: httpx.Client) -> None:
    form = fill(text="Текст, который нельзя потерять", when="1970-01-01T00:00", lost="yes", amount="много")
    answer = browser.post("/ru", data=form)
    assert answer.status_code == 422
    assert form["text"] in answer.text
    assert form["reference"] in answer.text
    for name in ("error_old", "error_amount"):
        assert texts("ru")[name] in answer.text


def test_strange_bodies_crash_nothing(browser: httpx.Client) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    assert browser.post("/ru", content=b"text=%ED%A0%80%00%FF&contact=%00", headers=headers).status_code == 200
    assert browser.post("/ru", content=b"", headers=headers).status_code == 422
    assert browser.post("/ru", content=b"\xff\xfe=&&&;=%", headers=headers).status_code == 422
    assert browser.post("/ru", content=b"text=\xd0\xb0&text=b", headers=headers).status_code == 200
    assert browser.post("/ru", content=b"&".join([b"a=1"] * 100), headers=headers).status_code == 400
    assert browser.post("/ru", content=b"text=" + b"x" * MAX_FORM_BYTES, headers=headers).status_code == 413
    assert browser.post("/ru", content=b"{}", headers={"Content-Type": "application/json"}).status_code == 415
    assert browser.post("/ru", data=fill(text="а" * 20_000)).status_code == 422


def test_another_site_can_not_send_the_form(browser: httpx.Client) -> None:
    for site, status in (("cross-site", 403), ("same-site", 403), ("same-origin", 200), ("none", 200)):
        assert browser.post("/ru", data=fill(), headers={"Sec-Fetch-Site": site}).status_code == status


def test_a_busy_address_works_for_its_reports_and_each_solution_counts_once(browser: httpx.Client) -> None:
    for _ in range(FREE_PER_ADDRESS.amount):
        assert browser.post("/ru", data=fill()).status_code == 200
    form = fill(text="Текст, который нельзя потерять")
    asked = browser.post("/ru", data=form)
    assert asked.status_code == 428
    assert form["text"] in asked.text
    assert texts("ru")["challenge_heading"] in asked.text
    solution = solved(asked.text)
    assert browser.post("/ru", data=form | {"altcha": "no"}).status_code == 428
    assert browser.post("/ru", data=form | {"altcha": solution}).status_code == 200
    assert browser.post("/ru", data=fill() | {"altcha": solution}).status_code == 428


def test_a_flood_from_one_address_is_stopped_in_its_language_and_others_are_not(broker: Broker) -> None:
    with gateway_running(broker.bootstrap_servers) as gateway:
        gateway.wait_until_ready()
        body = urlencode(fill(text=""))  # a form that says nothing costs its address too
        headers = {"Content-Type": "application/x-www-form-urlencoded", "X-Forwarded-For": "2001:db8:1:2::3"}
        with httpx.Client(base_url=gateway.url, timeout=30) as client:
            statuses = [
                client.post("/kk", content=body, headers=headers).status_code for _ in range(MOST_PER_ADDRESS.amount)
            ]
            assert set(statuses) == {422}
            neighbour = headers | {"X-Forwarded-For": "2001:db8:1:2:ffff::1"}  # the same network of one customer
            refused = client.post("/kk", data=fill(text="Жоғалмасын"), headers=neighbour)
            assert refused.status_code == 429
            assert int(refused.headers["retry-after"]) > 0
            assert texts("kk")["busy_heading"] in refused.text
            assert "Жоғалмасын" in refused.text
            other = headers | {"X-Forwarded-For": "2001:db8:1:3::3"}
            assert client.post("/kk", data=fill(), headers=other).status_code == 200


def test_a_flood_from_everywhere_has_to_work_too(broker: Broker) -> None:
    with gateway_running(broker.bootstrap_servers) as gateway:
        gateway.wait_until_ready()
        with httpx.Client(base_url=gateway.url, timeout=30) as client:
            statuses = [
                client.post("/ru", data=fill(), headers={"X-Forwarded-For": next(addresses)}).status_code
                for _ in range(FREE_IN_ALL.amount + 5)
            ]
        assert statuses[: FREE_IN_ALL.amount] == [200] * FREE_IN_ALL.amount
        assert 428 in statuses
        assert gateway.metric('saqbol_gateway_reports_refused_total{reason="challenge-required"}') > 0


def test_a_form_that_can_not_be_taken_keeps_what_was_typed() -> None:
    with gateway_running("127.0.0.1:9") as gateway, httpx.Client(base_url=gateway.url, timeout=30) as client:
        form = fill(text="Текст, который нельзя потерять")
        answer = client.post("/en", data=form)
        assert answer.status_code == 503
        assert int(answer.headers["retry-after"]) > 0
        assert texts("en")["away_heading"] in answer.text
        assert form["text"] in answer.text
        assert form["reference"] in answer.text
