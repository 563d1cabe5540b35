"""The call list: what is read from a file, whom the list offers, and what it forgets."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from producers.desk.database import Database
from producers.desk.prevention import calls
from producers.desk.prevention.calls import Added, Answer, Left
from producers.desk.prevention.reading import (
    MAX_BYTES,
    MAX_ROWS,
    CallListError,
    Entry,
    WrongRow,
    read_call_list,
)
from schemas.events import AffectedGroup

NOW = datetime(2026, 1, 14, 4, 30, tzinfo=UTC)
ALIYA = Entry("+77051112233", "Алия", "Новомихайловка", AffectedGroup.ELDERLY)
BORIS = Entry("+77051112244", "Борис", "Минкесер")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1251"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_list_is_read_as_offices_save_it(encoding: str, delimiter: str) -> None:
    rows = [
        ["ФИО", "Телефон", "Село", "Группа", "Примечание"],
        ["Алия", "8 (705) 111-22-33", "Новомихайловка", "Пенсионер", "звонить утром"],
        [],
        ["Борис", "+77051112244", "Минкесер", "", ""],
        ["Алия ещё раз", "87051112233", "", "", ""],
        ["Дом", "2-15-65", "Мамлютка", "", ""],
    ]
    content = "\r\n".join(delimiter.join(row) for row in rows).encode(encoding)
    entries, wrong = read_call_list(content, "71541")
    assert entries == [ALIYA, BORIS, Entry("+77154121565", "Дом", "Мамлютка")]
    assert wrong == []


def test_wrong_rows_are_named_by_their_line_and_stop_nothing() -> None:
    rows = ("1414,a,,", ",b,,", f"87051112233,{'x' * 101},,", "87051112233,c,,марсиане", "87051112244,d,Минкесер 5,")
    leaks = "87051112255,e,Минкесер т. 8 705 111 22 55,"
    entries, wrong = read_call_list("\n".join(("phone,name,village,group", *rows, leaks)).encode(), None)
    assert [entry.phone for entry in entries] == ["+77051112244"]
    problems = {2: "phone", 3: "phone", 4: "long", 5: "group", 7: "village"}
    assert wrong == [WrongRow(line, problem) for line, problem in problems.items()]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"x" * (MAX_BYTES + 1), "size"),
        (b"phone\n" + b"87051112233\n" * (MAX_ROWS + 1), "rows"),
        (b"PK\x03\x04\x00\x98\x00", "encoding"),
        ("имя,село\nАлия,Минкесер\n".encode(), "header"),
        (b"", "header"),
        (b'phone\n"' + b"x" * 200_000, "header"),
    ],
)
def test_what_is_no_call_list_is_refused(content: bytes, problem: str) -> None:
    csv.field_size_limit(1_000_000)  # as another reader of tables may have left it
    with pytest.raises(CallListError) as refused:
        read_call_list(content, None)
    assert refused.value.problem == problem


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database(tmp_path / "desk.sqlite")
    yield opened
    opened.close()


def offered(database: Database, account: str = "aigerim", at: datetime = NOW, source: str = "desk") -> str | None:
    resident = database.transact(lambda t: calls.next_call(t, source, account, at))
    return resident.phone if resident else None


def finish(database: Database, answer: Answer, account: str = "aigerim", at: datetime = NOW) -> bool:
    resident = database.transact(lambda t: calls.next_call(t, "desk", account, at))
    assert resident is not None
    number = resident.number
    return database.transact(lambda t: calls.finish(t, "desk", account, number, answer, at)) is not None


def test_nobody_is_offered_to_two_operators(database: Database) -> None:
    database.transact(lambda t: calls.add(t, "desk", [ALIYA, BORIS], NOW))
    assert offered(database, "aigerim") == ALIYA.phone
    assert offered(database, "bota") == BORIS.phone
    assert offered(database, "aigerim") == ALIYA.phone, "reloading the page offers the same"
    assert offered(database, "chingiz") is None
    assert offered(database, "chingiz", NOW + calls.HELD_FOR) == ALIYA.phone, "the first operator went home"
    assert offered(database, "aigerim", source="other-desk") is None


def test_who_was_warned_is_not_called_again_and_leaves_no_phone(database: Database, tmp_path: Path) -> None:
    database.transact(lambda t: calls.add(t, "desk", [ALIYA], NOW))
    assert finish(database, Answer.REACHED)
    assert offered(database) is None
    assert database.transact(lambda t: calls.add(t, "desk", [ALIYA, BORIS], NOW)) == Added(1, 0, 1)
    assert database.transact(lambda t: calls.add(t, "desk", [BORIS], NOW)) == Added(0, 1, 0)
    later = NOW + calls.NOT_AGAIN_WITHIN
    assert database.transact(lambda t: calls.add(t, "desk", [ALIYA], later)) == Added(1, 0, 0)
    database.transact(lambda t: calls.clear(t, "desk"))
    database.close()
    stored = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"Called" not in stored
    for private in (ALIYA.phone, BORIS.phone, ALIYA.name, BORIS.name):
        assert private.encode() not in stored


def test_a_list_that_nobody_works_through_is_forgotten(database: Database) -> None:
    database.transact(lambda t: calls.add(t, "desk", [ALIYA], NOW))
    for after, there in ((calls.KEPT, True), (calls.KEPT + timedelta(seconds=1), False)):
        database.transact(lambda t, at=NOW + after: calls.forget(t, at))
        assert database.transact(lambda t: calls.left(t, "desk", NOW)) == Left(now=int(there), later=0)


def test_who_did_not_answer_is_called_later_and_given_up_after_some_tries(database: Database) -> None:
    database.transact(lambda t: calls.add(t, "desk", [ALIYA, BORIS], NOW))
    at = NOW
    assert finish(database, Answer.NO_ANSWER, at=at)
    assert offered(database, at=at) == BORIS.phone
    assert database.transact(lambda t: calls.left(t, "desk", NOW)) == Left(now=1, later=1)
    assert finish(database, Answer.UNWANTED, at=at)
    for _ in range(calls.MAX_TRIES - 1):
        assert offered(database, at=at) is None
        at += calls.RETRY_AFTER
        assert offered(database, at=at) == ALIYA.phone
        assert finish(database, Answer.NO_ANSWER, at=at)
    assert database.transact(lambda t: calls.left(t, "desk", at + timedelta(days=1))) == Left(0, 0)
    assert database.transact(lambda t: calls.add(t, "desk", [BORIS], NOW + timedelta(days=364))) == Added(0, 0, 1)


def test_a_call_counts_once_however_often_the_key_is_pressed(database: Database) -> None:
    database.transact(lambda t: calls.add(t, "desk", [ALIYA], NOW))
    resident = database.transact(lambda t: calls.next_call(t, "desk", "aigerim", NOW))
    assert resident is not None

    def done(account: str, source: str = "desk") -> bool:
        answer = Answer.REACHED
        return database.transact(lambda t: calls.finish(t, source, account, resident.number, answer, NOW)) is not None

    assert not done("bota"), "another operator has her on the screen"
    assert not done("aigerim", "other-desk")
    assert done("aigerim")
    assert not done("aigerim")
