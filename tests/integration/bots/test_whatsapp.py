"""The WhatsApp bot from the chat to Elasticsearch, and what it must bear: forgeries, repeats, statuses, failures."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from producers.whatsapp.webhook import signature
from tests.agents.conftest import Workers, eventually
from tests.chat_servers import GraphServer, whatsapp_message, whatsapp_notification
from tests.gateway_process import Gateway
from tests.integration.bots.conftest import APP_SECRET, VERIFY_TOKEN, BotProcess, whatsapp_running

STORY = "Банктің қауіпсіздік қызметінен хабарласып, {} нөмірінен SMS кодты сұрады"


def a_phone() -> str:
    """A person that no other test knows."""
    return f"7701{random.randrange(1_000_000, 9_999_999)}"


def a_wamid() -> str:
    return f"HBgL{random.randrange(10**18)}"


@pytest.fixture(scope="module")
def server() -> Iterator[GraphServer]:
    server = GraphServer()
    with server.running():
        yield server


@pytest.fixture(scope="module")
def bot(server: GraphServer, gateway: Gateway, tmp_path_factory: pytest.TempPathFactory) -> Iterator[BotProcess]:
    home = tmp_path_factory.mktemp("whatsapp")
    with whatsapp_running(server, gateway.url, gateway.keys["whatsapp-test"], home) as running:
        yield running


def deliver(bot: BotProcess, body: bytes, sign: str | None = None) -> int:
    """Send a notification as Meta does; returns the status."""
    headers = {"content-type": "application/json", "x-hub-signature-256": sign or signature(body, APP_SECRET)}
    return httpx.post(f"{bot.url}/whatsapp/webhook", content=body, headers=headers, timeout=10).status_code


def write(bot: BotProcess, phone: str, text: str = "", **more: Any) -> bytes:
    """A person writes; returns the notification, to be repeated."""
    body = whatsapp_notification(whatsapp_message(phone, a_wamid(), text, **more))
    assert deliver(bot, body) == 200
    return body


def tap(bot: BotProcess, server: GraphServer, phone: str, label: str) -> None:
    """A person taps a button or chooses a row."""
    option = server.button(phone, label)
    kind = "button_reply" if len(server.said(phone)[-1]["interactive"]["action"].get("buttons", ())) else "list_reply"
    context = {"from": "77172000000", "id": "wamid.question"}
    write(bot, phone, type="interactive", interactive={"type": kind, kind: option}, context=context)


def answers(server: GraphServer, phone: str, count: int) -> list[str]:
    """The texts of the first `count` messages to a phone, once they are there."""
    eventually(lambda: len(server.said(phone)) >= count)
    return [
        (body.get("text") or body["interactive"]["body"]).get("body") or body["interactive"]["body"]["text"]
        for body in server.said(phone)[:count]
    ]


def test_a_story_is_answered_completed_and_indexed(bot: BotProcess, server: GraphServer, workers: Workers) -> None:
    phone, number = a_phone(), f"8705{random.randrange(1_000_000, 9_999_999)}"
    notification = write(bot, phone, STORY.format(number))
    answer, question = answers(server, phone, 2)
    assert answer.startswith("*🔴 Бұл алаяқтардың ісіне қатты ұқсайды.*")
    assert question == "Ақшаңыз кетті ме?"
    tap(bot, server, phone, "Жоқ")
    answers(server, phone, 3)
    tap(bot, server, phone, "Басқа облыс…")
    answers(server, phone, 4)
    tap(bot, server, phone, "Қостанай облысы")
    assert "Рақмет!" in answers(server, phone, 5)[4]
    assert deliver(bot, notification) == 200
    (found,) = eventually(lambda: workers.find("saqbol-reports", numbers="+7" + number[1:]))
    assert (found["source"], found["channel"]) == ("whatsapp-test", "whatsapp")
    assert (found["outcome"], found["region"], found["language"]) == ("attempt", "KZ-39", "kk")
    assert phone not in json.dumps(found)
    assert phone not in bot.told()
    time.sleep(1)
    assert len(server.said(phone)) == 5


def test_only_what_meta_signed_gets_in(bot: BotProcess, server: GraphServer) -> None:
    phone = a_phone()
    body = whatsapp_notification(whatsapp_message(phone, a_wamid(), "/help"))
    with_spaces = body.replace(b": ", b":  ")
    for forged in (
        "sha256=" + "0" * 64,
        "sha256=",
        signature(body, "another secret"),
        signature(with_spaces, APP_SECRET),
    ):
        assert deliver(bot, body, forged) == 403
    assert httpx.post(f"{bot.url}/whatsapp/webhook", content=body).status_code == 403
    assert deliver(bot, b"{") == 400
    assert deliver(bot, b"[]") == 400
    time.sleep(0.5)
    assert server.said(phone) == []
    assert deliver(bot, with_spaces) == 200
    answers(server, phone, 1)


def test_meta_verifies_the_address_by_our_token(bot: BotProcess) -> None:
    url = f"{bot.url}/whatsapp/webhook"
    asked = {"hub.mode": "subscribe", "hub.challenge": "1158201444", "hub.verify_token": VERIFY_TOKEN}
    right = httpx.get(url, params=asked)
    assert (right.status_code, right.text) == (200, "1158201444")
    assert right.headers["content-type"].startswith("text/plain")
    for wrong in ({"hub.verify_token": "no"}, {"hub.mode": "unsubscribe"}, {"hub.verify_token": ""}):
        assert httpx.get(url, params=asked | wrong).status_code == 403


def test_statuses_and_what_is_not_for_us_are_ignored(bot: BotProcess, server: GraphServer) -> None:
    phone = a_phone()
    status = {"id": "wamid.1", "status": "delivered", "timestamp": "1750857384", "recipient_id": phone}
    failed = {**status, "status": "failed", "errors": [{"code": 131047, "title": "Re-engagement message"}]}
    for body in (
        whatsapp_notification(statuses=[status, failed]),
        whatsapp_notification(whatsapp_message(phone, a_wamid(), "/help"), phone_id="1"),
        whatsapp_notification(whatsapp_message(phone, a_wamid(), type="reaction", reaction={"emoji": "👍"})),
        whatsapp_notification({"id": "wamid.2"}, whatsapp_message(phone, a_wamid(), type="system", system={})),
        b'{"object": "whatsapp_business_account", "entry": [{"changes": [{"field": "flows", "value": 1}]}]}',
        b'{"object": "page"}',
    ):
        assert deliver(bot, body) == 200
    write(bot, phone, "/help")
    assert len(answers(server, phone, 1)) == 1


def test_contacts_pictures_and_people_without_a_phone(bot: BotProcess, server: GraphServer) -> None:
    phone = a_phone()
    card = {"name": {"formatted_name": "Банк"}, "phones": [{"phone": "+7 705 999 88 77", "wa_id": "77059998877"}]}
    write(bot, phone, type="contacts", contacts=[card])
    answer, question = answers(server, phone, 2)
    assert "+7 705 999 88 77" in answer
    assert question == "Что случилось?"
    rows = server.said(phone)[1]["interactive"]["action"]["sections"][0]["rows"]
    assert len(rows) == 4
    write(bot, phone, type="image", image={"mime_type": "image/jpeg", "sha256": "x", "id": "1"})
    write(bot, phone, type="unsupported", errors=[{"code": 131051, "title": "Message type unknown"}])
    own = {"phones": [{"phone": f"+{phone}", "wa_id": phone}]}
    write(bot, phone, type="contacts", contacts=[own])
    assert [text.split()[0] for text in answers(server, phone, 5)[2:]] == ["Картинки", "Спасибо!", "Похоже,"]
    hidden = f"KZ.{random.randrange(10**12)}"
    nameless = {**whatsapp_message("", a_wamid(), "/help"), "from_user_id": hidden}
    nameless.pop("from")
    assert deliver(bot, whatsapp_notification(nameless)) == 200
    eventually(lambda: server.said(hidden))
    assert "to" not in server.said(hidden)[0]


def test_sending_is_tried_again_while_that_may_help(bot: BotProcess, server: GraphServer) -> None:
    busy, passing = (500, {"error": {"code": 2}}), (400, {"error": {"code": 131056, "message": "pair rate limit"}})
    phone = a_phone()
    server.failures = [busy, (429, {"error": {"code": 130429}}), passing]
    write(bot, phone, "/help")
    assert len(answers(server, phone, 1)) == 1
    other, before = a_phone(), server.tries
    server.failures = [(400, {"error": {"code": 131047, "message": "24 hours are over"}})]
    write(bot, other, "/help")
    write(bot, other, "/check")
    assert answers(server, other, 1)[0].startswith("Напишите номер")
    assert server.tries == before + 2
