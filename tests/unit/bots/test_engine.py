"""The shell around the conversation: what becomes of a message that our own rules choke on."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn

import pytest

from producers.advice import report_number
from producers.bots import engine
from producers.bots.drafts import Bot
from producers.bots.engine import Engine
from producers.bots.messages import Event, Reply
from producers.bots.references import Naming
from producers.bots.store import Store
from schemas.events import Channel, ReportSubmission, report_id

BOT = Bot(source="telegram-bot", channel=Channel.TELEGRAM)


class Peers:
    """The gateway and the messenger, which take everything."""

    def __init__(self) -> None:
        self.reports: list[ReportSubmission] = []
        self.said: list[str] = []

    async def look_up(self, values: Sequence[str]) -> None:
        """Nothing is known."""

    async def submit(self, report: ReportSubmission) -> str:
        self.reports.append(report)
        return report_id(BOT.source, report.source_ref)

    async def send(self, _: str, reply: Reply) -> None:
        self.said.append(reply.text)

    async def acknowledge(self, *_: Any) -> None:
        """A tap arrived."""


def choke(*_: object) -> NoReturn:
    raise RuntimeError("rules")


async def test_a_message_that_rules_choke_on_is_passed_on_and_answered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    peers, store = Peers(), Store(tmp_path / "bot.sqlite")
    running = Engine(BOT, store, peers, peers, Naming("secret", "tg"))  # type: ignore[arg-type]
    running.start()
    monkeypatch.setattr(engine, "prepare", choke)
    running.receive(Event(ref="tg-a", chat="1", at=datetime.now(UTC), text="Звонили, просили код", spoken="kk"))
    running.receive(Event(ref="tg-b", chat="1", at=datetime.now(UTC), text="/check 1414", spoken="kk"))
    async with asyncio.timeout(20):
        while not peers.reports or store.chats_waiting():
            await asyncio.sleep(0.01)
    await running.stop()
    store.close()
    assert [report.text for report in peers.reports] == ["Звонили, просили код"]
    (said,) = peers.said
    assert report_number(report_id(BOT.source, "tg-a")) in said
    assert said.startswith("Рақмет!")
