"""Who gets into a running desk, and who does not: sessions, lock-out, roles, other origins, a restart."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime

import httpx
import pytest
from litestar.routes import HTTPRoute
from msgspec import structs

from producers.desk import lockout, staff
from producers.desk.app import create_app
from producers.desk.database import Database
from producers.desk.service import Desk as Service
from producers.desk.settings import from_environment
from producers.desk.texts import texts
from tests.desk_process import NOTHING, PASSWORD, PEOPLE, Desk, desk_at

SCRIPT = {"Accept": "application/json, text/html"}


@pytest.fixture(scope="module")
def desk() -> Iterator[Desk]:
    """A desk behind which nothing answers: that is nobody's business at its door."""
    with desk_at(NOTHING) as running:
        yield running


def draft() -> dict[str, str]:
    return {"id": str(uuid.uuid4()), "at": datetime.now(UTC).isoformat(), "said": "8 705 123 45 67"}


def log_in(client: httpx.Client, account: str, password: str) -> httpx.Response:
    return client.post("/login", data={"account": account, "password": password})


def test_every_route_that_is_not_public_is_closed(desk: Desk) -> None:
    environment = {
        "SAQBOL_DESK_STAFF_FILE": str(desk.staff),
        "SAQBOL_DESK_KEYS": str(desk.home),
        "SAQBOL_DESK_DATABASE": str(desk.home / "other" / "desk.sqlite3"),
    }
    service = Service(from_environment(environment))
    routes = [route for route in create_app(service).routes if isinstance(route, HTTPRoute)]
    service.database.close()
    closed = 0
    with desk.browser() as nobody:
        for route in routes:
            path = re.sub(r"\{\w+:uuid\}", str(uuid.uuid4()), route.path)
            path = re.sub(r"\{\w+:int\}", "1", path)
            path = re.sub(r"\{[^}]+\}", "x", path)
            for handler in route.route_handlers:
                for method in handler.http_methods - {"OPTIONS"}:
                    if handler.opt.get("public"):
                        continue
                    reply = nobody.request(method, path, headers=SCRIPT)
                    assert reply.status_code == 401, f"{method} {path}: {reply.status_code}"
                    closed += 1
    assert closed > 5


def test_a_page_leads_to_the_log_in_and_back(desk: Desk) -> None:
    with desk.browser() as client:
        reply = client.get("/consultation")
        assert (reply.status_code, reply.headers["location"]) == (303, "/login?next=/consultation")
        form = {"account": "aigul", "password": PASSWORD, "next": "/consultation"}
        assert client.post("/login", data=form).headers["location"] == "/consultation"
        assert client.get("/consultation").status_code == 200


def test_the_cookie_is_a_fresh_one_that_no_script_sees(desk: Desk) -> None:
    with desk.browser() as client:
        first = log_in(client, "aigul", PASSWORD).headers["set-cookie"]
        assert "HttpOnly" in first
        assert "SameSite=strict" in first
        stolen = client.cookies["desk"]
        assert len(stolen) >= 43
        client.headers["X-CSRF-Token"] = "x"
        assert log_in(client, "aigul", PASSWORD).status_code == 403  # a log-in over a session needs the session's token
    with desk.browser() as other:
        log_in(other, "aigul", PASSWORD)
        assert other.cookies["desk"] != stolen


def test_behind_https_the_cookie_goes_nowhere_else() -> None:
    origin = "https://desk.example.kz"
    with desk_at(NOTHING, settings={"SAQBOL_DESK_ORIGIN": origin}) as desk, desk.browser() as client:
        client.headers.update({"Host": "desk.example.kz", "Origin": origin})
        cookie = log_in(client, "aigul", PASSWORD).headers["set-cookie"]
        assert cookie.startswith("__Host-desk=")
        assert "; Secure" in cookie
        assert "; Path=/;" in cookie
        client.headers["Origin"] = "http://desk.example.kz"
        assert log_in(client, "aigul", PASSWORD).status_code == 403


def test_nobody_learns_whether_an_account_exists(desk: Desk) -> None:
    with desk.browser("10.1.0.1") as client:
        known, unknown = (log_in(client, account, "wrong password") for account in ("marat", "nobody-here"))
    assert known.status_code == unknown.status_code == 422
    assert known.text.replace("marat", "") == unknown.text.replace("nobody-here", "")


@pytest.mark.parametrize("account", ["daniyar", "guessed-account"])
def test_who_tries_passwords_is_kept_out_known_or_not(desk: Desk, account: str) -> None:
    with ThreadPoolExecutor(10) as many, desk.browser(f"10.2.{len(account)}.1") as client:
        replies = list(many.map(lambda n: log_in(client, account, f"guess number {n}").status_code, range(15)))
        assert replies.count(422) == lockout.FREE_PER_ACCOUNT
        assert replies.count(429) == 15 - lockout.FREE_PER_ACCOUNT
        kept_out = log_in(client, account, PASSWORD)
        assert kept_out.status_code == 429
        assert 0 < int(kept_out.headers["retry-after"]) <= lockout.FIRST_WAIT.total_seconds()
    with desk.browser("10.2.99.1") as elsewhere:
        assert log_in(elsewhere, account, PASSWORD).status_code == 429
    with desk.browser(f"10.2.{len(account)}.1") as colleague:
        assert log_in(colleague, "aigul", PASSWORD).status_code == 303


