"""The rules by which an alert lives: opened, told, answered, escalated, closed.  Pure; `casework.step` calls it."""

from __future__ import annotations

import copy
from datetime import datetime, timedelta
from typing import Any, Final

from schemas.cases import Case, Decision, DecisionKind, Step, StepKind, Why
from schemas.events import Alert, AlertStatus
from streams.oncall import rota, silences
from streams.oncall.rota import OnCall
from streams.oncall.state import CaseState, Item, Message, Page, Silence, Work
from streams.urgent import HEARTBEAT, URGENT

#: Pauses before a way to a person is tried again; after the last one it is given up for the next way.
PAUSES: Final = (timedelta(seconds=5), timedelta(seconds=20))
#: When nobody at all could be reached, everybody is tried again after this time.
AGAIN: Final = timedelta(minutes=1)
#: No person gets updates of one alert more often than this; what changes meanwhile comes with the next.
UPDATE_EVERY: Final = timedelta(minutes=5)
#: A case is remembered for this long, so that a replay does not tell it again; an alert that is older is never told.
REMEMBERED: Final = timedelta(days=120)
#: Steps of the heartbeat that are kept: it beats for ever.
BEATS: Final = 20

#: Changes of a wave that people are told, as the waves agent names them.
TOLD: Final = frozenset({"grew", "more-numbers", "first-victim", "new-region", "doubled"})

_DELIVERED: Final = {
    "page": StepKind.SENT,
    "update": StepKind.UPDATED,
    "digest": StepKind.DIGEST,
    "heartbeat": StepKind.SENT,
}


