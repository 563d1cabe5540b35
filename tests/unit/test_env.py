"""Secrets of the compose stack: made once, kept, and handed to each service alone."""

from __future__ import annotations

import base64
import hashlib
import re
import stat
from pathlib import Path

import pytest

from deploy import env, handout
from deploy.commands import env as command
from producers import integrations, reporters
from producers.desk import staff


def read(path: Path) -> dict[str, str]:
    lines = (line for line in path.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#"))
    return dict(line.split("=", 1) for line in lines)


def test_everything_is_made_random_and_private(tmp_path: Path) -> None:
    first, second = tmp_path / "a", tmp_path / "b"
    assert env.complete(first) == [variable.name for variable in env.VARIABLES]
    env.complete(second)
    assert stat.S_IMODE(first.stat().st_mode) == 0o600
    made = read(first)
    assert made.pop("SAQBOL_ONCALL_URL") == ""
    assert all(len(value) >= 43 for value in made.values())
    assert not set(made.values()) & set(read(second).values())


def test_what_is_there_stays_and_what_is_missing_comes(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text("MINE=1\nSAQBOL_WRITER_PASSWORD=chosen", encoding="utf-8")
    path.chmod(0o644)
    added = env.complete(path)
    assert "SAQBOL_WRITER_PASSWORD" not in added
    values = read(path)
    assert (values["MINE"], values["SAQBOL_WRITER_PASSWORD"]) == ("1", "chosen")
    assert set(values) == {"MINE"} | {variable.name for variable in env.VARIABLES}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    content = path.read_bytes()
    assert env.complete(path) == []
    assert path.read_bytes() == content


def test_first_integration_works_and_is_made_once(tmp_path: Path) -> None:
    path = tmp_path / "compose" / "integrations.yaml"
    key = env.first_integration(path)
    assert key is not None
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    found = integrations.load(path).by_key(key)
    assert found is not None
    assert found.source == env.FIRST.source
    assert env.first_integration(path) is None


def test_our_own_services_may_use_the_gateway_with_the_keys_they_are_handed(tmp_path: Path) -> None:
    secrets, path = tmp_path / ".env", tmp_path / "compose" / "integrations.yaml"
    env.complete(secrets)
    env.first_integration(path)
    assert set(env.own_integrations(path, secrets)) == {origin.source for origin, _ in env.OWN.values()}
    found = integrations.load(path)
    for variable, (origin, may) in env.OWN.items():
        entry = found.by_key(read(secrets)[variable])
        assert entry is not None
        assert (entry.source, entry.may) == (origin.source, may)
    assert env.own_integrations(path, secrets) == []
    assert stat.S_IMODE(path.stat().st_mode) == 0o644


def test_the_container_can_read_the_staff_file_and_nobody_else_gets_there(tmp_path: Path) -> None:
    path = tmp_path / "compose" / "staff" / "staff.yaml"
    assert env.empty_staff(path)
    assert staff.read(path) == []
    person = staff.Person(
        account="aigul",
        name="Айгүл",
        password=staff.hash_password("a long sentence", "aigul"),
        roles=[staff.Role.ONCALL],
    )
    staff.write(path, [person])
    assert not env.empty_staff(path)
    assert staff.read(path) == [person]
    modes = [stat.S_IMODE(one.stat().st_mode) for one in (path, path.parent, path.parent.parent)]
    assert modes == [0o644, 0o755, 0o700]


def test_command_makes_everything_and_prints_no_secret_but_the_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "CHECKOUT", tmp_path)
    monkeypatch.setattr(command, "INTEGRATIONS", tmp_path / "integrations.yaml")
    command.create()
    said = capsys.readouterr().out
    (key,) = re.findall(r"\bsb_\S+", said)
    assert integrations.load(tmp_path / "integrations.yaml").by_key(key) is not None
    assert not any(value in said for value in read(tmp_path / ".env").values() if value)
    command.create()
    assert capsys.readouterr().out == f"{tmp_path / '.env'}: complete, nothing changed\n"


@pytest.fixture
def handed_out(tmp_path: Path) -> tuple[Path, dict[str, str]]:
    env.complete(tmp_path / ".env")
    environment = read(tmp_path / ".env")
    handout.hand_out(tmp_path / "handout", environment)
    return tmp_path / "handout", environment


def test_each_service_gets_its_own(handed_out: tuple[Path, dict[str, str]]) -> None:
    folder, environment = handed_out
    files = {str(path.relative_to(folder)): path for path in folder.rglob("*") if path.is_file()}
    assert set(files) == {*handout.FILES, *handout.OPTIONAL, "elasticsearch/users", "elasticsearch/users_roles"}
    assert all(files[name].read_text().strip() == "" for name in handout.OPTIONAL)
    for name, variable in handout.FILES.items():
        assert files[name].read_text().strip() == environment[variable]
        assert stat.S_IMODE(files[name].stat().st_mode) == 0o400
    reporters.load_key(files["gateway/hmac_key"])


def test_elasticsearch_gets_hashes_only(handed_out: tuple[Path, dict[str, str]]) -> None:
    folder, environment = handed_out
    lines = (folder / "elasticsearch" / "users").read_text().splitlines()
    hashes = dict(line.split(":", 1) for line in lines)
    assert set(hashes) == set(handout.ACCOUNTS)
    for user, (variable, _) in handout.ACCOUNTS.items():
        rounds, salt, key = hashes[user].removeprefix("{PBKDF2}").split("$")
        password = environment[variable].encode()
        expected = hashlib.pbkdf2_hmac("sha512", password, base64.b64decode(salt), int(rounds), 32)
        assert base64.b64decode(key) == expected
        assert environment[variable] not in "\n".join(lines)


def test_again_replaces(handed_out: tuple[Path, dict[str, str]]) -> None:
    folder, environment = handed_out
    handout.hand_out(folder, {**environment, "SAQBOL_WRITER_PASSWORD": "other"})
    assert (folder / "workers" / "password").read_text() == "other\n"


def test_a_missing_secret_is_named_before_anything_is_written(tmp_path: Path) -> None:
    environment = {variable.name: "x" for variable in env.VARIABLES} | {"SAQBOL_HMAC_KEY": ""}
    with pytest.raises(handout.HandoutError, match=r"not set: SAQBOL_HMAC_KEY; \./saqbol env creates"):
        handout.hand_out(tmp_path / "handout", environment)
    assert not (tmp_path / "handout").exists()
