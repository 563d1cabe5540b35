"""What a bot must not forget, and what it must: the file, the limits of a chat, the names."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from producers.bots.conversation import Chat
from producers.bots.drafts import HOLD, Draft, Question
from producers.bots.flood import LIMITS, seconds_to_wait
from producers.bots.messages import Event
from producers.bots.references import Naming
from producers.bots.store import CHAT_FOR, SEEN_FOR, Store
from schemas.events import Outcome
from tests.unit.bots.talk import NOW

ANOTHER = "another chat"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "bots" / "bot.sqlite"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    store = Store(path)
    yield store
    store.close()


def event(ref: str, text: str = "Звонили из банка", at: datetime = NOW) -> Event:
    return Event(ref=ref, chat="address-7", at=at, text=text)


def draft(ref: str, **changes: object) -> Draft:
    given: dict[str, object] = {"ref": ref, "chat": "address-7", "at": NOW, "locale": "ru", "text": "Звонили из банка"}
    return Draft(**(given | changes))  # type: ignore[arg-type]


def test_a_message_is_taken_once_and_survives_a_restart(store: Store, path: Path) -> None:
    assert store.receive(event("a"), "chat", NOW)
    assert not store.receive(event("a"), "chat", NOW)
    store.close()
    again = Store(path)
    assert not again.receive(event("a"), "chat", NOW + timedelta(days=7))
    assert again.chats_waiting() == ["chat"]
    number, waiting = again.next_event("chat") or (0, event("none"))
    assert waiting == event("a")
    again.answered(number, "chat", Chat(locale="kk", chosen=True), (), NOW)
    assert again.next_event("chat") is None
    assert again.chat("chat") == Chat(locale="kk", chosen=True)
    assert again.chat(ANOTHER) == Chat()
    again.close()


def test_messages_of_a_chat_keep_their_order(store: Store) -> None:
    for ref in "abc":
        store.receive(event(ref), "chat", NOW)
    seen = []
    while waiting := store.next_event("chat"):
        seen.append(waiting[1].ref)
        store.answered(waiting[0], "chat", Chat(), (), NOW)
    assert seen == ["a", "b", "c"]


def test_a_report_waits_for_answers_and_is_due_without_them(store: Store) -> None:
    opened = draft("a", question=Question.LOSS)
    store.answered(0, "chat", Chat(draft=opened), (), NOW)
    assert store.chat("chat").draft == opened
    assert store.due(NOW + HOLD - timedelta(seconds=1), 10) == []
    assert store.due(NOW + HOLD, 10, busy={"chat"}) == []
    (waiting,) = store.due(NOW + HOLD, 10)
    assert (waiting.draft, waiting.attempts) == (opened, 0)
    assert store.chat("chat").draft is None
    late = draft("a", question=Question.REGION, outcome=Outcome.VICTIM)
    store.answered(0, "chat", Chat(draft=late), (), NOW + HOLD)
    assert store.due(NOW + HOLD, 10)[0].draft == opened, "what is on its way does not change"
    store.postpone("a", NOW + HOLD * 3)
    assert store.due(NOW + HOLD * 2, 10) == []
    assert store.due(NOW + HOLD * 3, 10)[0].attempts == 1
    store.sent("a")
    assert store.pending() == 0


def test_a_finished_report_is_due_at_once_and_the_next_one_opens(store: Store) -> None:
    store.answered(0, "chat", Chat(draft=draft("a", question=Question.LOSS)), (), NOW)
    finished, opened = draft("a", outcome=Outcome.ATTEMPT), draft("b", question=Question.LOSS)
    store.answered(0, "chat", Chat(draft=opened), (finished,), NOW)
    assert [waiting.draft for waiting in store.due(NOW, 10)] == [finished]
    assert store.chat("chat").draft == opened
    assert store.pending() == 2


def test_nothing_of_a_person_stays_once_the_report_is_sent(store: Store, path: Path) -> None:
    store.receive(event("a", "Звонили с 87051112233"), "chat", NOW)
    number, _ = store.next_event("chat") or (0, None)
    store.answered(number, "chat", Chat(locale="ru"), (draft("a", text="Звонили с 87051112233"),), NOW)
    assert b"87051112233" in path.read_bytes()
    store.sent("a")
    for secret in (b"87051112233", b"address-7", "Звонили".encode()):
        assert secret not in path.read_bytes()
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_flood_gets_one_plea_and_ends_with_its_window(store: Store) -> None:
    window, most = LIMITS[0]
    taken = [store.receive(event(f"m{n}"), "chat", NOW + timedelta(seconds=n)) for n in range(most + 5)]
    assert taken == [True] * (most + 1) + [False] * 4
    events = []
    while waiting := store.next_event("chat"):
        events.append(waiting[1])
        store.answered(waiting[0], "chat", Chat(), (), NOW)
    assert [e.wait > 0 for e in events] == [False] * most + [True]
    assert events[-1].text == ""
    assert store.receive(event("other"), ANOTHER, NOW + timedelta(seconds=20))
    assert store.receive(event("later"), "chat", NOW + window + timedelta(seconds=most))


def test_limits_count_what_lies_within_their_window() -> None:
    for window, most in LIMITS:
        crowd = [NOW - window + timedelta(seconds=n + 1) for n in range(most)]
        assert (seconds_to_wait(crowd, NOW) or 0) >= 1
        assert seconds_to_wait(crowd[1:], NOW) is None or most > LIMITS[0][1]
    assert seconds_to_wait([], NOW) is None
    spread = [NOW - timedelta(minutes=10) + timedelta(seconds=30 * n) for n in range(20)]
    assert seconds_to_wait(spread, NOW) is None


def test_old_names_are_forgotten(store: Store) -> None:
    store.receive(event("a"), "chat", NOW)
    store.answered(0, "chat", Chat(locale="kk"), (), NOW)
    store.forget_old(NOW + SEEN_FOR + timedelta(seconds=1))
    assert store.receive(event("a"), "chat", NOW + SEEN_FOR + timedelta(seconds=2))
    assert store.chat("chat").locale == "kk"
    store.forget_old(NOW + CHAT_FOR + timedelta(seconds=1))
    assert store.chat("chat").locale is None


def test_names_tell_nobody_and_never_look_like_a_number() -> None:
    naming = Naming("123:token", "tg")
    name = naming.message("77051112233", "5")
    assert name == Naming("123:token", "tg").message("77051112233", "5")
    assert name.startswith("tg-")
    assert name.removeprefix("tg-").isalpha()
    others = {naming.message("77051112233", "6"), naming.message("7705111223", "35"), naming.chat("77051112233")}
    assert len({name, *others, Naming("456:token", "tg").message("77051112233", "5")}) == 5
