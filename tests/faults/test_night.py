"""A night on call: three waves, one of them false; a dead messenger; a worker killed -9 in the middle; nobody answers.

A real Kafka, the real notify worker, real HTTP and mail servers; only the clock is moved.  At the end everybody was
told exactly what the rules say, when they say it, and nothing twice but what was sent and could not be written down,
under the same id.
"""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from typer.testing import CliRunner

from deploy import provision
from deploy.commands import oncall as command
from deploy.home import CHECKOUT
from deploy.stack.local import ANY_PORTS, Stack
from deploy.supervisor import Supervisor
from producers.kafka import connect
from schemas.cases import Case, Decision
from schemas.events import Alert, AlertStatus
from schemas.local_time import ZONE
from schemas.topics import ALERTS, CASES, DECISIONS
from streams.oncall import links
from streams.settings import is_ready
from tests.processes import wait_until
from tests.receivers import Messengers
from tests.unit.oncall.builders import an_alert

#: When the night begins, in Astana.
BEGIN: Final = datetime(2026, 1, 14, 2, 0, tzinfo=ZONE)
KEY: Final = b"k" * 32


def alert_at(minutes: int, name: str, **changes: Any) -> Alert:
    """A wave that is seen so many minutes after the begin; its id begins with `name`, eight digits."""
    at = BEGIN + timedelta(minutes=minutes)
    return an_alert(id=f"{name}-0000-5000-8000-000000000000", at=at, **{"official": False, **changes})


WAVE: Final = an_alert(at=BEGIN)
FALSE: Final = alert_at(
    30, "ffffffff", family="number", key="number:+77051234567", number="+77051234567", regions={"KZ-33": 1, "KZ-75": 1}
)
UNHEARD: Final = alert_at(
    60, "cccccccc", family="scheme-region", key="scheme-region:prize|KZ-33", number=None, schemes=["prize"]
)
CASE: Final = alert_at(
    90, "eeeeeeee", family="urgent", key="urgent:r1", severity="critical", regions={"KZ-33": 1}, route="urgent"
)
MINOR: Final = alert_at(
    100, "dddddddd", family="region", key="region:KZ-75", severity="low", regions={"KZ-75": 9}, number=None
)

ONCALL = """\
people:
  - account: aigerim
    name: Айгерим
    language: kk
    targets: [{name: telegram, url: "${A_TELEGRAM}"}, {name: mail, url: "${A_MAIL}"}]
  - {account: marat, name: Марат, language: ru, targets: [{name: sms, url: "${M_SMS}"}]}
  - {account: saule, name: Сауле, language: ru, targets: [{name: mail, url: "${S_MAIL}"}]}
rotas:
  - id: zhetysu
    regions: [KZ-33]
    shifts: [{people: [aigerim, marat], head: saule, hours: "20:00-08:00"}]
  - id: national
    shifts:
      - {people: [marat], hours: "20:00-08:00"}
      - {people: [saule], hours: "08:00-20:00"}
escalate_after: {critical: 5, high: 10, medium: 30, low: 60}
digest: {after: 3, within_minutes: 10, collect_seconds: 30}
quiet_hours: {hours: "22:00-08:00", severities: [low]}
"""


class Night:
    """The worker, its log and its clock."""

    def __init__(self, kafka: str, home: Path, messengers: Messengers, producer: KafkaProducer) -> None:
        self.kafka, self.home, self.messengers, self._producer = kafka, home, messengers, producer
        self._reader = KafkaConsumer(bootstrap_servers=kafka, enable_auto_commit=False, auto_offset_reset="earliest")
        self._reader.assign([TopicPartition(CASES, 0)])
        self._cases: dict[bytes, Case] = {}
        self._clock = home / "clock"
        (home / "oncall.yaml").write_text(ONCALL, encoding="utf-8")
        (home / "link-key").write_bytes(KEY)
        self._environment = {
            **os.environ,
            "SAQBOL_KAFKA": kafka,
            "SAQBOL_HOME": str(home),
            "SAQBOL_ONCALL": str(home / "oncall.yaml"),
            "SAQBOL_CLOCK_FILE": str(self._clock),
            "SAQBOL_LINK_KEY_FILE": str(home / "link-key"),
            "SAQBOL_DESK_URL": "https://desk.example.kz/",
            "A_TELEGRAM": messengers.http("aigerim-telegram"),
            "A_MAIL": messengers.mail("aigerim-mail"),
            "M_SMS": messengers.http("marat-sms"),
            "S_MAIL": messengers.mail("saule-mail"),
        }
        self._worker: subprocess.Popen[bytes] | None = None
        self.clock(0)

    def start(self) -> None:
        """Start the worker, and wait until it works."""
        with (self.home / "notify.log").open("ab") as log:
            self._worker = subprocess.Popen(
                [sys.executable, "-m", "streams.worker", "notify"],
                cwd=CHECKOUT,
                env=self._environment,
                stdout=log,
                stderr=log,
            )
        wait_until(lambda: is_ready(self.home, "notify", "0"), 60)

    def kill(self) -> None:
        """SIGKILL, and wait until it is dead."""
        assert self._worker is not None
        self._worker.kill()
        self._worker.wait()

    def close(self) -> None:
        """Let go of the worker and of the topic."""
        self.kill()
        self._reader.close()

    def clock(self, minutes: float) -> None:
        """Move the clock to so many minutes after the begin."""
        seconds = (BEGIN + timedelta(minutes=minutes) - datetime.now(UTC)).total_seconds()
        draft = self._clock.with_suffix(".new")
        draft.write_text(str(seconds), encoding="ascii")
        draft.replace(self._clock)

    def see(self, alert: Alert) -> None:
        self._send(ALERTS, alert.id, alert)

    def decide(self, decision: Decision) -> None:
        self._send(DECISIONS, decision.id, decision)

    def case(self, alert: Alert) -> Case | None:
        """The newest case of an alert on its topic."""
        for records in self._reader.poll(timeout_ms=300).values():
            self._cases |= {record.key: msgspec.json.decode(record.value, type=Case) for record in records}
        return self._cases.get(alert.id.encode())

    def until(self, alert: Alert, *steps: str, within: float = 20) -> None:
        """Wait until the case of an alert has exactly these steps, as `kind person`."""
        try:
            wait_until(lambda: self.steps(alert) == list(steps), within)
        except TimeoutError:
            log = (self.home / "notify.log").read_text(encoding="utf-8")[-3_000:]
            pytest.fail(f"{self.steps(alert)} instead of {steps}\n{log}")

    def steps(self, alert: Alert) -> list[str]:
        case = self.case(alert)
        return [f"{step.kind.value} {step.person or '-'}" for step in case.steps] if case else []

    def _send(self, topic: str, key: str, event: Any) -> None:
        self._producer.send(topic, key=key.encode(), value=msgspec.json.encode(event)).get(timeout=10)


