"""The Telegram bot from the chat to Elasticsearch, and what it must bear: repeats, restarts, floods, refusals."""

from __future__ import annotations

import json
import random
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.agents.conftest import Workers, eventually
from tests.agents.test_way_of_a_report import accuse
from tests.chat_servers import TelegramServer, telegram_message
from tests.gateway_process import Gateway
from tests.integration.bots.conftest import WEBHOOK_SECRET, BotProcess, telegram_running

STORY = "Звонили якобы из поликлиники с {}, просили код из смс 4821, я назвала"


def a_chat() -> int:
    """A person that no other test knows."""
    return random.randrange(10**9, 9 * 10**9)


def a_number() -> str:
    """A mobile number that no other test uses."""
    return f"8705{random.randrange(1_000_000, 9_999_999)}"


@pytest.fixture(scope="module")
def server() -> Iterator[TelegramServer]:
    server = TelegramServer()
    with server.running():
        yield server


@pytest.fixture(scope="module")
def bot(server: TelegramServer, gateway: Gateway, tmp_path_factory: pytest.TempPathFactory) -> Iterator[BotProcess]:
    home = tmp_path_factory.mktemp("telegram")
    with telegram_running(server, gateway.url, gateway.keys["telegram-test"], home) as running:
        yield running


def answers(server: TelegramServer, chat: int, count: int) -> list[str]:
    """The first `count` messages to a chat, once they are there."""
    eventually(lambda: len(server.said(chat)) >= count)
    return [body["text"] for body in server.said(chat)[:count]]


def reports_about(workers: Workers, number: str) -> list[dict[str, object]]:
    return workers.find("saqbol-reports", numbers="+7" + number[1:])


@pytest.mark.usefixtures("bot")
def test_a_story_is_answered_completed_and_indexed(server: TelegramServer, workers: Workers) -> None:
    chat, number = a_chat(), a_number()
    server.write(chat, STORY.format(number))
    answer, question = answers(server, chat, 2)
    assert "очень похоже на мошенников" in answer
    assert "Запись к врачу" in answer
    assert "личные данные" in answer
    assert question == "Вы потеряли деньги?"
    server.tap(chat, "Да, сегодня")
    urgent, where = answers(server, chat, 4)[2:]
    assert "102" in urgent
    assert "Где это было" in where
    assert reports_about(workers, number) == []
    server.tap(chat, "Мангистауская область")
    thanks = answers(server, chat, 5)[4]
    (found,) = eventually(lambda: reports_about(workers, number))
    assert found["source"] == "telegram-test"
    assert found["channel"] == "telegram"
    assert (found["outcome"], found["urgent"], found["region"]) == ("victim", True, "KZ-47")
    assert str(found["id"])[:8].upper() == thanks.partition("Сообщение ")[2][:9].replace("-", "")
    assert "4821" not in json.dumps(found)
    assert str(chat) not in json.dumps(found)
    assert len(str(found["reporter"])) == 32
    edited = [body for name, body in server.calls if name == "editmessagetext" and body["chat_id"] == str(chat)]
    assert ["✓" in body["text"] for body in edited] == [True, True]


@pytest.mark.usefixtures("bot")
def test_many_people_make_the_next_answer_a_warning(server: TelegramServer, workers: Workers) -> None:
    """The look-up tells the verdict that came of others' reports."""
    number = a_number()
    workers.publish(*accuse("+7" + number[1:], 4))
    eventually(lambda: (workers.document("saqbol-numbers", "+7" + number[1:]) or {}).get("state") == "suspected")
    chat = a_chat()
    server.write(chat, f"/check {number}")
    (answer,) = answers(server, chat, 1)
    assert "жалуются разные люди" in answer
    assert "подделать" in answer
    time.sleep(0.5)
    assert len(reports_about(workers, number)) == 4


@pytest.mark.usefixtures("bot")
def test_kazakh_is_answered_in_kazakh_and_a_shared_contact_is_looked_up(server: TelegramServer) -> None:
    chat = a_chat()
    server.write(chat, "Сәлеметсіз бе")
    assert answers(server, chat, 1)[0].startswith("Сәлеметсіз бе!")
    server.write(chat, contact={"phone_number": "77059998877", "first_name": "Банк"})
    answer, question = answers(server, chat, 3)[1:]
    assert "+7 705 999 88 77" in answer
    assert question == "Не болды?"


@pytest.mark.usefixtures("bot")
def test_what_cannot_be_read_gets_a_kind_answer(server: TelegramServer) -> None:
    chat = a_chat()
    file = {"file_id": "f", "file_unique_id": "u", "file_size": 1}
    server.write(chat, voice={**file, "duration": 3})
    server.write(chat, photo=[{**file, "width": 1, "height": 1}])
    server.write(
        chat, sticker={**file, "type": "regular", "width": 1, "height": 1, "is_animated": False, "is_video": False}
    )
    server.write(chat, location={"latitude": 51.1, "longitude": 71.4})
    server.write(chat, contact={"phone_number": "77010000000", "first_name": "Я", "user_id": chat})
    texts = answers(server, chat, 5)
    assert [text.split()[0] for text in texts] == ["Голосовые", "Картинки", "Спасибо!", "Точное", "Похоже,"]


