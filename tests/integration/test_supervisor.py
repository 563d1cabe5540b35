"""The supervisor, with real processes: readiness, restarts, orderly ends, and no orphan."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.home import CHECKOUT
from deploy.supervisor import Service, StartError, Supervisor
from tests.processes import processes_with, wait_until

SLEEP = "import time; time.sleep(600)"
#: Ignores SIGTERM, and says when it does so.
STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(600)"
)


def python(folder: Path, name: str, code: str, *arguments: str, **options: object) -> Service:
    log = folder / f"{name}.log"
    return Service(name=name, command=[sys.executable, "-c", code, *arguments], log=log, **options)  # type: ignore[arg-type]


async def test_a_crash_is_said_and_restarted_with_growing_delays(tmp_path: Path) -> None:
    said: list[str] = []
    supervisor = Supervisor(said.append, backoff_first=0.05, backoff_most=0.15)
    await supervisor.start(python(tmp_path, "worker", "import sys; print('started'); sys.exit(3)"))
    while sum("ended with" in line for line in said) < 4:
        await asyncio.sleep(0.05)
    await supervisor.stop()
    endings = [line for line in said if "ended with exit code 3" in line]
    assert [line.split("again in ")[1].split(" s")[0] for line in endings[:4]] == ["0.05", "0.1", "0.15", "0.15"]
    assert all(line.startswith("worker ") for line in endings)
    assert (tmp_path / "worker.log").read_text().count("started") >= 4


async def test_a_process_that_was_healthy_for_a_while_is_forgiven(tmp_path: Path) -> None:
    said: list[str] = []
    supervisor = Supervisor(said.append, backoff_first=0.05, healthy_after=0.2)
    await supervisor.start(python(tmp_path, "worker", "import sys, time; time.sleep(0.4); sys.exit(1)"))
    while sum("ended with" in line for line in said) < 3:
        await asyncio.sleep(0.05)
    await supervisor.stop()
    assert all("again in 0.05 s" in line for line in said if "ended with" in line)


async def test_the_signal_that_ended_a_process_is_named(tmp_path: Path) -> None:
    said: list[str] = []
    supervisor = Supervisor(said.append, backoff_first=0.05)
    await supervisor.start(python(tmp_path, "worker", SLEEP))
    first = supervisor.pids()["worker"]
    os.kill(first, signal.SIGKILL)
    while supervisor.pids().get("worker") in (None, first):
        await asyncio.sleep(0.02)
    await supervisor.stop()
    assert "worker was ended by SIGKILL; starting it again in 0.05 s" in said[0]


async def test_start_returns_when_the_probe_answers(tmp_path: Path) -> None:
    flag = tmp_path / "flag"
    code = "import sys, time, pathlib; time.sleep(0.3); pathlib.Path(sys.argv[1]).touch(); time.sleep(600)"

    async def ready() -> bool:
        return flag.exists()

    supervisor = Supervisor(print)
    await supervisor.start(python(tmp_path, "server", code, str(flag), ready=ready))
    assert flag.exists()
    await supervisor.stop()


async def never() -> bool:
    return False


async def test_a_process_that_ends_before_it_is_ready_shows_the_end_of_its_log(tmp_path: Path) -> None:
    (tmp_path / "server.log").write_text("a line of an earlier start\n")
    supervisor = Supervisor(print)
    code = "import sys; print('no such file'); sys.exit(4)"
    with pytest.raises(StartError, match="server ended with exit code 4 while starting") as error:
        await supervisor.start(python(tmp_path, "server", code, ready=never))
    assert "no such file" in str(error.value)
    assert "earlier start" not in str(error.value)
    await supervisor.stop()


async def test_a_process_that_stays_silent_is_reported_and_ended(tmp_path: Path) -> None:
    supervisor = Supervisor(print)
    with pytest.raises(StartError, match=r"server did not answer within 0\.3 s"):
        await supervisor.start(python(tmp_path, "server", SLEEP, ready=never, ready_within=0.3))
    pid = supervisor.pids()["server"]
    await supervisor.stop()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_stop_goes_backwards(tmp_path: Path) -> None:
    code = (
        "import pathlib, signal, sys, time\n"
        "def end(*_):\n"
        "    with open(sys.argv[2], 'a') as file: file.write(sys.argv[1] + ' ')\n"
        "    sys.exit()\n"
        "signal.signal(signal.SIGTERM, end)\n"
        "pathlib.Path(sys.argv[2] + sys.argv[1]).touch()\n"
        "time.sleep(600)\n"
    )
    order = tmp_path / "order"
    supervisor = Supervisor(print)
    for name in ("one", "two", "three"):

        async def ready(flag: Path = Path(f"{order}{name}")) -> bool:
            return flag.exists()

        await supervisor.start(python(tmp_path, name, code, name, str(order), ready=ready))
    await supervisor.stop()
    assert order.read_text().split() == ["three", "two", "one"]


async def test_who_ignores_sigterm_is_killed_after_the_grace_time(tmp_path: Path) -> None:
    said: list[str] = []

    async def deaf() -> bool:
        return "deaf" in (tmp_path / "stubborn.log").read_text()

    supervisor = Supervisor(said.append)
    await supervisor.start(python(tmp_path, "stubborn", STUBBORN, ready=deaf, grace=0.2))
    pid = supervisor.pids()["stubborn"]
    await supervisor.stop()
    assert said == ["stubborn did not end within 0.2 s of SIGTERM: killing it"]
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_grandchildren_end_as_well(tmp_path: Path) -> None:
    mark = f"mark-{uuid.uuid4()}"
    code = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {SLEEP!r}, '{mark}'])"
    supervisor = Supervisor(print)
    await supervisor.start(python(tmp_path, "parent", code))
    while len(processes_with(mark)) < 2:
        await asyncio.sleep(0.05)
    await supervisor.stop()
    await asyncio.to_thread(wait_until, lambda: not processes_with(mark))


SUPERVISED = """
import asyncio, signal, sys
from pathlib import Path
from deploy.supervisor import Service, run

