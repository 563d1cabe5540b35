"""The page of alerts on a real Elasticsearch and a real Kafka: what is shown, and what is decided."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from elasticsearch import Elasticsearch

from deploy.provision import provision
from deploy.stack.local import Stack
from schemas.cases import Case, Step, StepKind, Why
from schemas.documents import case_document
from schemas.events import Alert, AlertStatus
from schemas.indices import ALERTS
from schemas.topics import DECISIONS
from streams.oncall.links import Grant, seal
from tests.desk_process import LINK_KEY, Desk, desk_running, events_of
from tests.gateway_process import gateway_running, wait_for
from tests.waves_in_index import put_wave

CARD = "4111 1111 1111 1111"


@pytest.fixture(scope="module")
def desk(stack: Stack) -> Iterator[Desk]:
    provision(stack.bootstrap_servers, stack.elasticsearch_url)
    with gateway_running(stack.bootstrap_servers) as gateway, desk_running(stack, gateway) as running:
        yield running


@pytest.fixture(scope="module")
def search(stack: Stack) -> Iterator[Elasticsearch]:
    with Elasticsearch(stack.elasticsearch_url) as client:
        yield client


@pytest.fixture
def alert(search: Elasticsearch) -> Alert:
    return put_wave(search)


LogIn = Callable[..., httpx.Client]


@pytest.fixture
def log_in(desk: Desk) -> Iterator[LogIn]:
    """A client of somebody who has logged in, by account; of nobody without one."""
    with ExitStack() as open_clients:

        def log_in_(account: str = "") -> httpx.Client:
            client = desk.logged_in(account) if account else desk.browser()
            open_clients.callback(client.close)
            return client

        yield log_in_


@pytest.fixture
def decisions(stack: Stack) -> Callable[[str], list[dict[str, Any]]]:
    """What was decided about an alert, from the topic."""

    def read(alert_id: str) -> list[dict[str, Any]]:
        return [decision for decision in events_of(stack, DECISIONS) if decision.get("alert_id") == alert_id]

    return read


def test_the_list_and_the_evidence(log_in: LogIn, alert: Alert) -> None:
    oncall = log_in("botagoz")
    listed = oncall.get("/alerts").text
    assert f"/alerts/{alert.id}" in listed
    assert alert.number in listed
    shown = oncall.get(f"/alerts/{alert.id}").text
    assert alert.number in shown
    for i in range(9):
        assert f"Рассказ {i}" in shown
    assert "Ботагөз Нұрлан" in shown
    assert "telegram" in shown
    assert '<svg class="timeline"' in shown
    assert oncall.get(f"/alerts/{uuid.uuid4()}").status_code == 404


def test_what_is_decided_shows_at_once_and_reaches_the_topic(
    log_in: LogIn, alert: Alert, decisions: Callable[[str], list[dict[str, Any]]]
) -> None:
    oncall = log_in("botagoz")
    where = f"/alerts/{alert.id}"
    assert oncall.post(where, data={"kind": "acknowledge"}).status_code == 303
    assert "В работе" in oncall.get(where).text
    assert oncall.post(where, data={"kind": "silence", "hours": "12", "note": "чиним"}).status_code == 303
    assert "чиним" in oncall.get(where).text
    assert oncall.post(where, data={"kind": "resume"}).status_code == 303
    shown = oncall.get(where).text
    assert 'value="resume"' not in shown
    assert "снял(а) тишину" in shown
    assert oncall.post(where, data={"kind": "false", "note": f"проверка, карта {CARD}"}).status_code == 303
    page = oncall.get(where).text
    assert "Закрыл" in page
    assert CARD not in page
    wait_for(lambda: len(decisions(alert.id)) == 4)
    acknowledged, silenced, resumed, closed = decisions(alert.id)
    assert (acknowledged["kind"], acknowledged["by"], acknowledged["via"]) == ("acknowledged", "botagoz", "page")
    assert (silenced["key"], silenced["note"]) == (alert.key, "чиним")
    lasts = datetime.fromisoformat(silenced["until"]) - datetime.fromisoformat(silenced["at"])
    assert lasts == timedelta(hours=12)
    assert resumed["kind"] == "resumed"
    assert closed["kind"] == "false"
    assert CARD not in closed["note"]


def test_what_happened_is_told_in_the_readers_language(log_in: LogIn, search: Elasticsearch) -> None:
    now = datetime.now(UTC)
    wave = put_wave(
        search,
        Step(at=now, kind=StepKind.FAILED, person="botagoz", target="telegram", message="m/1"),
        Step(at=now, kind=StepKind.ESCALATED, person="marat", why=Why.NO_ANSWER, about="botagoz", minutes=10),
        Step(at=now, kind=StepKind.ESCALATED, why=Why.NOBODY_LEFT),
        Step(at=now, kind=StepKind.HELD, until=now + timedelta(hours=1)),
        Step(at=now, kind=StepKind.SILENCED, person="marat", until=now + timedelta(hours=1), detail="учения банка"),
    )
    oncall = log_in("botagoz")
    assert "тишина до" in oncall.get("/alerts").text
    for language, said in {
        "ru": ("Ботагөз Нұрлан не отвечает 10 мин", "больше сообщать некому", "включил(а) тишину: до"),
        "kk": ("Ботагөз Нұрлан 10 мин бойы жауап бермеді", "енді хабарлайтын ешкім жоқ", "үнсіздікті қосты:"),
    }.items():
        oncall.get(f"/language/{language}?next=/alerts")
        shown = oncall.get(f"/alerts/{wave.id}").text
        place = {"ru": "Северо-Казахстанская область", "kk": "Солтүстік Қазақстан облысы"}[language]
        for part in (*said, place, "учения банка", 'value="resume"'):
            assert part in shown
        steps = shown.partition('<ol class="steps">')[2].partition("</ol>")[0]
        assert not re.search(r"\b(no|until|answer|nobody|tries)\b", steps)


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"kind": "delete"}, "kind"),
        ({"kind": "silence", "hours": "1"}, "note"),
        ({"kind": "silence", "hours": "9999", "note": "x"}, "hours"),
        ({"kind": "real", "note": "x" * 501}, "note"),
    ],
)
def test_a_wrong_decision_is_named(log_in: LogIn, alert: Alert, form: dict[str, str], field: str) -> None:
    oncall = log_in("botagoz")
    answer = oncall.post(f"/alerts/{alert.id}", data=form)
    assert answer.headers["location"].endswith(f"?notice=wrong-{field}")
    assert 'class="notice"' in oncall.get(answer.headers["location"]).text


def test_only_people_on_call_decide(
    log_in: LogIn, alert: Alert, decisions: Callable[[str], list[dict[str, Any]]]
) -> None:
    where = f"/alerts/{alert.id}"
    analyst = log_in("marat")
    assert 'name="kind"' not in analyst.get(where).text
    assert analyst.post(where, data={"kind": "acknowledge"}).status_code == 403
    operator = log_in("aigul")
    assert operator.get(where).status_code == 403
    assert log_in().get(where).headers["location"].startswith("/login")
    oncall = log_in("botagoz")
    assert oncall.post(where, data={"kind": "acknowledge"}, headers={"X-CSRF-Token": "x"}).status_code == 403
    assert oncall.post(where, data={"kind": "acknowledge"}, headers={"Origin": "https://evil.kz"}).status_code == 403
    assert decisions(alert.id) == []


def test_a_missed_wave_is_reported(log_in: LogIn, stack: Stack) -> None:
    oncall = log_in("botagoz")
    moment = (datetime.now(UTC) + timedelta(hours=4)).strftime("%Y-%m-%dT%H:%M")
    note = f"волна {uuid.uuid4()}"
    form = {"number": "8 705 111 22 33", "happened_at": moment, "note": note}
    assert oncall.post("/alerts", data=form).headers["location"] == "/alerts?notice=missed"
    wrong = oncall.post("/alerts", data={**form, "number": "это не номер"})
    assert wrong.headers["location"] == "/alerts?notice=wrong-number"
    wait_for(lambda: any(decision.get("note") == note for decision in events_of(stack, DECISIONS)))
    (found,) = [decision for decision in events_of(stack, DECISIONS) if decision.get("note") == note]
    assert (found["kind"], found["key"]) == ("missed", "number:+77051112233")


def test_a_link_acknowledges_once_and_never_by_being_fetched(
    log_in: LogIn, alert: Alert, decisions: Callable[[str], list[dict[str, Any]]]
) -> None:
    expires = int((datetime.now(UTC) + timedelta(hours=1)).timestamp())
    token = seal(Grant(alert.id, "botagoz", 1, expires), LINK_KEY)
    phone = log_in()
    assert phone.head(f"/a/{token}").status_code in {200, 405}
    asked = phone.get(f"/a/{token}")
    assert "Ботагөз Нұрлан" in asked.text
    assert alert.number in asked.text, "of several alerts, which one is it?"
    assert "/static/link.js" in asked.text
    assert decisions(alert.id) == []
    elsewhere = {"Origin": "https://evil.kz", "Sec-Fetch-Site": "cross-site"}
    assert phone.post(f"/a/{token}", headers=elsewhere).status_code == 403
    assert phone.post(f"/a/{token}").status_code == 200
    wait_for(lambda: len(decisions(alert.id)) == 1)
    again = phone.post(f"/a/{token}")
    assert "уже сработала" in again.text
    assert "уже сработала" in phone.get(f"/a/{token}").text
    (decision,) = decisions(alert.id)
    assert (decision["kind"], decision["by"], decision["via"]) == ("acknowledged", "botagoz", "link")
    assert "В работе" in log_in("botagoz").get(f"/alerts/{alert.id}").text


def test_who_comes_too_late_is_not_told_that_the_alert_is_theirs(log_in: LogIn, alert: Alert, stack: Stack) -> None:
    taken = Case(
        alert_id=alert.id, opened_at=alert.detected_at, status=AlertStatus.ACKNOWLEDGED, acknowledged_by="marat"
    )
    with Elasticsearch(stack.elasticsearch_url) as client:
        client.update(index=ALERTS, id=alert.id, doc=case_document(taken).body, refresh=True)
    expires = int((datetime.now(UTC) + timedelta(hours=1)).timestamp())
    answer = log_in().post(f"/a/{seal(Grant(alert.id, 'botagoz', 7, expires), LINK_KEY)}")
    assert "тревога за вами" not in answer.text
    assert "её принял(а) Марат" in answer.text


def test_a_forged_or_expired_link_does_nothing(log_in: LogIn, alert: Alert) -> None:
    later, past = (int((datetime.now(UTC) + timedelta(hours=h)).timestamp()) for h in (1, -1))
    forged = seal(Grant(alert.id, "botagoz", 1, later), b"x" * 32)
    expired = seal(Grant(alert.id, "botagoz", 1, past), LINK_KEY)
    payload, _, mac = seal(Grant(alert.id, "botagoz", 1, later), LINK_KEY).partition(".")
    for token in (
        forged,
        expired,
        f"{payload}x.{mac}",
        f"{payload}.{'B' if mac[0] == 'A' else 'A'}{mac[1:]}",
        "x",
        "." * 2000,
    ):
        phone = log_in()
        assert phone.get(f"/a/{token}").status_code in {403, 404}
        assert phone.post(f"/a/{token}").status_code in {403, 404}