@contextmanager
def prepared(servers: str) -> Iterator[KafkaProducer]:
    """The topics, and a producer."""
    admin = KafkaAdminClient(bootstrap_servers=servers, bootstrap_timeout_ms=30_000)
    for change in [*provision._topic_changes(admin, 1), *provision._changelog_changes(admin, 1)]:
        change.make()
    admin.close()
    producer = connect(servers, "night")
    try:
        yield producer
    finally:
        producer.close()


@pytest.mark.timeout(240)
async def test_a_night_on_call(stack_cache: Path, stack_home: Path) -> None:
    messengers, supervisor = Messengers(), Supervisor(lambda _: None)
    stack = Stack(stack_home, cache=stack_cache, ports=ANY_PORTS)
    try:
        services = await asyncio.to_thread(stack.prepare, lambda _: None)
        await supervisor.start(*(service for service in services if service.name == "kafka"))
        with messengers.running():
            await asyncio.to_thread(whole_night, stack, stack_home, messengers)
    finally:
        await supervisor.stop()
        stack.release()


def whole_night(stack: Stack, home: Path, messengers: Messengers) -> None:
    with prepared(stack.bootstrap_servers) as producer:
        night = Night(stack.bootstrap_servers, home, messengers, producer)
        messengers.dead = {"aigerim-telegram"}
        night.start()
        try:
            the_wave(night)
            the_false_alarm(night)
            nobody_answers(night)
            the_urgent_case(night)
            the_morning(night)
            accounts(night)
        finally:
            night.close()


def the_wave(night: Night) -> None:
    """Telegram is dead, so a mail; no answer, so the next, while whose SMS is on its way the worker is killed."""
    night.see(WAVE)
    wait_until(lambda: "not delivered" in log_of(night))
    night.clock(0.2)
    wait_until(lambda: log_of(night).count("not delivered") == 2)
    night.clock(0.6)
    night.until(WAVE, "failed aigerim", "sent aigerim")
    night.messengers.on_arrival = lambda way: night.kill() if way == "marat-sms" else None
    night.clock(11)
    wait_until(lambda: len(to(night, "marat-sms")) == 1)
    night.messengers.on_arrival = lambda _: None
    night.start()
    night.until(WAVE, "failed aigerim", "sent aigerim", "escalated marat", "sent marat")
    token = re.search(r"https://desk\.example\.kz/a/(\S+)", to(night, "marat-sms")[-1])
    assert token is not None
    grant = links.unseal(token.group(1), KEY, BEGIN + timedelta(minutes=12))
    night.decide(links.decision(grant, BEGIN + timedelta(minutes=12)))
    night.decide(links.decision(grant, BEGIN + timedelta(minutes=13)))  # tapped twice
    night.until(WAVE, "failed aigerim", "sent aigerim", "escalated marat", "sent marat", "acknowledged marat")
    night.clock(20)
    grown = msgspec.structs.replace(
        WAVE, observed=12, change="doubled", page=False, updated_at=BEGIN + timedelta(minutes=20)
    )
    night.see(grown)
    night.until(
        WAVE, "failed aigerim", "sent aigerim", "escalated marat", "sent marat", "acknowledged marat", "updated marat"
    )
    night.see(WAVE)  # the waves worker was killed too, and says everything again
    night.see(grown)