signal.signal(signal.SIGHUP, signal.SIG_DFL)  # the tests may run under nohup, which is inherited
mark, log, uid, code = sys.argv[1], Path(sys.argv[2]), sys.argv[3], sys.argv[4]

async def body(supervisor):
    for name in ("one", "two"):
        options = {"account": (int(uid), int(uid))} if uid else {}
        command = ["/usr/bin/env", "sleep", "600"] if uid else [sys.executable, "-c", code]
        await supervisor.start(Service(name=name, command=command, log=log, environment={"MARK": mark}, **options))
    print("started", flush=True)
    await asyncio.Event().wait()

ended_by = run(body, lambda text: print(text, flush=True))
print("ended by", ended_by.name, flush=True)
"""


class Supervised:
    """A process with a supervisor and two children, to send signals to."""

    def __init__(self, folder: Path, uid: str = "", code: str = SLEEP) -> None:
        self.mark = f"mark-{uuid.uuid4()}"
        command = [sys.executable, "-c", SUPERVISED, self.mark, str(folder / "log"), uid, code]
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, text=True, cwd=CHECKOUT, env={**os.environ, "PYTHONPATH": str(CHECKOUT)}
        )
        assert self.process.stdout is not None
        self.output = self.process.stdout
        assert self.output.readline() == "started\n"
        wait_until(lambda: len(self.children()) == 2)

    def children(self) -> dict[int, str]:
        return {pid: line for pid, line in processes_with(f"MARK={self.mark}").items() if "child.py" not in line}


@pytest.fixture
def supervised(tmp_path: Path) -> Iterator[Supervised]:
    it = Supervised(tmp_path)
    with it.process:
        yield it
        it.process.kill()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_everything_in_order(supervised: Supervised, number: signal.Signals) -> None:
    supervised.process.send_signal(number)
    assert supervised.output.read() == f"ended by {number.name}\n"
    assert supervised.process.wait(10) == 0
    assert not supervised.children()


def test_kill_9_leaves_no_orphan(supervised: Supervised) -> None:
    supervised.process.kill()
    supervised.process.wait(10)
    wait_until(lambda: not supervised.children())


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give its children another account")
def test_kill_9_leaves_no_orphan_under_another_account(tmp_path: Path) -> None:
    it = Supervised(tmp_path, uid="65534")
    with it.process:
        owners = {Path(f"/proc/{pid}").stat().st_uid for pid in it.children()}
        assert owners == {65534}
        it.process.kill()
    wait_until(lambda: not it.children())


def test_a_second_signal_does_not_wait(tmp_path: Path) -> None:
    it = Supervised(tmp_path, code=STUBBORN)
    with it.process:
        wait_until(lambda: (tmp_path / "log").read_text().count("deaf") == 2)
        it.process.send_signal(signal.SIGTERM)
        it.process.send_signal(signal.SIGINT)  # another one: two of a kind may arrive as one
        assert it.process.wait(5) in (-signal.SIGINT, -signal.SIGTERM)
    wait_until(lambda: not it.children())
