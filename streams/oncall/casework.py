"""The life of an alert: who is told what and when, until somebody answers.  Pure.

`step` takes what happened and says what is remembered from now on; `due` says what is to be sent now.  The worker
writes down what `step` returns before it sends, and tells the result of sending as an event of its own, so a crash
repeats a message, with the same id, and never loses one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any, Final

from schemas.cases import StepKind
from streams.oncall.life import Life
from streams.oncall.rota import OnCall
from streams.oncall.state import (
    AlertSeen,
    CaseState,
    Decided,
    Delivered,
    Event,
    Failed,
    Item,
    Message,
    Page,
    Work,
)
from streams.urgent import HEARTBEAT, URGENT

#: Families whose messages always come alone, and at once.
_ALONE: Final = (URGENT, HEARTBEAT)

Waiting = tuple[CaseState, Page]


def step(work: Work, event: Event, now: datetime, oncall: OnCall) -> Work:
    """What `event` at `now` (aware) changes.  `work` itself stays as it is.

    The same event again changes nothing: a version of an alert, a decision, and the delivery of a message count once.
    """
    life = Life(work, now, oncall)
    match event:
        case AlertSeen(alert):
            life.see(alert)
        case Decided(decision):
            life.decide(decision)
        case Delivered(message):
            life.delivered(message)
        case Failed(message):
            life.failed(message)
    life.pass_time()
    return life.work


def due(work: Work, now: datetime, oncall: OnCall, sending: Collection[str] = ()) -> list[Message]:
    """The messages to send at `now`, without the items (`Item.id`) that are being sent.

    To each person alone while there are few, else together as a digest; urgent cases and heartbeats always alone.
    """
    waiting: dict[str, list[Waiting]] = defaultdict(list)
    messages = []
    for state in work.cases.values():
        for page in state.pages:
            if state.message_id(page) in sending or page.due > now or page.person not in oncall.by_account:
                continue
            if state.alert is not None and state.alert.family in _ALONE:
                messages.append(_message([(state, page)], oncall))
            elif state.alert is not None:
                waiting[page.person].append((state, page))
    if waiting:
        recent = _recent(work, now - timedelta(minutes=oncall.digest.within_minutes), sending)
        for person, pages in waiting.items():
            if len(pages) <= oncall.digest.after - len(recent[person]):
                messages += [_message([one], oncall) for one in pages]
            elif min(page.due for _, page in pages) + timedelta(seconds=oncall.digest.collect_seconds) <= now:
                messages.append(_message(pages, oncall))
    return messages


def _recent(work: Work, since: datetime, sending: Collection[str]) -> dict[str, set[str]]:
    """Ids of the messages that each person got since then, or is getting; those that come alone don't count."""
    found: dict[str, set[str]] = defaultdict(set)
    for state in work.cases.values():
        if state.alert is None or state.alert.family in _ALONE:
            continue
        for step in state.case.steps:
            if step.at >= since and step.person and step.message and step.kind is not StepKind.FAILED:
                found[step.person].add(step.message)
        for page in state.pages:
            if state.message_id(page) in sending:
                found[page.person].add(state.message_id(page))
    return found


def _message(pages: list[Waiting], oncall: OnCall) -> Message:
    items = tuple(Item(state.alert, page.number, tuple(page.changes)) for state, page in pages if state.alert)
    person = oncall.by_account[pages[0][1].person]
    way = max(page.way for _, page in pages)
    kind, name = "update" if items[0].changes else "page", items[0].id
    if len(items) > 1:
        kind = "digest"
    elif items[0].alert.family == HEARTBEAT:
        kind, name = "heartbeat", items[0].alert.report_ids[0]
    given: Any = kind
    return Message(
        id=name,
        person=person.account,
        target=person.targets[min(way, len(person.targets) - 1)],
        items=items,
        kind=given,
    )
