"""What a bot must not forget when it is killed: messages not answered yet, reports not sent yet, languages.

One SQLite file, readable by its owner alone.  Texts are masked before they come here.  A chat's address and text stay
only until the message is answered and the report sent, and are overwritten then; what stays longer (which messages
were seen, which language a chat speaks) is kept under a name that tells nobody whose it is.
"""

from __future__ import annotations

import itertools
import os
import sqlite3
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct, structs

from producers.bots.conversation import Chat
from producers.bots.drafts import Draft
from producers.bots.flood import WINDOW, seconds_to_wait
from producers.bots.messages import Event

#: Messengers repeat a message for a week at most (WhatsApp); Telegram for a day.
SEEN_FOR: Final = timedelta(days=8)
#: A chat that is silent for so long is forgotten.
CHAT_FOR: Final = timedelta(days=180)

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS seen (ref TEXT PRIMARY KEY, chat TEXT NOT NULL, at REAL NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS seen_of_chat ON seen (chat, at);
CREATE TABLE IF NOT EXISTS inbox (id INTEGER PRIMARY KEY, chat TEXT NOT NULL, event BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS chats (
    chat TEXT PRIMARY KEY, locale TEXT, chosen INTEGER NOT NULL, warned_at REAL NOT NULL, at REAL NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS drafts (
    ref TEXT PRIMARY KEY, chat TEXT NOT NULL, draft BLOB NOT NULL, open INTEGER NOT NULL, due REAL NOT NULL,
    attempts INTEGER NOT NULL, since REAL NOT NULL
) WITHOUT ROWID;
"""

_events: Final = msgspec.json.Decoder(Event)
_drafts: Final = msgspec.json.Decoder(Draft)


class Waiting(Struct, frozen=True):
    """A report to send: the draft, the name of its chat, failed attempts, and since when it is complete."""

    draft: Draft
    chat: str
    attempts: int
    since: datetime


class Store:
    """The file.  For one thread: the event loop's; every call takes a millisecond or two."""

    def __init__(self, path: Path) -> None:
        """Open the file, made if it is missing.  Raises OSError or sqlite3.Error."""
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600))
        self._file = sqlite3.connect(path, isolation_level=None)
        self._file.execute("PRAGMA secure_delete = ON")
        self._file.execute("PRAGMA synchronous = FULL")
        self._file.executescript(_SCHEMA)

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def receive(self, event: Event, chat: str, now: datetime) -> bool:
        """Take a message for answering; False if there is nothing to do: it was there before, or is one too many.

        The first message beyond the limits of `producers.bots.flood` is taken without its words, for a plea to wait.
        """
        with self._transaction():
            row = (event.ref, chat, now.timestamp())
            if self._file.execute("INSERT OR IGNORE INTO seen VALUES (?, ?, ?)", row).rowcount == 0:
                return False
            since = (now - WINDOW).timestamp()
            rows = self._file.execute(
                "SELECT at FROM seen WHERE chat = ? AND at > ? AND ref != ? ORDER BY at", (chat, since, event.ref)
            )
            wait = seconds_to_wait([_moment(at) for (at,) in rows], now)
            if wait is not None:
                self._file.execute("DELETE FROM seen WHERE ref = ?", (event.ref,))
                if self._warned_until(chat) > now.timestamp():
                    return False
                self._warn(chat, now, now + timedelta(seconds=wait))
                event = Event(ref=event.ref, chat=event.chat, at=event.at, spoken=event.spoken, wait=wait)
            self._file.execute("INSERT INTO inbox (chat, event) VALUES (?, ?)", (chat, msgspec.json.encode(event)))
        return True

    def chats_waiting(self) -> list[str]:
        """Names of the chats with messages that are not answered."""
        return [chat for (chat,) in self._file.execute("SELECT DISTINCT chat FROM inbox")]

    def next_event(self, chat: str) -> tuple[int, Event] | None:
        """The oldest message of a chat that is not answered, with the number under which `answered` knows it."""
        row = self._file.execute("SELECT id, event FROM inbox WHERE chat = ? ORDER BY id LIMIT 1", (chat,)).fetchone()
        return (row[0], _events.decode(row[1])) if row else None

    def chat(self, chat: str) -> Chat:
        """What is remembered of a chat."""
        known = self._file.execute("SELECT locale, chosen FROM chats WHERE chat = ?", (chat,)).fetchone()
        draft = self._file.execute("SELECT draft FROM drafts WHERE chat = ? AND open = 1", (chat,)).fetchone()
        locale, chosen = known or (None, 0)
        return Chat(locale=locale, chosen=bool(chosen), draft=_drafts.decode(draft[0]) if draft else None)

    def answered(self, number: int, chat: str, now_is: Chat, finished: Iterable[Draft], now: datetime) -> None:
        """A message is answered: forget it, and remember the chat as it is now and the drafts to send at once."""
        with self._transaction():
            self._file.execute("DELETE FROM inbox WHERE id = ?", (number,))
            self._file.execute(
                "INSERT INTO chats VALUES (?, ?, ?, 0, ?) ON CONFLICT (chat) DO UPDATE"
                " SET locale = excluded.locale, chosen = excluded.chosen, at = excluded.at",
                (chat, now_is.locale, now_is.chosen, now.timestamp()),
            )
            for draft in finished:
                self._keep(draft, chat, now, is_open=False, due=now)
            if now_is.draft:
                self._keep(now_is.draft, chat, now, is_open=True, due=now + now_is.draft.hold)

    def due(self, now: datetime, most: int, busy: Collection[str] = ()) -> list[Waiting]:
        """Reports that it is time to send, the oldest first.  An open one is closed: nothing changes it any more.

        Those that are open in `busy` chats, where an answer may be on its way into them, wait.
        """
        with self._transaction():
            rows = self._file.execute(
                "SELECT draft, chat, attempts, since, open FROM drafts WHERE due <= ? ORDER BY due",
                (now.timestamp(),),
            )
            free = (row for row in rows if not (row[4] and row[1] in busy))
            found = [
                Waiting(_drafts.decode(draft), chat, attempts, _moment(since))
                for draft, chat, attempts, since, _ in itertools.islice(free, most)
            ]
            for waiting in found:
                self._file.execute("UPDATE drafts SET open = 0 WHERE ref = ?", (waiting.draft.ref,))
        return found

    def sent(self, ref: str) -> None:
        """A report is with the gateway, or given up: forget it."""
        self._file.execute("DELETE FROM drafts WHERE ref = ?", (ref,))

    def postpone(self, ref: str, until: datetime) -> None:
        """A report could not be sent: try again at `until`."""
        self._file.execute("UPDATE drafts SET due = ?, attempts = attempts + 1 WHERE ref = ?", (until.timestamp(), ref))

    def pending(self) -> int:
        """How many reports are not sent yet."""
        return int(self._file.execute("SELECT count(*) FROM drafts").fetchone()[0])

    def forget_old(self, now: datetime) -> None:
        """Forget messages that no messenger repeats any more, and chats silent for long."""
        self._file.execute("DELETE FROM seen WHERE at < ?", ((now - SEEN_FOR).timestamp(),))
        self._file.execute("DELETE FROM chats WHERE at < ?", ((now - CHAT_FOR).timestamp(),))

    def _keep(self, draft: Draft, chat: str, now: datetime, *, is_open: bool, due: datetime) -> None:
        draft = draft if is_open else structs.replace(draft, question=None)
        self._file.execute(
            "INSERT INTO drafts VALUES (?, ?, ?, ?, ?, 0, ?) ON CONFLICT (ref) DO UPDATE"
            " SET draft = excluded.draft, open = excluded.open, due = excluded.due WHERE open = 1",
            (draft.ref, chat, msgspec.json.encode(draft), is_open, due.timestamp(), now.timestamp()),
        )

    def _warned_until(self, chat: str) -> float:
        row = self._file.execute("SELECT warned_at FROM chats WHERE chat = ?", (chat,)).fetchone()
        return float(row[0]) if row else 0.0

    def _warn(self, chat: str, now: datetime, until: datetime) -> None:
        self._file.execute(
            "INSERT INTO chats VALUES (?, NULL, 0, ?, ?)"
            " ON CONFLICT (chat) DO UPDATE SET warned_at = excluded.warned_at",
            (chat, until.timestamp(), now.timestamp()),
        )

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._file.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._file.execute("ROLLBACK")
            raise
        self._file.execute("COMMIT")


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
