"""A desk as a process of its own, and somebody who uses it over HTTP as a browser would."""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final, NamedTuple

import httpx
import msgspec

from deploy import book
from deploy.stack.local import Stack
from producers.desk import staff
from producers.desk.staff import Person, Role
from producers.integrations import Permission
from schemas.events import Report
from schemas.topics import REPORTS
from tests.gateway_process import Gateway, _Process, free_port, wait_for

#: What signs the links in messages.
LINK_KEY: Final = b"0123456789abcdef0123456789abcdef"
#: The call-centre's integration.
CENTRE: Final = "mamlyut-desk"
#: The password of everybody in the tests, and its hash.
PASSWORD: Final = "correct horse battery"
HASH: Final = staff.hash_password(PASSWORD, "nobody")


def a_person(account: str = "aigul", roles: Sequence[Role] = (Role.OPERATOR,), **changes: object) -> Person:
    """Somebody of the call-centre of Mamlyut."""
    given: dict[str, object] = {
        "account": account,
        "name": "Айгүл Сәрсенова",
        "password": HASH,
        "roles": list(roles),
        "source": CENTRE,
        "region": "KZ-59",
        "district": "Мамлютский район",
        "area_code": "71541",
    }
    return Person(**(given | changes))  # type: ignore[arg-type]


#: Who may log in to the desk of the tests.
PEOPLE: Final = (
    a_person(),
    a_person("daniyar", name="Данияр Ахметов", language="kk"),
    a_person("botagoz", [Role.ONCALL], name="Ботагөз Нұрлан"),
    a_person("marat", [Role.ANALYST], name="Марат Оспанов"),
)


class Behind(NamedTuple):
    """What is behind a desk: Kafka, Elasticsearch, the gateway, and its keys by source."""

    kafka: str
    elasticsearch: str
    gateway: str
    keys: Mapping[str, str]


#: Nothing that answers.
NOTHING: Final = Behind("127.0.0.1:1", "http://127.0.0.1:1", "http://127.0.0.1:1", {})


class Desk(_Process):
    """A desk; its data stay when it is restarted.  `settings` are further environment variables."""

    def __init__(
        self, home: Path, behind: Behind, people: Sequence[Person] = PEOPLE, settings: Mapping[str, str] | None = None
    ) -> None:
        self.home, self.port = home, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.staff = home / "staff.yaml"
        self.database = home / "desk" / "desk.sqlite3"
        staff.write(self.staff, people)
        (home / "keys").mkdir()
        for source, key in behind.keys.items():
            (home / "keys" / source).write_text(key + "\n", encoding="ascii")
        (home / "link-key").write_bytes(LINK_KEY)
        environment = os.environ | {
            "SAQBOL_LINK_KEY_FILE": str(home / "link-key"),
            "SAQBOL_DESK_PORT": str(self.port),
            "SAQBOL_DESK_STAFF_FILE": str(self.staff),
            "SAQBOL_DESK_KEYS": str(home / "keys"),
            "SAQBOL_DESK_DATABASE": str(self.database),
            "SAQBOL_GATEWAY_URL": behind.gateway,
            "SAQBOL_PUBLIC_URL": behind.gateway,
            "SAQBOL_KAFKA": behind.kafka,
            "SAQBOL_ELASTICSEARCH": behind.elasticsearch,
            "SAQBOL_DESK_TRUSTED_PROXIES": "127.0.0.1",
            **(settings or {}),
        }
        super().__init__([sys.executable, "-m", "producers.desk"], home / "desk.log", environment)

    def start(self) -> None:
        super().start()
        wait_for(self._answers)

    def _answers(self) -> bool:
        try:
            return httpx.get(self.url + "/health/live", timeout=5).status_code == 200
        except httpx.TransportError:
            return False

    def browser(self, address: str = "10.0.0.1") -> httpx.Client:
        """A client without a session, at that address, that says what a browser on the desk's own pages says."""
        headers = {"Origin": self.url, "Sec-Fetch-Site": "same-origin", "X-Forwarded-For": address}
        return httpx.Client(base_url=self.url, headers=headers, timeout=30)

    def logged_in(self, account: str = "aigul", address: str = "10.0.0.1") -> httpx.Client:
        """A client with a session and its token."""
        client = self.browser(address)
        reply = client.post("/login", data={"account": account, "password": PASSWORD})
        assert reply.status_code == 303, reply.text
        client.headers["X-CSRF-Token"] = token_of(client.get("/", follow_redirects=True).text)
        return client


def reports_of(stack: Stack) -> list[Report]:
    """Every report in the stack's topic."""
    return _decoded(stack, REPORTS, Report)


def events_of(stack: Stack, topic: str) -> list[dict[str, Any]]:
    """Every event in a topic of the stack."""
    return _decoded(stack, topic, dict[str, Any])


def _decoded(stack: Stack, topic: str, kind: Any) -> list[Any]:
    """What is of that kind in a topic; other tests share it, and write garbage too."""
    found = []
    for record in book.read(stack.bootstrap_servers, topic):
        with suppress(msgspec.MsgspecError):
            found += [msgspec.json.decode(record.value, type=kind)] if record.value else []
    return found


def token_of(page: str) -> str:
    """The session's token, as a page carries it."""
    found = re.search(r'<meta name="csrf" content="([^"]+)">', page)
    assert found
    return found[1]


@contextmanager
def desk_running(stack: Stack, gateway: Gateway, people: Sequence[Person] = PEOPLE) -> Iterator[Desk]:
    """A fresh desk in front of a stack and a gateway."""
    gateway.allow(CENTRE, [Permission.REPORT, Permission.PREVENTION])
    behind = Behind(stack.bootstrap_servers, stack.elasticsearch_url, gateway.url, gateway.keys)
    with desk_at(behind, people) as desk:
        yield desk


@contextmanager
def desk_at(
    behind: Behind, people: Sequence[Person] = PEOPLE, settings: Mapping[str, str] | None = None
) -> Iterator[Desk]:
    """A fresh desk."""
    with tempfile.TemporaryDirectory(prefix="saqbol-desk-") as home:
        desk = Desk(Path(home), behind, people, settings)
        try:
            desk.start()
            yield desk
        finally:
            desk.end()
