"""Who may log in: the staff file, sessions, what keeps others out, and the settings that decide who asks."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec import structs
from sqlalchemy import select

from producers.desk import lockout, sessions, staff
from producers.desk.access import cookie_name
from producers.desk.database import Database
from producers.desk.login import _local
from producers.desk.sessions import ABSOLUTE, IDLE, Login
from producers.desk.settings import SettingsError, from_environment
from producers.desk.staff import Role, Staff, StaffError
from tests.desk_process import HASH, PASSWORD, a_person

NOW = datetime(2026, 1, 20, 6, 0, tzinfo=UTC)
GIVEN = {"SAQBOL_DESK_STAFF_FILE": "s", "SAQBOL_DESK_KEYS": "k", "SAQBOL_DESK_DATABASE": "d"}


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database(tmp_path / "desk" / "desk.sqlite3")
    yield opened
    opened.close()


def test_only_its_owner_can_read_the_database_and_the_staff_file(tmp_path: Path, database: Database) -> None:
    database.transact(lambda t: sessions.open_(t, a_person(), NOW))
    staff.write(tmp_path / "staff.yaml", [a_person()])
    for path in (*(tmp_path / "desk").iterdir(), tmp_path / "staff.yaml"):
        assert path.stat().st_mode & 0o077 == 0, path


def test_what_is_written_is_read(tmp_path: Path) -> None:
    people = [a_person(), a_person("daniyar", [Role.ONCALL, Role.ANALYST], language="kk", area_code=None)]
    staff.write(tmp_path / "staff.yaml", people)
    assert staff.read(tmp_path / "staff.yaml") == people
    assert PASSWORD not in (tmp_path / "staff.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("roles: [operator, chief]", "chief"),
        ("roles: []", "roles"),
        ("region: KZ-99", "region of aigul"),
        ("password: hunter2", "password"),
        ("password: $argon2id$nonsense", "./saqbol staff password"),
        ("account: Айгүл", "account"),
        ("phone: '+77051234567'", "phone"),
    ],
)
def test_a_wrong_staff_file_names_the_place(tmp_path: Path, change: str, said: str) -> None:
    given = {"account": "aigul", "name": "А", "password": f"'{HASH}'", "roles": "[operator]"}
    key, _, value = change.partition(": ")
    path = tmp_path / "staff.yaml"
    lines = [f"{name}: {content}" for name, content in (given | {key: value}).items()]
    path.write_text("staff:\n  - " + "\n    ".join(lines) + "\n", encoding="utf-8")
    with pytest.raises(StaffError, match=r"staff\.yaml") as caught:
        staff.read(path)
    assert said in str(caught.value)


def test_an_account_is_there_once(tmp_path: Path) -> None:
    staff.write(tmp_path / "staff.yaml", [a_person(), a_person()])
    with pytest.raises(StaffError, match="aigul is there twice"):
        staff.read(tmp_path / "staff.yaml")


@pytest.mark.parametrize("password", ["short", "x" * 129, "aaaaaaaaaaaaaaaa", "my name is Aigul!"])
def test_a_weak_password_is_refused(password: str) -> None:
    with pytest.raises(StaffError):
        staff.hash_password(password, "aigul")


def test_a_password_is_verified_and_nobody_has_one() -> None:
    person = a_person()
    assert staff.verify(person, PASSWORD)
    assert not staff.verify(person, PASSWORD + " ")
    assert not staff.verify(person, "")
    assert not staff.verify(None, PASSWORD)


def test_a_running_desk_notices_who_was_taken_out_but_not_a_broken_file(tmp_path: Path) -> None:
    path = tmp_path / "staff.yaml"
    staff.write(path, [a_person(), a_person("daniyar")])
    known = Staff(path)
    staff.write(path, [a_person("daniyar")])
    assert known.find("aigul") is None
    assert known.find("daniyar") is not None
    path.write_text("staff: nobody", encoding="utf-8")
    assert known.find("daniyar") is not None


def test_a_session_is_found_by_its_id_of_which_only_a_hash_is_kept(database: Database) -> None:
    session_id = database.transact(lambda t: sessions.open_(t, a_person(), NOW))
    assert len(session_id) >= 43  # 256 bits
    found = database.transact(lambda t: sessions.find(t, session_id, NOW))
    assert found is not None
    assert found.account == "aigul"
    assert sessions.is_of(found, a_person())
    assert database.transact(lambda t: sessions.find(t, session_id[:-1] + "!", NOW)) is None
    kept = database.transact(lambda t: [str(vars(row)) for row in t.scalars(select(Login))])
    assert session_id not in "".join(kept)
    database.transact(lambda t: sessions.end(t, session_id))
    assert database.transact(lambda t: sessions.find(t, session_id, NOW)) is None


def test_another_password_ends_a_session(database: Database) -> None:
    session_id = database.transact(lambda t: sessions.open_(t, a_person(), NOW))
    found = database.transact(lambda t: sessions.find(t, session_id, NOW))
    assert found is not None
    changed = structs.replace(a_person(), password=staff.hash_password("another long one", "aigul"))
    assert not sessions.is_of(found, changed)


def test_a_session_ends_when_idle_and_after_a_shift(database: Database) -> None:
    idle = database.transact(lambda t: sessions.open_(t, a_person(), NOW))
    assert database.transact(lambda t: sessions.find(t, idle, NOW + IDLE)) is None
    used = database.transact(lambda t: sessions.open_(t, a_person(), NOW))
    at = NOW
    while at < NOW + ABSOLUTE - IDLE / 2:
        at += IDLE / 2
        alive = database.transact(lambda t, at=at: sessions.find(t, used, at))
        assert (alive is not None) == (at < NOW + ABSOLUTE)
    assert database.transact(lambda t: sessions.find(t, used, NOW + ABSOLUTE)) is None
    database.transact(lambda t: sessions.open_(t, a_person(), NOW + ABSOLUTE))
    assert database.transact(lambda t: len(t.scalars(select(Login)).all())) == 1  # the others are deleted


def begin(database: Database, account: str, address: str, at: datetime) -> timedelta | None:
    return database.transact(lambda t: lockout.begin(t, account, address, at))


def test_failures_of_an_account_cost_ever_more_time_wherever_they_come_from(database: Database) -> None:
    for n in range(lockout.FREE_PER_ACCOUNT):
        assert begin(database, "aigul", f"10.0.0.{n}", NOW) is None
    assert begin(database, "aigul", "10.0.0.99", NOW) == lockout.FIRST_WAIT
    assert begin(database, "daniyar", "10.0.0.99", NOW) is None
    later = NOW + lockout.FIRST_WAIT
    assert begin(database, "aigul", "10.0.0.99", later) is None
    assert begin(database, "aigul", "10.0.0.99", later) == 2 * lockout.FIRST_WAIT
    assert lockout.wait_after(1000, 5) == lockout.LONGEST_WAIT


def test_failures_of_an_address_count_whatever_the_account(database: Database) -> None:
    for n in range(lockout.FREE_PER_ADDRESS):
        assert begin(database, f"guess{n}", "10.0.0.1", NOW) is None
    assert begin(database, "aigul", "10.0.0.1", NOW) == lockout.FIRST_WAIT
    assert begin(database, "aigul", "10.0.0.2", NOW) is None


def test_success_forgives_the_account_and_takes_nothing_from_the_address(database: Database) -> None:
    for n in range(3 * lockout.FREE_PER_ADDRESS):
        assert begin(database, f"person{n % 20}", "10.0.0.1", NOW) is None
        database.transact(lambda t, n=n: lockout.succeed(t, f"person{n % 20}", "10.0.0.1"))


def test_old_failures_are_forgotten(database: Database) -> None:
    for _ in range(lockout.FREE_PER_ACCOUNT):
        begin(database, "aigul", "10.0.0.1", NOW)
    later = NOW + lockout.FORGET_AFTER + timedelta(seconds=1)
    for _ in range(lockout.FREE_PER_ACCOUNT):
        assert begin(database, "aigul", "10.0.0.1", later) is None


def test_what_was_typed_as_an_account_is_not_kept(database: Database, tmp_path: Path) -> None:
    begin(database, "correct horse battery", "10.0.0.1", NOW)
    written = b"".join(path.read_bytes() for path in (tmp_path / "desk").iterdir())
    assert b"correct horse" not in written
    assert b"10.0.0.1" not in written


@pytest.mark.parametrize("address", ["", "//evil.example", "https://evil.example", "/\\evil.example", "/a\nb", "x"])
def test_after_the_log_in_nobody_is_led_elsewhere(address: str) -> None:
    assert _local(address) == "/"


def test_a_page_of_the_desk_is_returned_to() -> None:
    assert _local("/consultation") == "/consultation"


def test_without_an_origin_only_this_machine_is_served() -> None:
    settings = from_environment(GIVEN)
    assert (settings.host, settings.port, settings.secure) == ("127.0.0.1", 8081, False)
    assert settings.hosts == {"127.0.0.1:8081", "localhost:8081", "[::1]:8081"}
    assert settings.origins == {f"http://{host}" for host in settings.hosts}
    assert cookie_name(settings) == "desk"


def test_behind_https_the_cookie_is_bound_to_the_host() -> None:
    settings = from_environment(GIVEN | {"SAQBOL_DESK_ORIGIN": "https://desk.example.kz", "SAQBOL_DESK_HOST": "::"})
    assert settings.secure
    assert settings.origins == {"https://desk.example.kz"}
    assert "desk.example.kz" in settings.hosts
    assert cookie_name(settings) == "__Host-desk"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"SAQBOL_DESK_STAFF_FILE": ""}, "SAQBOL_DESK_STAFF_FILE is not set"),
        ({"SAQBOL_DESK_PORT": "0"}, "SAQBOL_DESK_PORT must be a port number"),
        ({"SAQBOL_PUBLIC_URL": "javascript:alert(1)"}, "SAQBOL_PUBLIC_URL must be an address"),
        ({"SAQBOL_DESK_HOST": "0.0.0.0"}, "SAQBOL_DESK_ORIGIN"),
        ({"SAQBOL_DESK_ORIGIN": "desk.example.kz"}, "SAQBOL_DESK_ORIGIN"),
        ({"SAQBOL_DESK_ORIGIN": "https://desk.example.kz/"}, "SAQBOL_DESK_ORIGIN"),
    ],
)
def test_wrong_settings_name_the_remedy(wrong: dict[str, str], said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        from_environment(GIVEN | wrong)
