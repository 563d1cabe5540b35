"""The stand-in for the phone of the person on call, with real Apprise on the other end."""

from __future__ import annotations

import json
import urllib.error
import urllib.request

import apprise
import pytest

from deploy.demo.receiver import MAX_BODY, Receiver


def post(url: str, body: bytes) -> int:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data=body, method="POST"), timeout=5) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


@pytest.mark.filterwarnings("ignore:.*imghdr.*:DeprecationWarning")  # Apprise on Python 3.11 and 3.12
def test_keeps_and_shows_what_apprise_sends() -> None:
    with Receiver() as receiver:
        service = apprise.Apprise()
        assert service.add(receiver.apprise_url)
        assert service.notify(title="Волна: прикрываются номером 1414", body="Сообщили 28 человек.\nГде: Жетісу")
        (page,) = receiver.pages
        assert page.title == "Волна: прикрываются номером 1414"
        assert page.text == "Сообщили 28 человек.\nГде: Жетісу"
        with urllib.request.urlopen(receiver.url, timeout=5) as answer:
            shown = answer.read().decode()
        assert page.title in shown
        assert "Где: Жетісу" in shown


def test_shows_that_nothing_arrived() -> None:
    with Receiver() as receiver, urllib.request.urlopen(receiver.url, timeout=5) as answer:
        assert answer.read().decode() == "no pages yet\n"


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"page"', b'{"title": "only"}', b"\xff\xfe"])
def test_refuses_what_is_no_page(body: bytes) -> None:
    with Receiver() as receiver:
        assert post(receiver.url, body) == 400
        assert receiver.pages == []


def test_refuses_a_page_that_is_too_long() -> None:
    with Receiver() as receiver:
        assert post(receiver.url, json.dumps({"title": "", "message": "x" * MAX_BODY}).encode()) == 413
        assert receiver.pages == []


def test_listens_on_loopback_only() -> None:
    with Receiver() as receiver:
        assert receiver.url.startswith("http://127.0.0.1:")
