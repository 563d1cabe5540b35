"""Notify: the people on call are told about each alert until somebody answers, and its life is kept.

Reads `fraud.alerts.v1` and `fraud.decisions.v1`; writes `fraud.cases.v1`.  What is decided stands in `streams/oncall`;
here is what it needs: a clock, a place to write, and deliveries, which run beside the agent so that a service that
hangs delays nobody else's message.  A message is written down before it is sent and its delivery after the service took
it: a crash in between repeats it, with the same id, rather than lose it.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Sequence
from typing import Any, Final

import faust
import msgspec
from faust.types import TP

from schemas.cases import Case, Decision, StepKind
from schemas.events import Alert
from schemas.topics import ALERTS, CASES, DECISIONS
from streams.app import acknowledge, batches, confirm, keyed_table, log, owning_partition, raw_topic
from streams.clock import Clock
from streams.delivery import Messenger, is_brief
from streams.oncall.casework import due, step
from streams.oncall.links import Links, read_key
from streams.oncall.messages import message_text
from streams.oncall.rota import load_oncall
from streams.oncall.state import (
    AlertSeen,
    CaseState,
    Decided,
    Delivered,
    Event,
    Failed,
    Message,
    Silence,
    TimePassed,
    Work,
)
from streams.settings import Settings
from streams.tables import WORK

#: How often it is looked what time alone has made due (seconds).
TICK: Final = 1.0

#: First part of a key of the table: what lies under it.
_CASE: Final = b"case:"
_SILENCE: Final = b"silence:"


def attach(app: faust.App, settings: Settings) -> None:
    """Hang the agents and the timer on `app`."""
    office = _Office(app, settings)

    @app.agent(raw_topic(app, ALERTS), name="notify")
    async def notify(stream: Any) -> None:
        async for events in batches(stream):
            await office.take([AlertSeen(alert) for alert in _decoded(events, Alert)])
            acknowledge(events)

    @app.agent(raw_topic(app, DECISIONS), name="decisions")
    async def decisions(stream: Any) -> None:
        async for events in batches(stream):
            await office.take([Decided(decision) for decision in _decoded(events, Decision)])
            acknowledge(events)

    @app.timer(interval=TICK, on_leader=False)  # type: ignore[untyped-decorator]
    async def tick() -> None:
        await office.take([TimePassed()])

    @app.on_partitions_revoked.connect
    async def forget(*_: Any, **__: Any) -> None:
        office.forget()

    @app.on_before_shutdown.connect
    async def close(*_: Any, **__: Any) -> None:
        office.close()


class _Office:
    """Everything around `step`: the table it is kept in, the topic others read, the clock and the messenger."""

    def __init__(self, app: faust.App, settings: Settings) -> None:
        self._app = app
        self._oncall = load_oncall(settings.oncall, os.environ)
        key = read_key(settings.link_key) if settings.link_key else None
        self._links = Links(desk=settings.desk_url, kibana=settings.kibana_url, key=key)
        self._clock = Clock(settings.clock)
        self._messenger = Messenger()
        self._table = keyed_table(app, WORK)
        self._cases_topic = raw_topic(app, CASES)
        self._lock = asyncio.Lock()
        self._work: Work | None = None
        self._sending: set[str] = set()

    def forget(self) -> None:
        """The table may belong to another worker from now on: read it anew before the next step."""
        self._work = None
        self._sending.clear()

    def close(self) -> None:
        """End deliveries."""
        self._messenger.close()

    async def take(self, events: Sequence[Event]) -> None:
        """Let `events` happen: write down what they lead to, then send what is due."""
        while not self._owned():
            if not any(isinstance(event, AlertSeen | Decided) for event in events):
                return  # whoever owns the alerts looks at the time, and sends again what was on its way here
            await asyncio.sleep(TICK)
        async with self._lock:
            before = self._work if self._work is not None else self._load()
            work, now = before, self._clock.now()
            for event in events:
                work = step(work, event, now, self._oncall)
            await self._write(before, work)
            self._work = work
            for event in events:
                if isinstance(event, Delivered | Failed):
                    self._sending -= {item.id for item in event.message.items}
            for message in due(work, now, self._oncall, self._sending):
                self._sending |= {item.id for item in message.items}
                self._app.add_future(self._deliver(message))

    async def _deliver(self, message: Message) -> None:
        person = self._oncall.by_account[message.person]
        brief = is_brief(message.target.url)
        title, body = message_text(message, person.language, self._clock.now(), self._links, brief=brief)
        taken = await self._messenger.deliver(message.target.url, title, body, message.thread)
        say: Callable[..., None] = log.info if taken else log.warning
        what = "delivered" if taken else "not delivered"
        say("%s %s %s to %s by %s", message.kind, message.id, what, message.person, message.target.name)
        await self.take([Delivered(message) if taken else Failed(message)])

    def _owned(self) -> bool:
        """Whether the alerts are this worker's, and its table is complete."""
        where = TP(WORK.changelog, 0)
        busy = self._app.rebalancing or self._app.in_recovery
        return not busy and where in self._app.assignor.assigned_actives()

    def _load(self) -> Work:
        work = Work()
        for key, value in self._table.items():
            if key.startswith(_CASE):
                work.cases[key.removeprefix(_CASE).decode()] = msgspec.msgpack.decode(value, type=CaseState)
            else:
                work.silences[key.removeprefix(_SILENCE).decode()] = msgspec.msgpack.decode(value, type=Silence)
        return work

    async def _write(self, before: Work, after: Work) -> None:
        """Write down what differs: first what others read, then what is remembered, so that a crash repeats both."""
        cases = _differing(before.cases, after.cases)
        told = [after.cases[name].case for name in cases if name in after.cases and after.cases[name].alert]
        await confirm(
            [self._cases_topic.send(key=case.alert_id.encode(), value=msgspec.json.encode(case)) for case in told]
        )
        for case in told:
            _say_what_failed(before.cases.get(case.alert_id), case)
        with owning_partition(ALERTS, 0):
            for name in cases:
                self._put(_CASE + name.encode(), after.cases.get(name))
            for name in _differing(before.silences, after.silences):
                self._put(_SILENCE + name.encode(), after.silences.get(name))
        await self._table.confirmed()

    def _put(self, key: bytes, value: CaseState | Silence | None) -> None:
        if value is None:
            self._table.pop(key, None)
        else:
            self._table[key] = msgspec.msgpack.encode(value)


def _differing(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    return [
        name
        for name in {**before, **after}
        if before.get(name) is not after.get(name) and before.get(name) != after.get(name)
    ]


def _say_what_failed(known: CaseState | None, case: Case) -> None:
    """Log a way that was given up, and each time that somebody else had to be told, or nobody was left."""
    for new in [one for one in case.steps if known is None or one not in known.case.steps]:
        if new.kind in (StepKind.FAILED, StepKind.ESCALATED):
            facts = (new.kind, new.person, new.target and f"by {new.target}", new.why, new.about)
            log.warning("alert %s: %s", case.alert_id, " ".join(fact for fact in facts if fact))


def _decoded(events: Sequence[Any], kind: type[Any]) -> list[Any]:
    decoded = []
    for event in events:
        try:
            if event.message.value:
                decoded.append(msgspec.json.decode(event.message.value, type=kind))
        except msgspec.MsgspecError as error:
            log.error("skipped offset %d, which is not ours: %s", event.message.offset, type(error).__name__)
    return decoded
