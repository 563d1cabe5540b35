"""The local stack: Kafka and Elasticsearch in one data folder, for development, demonstration and tests."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Final

from deploy.home import HOST, ports_file
from deploy.stack import elasticsearch, kafka
from deploy.stack.artifacts import Say, alone, fetch, read_lock
from deploy.stack.errors import StackError
from deploy.stack.places import places
from deploy.supervisor import Service, Supervisor

#: Ports that a new data folder gets if they are free; nobody but Kafka itself has to know the controller's.
DEFAULT_PORTS: Final = {"kafka": 9092, "controller": 0, "elasticsearch": 9200, "gateway": 8080, "desk": 8081}


@dataclass(frozen=True)
class Ports:
    """Which ports to use, on loopback: a number, 0 for any that is free, None for the one of last time or the default.

    Of the defaults another free port is taken if somebody listens there.
    """

    kafka: int | None = None
    controller: int | None = None
    elasticsearch: int | None = None
    gateway: int | None = None
    desk: int | None = None


#: For tests, which disturb no stack that runs on the usual ports.
ANY_PORTS: Final = Ports(0, 0, 0, 0, 0)


class Stack:
    """Kafka and Elasticsearch of one data folder.  One process at a time may use the folder.

    home:     the data folder; what it holds is found again by the next stack in it
    cache:    folder of downloads, which stacks may share (default: in `home`)
    ports:    where to listen; those of gateway and desk are chosen here too, so that a folder's are known together
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
        self._heap = heap
        self._password = password
        self._lock: IO[str] | None = None
        self._wanted = asdict(ports)
        self.ports: Mapping[str, int] = {}

    @property
    def bootstrap_servers(self) -> str:
        """Kafka's address, `host:port`."""
        return f"{HOST}:{self.ports['kafka']}"

    @property
    def elasticsearch_url(self) -> str:
        """Elasticsearch's address, without credentials."""
        return f"http://{HOST}:{self.ports['elasticsearch']}"

    def prepare(self, say: Say) -> list[Service]:
        """Take the data folder, install what is missing, choose ports.  Returns the services to start together.

        Raises StackError.  Ctrl-C ends a download early.
        """
        maven = self._cache / "maven"
        try:
            self.home.mkdir(parents=True, exist_ok=True)
            self._cache.mkdir(parents=True, exist_ok=True)
            self._take()
            where = places(self.home, self._cache, say)
            jars, archive = read_lock("kafka"), elasticsearch.artifact()
            with alone(where.programs, say):
                unpacked = elasticsearch.distribution_of(where).exists()
                fetch(jars if unpacked else [archive, *jars], maven, say)
                if not unpacked:
                    say("unpacking Elasticsearch")
                    elasticsearch.unpack(archive.path(maven), where)
            self._choose_ports()
            return [
                kafka.service(
                    self.home,
                    [jar.path(maven) for jar in jars],
                    port=self.ports["kafka"],
                    controller_port=self.ports["controller"],
                    say=say,
                ),
                elasticsearch.service(
                    self.home, where, port=self.ports["elasticsearch"], heap=self._heap, password=self._password
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
        record = ports_file(self.home)
        recorded: dict[str, int] = {}
        if record.exists():
            try:
                recorded = {name: int(port) for name, port in json.loads(record.read_text(encoding="utf-8")).items()}
            except (ValueError, TypeError, AttributeError) as error:
                raise StackError(f"{record} is damaged ({error}): delete it, the ports are chosen anew") from error
        self.ports = {
            name: _first_free(recorded.get(name), DEFAULT_PORTS[name]) if wanted is None else _ask_for(name, wanted)
            for name, wanted in self._wanted.items()
        }
        record.write_text(json.dumps(self.ports), encoding="utf-8")


def _ask_for(name: str, port: int) -> int:
    free = _bindable(port)
    if free is None:
        raise StackError(f"Port {port} for {name} is taken by another program: choose another one")
    return free


def _first_free(*ports: int | None) -> int:
    for port in (*ports, 0):
        free = None if port is None else _bindable(port)
        if free is not None:
            return free
    raise StackError("This machine has no free port left")


def _bindable(port: int) -> int | None:
    """The port (any free one for 0) if a server could listen there now, else None."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return None
        return int(probe.getsockname()[1])


@contextmanager
def running(stack: Stack, say: Say) -> Iterator[Stack]:
    """The stack, started and answering, for code that isn't asynchronous: a supervisor in a thread of its own keeps it.

    Raises StackError or StartError.
    """
    started, ending = threading.Event(), threading.Event()
    failure: list[BaseException] = []

    try:
        services = stack.prepare(say)
    except BaseException:
        stack.release()
        raise

    async def live() -> None:
        supervisor = Supervisor(say)
        try:
            await supervisor.start(*services)
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
            yield stack
    finally:
        ending.set()
        thread.join()
        stack.release()
    if failure:
        raise failure[0]
