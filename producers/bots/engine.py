"""The shell around the conversation: takes messages in, answers them, sends reports when they are due.

A message is in the file before its messenger is told that it arrived, and leaves it when it was answered; a report
stays in the file until the gateway has it.  So whatever dies, nothing is lost: at worst an answer comes twice.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Protocol

from producers.advice import report_number
from producers.bots.conversation import Chat, Turn, prepare, respond
from producers.bots.drafts import Bot, Draft, as_report, begin, submission
from producers.bots.gateway import AwayError, GatewayClient, RefusedError
from producers.bots.messages import Event, Reply
from producers.bots.references import Naming
from producers.bots.store import Store, Waiting
from producers.bots.wording import LANGUAGES, texts

log: Final = logging.getLogger(__name__)

#: Chats answered at the same time, and reports sent in one go.
MAX_CHATS: Final = 16
MAX_REPORTS: Final = 20
#: How often it is looked for reports that are due (seconds), and for what may be forgotten.
TICK: Final = 0.5
CLEAN_EVERY: Final = timedelta(hours=1)
#: Wait before a report is sent again: doubled with each failure up to the longest; of a refused one always the longest,
#: since only a change here or there will help, and after `GIVE_UP_AFTER` it is dropped with an error in the log.
FIRST_WAIT: Final = timedelta(seconds=2)
LONGEST_WAIT: Final = timedelta(minutes=5)
GIVE_UP_AFTER: Final = timedelta(days=7)


class ChannelError(Exception):
    """A reply could not be delivered, and trying again won't help; the message holds no address and no text."""


class Channel(Protocol):
    """What a messenger's bot adds: how a reply reaches a person."""

    async def send(self, chat: str, reply: Reply) -> None:
        """Deliver a reply, trying again as long as that may help.  Raises ChannelError."""

    async def acknowledge(self, event: Event, label: str) -> None:
        """Show that a tap arrived and what was chosen (empty: nothing).  Raises ChannelError."""


class Engine:
    """One bot at work."""

    def __init__(self, bot: Bot, store: Store, gateway: GatewayClient, channel: Channel, naming: Naming) -> None:
        self._bot, self._store, self._gateway, self._channel = bot, store, gateway, channel
        self._naming = naming
        self._room = asyncio.Semaphore(MAX_CHATS)
        self._busy: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._sending: set[str] = set()

    def start(self) -> None:
        """Go on where the last process ended.  Needs the running event loop."""
        self._warm_up()
        for chat in self._store.chats_waiting():
            self._wake(chat)
        self._spawn(self._send_due())

    async def stop(self) -> None:
        """End at once; what is not done stays in the file."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def pending(self) -> int:
        """How many reports are not sent yet."""
        return self._store.pending()

    def receive(self, event: Event) -> None:
        """Take a message: on return it is safe, and its messenger may forget it.  A repeated one changes nothing."""
        chat = self._naming.chat(event.chat)
        if self._store.receive(event, chat, _now()):
            self._wake(chat)

    def _warm_up(self) -> None:
        """Load the rules before the first person waits for them."""
        event = Event(ref="warm-up", chat="", at=_now(), text="Звонили из банка с 8 700 000 00 00, просили код")
        begin(event, "ru", self._bot)

    def _wake(self, chat: str) -> None:
        """Have a chat's messages answered, one after the other, if that is not going on already."""
        if chat not in self._busy:
            self._busy.add(chat)
            self._spawn(self._serve(chat))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, chat: str) -> None:
        try:
            async with self._room:
                while waiting := self._store.next_event(chat):
                    await self._answer(chat, *waiting)
        finally:
            self._busy.discard(chat)

    async def _answer(self, chat: str, number: int, event: Event) -> None:
        """Answer one message.  What it tells is sent even where that fails."""
        before = self._store.chat(chat)
        try:
            turn = await self._turn(before, event)
        except Exception as error:
            log.error("a message could not be understood: %s", _where(error))
            turn = _as_it_is(before, event, self._bot)
        try:
            if event.choice:
                await self._channel.acknowledge(event, turn.label)
            for reply in turn.replies:
                await self._channel.send(event.chat, reply)
        except Exception as error:
            cause = str(error) if isinstance(error, ChannelError) else _where(error)
            log.warning("an answer could not be delivered: %s", cause)
        self._store.answered(number, chat, turn.chat, turn.finished, _now())

    async def _turn(self, before: Chat, event: Event) -> Turn:
        step = prepare(before, event, self._bot)
        if isinstance(step, Turn):
            return step
        known = await self._gateway.look_up(step.look_up)
        return respond(step, known, self._bot, _now())

    async def _send_due(self) -> None:
        cleaned = _now() - CLEAN_EVERY
        while True:
            now = _now()
            for waiting in self._store.due(now, MAX_REPORTS, self._busy):
                if waiting.draft.ref not in self._sending:
                    self._sending.add(waiting.draft.ref)
                    self._spawn(self._send(waiting))
            if now - cleaned > CLEAN_EVERY:
                self._store.forget_old(now)
                cleaned = now
            await asyncio.sleep(TICK)

    async def _send(self, waiting: Waiting) -> None:
        """Send a report.  Its id must be the one that the person was told."""
        draft = waiting.draft
        try:
            given = await self._gateway.submit(submission(draft))
        except AwayError as away:
            wait = min(FIRST_WAIT * 2 ** min(waiting.attempts, 10), LONGEST_WAIT)
            self._store.postpone(draft.ref, _now() + max(wait, timedelta(seconds=away.wait or 0)))
        except RefusedError as refused:
            log.error("the gateway refuses a report: %s", refused)
            if _now() - waiting.since > GIVE_UP_AFTER:
                log.error("a report was refused for %d days and is dropped", GIVE_UP_AFTER.days)
                self._store.sent(draft.ref)
            else:
                self._store.postpone(draft.ref, _now() + LONGEST_WAIT)
        else:
            if given != as_report(draft, self._bot).id:
                log.error("the key belongs to another integration than %s: people get wrong numbers", self._bot.source)
            self._store.sent(draft.ref)
        finally:
            self._sending.discard(draft.ref)


def _as_it_is(chat: Chat, event: Event, bot: Bot) -> Turn:
    """What to do about a message that our own rules choke on: it is passed on as it was told, and that is said."""
    if event.choice or event.wait or not (event.text or event.numbers) or event.text.startswith("/"):
        return Turn(chat=chat)
    locale = chat.locale or event.spoken or LANGUAGES[0]
    draft = Draft(ref=event.ref, chat=event.chat, at=event.at, locale=locale, text=event.text, numbers=event.numbers)
    said = texts(locale)["done"].format(number=report_number(as_report(draft, bot).id))
    return Turn(chat=chat, replies=(Reply(text=said),), finished=(draft,))


def _now() -> datetime:
    return datetime.now(UTC)


def _where(error: Exception) -> str:
    """The kind of an error and where it happened: its message may hold what a person wrote."""
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    return f"{type(error).__name__} at {trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else ""
