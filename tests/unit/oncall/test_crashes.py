"""Whatever the order, whatever is read twice and wherever the worker dies: nobody is forgotten, and nothing told twice.

The worker of this test writes down and sends as the real one does, to a table and to services of paper, and dies at
every place where the real one can.
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any, Final, Literal

import msgspec
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from schemas.cases import DecisionKind
from schemas.events import AlertStatus
from streams.oncall.casework import due, step
from streams.oncall.state import AlertSeen, CaseState, Decided, Delivered, Event, Failed, Message, TimePassed, Work
from tests.unit.oncall.builders import NIGHT, a_decision, an_alert, people_on_call

Place = Literal["before writing", "before sending", "after sending"]
NAMES = ("a" * 8 + "-1", "b" * 8 + "-2", "c" * 8 + "-3")
CHANGES = ("new", "doubled", "first-victim", "new-region", "grew")


class Dies(Exception):
    """The worker dies here."""


class PaperWorker:
    """`step` and `due` between a log, a table and services, as in streams/agents/notify.py."""

    def __init__(self) -> None:
        self.oncall = people_on_call()
        self.now = NIGHT
        self.log: list[Event] = []
        self.done = 0
        self.table: dict[str, bytes] = {}
        self.work = Work()
        self.taken: list[Message] = []
        self.repeated: Counter[str] = Counter()
        self.dead: set[str] = set()
        self.dies_at: Place | None = None
        self.dead_then: set[str] = set()

    def run(self) -> None:
        """Read what the log has, and look at the time; a death ends it, and it begins anew."""
        while True:
            try:
                self._run()
            except Dies:
                self.dies_at, self.dead = None, self.dead_then
                self.work = Work(
                    cases={name: msgspec.msgpack.decode(value, type=CaseState) for name, value in self.table.items()}
                )
            else:
                return

    def wait(self, seconds: int, stride: int) -> None:
        """Let time pass, looking at it every `stride` seconds."""
        for _ in range(0, seconds, stride):
            self.now += timedelta(seconds=stride)
            self.run()

    def _run(self) -> None:
        while self.done < len(self.log):
            self._take(self.log[self.done])
            self.done += 1
        self._take(TimePassed())

    def _take(self, event: Event) -> None:
        work = step(self.work, event, self.now, self.oncall)
        self._die("before writing")
        for name in {**self.work.cases, **work.cases}:
            if name in work.cases:
                self.table[name] = msgspec.msgpack.encode(work.cases[name])
        self.work = work
        self._die("before sending")
        for message in due(self.work, self.now, self.oncall)[:1]:  # the result of one makes the others due anew
            if message.target.name in self.dead:
                self._take(Failed(message))
                continue
            self.taken.append(message)
            if self.dies_at == "after sending":
                self.repeated.update(item.id for item in message.items)
            self._die("after sending")
            self._take(Delivered(message))

    def _die(self, place: Place) -> None:
        if self.dies_at == place:
            raise Dies


names = st.sampled_from(NAMES)
alerts = st.tuples(st.just("alert"), names, st.sampled_from(CHANGES), st.integers(0, 90))
ends = st.tuples(st.just("end"), names)
answers = st.tuples(
    st.just("decision"), names, st.sampled_from([DecisionKind.ACKNOWLEDGED, DecisionKind.REAL, DecisionKind.FALSE])
)
waits = st.tuples(st.just("wait"), st.integers(1, 1_500))
ways = ("telegram", "sms", "phone")
dead = st.sampled_from([set(), set(ways)]) | st.sets(st.sampled_from(ways))
services = st.tuples(st.just("services"), dead)
# A worker seldom dies alone: what took it may take the way to the messengers too.
deaths = st.tuples(st.just("die"), st.sampled_from(["before writing", "before sending", "after sending"]), dead)
outages = st.tuples(st.just("outage"), names, st.integers(60, 1_500))
replays = st.tuples(st.just("replay"), st.integers(0, 10))
nights = st.lists(
    st.one_of(alerts, alerts, answers, ends, waits, waits, deaths, services, outages, replays), max_size=30
)


def play(night: list[tuple[Any, ...]]) -> PaperWorker:
    worker = PaperWorker()
    for number, (what, *given_) in enumerate(night):
        match what, given_:
            case "alert", [name, change, seconds]:
                at = worker.now + timedelta(seconds=seconds)
                worker.log.append(AlertSeen(an_alert(id=name, change=change, page=change in ("new", "grew"), at=at)))
            case "end", [name]:
                worker.log.append(
                    AlertSeen(an_alert(id=name, status=AlertStatus.CLOSED, change="ended", at=worker.now))
                )
            case "decision", [name, kind]:
                worker.log.append(Decided(a_decision(kind, worker.now, id=f"d{number}", alert_id=name)))
            case "wait", [seconds]:
                worker.wait(seconds, stride=20)
            case "die", [place, dead_then]:
                worker.dies_at, worker.dead_then = place, dead_then
            case "outage", [name, seconds]:
                worker.dead = set(ways)
                worker.log.append(AlertSeen(an_alert(id=name, at=worker.now)))
                worker.wait(seconds, stride=20)
            case "services", [dead]:
                worker.dead = dead
            case "replay", [back]:
                worker.done = max(0, worker.done - back)
        worker.run()
    return worker


def let_it_end(worker: PaperWorker) -> None:
    """Every service works again, and half a day passes."""
    worker.dead, worker.dead_then, worker.dies_at = set(), set(), None
    worker.wait(4 * 3_600, stride=60)


#: A page was taken, the worker died with the messengers before it could write that down, and nobody could be reached.
UNLUCKY: Final = [("die", "after sending", set(ways)), ("alert", NAMES[0], "new", 0), ("wait", 1_500)]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(nights)
@example(UNLUCKY)
def test_no_page_is_lost_and_nothing_is_told_twice(night: list[tuple[Any, ...]]) -> None:
    worker = play(night)
    let_it_end(worker)
    got: Counter[tuple[str, str]] = Counter()
    pages: dict[tuple[str, str], set[str]] = {}
    for message in worker.taken:
        for item in message.items:
            got[message.person, item.id] += 1
            if not item.changes:
                pages.setdefault((message.person, item.alert.id), set()).add(item.id)
    for (_, name), times in got.items():
        assert times <= 1 + worker.repeated[name], "told more often than it was sent without being written down"
    reopened = Counter(
        event.alert.id
        for event in worker.log
        if isinstance(event, AlertSeen) and event.alert.status is AlertStatus.CLOSED
    )
    for (_, alert_id), ids in pages.items():
        assert len(ids) <= 1 + reopened[alert_id], "one page a person and wave, unless the wave came back"
    for name, state in worker.work.cases.items():
        assert not state.pages
        unanswered = state.alert and state.case.status is AlertStatus.OPEN and not state.over
        assert not unanswered or state.reached, f"{name}: nobody was told"


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(nights)
def test_a_replay_from_the_beginning_tells_nothing_new(night: list[tuple[Any, ...]]) -> None:
    worker = play([one for one in night if one[0] not in ("die", "replay")])
    let_it_end(worker)
    told = len(worker.taken)
    worker.done = 0
    worker.run()
    let_it_end(worker)
    assert len(worker.taken) == told