def the_false_alarm(night: Night) -> None:
    """A wave of the whole country is a false alarm: said so by command."""
    night.clock(30)
    night.see(FALSE)
    night.until(FALSE, "sent marat")
    night.clock(33)
    said = CliRunner().invoke(
        command.app,
        ["close", FALSE.id, "--false", "--note", "учения банка", "--by", "marat"],
        env={"SAQBOL_KAFKA": night.kafka},
    )
    assert said.exit_code == 0, said.output
    night.until(FALSE, "sent marat", "closed marat")


def nobody_answers(night: Night) -> None:
    """The telegram works again; nobody answers, up to the head of the shift."""
    night.messengers.dead = set()
    night.clock(60)
    night.see(UNHEARD)
    night.until(UNHEARD, "sent aigerim")
    night.kill()
    night.clock(71)
    night.start()
    night.until(UNHEARD, "sent aigerim", "escalated marat", "sent marat")
    night.clock(82)
    expected = ("sent aigerim", "escalated marat", "sent marat", "escalated saule", "sent saule")
    night.until(UNHEARD, *expected)
    night.clock(89)
    time.sleep(1.5)
    assert night.steps(UNHEARD) == list(expected)


def the_urgent_case(night: Night) -> None:
    """Money that moved goes to its region at once; a wave of low severity waits for the morning."""
    night.clock(90)
    night.see(CASE)
    night.until(CASE, "sent aigerim")
    night.decide(
        links.decision(links.Grant(CASE.id, "aigerim", 1, int(time.time()) + 60), BEGIN + timedelta(minutes=91))
    )
    night.until(CASE, "sent aigerim", "acknowledged aigerim")
    night.clock(100)
    night.see(MINOR)
    night.until(MINOR, "held -")


def the_morning(night: Night) -> None:
    """At eight the quiet hours and the night shift end."""
    night.clock(359)
    time.sleep(1.5)
    assert night.steps(MINOR) == ["held -"]
    night.clock(360.1)
    night.until(MINOR, "held -", "sent saule")


def accounts(night: Night) -> None:
    """Who was told what and when: by the servers that took it, and by the cases."""
    assert [(one.way, message_of(one.body)) for one in night.messengers.told] == [
        ("aigerim-mail", "461f74e0-1"),
        ("marat-sms", "461f74e0-2"),
        ("marat-sms", "461f74e0-2"),  # it was taken, and the worker died before it could write that down
        ("marat-sms", "461f74e0-3"),
        ("marat-sms", "ffffffff-1"),
        ("aigerim-telegram", "cccccccc-1"),
        ("marat-sms", "cccccccc-2"),
        ("saule-mail", "cccccccc-3"),
        ("aigerim-telegram", "eeeeeeee-1"),
        ("saule-mail", "dddddddd-1"),
    ]
    told = {
        (step.message, step.person, step.target): round((step.at - BEGIN) / timedelta(minutes=1))
        for alert in (WAVE, FALSE, UNHEARD, CASE, MINOR)
        for step in (night.case(alert) or pytest.fail("no case")).steps
        if step.kind.value in ("sent", "updated")
    }
    assert told == {
        (f"{WAVE.id}/1", "aigerim", "mail"): 1,
        (f"{WAVE.id}/2", "marat", "sms"): 11,
        (f"{WAVE.id}/3", "marat", "sms"): 20,
        (f"{FALSE.id}/1", "marat", "sms"): 30,
        (f"{UNHEARD.id}/1", "aigerim", "telegram"): 60,
        (f"{UNHEARD.id}/2", "marat", "sms"): 71,
        (f"{UNHEARD.id}/3", "saule", "mail"): 82,
        (f"{CASE.id}/1", "aigerim", "telegram"): 90,
        (f"{MINOR.id}/1", "saule", "mail"): 360,
    }
    cases = {alert.id: night.case(alert) for alert in (WAVE, FALSE, UNHEARD)}
    wave, false, unheard = cases.values()
    assert wave is not None
    assert (wave.status, wave.acknowledged_by) == (AlertStatus.ACKNOWLEDGED, "marat")
    assert wave.acknowledged_at == BEGIN + timedelta(minutes=12)
    assert false is not None
    assert (false.status, false.real, false.note) == (AlertStatus.CLOSED, False, "учения банка")
    assert unheard is not None
    assert unheard.status is AlertStatus.OPEN
    update = night.messengers.told[3]
    assert update.title == night.messengers.told[1].title
    assert update.body.startswith("Обновление: сообщений стало вдвое больше.")
    assert "Қабылдау: https://desk.example.kz/a/" in night.messengers.told[0].body, "in her language"


def to(night: Night, way: str) -> list[str]:
    return [one.body for one in night.messengers.told if one.way == way]


def log_of(night: Night) -> str:
    return (night.home / "notify.log").read_text(encoding="utf-8")


def message_of(body: str) -> str:
    found = re.search(r"\b([0-9a-f]{8}-[0-9]+),", body)
    return found.group(1) if found else ""
