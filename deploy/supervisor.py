"""Runs a set of processes: waits until they answer, restarts what crashes, and ends them all, whatever happens.

Own code because supervisord and circus leave their children behind when killed -9, and neither waits for readiness.

    async def body(supervisor):
        await supervisor.start(kafka, elasticsearch)   # together; returns when both answer
        await supervisor.start(worker)
        await asyncio.Event().wait()                   # until Ctrl-C

    run(body, say=print)

Every process is the leader of its own session, so that Ctrl-C reaches the supervisor alone, and asks the kernel to be
killed when the supervisor dies (`deploy/child.py`).  The kernel means the *thread* that started it: a supervisor must
live in one thread until it has stopped.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

#: Seconds to the first restart, the most that doubling leads to, and how long a process must live to be forgiven.
BACKOFF_FIRST: Final = 1.0
BACKOFF_MOST: Final = 30.0
HEALTHY_AFTER: Final = 60.0

#: Seconds between two tries of a readiness probe, and how many lines of a log go into an error.
PROBE_EVERY: Final = 0.1
TAIL_LINES: Final = 15

#: A log that is larger than this (bytes) when its process starts is kept as `NAME.log.1` and begun anew.
MAX_LOG: Final = 20_000_000

_CHILD: Final = Path(__file__).with_name("child.py")

Say = Callable[[str], None]


class StartError(Exception):
    """A process ended or stayed silent instead of becoming ready; the message has the end of its log."""


@dataclass(frozen=True, kw_only=True)
class Service:
    """A process to run.

    `environment` is added to ours; `account` is (uid, gid) to run under, for root only.  `ready` is asked until it says
    True, at most `ready_within` seconds; without it a process is ready at once.  `grace` is the time from SIGTERM to
    SIGKILL, in seconds.
    """

    name: str
    command: Sequence[str]
    log: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    directory: Path | None = None
    account: tuple[int, int] | None = None
    ready: Callable[[], Awaitable[bool]] | None = None
    ready_within: float = 60.0
    grace: float = 15.0


def tied(command: Sequence[str], account: tuple[int, int] | None = None) -> list[str]:
    """The command line that runs `command` so that it dies with the thread that starts it; `account` as in Service."""
    uid, gid = account or ("-", "-")
    return [sys.executable, "-IS", str(_CHILD), str(os.getpid()), str(uid), str(gid), *command]


class Supervisor:
    """Runs services until `stop`.  `say` hears one line about everything that isn't silently as it should be."""

    def __init__(
        self,
        say: Say,
        *,
        backoff_first: float = BACKOFF_FIRST,
        backoff_most: float = BACKOFF_MOST,
        healthy_after: float = HEALTHY_AFTER,
    ) -> None:
        self._say = say
        self._backoff_first = backoff_first
        self._backoff_most = backoff_most
        self._healthy_after = healthy_after
        self._stages: list[list[_Keeper]] = []

    async def start(self, *services: Service) -> None:
        """Start services together and wait until each is ready.  Raises StartError; what runs already runs on."""
        stage = [_Keeper(service, self._say) for service in services]
        self._stages.append(stage)
        results = await asyncio.gather(*(keeper.start() for keeper in stage), return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException):
                raise result
        for keeper in stage:
            keeper.keep(self._backoff_first, self._backoff_most, self._healthy_after)

    def pids(self) -> dict[str, int]:
        """The process ids of what runs now, by name."""
        keepers = [keeper for stage in self._stages for keeper in stage]
        return {keeper.service.name: keeper.process.pid for keeper in keepers if keeper.process and keeper.running}

    async def stop(self) -> None:
        """End everything, in the reverse order of the starts; what was started together ends together."""
        while self._stages:
            await asyncio.gather(*(keeper.stop() for keeper in self._stages[-1]))
            self._stages.pop()

    def kill(self) -> None:
        """End everything at once, without asking: for whoever can't wait for `stop`."""
        for stage in self._stages:
            for keeper in stage:
                keeper.kill()


