"""From what Telegram and WhatsApp send to events, from replies to what they show, and the bots' settings."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from telegram import Update
from telegram.error import BadRequest, Forbidden, NetworkError, RetryAfter, TimedOut

from producers.bots.messages import Attachment, Event, Option, Reply
from producers.bots.references import Naming
from producers.bots.retrying import persist
from producers.bots.settings import SettingsError
from producers.telegram import channel as telegram_channel
from producers.telegram import settings as telegram_settings
from producers.telegram.reading import read_update
from producers.whatsapp import settings as whatsapp_settings
from producers.whatsapp.channel import GraphError, WhatsAppChannel, message
from producers.whatsapp.reading import read_notification
from producers.whatsapp.webhook import signature
from schemas.events import Medium
from tests.chat_servers import GraphServer, telegram_message, whatsapp_message, whatsapp_notification
from tests.unit.bots.talk import NOW

NAMING = Naming("secret", "x")
CHAT = 1001


def of_telegram(text: str = "", **more: Any) -> Event | None:
    update = {"update_id": 1, "message": telegram_message(CHAT, 5, text, **more)}
    return read_update(Update.de_json(update, None), NAMING, NOW)


def of_whatsapp(**content: Any) -> list[Event]:
    body = whatsapp_notification(whatsapp_message("77011234567", "1", **content))
    return read_notification(body, GraphServer.PHONE_ID, NAMING)


def test_a_message_of_telegram_is_masked_and_named() -> None:
    event = of_telegram("Просили код 4821 из смс\x00, карта 4111 1111 1111 1111")
    assert event
    assert "4111" not in event.text
    assert "\x00" not in event.text
    assert (event.chat, event.hidden, event.spoken, event.medium) == (str(CHAT), True, "ru", Medium.OTHER)
    assert event.ref == NAMING.message(str(CHAT), "5")
    assert str(CHAT) not in event.ref


def test_forwarded_messages_tell_where_they_come_from() -> None:
    person = {"type": "user", "date": 1, "sender_user": {"id": 9, "is_bot": False, "first_name": "B"}}
    hidden = {"type": "hidden_user", "date": 1, "sender_user_name": "B"}
    channel = {"type": "channel", "date": 1, "chat": {"id": -1, "type": "channel", "title": "c"}, "message_id": 3}
    group = {"type": "chat", "date": 1, "sender_chat": {"id": -2, "type": "supergroup", "title": "g"}}
    for origin, round_ in ((person, False), (hidden, False), (channel, True), (group, True)):
        event = of_telegram("Вы выиграли", forward_origin=origin)
        assert event
        assert (event.forwarded, event.passed_on, event.medium) == (True, round_, Medium.TELEGRAM)


def test_links_behind_words_are_read() -> None:
    entity = {"type": "text_link", "offset": 0, "length": 5, "url": "https://kaspi-prize.top/win"}
    event = of_telegram("Нажми сюда", entities=[entity])
    assert event
    assert event.text.endswith("https://kaspi-prize.top/win")


def test_contacts_and_attachments_of_telegram() -> None:
    shared = of_telegram(contact={"phone_number": "77051112233", "first_name": "Банк", "user_id": 5})
    assert shared
    assert (shared.numbers, shared.attachment) == (("+77051112233",), None)
    own = of_telegram(contact={"phone_number": "77051112233", "first_name": "Я", "user_id": CHAT})
    assert own
    assert (own.numbers, own.attachment) == ((), Attachment.OWN_CONTACT)
    photo = [{"file_id": "f", "file_unique_id": "u", "width": 1, "height": 1}]
    captioned = of_telegram(photo=photo, caption="Вот что прислали")
    assert captioned
    assert (captioned.text.strip(), captioned.attachment) == ("Вот что прислали", Attachment.PICTURE)
    album = [of_telegram(photo=photo, media_group_id="7") for _ in range(2)]
    assert len({event.ref for event in album if event}) == 1


def test_what_is_not_meant_for_the_bot_is_no_event() -> None:
    group = {**telegram_message(CHAT, 5, "x"), "chat": {"id": -5, "type": "group", "title": "g"}}
    assert read_update(Update.de_json({"update_id": 1, "message": group}, None), NAMING, NOW) is None
    assert of_telegram(new_chat_title="service message") is None
    edited = Update.de_json({"update_id": 1, "edited_message": telegram_message(CHAT, 5, "x")}, None)
    assert read_update(edited, NAMING, NOW) is None
    query = {"id": "1", "from": {"id": 1, "is_bot": False, "first_name": "A"}, "chat_instance": "1", "data": "x"}
    assert read_update(Update.de_json({"update_id": 1, "callback_query": query}, None), NAMING, NOW) is None


def test_replies_look_right_in_telegram() -> None:
    reply = Reply(title="🔴 A & B", text="1 < 2", options=tuple(Option(f"t{n}", str(n)) for n in range(3)), columns=2)
    assert telegram_channel.rendered(reply) == "<b>🔴 A &amp; B</b>\n\n1 &lt; 2"
    keyboard = telegram_channel.keyboard(reply)
    assert keyboard
    assert [[button.callback_data for button in row] for row in keyboard.inline_keyboard] == [["t0", "t1"], ["t2"]]


@pytest.mark.parametrize(
    ("error", "attempts"),
    [(RetryAfter(0), 3), (TimedOut(), 3), (NetworkError("x"), 3), (BadRequest("x"), 1), (Forbidden("x"), 1)],
)
async def test_only_what_may_help_is_tried_again(error: Exception, attempts: int) -> None:
    tried = []

    async def attempt() -> None:
        tried.append(1)
        raise error

    with pytest.raises(type(error)):
        await persist(attempt, telegram_channel._wait, pauses=(0, 0))
    assert len(tried) == attempts


async def test_who_asks_for_a_long_wait_is_not_waited_for() -> None:
    async def attempt() -> None:
        raise RetryAfter(3600)

    with pytest.raises(RetryAfter):
        await persist(attempt, telegram_channel._wait)


def test_messages_of_whatsapp() -> None:
    (event,) = of_whatsapp(text="Мой номер 8 701 123 45 67, звонили с 8 705 111 22 33")
    assert "123 45 67" not in event.text
    assert "705 111 22 33" in event.text
    assert (event.chat, event.hidden) == ("+77011234567", True)
    assert abs((event.at - datetime.now(UTC)).total_seconds()) < 60
    (welcome,) = of_whatsapp(type="request_welcome")
    assert welcome.text == "/start"
    (row,) = of_whatsapp(type="interactive", interactive={"type": "list_reply", "list_reply": {"id": "x|loss|no"}})
    assert row.choice == "x|loss|no"
    (often,) = of_whatsapp(text="Перешлите всем", context={"frequently_forwarded": True})
    assert (often.forwarded, often.passed_on, often.medium) == (True, True, Medium.WHATSAPP)
    (once,) = of_whatsapp(text="Вы выиграли", context={"forwarded": True})
    assert (once.forwarded, once.passed_on) == (True, False)
    (place,) = of_whatsapp(type="location", location={"latitude": 51.1, "longitude": 71.4})
    assert place.attachment is Attachment.PLACE
    (document,) = of_whatsapp(type="document", document={"caption": "Договор", "id": "1"})
    assert (document.text, document.attachment) == ("Договор", Attachment.OTHER)


@pytest.mark.parametrize(
    "message",
    [
        {},
        {"id": "1"},
        {"from": "77011234567", "id": "wamid.1", "timestamp": "soon", "type": "text", "text": {"body": "x"}},
        {"from": "77011234567", "id": "wamid.1", "timestamp": "9" * 30, "type": "text", "text": {"body": "x"}},
        {"from": 7, "id": "wamid.1", "timestamp": "1", "type": "text"},
        {"from": "77011234567", "id": "", "timestamp": "1", "type": "text", "text": {"body": "x"}},
        {"from": "77011234567", "id": "w", "timestamp": "1", "type": "text", "text": {"body": "x"}, "group_id": "g"},
    ],
)
def test_a_message_that_makes_no_sense_holds_up_no_other(message: dict[str, Any]) -> None:
    body = whatsapp_notification(message, whatsapp_message("77011234567", "2", "/help"))
    (event,) = read_notification(body, GraphServer.PHONE_ID, NAMING)
    assert event.text == "/help"


def test_replies_look_right_in_whatsapp() -> None:
    plain = message("+77011234567", Reply(title="🔴 Осторожно", text="x" * 5000))
    assert plain["to"] == "77011234567"
    assert plain["text"]["body"].startswith("*🔴 Осторожно*\n\nx")
    assert len(plain["text"]["body"]) == 4096
    options = tuple(Option(f"t{n}", f"label {n}") for n in range(4))
    buttons = message("+7701", Reply(text="?", options=options[:3]))["interactive"]
    assert [button["reply"]["id"] for button in buttons["action"]["buttons"]] == ["t0", "t1", "t2"]
    rows = message("KZ.1", Reply(text="?", options=options, menu="Выбрать"))
    assert rows["recipient"] == "KZ.1"
    assert rows["interactive"]["action"]["button"] == "Выбрать"
    assert len(rows["interactive"]["action"]["sections"][0]["rows"]) == 4


def test_the_signature_is_that_of_the_documentation() -> None:
    """RFC 4231, test case 2, in the form of the header."""
    assert signature(b"what do ya want for nothing?", "Jefe") == (
        "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    )


async def test_a_refusal_of_the_graph_names_no_person() -> None:
    server = GraphServer()
    with server.running():
        server.failures = [(400, {"error": {"code": 131047, "message": "to 77011234567"}})]
        channel = WhatsAppChannel(f"{server.url}/v23.0", server.PHONE_ID, server.TOKEN)
        with pytest.raises(Exception, match="status 400, code 131047") as caught:
            await channel.send("+77011234567", Reply(text="x"))
        await channel.close()
    assert "7701" not in str(caught.value)
    assert str(GraphError(500, 2, 0.0)) == "status 500, code 2"


TELEGRAM = {"SAQBOL_TELEGRAM_TOKEN": "1:a", "SAQBOL_TELEGRAM_KEY": "sb_k"}
WHATSAPP = {f"SAQBOL_WHATSAPP_{name}": "1" for name in ("TOKEN", "KEY", "PHONE_ID", "APP_SECRET", "VERIFY_TOKEN")}


def test_settings_have_defaults_and_secrets_may_be_files(tmp_path: Path) -> None:
    settings = telegram_settings.from_environment(TELEGRAM)
    assert (settings.host, settings.port, settings.source) == ("127.0.0.1", 8082, "telegram-bot")
    assert settings.database == Path(".saqbol/bots/telegram-bot.sqlite")
    (tmp_path / "token").write_text("2:b\n", encoding="ascii")
    given = {"SAQBOL_TELEGRAM_TOKEN_FILE": str(tmp_path / "token"), "SAQBOL_TELEGRAM_KEY": "k", "SAQBOL_HOME": "/data"}
    settings = telegram_settings.from_environment(given)
    assert (settings.token, settings.database) == ("2:b", Path("/data/bots/telegram-bot.sqlite"))
    assert whatsapp_settings.from_environment(WHATSAPP).port == 8083


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"SAQBOL_TELEGRAM_TOKEN": ""}, "SAQBOL_TELEGRAM_TOKEN is not set; give it or a file by"),
        ({"SAQBOL_TELEGRAM_KEY": ""}, "SAQBOL_TELEGRAM_KEY is not set"),
        ({"SAQBOL_TELEGRAM_PORT": "http"}, "SAQBOL_TELEGRAM_PORT has a wrong value"),
        ({"SAQBOL_TELEGRAM_WEBHOOK": "https://x.kz"}, "SAQBOL_TELEGRAM_WEBHOOK_SECRET is not set"),
        ({"SAQBOL_TELEGRAM_WEBHOOK_SECRET": "пароль"}, "SAQBOL_TELEGRAM_WEBHOOK_SECRET has a wrong value"),
        ({"SAQBOL_TELEGRAM_TOKEN": "", "SAQBOL_TELEGRAM_TOKEN_FILE": "/nowhere"}, "TOKEN_FILE: /nowhere: No such file"),
    ],
)
def test_wrong_settings_are_named_without_their_secrets(changes: dict[str, str], said: str) -> None:
    with pytest.raises(SettingsError, match=said) as caught:
        telegram_settings.from_environment(TELEGRAM | changes)
    assert "пароль" not in str(caught.value)


@pytest.mark.parametrize("name", WHATSAPP)
def test_whatsapp_needs_all_of_its_secrets(name: str) -> None:
    with pytest.raises(SettingsError, match=name):
        whatsapp_settings.from_environment({**WHATSAPP, name: ""})
