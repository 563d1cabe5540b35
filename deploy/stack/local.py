"""The local stack: Kafka and Elasticsearch in one data folder, for development, demonstration and tests."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Final

from deploy.stack import elasticsearch, kafka
from deploy.stack.artifacts import Say
from deploy.stack.errors import StackError
from deploy.supervisor import Service, Supervisor

HOST: Final = "127.0.0.1"


@dataclass(frozen=True)
class Ports:
    """Ports on loopback; 0 is a free one."""

    kafka: int = 9092
    controller: int = 9093
    elasticsearch: int = 9200


class Stack:
    """Kafka and Elasticsearch of one data folder.  One process at a time may use the folder.

    home:     the data folder; what it holds is found again by the next stack in it
    cache:    folder of downloads, which stacks may share (default: in `home`)
    ports:    where to listen if the folder has no recorded ports; a port that is taken is replaced by a free one
    heap:     heap of Elasticsearch, as in -Xmx; Kafka takes at most 512 MB
    password: turns on Elasticsearch's security, for the user `elastic`
    """

    def __init__(
        self,
        home: Path,
        *,
        cache: Path | None = None,
        ports: Ports = Ports(),
        heap: str = "512m",
        password: str | None = None,
    ) -> None:
        self.home = home
        self._cache = cache or home / "cache"
        self._wanted = ports
        self._heap = heap
        self._password = password
        self._lock: IO[str] | None = None
        self.ports = ports

    @property
    def bootstrap_servers(self) -> str:
        """Kafka's address, `host:port`."""
        return f"{HOST}:{self.ports.kafka}"

    @property
    def elasticsearch_url(self) -> str:
        """Elasticsearch's address, without credentials."""
        return f"http://{HOST}:{self.ports.elasticsearch}"

    def prepare(self, say: Say) -> list[Service]:
        """Take the data folder, install what is missing, choose ports.  Returns the services to start together.

        Raises StackError.
        """
        try:
            self.home.mkdir(parents=True, exist_ok=True)
            self._cache.mkdir(parents=True, exist_ok=True)
            self._take()
            self._choose_ports()
            return [
                kafka.service(
                    self.home,
                    self._cache,
                    port=self.ports.kafka,
                    controller_port=self.ports.controller,
                    heap="512m",
                    say=say,
                ),
                elasticsearch.service(
                    self.home,
                    self._cache,
                    port=self.ports.elasticsearch,
                    heap=self._heap,
                    password=self._password,
                    say=say,
                ),
            ]
        except PermissionError as error:
            raise StackError(
                f"{error.filename} can't be written: it belongs to another user of this machine.  "
                "Start SaqBol as that user, or choose another data folder: SAQBOL_HOME=/some/folder"
            ) from error

    def release(self) -> None:
        """Let another process use the data folder: after everything was stopped."""
        if self._lock:
            self._lock.close()
            self._lock = None

    def _take(self) -> None:
        lock = (self.home / "lock").open("a+", encoding="utf-8")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            lock.seek(0)
            owner = lock.read().strip()
            lock.close()
            raise StackError(
                f"SaqBol already runs in {self.home} (process {owner}).  Stop it first (kill {owner}), or choose "
                "another data folder: SAQBOL_HOME=/some/folder"
            ) from error
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        self._lock = lock

    def _choose_ports(self) -> None:
        record = self.home / "ports.json"
        wanted = self._wanted
        if record.exists():
            try:
                wanted = Ports(**json.loads(record.read_text(encoding="utf-8")))
            except (ValueError, TypeError) as error:
                raise StackError(f"{record} is damaged ({error}): delete it, the ports are chosen anew") from error
        self.ports = Ports(**{name: _free_port(port) for name, port in asdict(wanted).items()})
        record.write_text(json.dumps(asdict(self.ports)), encoding="utf-8")


def _free_port(wanted: int) -> int:
    """`wanted` if nobody listens there, else a free port."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise StackError("This machine has no free port left")


@contextmanager
def running(stack: Stack, say: Say) -> Iterator[Stack]:
    """The stack, started and answering, for code that isn't asynchronous: a supervisor in a thread of its own keeps it.

    Raises StackError or StartError.
    """
    services = stack.prepare(say)
    try:
        with _thread(lambda supervisor: supervisor.start(*services), say):
            yield stack
    finally:
        stack.release()


@contextmanager
def _thread(body: Callable[[Supervisor], Awaitable[None]], say: Say) -> Iterator[None]:
    started, ending = threading.Event(), threading.Event()
    failure: list[BaseException] = []

    async def live() -> None:
        supervisor = Supervisor(say)
        try:
            await body(supervisor)
            started.set()
            await asyncio.to_thread(ending.wait)
        finally:
            await supervisor.stop()

    def work() -> None:
        try:
            asyncio.run(live())
        except BaseException as error:  # handed to the thread that waits
            failure.append(error)
        finally:
            started.set()

    thread = threading.Thread(target=work, name="local stack")
    thread.start()
    try:
        started.wait()
        if not failure:
            yield
    finally:
        ending.set()
        thread.join()
    if failure:
        raise failure[0]