def test_repeats_and_kills_make_no_second_report_and_lose_none(
    gateway: Gateway, workers: Workers, tmp_path: Path
) -> None:
    """Killed while a report waits for its answers: it is sent after the restart; repeated updates change nothing."""
    chat, number = a_chat(), a_number()
    own = TelegramServer()
    with own.running():
        with telegram_running(own, gateway.url, gateway.keys["telegram-test"], tmp_path) as bot:
            update = own.write(chat, STORY.format(number))
            answers(own, chat, 2)
            own.update(**{key: value for key, value in update.items() if key != "update_id"})
            own.tap(chat, "Нет")
            answers(own, chat, 3)
            bot.send(signal.SIGKILL)
        with telegram_running(own, gateway.url, gateway.keys["telegram-test"], tmp_path):
            own.update(**{key: value for key, value in update.items() if key != "update_id"})
            own.tap(chat, "Пропустить")
            assert "Спасибо" in answers(own, chat, 4)[3]
            (found,) = eventually(lambda: reports_about(workers, number))
            assert found["outcome"] == "attempt"
            own.update(**{key: value for key, value in update.items() if key != "update_id"})
            time.sleep(1.5)
            assert len(own.said(chat)) == 4
            assert len(reports_about(workers, number)) == 1
    assert workers.find("saqbol-rejected", source="telegram-test") == []
    database = tmp_path / "bots" / "telegram-test.sqlite"
    assert database.stat().st_mode & 0o777 == 0o600
    assert number.encode() not in database.read_bytes()
    assert str(chat).encode() not in database.read_bytes()


def test_a_gateway_that_is_away_delays_and_loses_nothing(
    bot: BotProcess, server: TelegramServer, workers: Workers, gateway: Gateway
) -> None:
    chat, number = a_chat(), a_number()
    gateway.send(signal.SIGSTOP)
    try:
        server.write(chat, f"Внимание! Мошенники звонят с {number} от имени банка, перешлите всем")
        assert "не получилось" in answers(server, chat, 2)[0]
        assert httpx.get(f"{bot.url}/health/ready", timeout=10).json()["gateway"] == "away"
    finally:
        gateway.send(signal.SIGCONT)
    eventually(lambda: reports_about(workers, number), within=60)
    eventually(lambda: httpx.get(f"{bot.url}/health/ready", timeout=10).status_code == 200)


@pytest.mark.usefixtures("bot")
def test_a_flood_is_slowed_with_one_plea(server: TelegramServer) -> None:
    chat = a_chat()
    for _ in range(30):
        server.write(chat, "/help")
    texts = answers(server, chat, 13)
    time.sleep(2)
    assert len(server.said(chat)) == 13
    assert texts[12].startswith("Вы пишете слишком часто")


@pytest.mark.usefixtures("bot")
def test_an_answer_is_tried_again_when_telegram_asks_to_wait(server: TelegramServer) -> None:
    chat = a_chat()
    wait = {"ok": False, "error_code": 429, "description": "Too Many Requests: retry after 1"}
    server.failures = [(429, {**wait, "parameters": {"retry_after": 1}}), (502, {"ok": False, "error_code": 502})]
    server.write(chat, "/help")
    assert answers(server, chat, 1)[0].startswith("Что мне можно прислать")


def test_updates_that_make_no_sense_hold_up_nobody(bot: BotProcess, server: TelegramServer) -> None:
    chat = a_chat()
    server.update(message={"message_id": "x", "chat": []})
    server.update(message=17)
    server.update(poll_answer={})
    server.update(edited_message=telegram_message(chat, 1, "правка"))
    group = {**telegram_message(chat, 2, STORY), "chat": {"id": -100, "type": "supergroup", "title": "g"}}
    server.update(message=group)
    server.write(chat, "/help")
    assert len(answers(server, chat, 1)) == 1
    assert "4821" not in bot.told()
    assert server.TOKEN not in bot.told()
    assert str(chat) not in bot.told()


def test_the_webhook_takes_nothing_without_its_secret(gateway: Gateway, tmp_path: Path) -> None:
    own = TelegramServer()
    chat = a_chat()
    settings = {"WEBHOOK": "https://bots.example.kz/telegram/webhook", "WEBHOOK_SECRET": WEBHOOK_SECRET}
    with own.running(), telegram_running(own, gateway.url, gateway.keys["telegram-test"], tmp_path, **settings) as bot:
        eventually(lambda: httpx.get(f"{bot.url}/health/ready", timeout=10).status_code == 200)
        (asked,) = [body for name, body in own.calls if name == "setwebhook"]
        assert (asked["url"], asked["secret_token"]) == (settings["WEBHOOK"], WEBHOOK_SECRET)
        url = f"{bot.url}/telegram/webhook"
        update = {"update_id": 1, "message": telegram_message(chat, 1, "/help")}
        header = "X-Telegram-Bot-Api-Secret-Token"
        for headers in ({}, {header: "wrong"}, {header: ""}):
            assert httpx.post(url, json=update, headers=headers).status_code == 403
        assert httpx.post(url, content=b"{", headers={header: WEBHOOK_SECRET}).status_code == 400
        assert httpx.post(url, content=b"x" * 2_000_000, headers={header: WEBHOOK_SECRET}).status_code == 413
        assert own.said(chat) == []
        for _ in range(3):
            assert httpx.post(url, json=update, headers={header: WEBHOOK_SECRET}).status_code == 200
        answers(own, chat, 1)
        time.sleep(0.5)
        assert len(own.said(chat)) == 1


def test_a_wrong_token_ends_the_bot_with_a_reason(gateway: Gateway, tmp_path: Path) -> None:
    own = TelegramServer()
    with own.running():
        settings = {"TOKEN": "999:wrong", "API": own.url, "KEY": "k"}
        bot = BotProcess("telegram", tmp_path, gateway.url, settings)
        bot.start()
        eventually(lambda: bot._process is not None and bot._process.poll() is not None)
        assert bot.end() == 2
        assert "does not know the token" in bot.told()
        assert "999:wrong" not in bot.told()
