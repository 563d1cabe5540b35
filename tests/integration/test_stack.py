"""The local stack, for real: it answers, keeps its data, stays on loopback, and leaves nothing behind."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaAdminClient

from deploy.home import CHECKOUT, local_addresses
from deploy.stack import places
from deploy.stack.errors import StackError
from deploy.stack.local import ANY_PORTS, Ports, Stack, running
from streams.settings import STAGES
from tests.processes import LOOPBACK_4, LOOPBACK_6, LOOPBACK_MAPPED, listening, processes_with, wait_until


class Command:
    """`./saqbol stack` or `up` in a data folder of its own, on any ports."""

    def __init__(self, home: Path, name: str, *options: str) -> None:
        self.home = home
        environment = {**os.environ, "SAQBOL_HOME": str(home), "PYTHONPATH": str(CHECKOUT), "PYTHONUNBUFFERED": "1"}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "deploy", name, "--kafka-port=0", "--elasticsearch-port=0", *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=environment,
            cwd="/",
        )
        assert self.process.stdout is not None
        self.output = self.process.stdout
        self.said = ""
        for line in self.output:
            self.said += line
            if "Ctrl-C ends" in line:
                break
        else:
            raise AssertionError(f"exit code {self.end(signal.SIGKILL)}: {self.said}")
        addresses = local_addresses(home)
        self.kafka, self.elasticsearch = addresses["SAQBOL_KAFKA"], addresses["SAQBOL_ELASTICSEARCH"]

    def children(self) -> dict[int, str]:
        found = processes_with(str(self.home))
        return {pid: line for pid, line in found.items() if pid != self.process.pid}

    def end(self, number: signal.Signals) -> int:
        self.process.send_signal(number)
        with self.process:
            return self.process.wait(60)


def ask(url: str, body: Any = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(
        url, data, {"Content-Type": "application/json"}, method="GET" if body is None else "PUT"
    )
    with urllib.request.urlopen(request, timeout=30) as reply:
        return json.load(reply)


def topics(bootstrap_servers: str) -> list[str]:
    client = KafkaAdminClient(bootstrap_servers=bootstrap_servers)
    try:
        return list(client.list_topics())
    finally:
        client.close()


@pytest.fixture
def shared_home(stack_home: Path, stack_cache: Path) -> Path:
    """A data folder with the downloads that all tests share."""
    (stack_home / "cache").symlink_to(stack_cache)
    return stack_home


@pytest.fixture
def start(shared_home: Path) -> Iterator[Callable[..., Command]]:
    """Start a command in one data folder; what a failed test leaves running is killed."""
    started: list[Command] = []

    def command(name: str, *options: str) -> Command:
        started.append(Command(shared_home, name, *options))
        return started[-1]

    yield command
    for it in started:
        if it.process.poll() is None:
            it.end(signal.SIGKILL)


def test_both_servers_answer(stack: Stack) -> None:
    topics(stack.bootstrap_servers)
    assert ask(f"{stack.elasticsearch_url}/_cluster/health")["status"] in ("yellow", "green")


def test_a_nearly_full_disk_makes_nothing_read_only(stack: Stack) -> None:
    settings = ask(f"{stack.elasticsearch_url}/_cluster/settings?include_defaults=true&flat_settings=true")
    assert settings["defaults"]["cluster.routing.allocation.disk.threshold_enabled"] == "false"


def test_the_data_outlives_every_end_and_nothing_else_does(start: Callable[..., Command]) -> None:
    command = start("stack")
    children = command.children()
    assert sum("kafka.Kafka" in line for line in children.values()) == 1
    assert sum("org.elasticsearch.server" in line for line in children.values()) == 1
    sockets = listening(set(children))
    assert {address for address, _ in sockets} <= {LOOPBACK_4, LOOPBACK_6, LOOPBACK_MAPPED}
    assert {int(command.kafka.rsplit(":", 1)[1]), int(command.elasticsearch.rsplit(":", 1)[1])} <= {
        port for _, port in sockets
    }
    client = KafkaAdminClient(bootstrap_servers=command.kafka)
    client.create_topics({"kept": {"num_partitions": 1, "replication_factor": 1}})
    client.close()
    ask(f"{command.elasticsearch}/kept/_doc/1?refresh=true", {"text": "сақталды"})
    assert command.end(signal.SIGINT) == 0
    assert not command.children()

    command = start("stack")
    assert "kept" in topics(command.kafka)
    assert ask(f"{command.elasticsearch}/kept/_doc/1")["_source"] == {"text": "сақталды"}
    command.end(signal.SIGKILL)
    wait_until(lambda: not command.children())

    command = start("stack")
    assert "kept" in topics(command.kafka)
    assert ask(f"{command.elasticsearch}/kept/_doc/1")["_source"] == {"text": "сақталды"}
    assert command.end(signal.SIGTERM) == 0
    assert not command.children()


def test_up_starts_everything_on_loopback_restarts_what_crashes_and_leaves_nothing(
    start: Callable[..., Command], shared_home: Path
) -> None:
    command = start("up", "--gateway-port=0")
    children = command.children()
    for module in (*(f"streams.worker {stage}" for stage in STAGES if stage != "notify"), "producers.gateway"):
        assert sum(module in line for line in children.values()) == 1, module
    assert "nobody is on call" in command.said
    assert {address for address, _ in listening(set(children))} <= {LOOPBACK_4, LOOPBACK_6, LOOPBACK_MAPPED}
    key = shared_home / "secrets" / "api-key"
    assert key.stat().st_mode & 0o777 == 0o600
    (gateway,) = re.findall(r"gateway +(http://127\.0\.0\.1:\d+)", command.said)
    report = {"source_ref": "1", "text": "Звонили с номера 1414", "medium": "call"}
    request = urllib.request.Request(
        f"{gateway}/v1/reports",
        json.dumps(report).encode(),
        {"Content-Type": "application/json", "Authorization": f"Bearer {key.read_text().strip()}"},
    )
    with urllib.request.urlopen(request, timeout=30) as reply:
        assert reply.status == 202
    (worker,) = [pid for pid, line in children.items() if "streams.worker index" in line]
    os.kill(worker, signal.SIGKILL)
    assert "index was ended by SIGKILL; starting it again in 1 s" in command.output.readline()
    assert "index runs again" in command.output.readline()
    assert command.end(signal.SIGTERM) == 0
    assert not command.children()


def test_a_folder_is_used_by_one_at_a_time(stack: Stack) -> None:
    with pytest.raises(StackError, match=rf"already runs in {stack.home} \(process {os.getpid()}\)"):
        Stack(stack.home).prepare(print)


def test_a_port_that_was_asked_for_and_is_taken_is_named(stack: Stack, shared_home: Path) -> None:
    taken = Stack(shared_home, ports=Ports(kafka=stack.ports["kafka"]))
    with pytest.raises(StackError, match=f"Port {stack.ports['kafka']} for kafka is taken by another program"):
        taken.prepare(print)
    taken.release()


def test_ports_are_found_again_unless_somebody_took_them(stack: Stack, shared_home: Path) -> None:
    first = Stack(shared_home, ports=ANY_PORTS)
    first.prepare(print)
    first.release()
    again = Stack(shared_home)
    again.prepare(print)
    again.release()
    assert again.ports == first.ports
    record = shared_home / "ports.json"
    record.write_text(json.dumps({**first.ports, "kafka": stack.ports["kafka"]}))
    moved = Stack(shared_home)
    moved.prepare(print)
    moved.release()
    assert moved.ports["kafka"] != stack.ports["kafka"]
    assert moved.ports["elasticsearch"] == first.ports["elasticsearch"]


def test_a_damaged_record_of_ports_is_named(shared_home: Path) -> None:
    (shared_home / "ports.json").write_text("{")
    damaged = Stack(shared_home)
    with pytest.raises(StackError, match=r"ports\.json is damaged"):
        damaged.prepare(print)
    damaged.release()


def test_a_folder_that_can_not_be_written_is_named() -> None:
    home = Path("/sys/saqbol")  # nobody may write there, not even root
    with pytest.raises(StackError, match=f"{home} can't be written: (?s:.)*SAQBOL_HOME"):
        Stack(home).prepare(print)


needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has to run Elasticsearch as somebody else")


@pytest.fixture
def closed_home(shared_home: Path) -> Path:
    """A data folder that only root may enter."""
    (shared_home / "closed").mkdir(mode=0o700)
    home = shared_home / "closed" / "home"
    home.mkdir()
    return home


@needs_root
def test_root_below_a_closed_folder_uses_the_refuge(
    closed_home: Path, stack_cache: Path, shared_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuge = shared_home / "refuge"
    refuge.mkdir()
    refuge.chmod(0o755)
    (distribution,) = stack_cache.glob("elasticsearch-*")
    shutil.copytree(distribution, refuge / distribution.name)
    monkeypatch.setattr(places, "REFUGE", refuge)
    said: list[str] = []
    with running(Stack(closed_home, cache=stack_cache, ports=ANY_PORTS), said.append) as stack:
        server = {pid for pid, line in processes_with(str(refuge)).items() if "org.elasticsearch.server" in line}
        assert {Path(f"/proc/{pid}").stat().st_uid for pid in server} == {65534}
        ask(f"{stack.elasticsearch_url}/kept/_doc/1", {"text": "a"})
    assert said[0] == f"{closed_home.parent} is closed to 'nobody': Elasticsearch's files go to {refuge}"
    assert (closed_home / "elasticsearch").resolve().parent == refuge


@needs_root
def test_root_with_nowhere_to_go_is_told_why(
    closed_home: Path, stack_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "REFUGE", closed_home / "refuge")
    stack = Stack(closed_home, cache=stack_cache, ports=ANY_PORTS)
    with pytest.raises(StackError, match=rf"refuses to run as root(?s:.)*chmod o\+x {closed_home.parent}"):
        stack.prepare(print)
    stack.release()


@needs_root
def test_obstacles_by_owner_group_and_others(stack_home: Path) -> None:
    nobody = places.Account("nobody", 65534, 65534)
    folder = stack_home / "a" / "b"
    folder.mkdir(parents=True)
    for owner, group, mode, free in (
        (0, 0, 0o701, True),
        (0, 0, 0o770, False),
        (0, 65534, 0o710, True),
        (0, 65534, 0o701, False),
        (65534, 0, 0o100, True),
        (65534, 0, 0o011, False),
    ):
        os.chown(folder.parent, owner, group)
        folder.parent.chmod(mode)
        assert places.obstacle(folder, nobody) == (None if free else folder.parent), oct(mode)