class _Keeper:
    """One service: its process, and the task that restarts it."""

    def __init__(self, service: Service, say: Say) -> None:
        self.service = service
        self.process: asyncio.subprocess.Process | None = None
        self._say = say
        self._task: asyncio.Task[None] | None = None
        self._log_start = 0
        self._stopping = False

    @property
    def running(self) -> bool:
        """Whether the process lives, as far as we know."""
        return self.process is not None and self.process.returncode is None

    async def start(self) -> None:
        """Start the process and wait until it is ready.  Raises StartError."""
        await self._spawn()
        await self._wait_ready()

    def keep(self, first: float, most: float, healthy_after: float) -> None:
        """From now on restart the process when it ends."""
        self._task = asyncio.create_task(self._keep(first, most, healthy_after), name=f"keep {self.service.name}")

    async def stop(self) -> None:
        """SIGTERM, after the grace time SIGKILL, and in the end SIGKILL to whatever is left of its group."""
        self._stopping = True
        if self._task:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        process = self.process
        if process and self.running:
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
            try:
                await asyncio.wait_for(process.wait(), self.service.grace)
            except TimeoutError:
                self._say(f"{self.service.name} did not end within {self.service.grace:g} s of SIGTERM: killing it")
        self.kill()
        if process:
            await process.wait()

    def kill(self) -> None:
        """SIGKILL to the whole process group."""
        if self.process:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)

    async def _spawn(self) -> None:
        service = self.service
        service.log.parent.mkdir(parents=True, exist_ok=True)
        if service.log.exists() and service.log.stat().st_size > MAX_LOG:
            service.log.replace(service.log.with_name(service.log.name + ".1"))
        with service.log.open("ab") as log:
            self._log_start = log.tell()
            self.process = await asyncio.create_subprocess_exec(
                *tied(service.command, service.account),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=service.directory,
                env={**os.environ, **service.environment},
                start_new_session=True,
            )

    async def _wait_ready(self) -> None:
        process, ready = self.process, self.service.ready
        assert process is not None  # noqa: S101 - for the type checker: _spawn has set it
        if ready is None:
            return
        ended = asyncio.create_task(process.wait())
        probe = asyncio.create_task(_until(ready))
        try:
            await asyncio.wait({ended, probe}, timeout=self.service.ready_within, return_when=asyncio.FIRST_COMPLETED)
            if probe.done():
                probe.result()
            elif ended.done():
                raise StartError(f"{self.service.name} {_ending(process)} while starting.\n{self._tail()}")
            else:
                raise StartError(
                    f"{self.service.name} did not answer within {self.service.ready_within:g} s.\n{self._tail()}"
                )
        finally:
            ended.cancel()
            probe.cancel()

    async def _keep(self, first: float, most: float, healthy_after: float) -> None:
        clock = asyncio.get_running_loop().time
        delay, since = first, clock()
        while True:
            process = self.process
            assert process is not None  # noqa: S101 - as above
            await process.wait()
            self.kill()  # what it left behind
            if clock() - since >= healthy_after:
                delay = first
            self._say(f"{self.service.name} {_ending(process)}; starting it again in {delay:g} s ({self.service.log})")
            await asyncio.sleep(delay)
            delay = min(delay * 2, most)
            since = clock()
            try:
                await self._spawn()
                await self._wait_ready()
            except StartError as error:
                self._say(str(error))
                self.kill()
            except OSError as error:
                self._say(f"{self.service.name} can't be started: {error}")
            else:
                self._say(f"{self.service.name} runs again")

    def _tail(self) -> str:
        with self.service.log.open("rb") as log:
            log.seek(max(self._log_start, self.service.log.stat().st_size - 20_000))
            lines = log.read().decode("utf-8", "replace").splitlines()[-TAIL_LINES:]
        return f"The end of {self.service.log}:\n" + "\n".join(f"  {line}" for line in lines)


async def _until(ready: Callable[[], Awaitable[bool]]) -> None:
    while not await ready():
        await asyncio.sleep(PROBE_EVERY)


def _ending(process: asyncio.subprocess.Process) -> str:
    code = process.returncode
    if code is not None and code < 0:
        return f"was ended by {signal.Signals(-code).name}"
    return f"ended with exit code {code}"


def run(body: Callable[[Supervisor], Awaitable[None]], say: Say) -> signal.Signals | None:
    """Run `body` with a supervisor, then stop everything.  Returns the signal that ended it early, or None.

    SIGINT (Ctrl-C), SIGTERM and SIGHUP cancel `body`; a second one kills everything at once, this process included.
    Exceptions of `body` pass through after everything was stopped.
    """
    return asyncio.run(_run(body, say))


async def _run(body: Callable[[Supervisor], Awaitable[None]], say: Say) -> signal.Signals | None:
    supervisor = Supervisor(say)
    received: list[signal.Signals] = []
    task = asyncio.ensure_future(body(supervisor))

    def on_signal(number: signal.Signals) -> None:
        received.append(number)
        if len(received) > 1:
            supervisor.kill()
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
        else:
            task.cancel()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if number is signal.SIGHUP and signal.getsignal(number) is signal.SIG_IGN:
            continue  # nohup: whoever started us wants us to outlive the terminal
        loop.add_signal_handler(number, on_signal, number)
    try:
        await task
    except asyncio.CancelledError:
        if not received:
            raise
    finally:
        await supervisor.stop()
    return received[0] if received else None
