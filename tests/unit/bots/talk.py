"""A person who talks with the pure conversation, as a bot would let them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from producers.bots.conversation import Chat, Turn, prepare, respond
from producers.bots.drafts import Bot, Draft
from producers.bots.messages import Event, Reply
from producers.lookup import KnownNumber, unreported
from schemas.events import Channel
from streams.understanding.secrets import mask

NOW = datetime(2026, 1, 20, 6, 0, tzinfo=UTC)
BOT = Bot(source="telegram-bot", channel=Channel.TELEGRAM)
#: A bot whose menus have room for ten rows.
NARROW = Bot(source="whatsapp-bot", channel=Channel.WHATSAPP, rows=10)


class Talk:
    """One chat; `replies` are those to the last message, `finished` all reports that are ready."""

    def __init__(self, bot: Bot = BOT, known: dict[str, KnownNumber] | None = None) -> None:
        self.bot, self.known = bot, known or {}
        self.away = False
        self.chat = Chat()
        self.replies: tuple[Reply, ...] = ()
        self.finished: list[Draft] = []
        self.label = ""
        self.buttons: dict[str, str] = {}
        self._count = 0

    def say(self, text: str = "", **more: Any) -> list[str]:
        """Write something (or send an attachment); returns the texts of the answers."""
        self._count += 1
        masked = mask(text)
        given = {"ref": f"tg-{chr(96 + self._count) * 32}", "chat": "1001", "at": NOW, "text": masked.text}
        event = Event(**{**given, "hidden": bool(masked.kinds), **more})
        step = prepare(self.chat, event, self.bot)
        if not isinstance(step, Turn):
            known = [self.known.get(value) or unreported(value) for value in step.look_up]
            step = respond(step, None if self.away else known, self.bot, NOW)
        self.chat, self.replies, self.label = step.chat, step.replies, step.label
        self.finished += step.finished
        for reply in step.replies:
            if reply.options:
                self.buttons = {option.label: option.token for option in reply.options}
        return [f"{reply.title} {reply.text}".strip() for reply in step.replies]

    def tap(self, label: str) -> list[str]:
        """Tap a button of the newest question."""
        return self.say(choice=self.buttons[label])