class Life:
    """One step: `work` is the new state, in which the cases that it touches are copies."""

    def __init__(self, work: Work, now: datetime, oncall: OnCall) -> None:
        self.work = Work(cases=dict(work.cases), silences=dict(work.silences))
        self.now, self.oncall = now, oncall
        self._touched: set[str] = set()

    def see(self, alert: Alert) -> None:
        """A version of an alert: a new case, an update of one, or the end of the wave."""
        state = self.work.cases.get(alert.id)
        known = state.alert if state else None
        if state is not None and known is not None:
            if state.knows(alert) or _time_of(alert) < _time_of(known):
                return
        elif alert.status is not AlertStatus.OPEN or _time_of(alert) < self.now - REMEMBERED:
            return
        state = self._touch(alert.id)
        state.alert = alert
        state.add_version(alert)
        if alert.family == HEARTBEAT:
            self._beat(state, alert)
        elif known is None or (alert.status is AlertStatus.OPEN and alert.page and _begins_anew(state, alert)):
            self._open(state)
        elif alert.status is not AlertStatus.OPEN:
            self._end(state)
        elif alert.change in TOLD:
            for person in self._informed(state):
                self._update(state, person, [alert.change])

    def decide(self, decision: Decision) -> None:
        """A decision of a person; one that was missed only stays in its topic, for calibration."""
        name = decision.alert_id
        if decision.kind is DecisionKind.SILENCED and name is None:
            self._silence(decision, decision.key)
        elif decision.kind is DecisionKind.RESUMED and name is None:
            self._resume(decision, decision.key)
        elif decision.kind is not DecisionKind.MISSED and name is not None:
            known = self._case(name)
            if decision.id in known.case.decisions or any(one.id == decision.id for one in known.early):
                return
            state = self._touch(name)
            if state.alert is None:
                state.early.append(decision)
            else:
                self._obey(state, decision)

    def delivered(self, message: Message) -> None:
        """A message reached its person."""
        for item in message.items:
            if any(one.message == message.id and one.kind in _DELIVERED.values() for one in self._steps(item)):
                continue  # a second result of one delivery
            state = self._touch(item.alert.id)
            page = state.page_of(message, item)
            if page is not None:
                state.pages.remove(page)
            self._note(
                state, _DELIVERED[message.kind], person=message.person, target=message.target.name, message=message.id
            )
            if message.kind == "heartbeat":
                del state.case.steps[:-BEATS]
                continue
            if message.person not in state.reached:
                state.reached.append(message.person)
            if page is not None and not page.changes and self._unanswered(state):
                state.next_at = self.now + self._patience(state)
            if missed := [change for change in state.changes_since(item.alert) if change in TOLD]:
                self._update(state, message.person, missed)

    def failed(self, message: Message) -> None:
        """A message was not taken: again after a pause, then by the next way, then to the next person."""
        person = self.oncall.by_account.get(message.person)
        names = [target.name for target in person.targets] if person else []
        for item in message.items:
            state = self._touch(item.alert.id)
            page = state.page_of(message, item)
            if page is None:
                continue
            if page.attempt < len(PAUSES):
                page.due, page.attempt = self.now + PAUSES[page.attempt], page.attempt + 1
                continue
            self._note(state, StepKind.FAILED, person=message.person, target=message.target.name, message=message.id)
            way = names.index(message.target.name) if message.target.name in names else page.way
            page.way, page.attempt, page.due = way + 1, 0, self.now
            if page.way >= len(names):
                self._give_up(state, page)

    def pass_time(self) -> None:
        """What is due by time alone: the next person, the end of a silence, and forgetting."""
        for name, silence in list(self.work.silences.items()):
            if silence.until <= self.now:
                del self.work.silences[name]
        forgotten = self.now - REMEMBERED
        for name, known in list(self.work.cases.items()):  # thousands each second: nothing is worked out in vain
            if known.pages and any(page.person not in self.oncall.by_account for page in known.pages):
                state = self._touch(name)
                for page in [one for one in state.pages if one.person not in self.oncall.by_account]:
                    self._give_up(state, page)  # the file has changed
            next_at = self.work.cases[name].next_at
            if next_at is not None and next_at <= self.now and self._unanswered(known):
                self._ask(self._touch(name))
            if known.case.opened_at < forgotten and (known.alert is None or _time_of(known.alert) < forgotten):
                del self.work.cases[name]

    def _open(self, state: CaseState) -> None:
        """Begin: with what was decided before the alert was read, else with the first person."""
        decisions = state.case.decisions
        state.case = Case(alert_id=state.id, opened_at=self.now, steps=state.case.steps, decisions=decisions)
        state.over, state.asked, state.reached, state.paged, state.next_at = False, [], [], {}, None
        early, state.early = state.early, []
        for decision in early:
            self._obey(state, decision)
        if self._unanswered(state) and state.next_at is None:
            self._ask(state)

    def _ask(self, state: CaseState) -> None:
        """Tell the next person, unless quiet hours or a silence hold; who was asked before did not answer."""
        alert = state.alert
        if alert is None:
            return
        silence = silences.silencing(self.work, alert, self.now)
        quiet_until = self._quiet_until(alert, self.now)
        if silence is not None:
            self._note_silence(state, silence)
            state.next_at = silence.until
            return
        if quiet_until is not None:
            self._note(state, StepKind.HELD, until=quiet_until)
            state.next_at = quiet_until
            return
        duty = rota.who(self.oncall, self.now, rota.region_of(alert), alert.severity, alert.route)
        person = next((one for one in duty.people if one not in state.asked), None)
        if person is not None:
            if state.asked:
                self._note(state, StepKind.ESCALATED, person=person, **self._why(state))
            state.asked.append(person)
            self._send(state, person, self.now, [])
            state.next_at = self.now + self._patience(state)
        elif state.reached:
            state.next_at = None
            self._note(state, StepKind.ESCALATED, why=Why.NOBODY_LEFT)
        elif any(not page.changes for page in state.pages):
            state.next_at = None  # still being tried; the result decides
        else:
            state.asked, state.next_at = [], self.now + AGAIN
            self._note(state, StepKind.ESCALATED, why=Why.NOBODY_REACHED)

    def _why(self, state: CaseState) -> dict[str, Any]:
        """Why somebody else is told than who was last asked."""
        last = state.asked[-1]
        if last not in state.reached:
            return {"why": Why.UNREACHABLE, "about": last}
        return {"why": Why.NO_ANSWER, "about": last, "minutes": self._patience(state) // timedelta(minutes=1)}

    def _give_up(self, state: CaseState, page: Page) -> None:
        """All ways to a person failed: the next one is told."""
        state.pages.remove(page)
        alert = state.alert
        if alert is None or alert.family == HEARTBEAT:
            return
        if not page.changes:
            if self._unanswered(state):
                self._ask(state)
            return
        busy = {*state.asked, *state.reached, page.person, *(one.person for one in state.pages)}
        duty = rota.who(self.oncall, self.now, rota.region_of(alert), alert.severity, alert.route)
        other = next((one for one in duty.people if one not in busy), None)
        if other is not None:
            self._note(state, StepKind.ESCALATED, person=other, why=Why.UNREACHABLE, about=page.person)
            self._send(state, other, self.now, page.changes)

    def _informed(self, state: CaseState) -> list[str]:
        """Who is told of a change: who answered, or else everybody who was told; nobody of a false alarm."""
        case, alert = state.case, state.alert
        if case.real is False or (case.real and not (alert and alert.page)):
            return []
        answering = case.closed_by or case.acknowledged_by
        return [answering] if answering in self.oncall.by_account else list(state.reached)

    def _update(self, state: CaseState, person: str, changes: list[str]) -> None:
        """Tell a person what changed, with what else changes until then; a message on its way decides by itself."""
        later = next((one for one in state.pages if one.person == person and one.changes and one.due > self.now), None)
        if later is not None:
            later.changes = list(dict.fromkeys([*later.changes, *changes]))
            return
        if any(one.person == person for one in state.pages):
            return  # when it arrives, it is seen whether it told the newest
        told = [one.at for one in state.case.steps if one.person == person and one.kind in _DELIVERED.values()]
        at = max([self.now, *(moment + UPDATE_EVERY for moment in told[-1:])])
        if state.alert is not None:
            silence = silences.silencing(self.work, state.alert, self.now)
            quiet = self._quiet_until(state.alert, at)
            at = max([at, *([silence.until] if silence else []), *([quiet] if quiet else [])])
        self._send(state, person, at, changes)

    def _send(self, state: CaseState, person: str, at: datetime, changes: list[str]) -> None:
        number = None if changes else state.paged.get(person)
        if number is None:
            state.numbered = number = state.numbered + 1
        if not changes:
            state.paged[person] = number
        state.pages.append(Page(number=number, person=person, due=at, changes=list(changes)))

    def _obey(self, state: CaseState, decision: Decision) -> None:
        case = state.case
        case.decisions.append(decision.id)
        if decision.kind is DecisionKind.SILENCED:
            self._silence(decision, state.alert.key if state.alert else None)
        elif decision.kind is DecisionKind.RESUMED:
            self._resume(decision, state.alert.key if state.alert else None)
        elif decision.kind is DecisionKind.ACKNOWLEDGED:
            if case.status is AlertStatus.OPEN:
                case.status, case.acknowledged_at = AlertStatus.ACKNOWLEDGED, decision.at
                case.acknowledged_by = decision.by
                self._note(state, StepKind.ACKNOWLEDGED, person=decision.by, via=decision.via)
                self._stop(state)
        else:
            real = decision.kind is DecisionKind.REAL
            case.status, case.closed_at, case.closed_by = AlertStatus.CLOSED, decision.at, decision.by
            case.real, case.note = real, decision.note
            self._note(state, StepKind.CLOSED, person=decision.by, real=real)
            self._stop(state)
            state.pages = []

    def _silence(self, decision: Decision, key: str | None) -> None:
        """Keep a series quiet, and hold the cases of it that nobody has answered."""
        if key is None or decision.until is None or decision.until <= self.now:
            return
        until = min(decision.until, decision.at + silences.LONGEST)
        silence = Silence(key=key, until=until, by=decision.by, reason=decision.note)
        self.work.silences[decision.id] = silence
        for state in self._living(key):
            if self._unanswered(state):
                self._stop(state)
                self._ask(state)
            else:
                self._note_silence(state, silence)
            for page in state.pages:
                page.due = max(page.due, until)

    def _resume(self, decision: Decision, key: str | None) -> None:
        """End the silences that hold a series, and tell what they held."""
        ended = {name: one for name, one in self.work.silences.items() if key and silences.holds(one.key, key)}
        for name in ended:
            del self.work.silences[name]
        held_until = {silence.until for silence in ended.values()}
        for state in {state.id: state for one in ended.values() for state in self._living(one.key)}.values():
            self._note(state, StepKind.RESUMED, person=decision.by)
            for page in state.pages:
                page.due = self.now if page.due in held_until else page.due
            if self._unanswered(state) and state.next_at in held_until:
                self._ask(state)

    def _living(self, key: str) -> list[CaseState]:
        """The cases of a series of which somebody may still be told, to be changed."""
        return [
            self._touch(name)
            for name, known in list(self.work.cases.items())
            if known.alert is not None
            and silences.holds(key, known.alert.key)
            and (known.pages or (known.case.status is not AlertStatus.CLOSED and not known.over))
        ]

    def _note_silence(self, state: CaseState, silence: Silence) -> None:
        self._note(state, StepKind.SILENCED, person=silence.by, until=silence.until, detail=silence.reason)

    def _stop(self, state: CaseState) -> None:
        """Nobody more is asked; who has not got the page yet is no longer among those asked."""
        state.pages = [page for page in state.pages if page.changes]
        state.asked = [person for person in state.asked if person in state.reached]
        state.next_at = None

    def _end(self, state: CaseState) -> None:
        if self._unanswered(state):
            self._note(state, StepKind.ENDED)
        self._stop(state)
        state.pages, state.over = [], True

    def _beat(self, state: CaseState, alert: Alert) -> None:
        """A heartbeat is delivered where the file says, or only recorded; nobody answers it."""
        state.case.status, state.pages = AlertStatus.CLOSED, []
        if self.oncall.heartbeat is None:
            self._note(state, StepKind.SENT, message=alert.report_ids[0])
            del state.case.steps[:-BEATS]
        else:
            state.paged = {}
            self._send(state, HEARTBEAT, self.now, [])

    def _case(self, name: str) -> CaseState:
        return self.work.cases.get(name) or CaseState(case=Case(alert_id=name, opened_at=self.now))

    def _steps(self, item: Item) -> list[Step]:
        return self._case(item.alert.id).case.steps

    def _touch(self, name: str) -> CaseState:
        """A copy of a case that may be changed."""
        if name not in self._touched:
            self.work.cases[name] = copy.deepcopy(self._case(name))
            self._touched.add(name)
        return self.work.cases[name]

    def _note(self, state: CaseState, kind: StepKind, **facts: Any) -> None:
        """Record a step; `facts` are fields of `Step`."""
        state.note(Step(at=self.now, kind=kind, **facts))

    def _quiet_until(self, alert: Alert, at: datetime) -> datetime | None:
        """When the quiet hours end that hold an alert; money that moved an hour ago can't wait for the morning."""
        return None if alert.family == URGENT else rota.quiet_until(self.oncall, alert.severity, at)

    def _unanswered(self, state: CaseState) -> bool:
        return state.alert is not None and state.case.status is AlertStatus.OPEN and not state.over

    def _patience(self, state: CaseState) -> timedelta:
        severity = state.alert.severity if state.alert else ""
        minutes = {str(name): number for name, number in self.oncall.escalate_after.items()}
        return timedelta(minutes=minutes.get(severity, min(minutes.values())))


def _begins_anew(state: CaseState, alert: Alert) -> bool:
    """Whether a page is a case again: its wave had ended, or was closed and now has numbers that nobody judged."""
    return state.over or (state.case.status is AlertStatus.CLOSED and alert.change == "more-numbers")


def _time_of(alert: Alert) -> datetime:
    return alert.updated_at or alert.detected_at