def test_a_restart_forgives_nothing(desk: Desk) -> None:
    desk.end()
    database = Database(desk.database)
    failures = lockout.Failures(key=lockout._key("account", "botagoz"), count=50, last_at=datetime.now(UTC))
    database.transact(lambda t: t.add(failures))
    database.close()
    desk.start()
    with desk.browser("10.3.1.1") as client:
        assert log_in(client, "botagoz", PASSWORD).status_code == 429


def test_a_restart_keeps_the_shift_logged_in(desk: Desk) -> None:
    with closing(desk.logged_in()) as client:
        desk.end()
        desk.start()
        assert client.get("/consultation").status_code == 200
        assert client.post("/consultation/look-up", json=draft(), headers=SCRIPT).status_code == 200


def test_after_the_log_out_the_cookie_opens_nothing(desk: Desk) -> None:
    with closing(desk.logged_in()) as client, desk.browser() as thief:
        thief.cookies.set("desk", client.cookies["desk"])
        assert thief.get("/consultation").status_code == 200
        token = client.headers.pop("X-CSRF-Token")
        reply = client.post("/logout", data={"csrf": token})
        assert (reply.status_code, reply.headers["clear-site-data"]) == (303, '"storage"')
        assert thief.get("/consultation").status_code == 303


@pytest.mark.parametrize(
    "changed",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "http://127.0.0.1:1"},
        {"Origin": "null"},
        {"Origin": None, "Sec-Fetch-Site": None},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"X-CSRF-Token": None},
        {"X-CSRF-Token": ""},
        {"X-CSRF-Token": "A" * 43},
    ],
    ids=str,
)
def test_a_cookie_alone_gets_nothing_in(desk: Desk, changed: dict[str, str | None]) -> None:
    with closing(desk.logged_in()) as client:
        for name, value in changed.items():
            if value is None:
                del client.headers[name]
            else:
                client.headers[name] = value
        for path in ("/consultation/reports", "/consultation/look-up", "/logout"):
            assert client.post(path, json=draft(), headers=SCRIPT).status_code == 403
        assert client.get("/consultation").status_code in {200, 403}


def test_another_site_reads_nothing_but_may_link_to_a_page(desk: Desk) -> None:
    with closing(desk.logged_in()) as client:
        elsewhere = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}
        assert client.get("/consultation", headers=elsewhere).status_code == 403
        followed = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
        assert client.get("/consultation", headers=followed).status_code == 200
    with desk.browser() as client:  # the browser kept the cookie back: the page asks for itself once more
        reply = client.get("/consultation", headers=followed)
        assert (reply.status_code, 'content="0;url=/consultation"' in reply.text) == (200, True)


def test_another_name_of_this_machine_is_nobody(desk: Desk) -> None:
    with closing(desk.logged_in()) as client:
        assert client.get("/consultation", headers={"Host": "rebound.example"}).status_code == 403


def test_a_role_opens_its_own_pages_only(desk: Desk) -> None:
    with closing(desk.logged_in("marat")) as analyst:
        page = analyst.get("/consultation")
        assert page.status_code == 403
        assert texts("refused", "ru")["title_403"] in page.text
        assert analyst.post("/consultation/reports", json=draft(), headers=SCRIPT).status_code == 403
        assert 'href="/consultation"' not in analyst.get("/", follow_redirects=True).text


def test_another_password_or_none_ends_every_session(desk: Desk) -> None:
    try:
        with closing(desk.logged_in()) as client:
            changed = structs.replace(PEOPLE[0], password=staff.hash_password("quite another one", "aigul"))
            staff.write(desk.staff, [changed, *PEOPLE[1:]])
            assert client.get("/consultation").status_code == 303
        with closing(desk.logged_in("marat")) as client:
            staff.write(desk.staff, [person for person in PEOPLE if person.account != "marat"])
            assert client.get("/").status_code == 303
    finally:
        staff.write(desk.staff, PEOPLE)


def test_every_answer_says_what_a_page_may_load(desk: Desk) -> None:
    with closing(desk.logged_in()) as client:
        for path in ("/consultation", "/login", "/static/consultation.js", "/nothing-here"):
            headers = client.get(path).headers
            assert "default-src 'none'" in headers["content-security-policy"]
            assert "frame-ancestors 'none'" in headers["content-security-policy"]
            assert headers["x-content-type-options"] == "nosniff"
        assert client.get("/consultation").headers["cache-control"] == "no-store"


def test_without_anything_behind_it_the_desk_still_answers_and_promises_nothing(desk: Desk) -> None:
    with closing(desk.logged_in()) as client:
        told = draft() | {"said": "8 705 123 45 67\nЗвонили из банка, просили код из СМС"}
        answer = client.post("/consultation/look-up", json=told, headers=SCRIPT)
        assert answer.status_code == 200
        assert texts("consultation", "ru")["not_checked"] in answer.text
        assert 'data-scheme="bank-security"' in answer.text
        assert client.post("/consultation/reports", json=told, headers=SCRIPT).status_code == 503


def test_what_was_typed_is_in_no_log(desk: Desk) -> None:
    with closing(desk.logged_in()) as client:
        told = draft() | {"said": "Мой код 482913", "reporter": "8 701 555 44 33"}
        client.post("/consultation/look-up", json=told, headers=SCRIPT)
        client.post("/consultation/reports", json=told, headers=SCRIPT)
        client.post("/consultation/reports", content=b'{"said": "482913"', headers=SCRIPT)
        log_in(client, "482913", "482913 is my password")
    log = desk.log.read_text(encoding="utf-8")
    assert "482913" not in log
    assert "5554433" not in log
    assert PASSWORD not in log
