"""Who is told what and when, played on a clock of paper."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from schemas.cases import Case, DecisionKind, StepKind, Why
from schemas.events import Alert, AlertStatus
from streams.oncall import silences
from streams.oncall.casework import due, step
from streams.oncall.life import AGAIN, REMEMBERED, UPDATE_EVERY
from streams.oncall.rota import Beats, OnCall, QuietHours, Rota, Shift, Target
from streams.oncall.state import MAX_STEPS, AlertSeen, Decided, Delivered, Event, Failed, TimePassed, Work
from tests.unit.oncall.builders import MINUTE, NIGHT, a_decision, a_person, an_alert, people_on_call

ID = an_alert().id
Told = list[tuple[float, str, str, str]]


class Play:
    """A night on a clock that is moved by hand: `told` is (minutes since its begin, person, way, message)."""

    def __init__(self, oncall: OnCall | None = None, works: Callable[[str, str], bool] | None = None) -> None:
        self.oncall = oncall or people_on_call()
        self.works = works or (lambda *_: True)
        self.work, self.now = Work(), NIGHT
        self.told: Told = []

    def happen(self, event: Event) -> None:
        before = self.work
        self.work = step(before, event, self.now, self.oncall)
        self._send()

    def see(self, **changes: Any) -> Alert:
        alert = an_alert(**{"at": self.now, **changes})
        self.happen(AlertSeen(alert))
        return alert

    def decide(self, kind: DecisionKind, **changes: Any) -> None:
        self.happen(Decided(a_decision(kind, self.now, **changes)))

    def wait(self, minutes: float, stride: float = 1 / 12) -> None:
        until = self.now + timedelta(minutes=minutes)
        while self.now < until:
            self.now = min(self.now + timedelta(minutes=stride), until)
            self.happen(TimePassed())

    def case(self, name: str = ID) -> Case:
        return self.work.cases[name].case

    def steps(self, name: str = ID) -> list[tuple[str, str | None]]:
        return [(one.kind.value, one.person) for one in self.case(name).steps]

    def people(self) -> list[str]:
        return [person for _, person, _, _ in self.told]

    def _send(self) -> None:
        for message in due(self.work, self.now, self.oncall):
            taken = self.works(message.person, message.target.name)
            if taken:
                minutes = round((self.now - NIGHT) / MINUTE, 1)
                self.told.append((minutes, message.person, message.target.name, message.kind))
            self.happen(Delivered(message) if taken else Failed(message))


def test_nobody_answers_the_next_is_told_then_the_head_of_the_shift_and_then_nobody() -> None:
    play = Play()
    play.see()
    play.wait(60)
    assert play.told == [
        (0.0, "aigerim", "telegram", "page"),
        (10.0, "marat", "phone", "page"),
        (20.0, "saule", "phone", "page"),
    ]
    assert play.steps() == [
        ("sent", "aigerim"),
        ("escalated", "marat"),
        ("sent", "marat"),
        ("escalated", "saule"),
        ("sent", "saule"),
        ("escalated", None),
    ]
    escalated = play.case().steps[1]
    assert (escalated.why, escalated.about, escalated.minutes) == (Why.NO_ANSWER, "aigerim", 10)
    assert play.case().status is AlertStatus.OPEN


def test_an_answer_ends_it() -> None:
    play = Play()
    play.see()
    play.wait(4)
    play.decide(DecisionKind.ACKNOWLEDGED)
    play.wait(60)
    assert play.people() == ["aigerim"]
    case = play.case()
    assert (case.status, case.acknowledged_by, case.acknowledged_at) == (
        AlertStatus.ACKNOWLEDGED,
        "aigerim",
        NIGHT + 4 * MINUTE,
    )
    play.decide(DecisionKind.FALSE, id="d-2", note="учения банка")
    case = play.case()
    assert (case.status, case.real, case.note, case.closed_by) == (AlertStatus.CLOSED, False, "учения банка", "aigerim")
    assert case.decisions == ["d-1", "d-2"]
    assert play.steps()[-2:] == [("acknowledged", "aigerim"), ("closed", "aigerim")]


def test_severity_says_how_long_is_waited() -> None:
    play = Play()
    play.see(severity="critical")
    play.wait(11)
    assert [told[0] for told in play.told] == [0.0, 5.0, 10.0]


def test_the_same_again_changes_nothing() -> None:
    play = Play()
    alert = play.see()
    play.decide(DecisionKind.ACKNOWLEDGED)
    before = play.work
    for event in (AlertSeen(alert), Decided(a_decision(DecisionKind.ACKNOWLEDGED, NIGHT)), TimePassed()):
        play.happen(event)
        assert play.work == before
    assert len(play.told) == 1


def test_a_step_leaves_the_old_state_as_it_was() -> None:
    play = Play()
    play.see()
    before = play.work
    kept = Work(cases={name: replace(state) for name, state in before.cases.items()})
    steps = len(before.cases[ID].case.steps)
    play.decide(DecisionKind.FALSE)
    assert before.cases == kept.cases
    assert len(before.cases[ID].case.steps) == steps


def test_a_decision_that_was_read_before_its_alert_counts() -> None:
    play = Play()
    play.decide(DecisionKind.ACKNOWLEDGED)
    play.see()
    play.wait(30)
    assert play.told == []
    assert play.case().acknowledged_by == "aigerim"


def test_a_dead_way_is_tried_again_then_replaced_and_that_is_visible() -> None:
    play = Play(works=lambda _, way: way != "telegram")
    play.see()
    play.wait(1)
    assert play.told == [(0.4, "aigerim", "sms", "page")]
    failed = play.case().steps[0]
    assert (failed.kind, failed.person, failed.target, failed.message) == (
        StepKind.FAILED,
        "aigerim",
        "telegram",
        f"{ID}/1",
    )
    assert play.case().steps[1].message == f"{ID}/1", "another way, the same message"


def test_who_cannot_be_reached_is_passed_over_at_once() -> None:
    play = Play(works=lambda person, _: person != "aigerim")
    play.see()
    play.wait(2)
    assert play.people() == ["marat"]
    assert play.told[0][0] < 1
    assert ("escalated", "marat") in play.steps()
    assert (play.case().steps[2].why, play.case().steps[2].about) == (Why.UNREACHABLE, "aigerim")


def test_while_nothing_works_nobody_is_forgotten() -> None:
    dead = [True]
    play = Play(works=lambda *_: not dead[0])
    play.see()
    play.wait(240)
    assert play.told == []
    assert len(play.case().steps) <= MAX_STEPS
    dead[0] = False
    play.wait(AGAIN / MINUTE + 2)
    assert play.people()[0] == "aigerim"


def test_a_wave_that_grew_is_an_update_to_who_answers_and_not_more_often_than_declared() -> None:
    play = Play()
    play.see()
    play.decide(DecisionKind.ACKNOWLEDGED)
    for minute, change in ((1, "doubled"), (2, "new-region"), (3, "new-region")):
        play.now = NIGHT + minute * MINUTE
        play.see(change=change, page=False, observed=6 + minute)
    play.wait(10)
    assert play.told == [(0.0, "aigerim", "telegram", "page"), (5.0, "aigerim", "telegram", "update")]
    play.wait(30)
    play.see(change="ended", status=AlertStatus.CLOSED, page=False)
    play.wait(30)
    assert len(play.told) == 2


def test_what_changed_while_a_message_was_on_its_way_is_told_after_it() -> None:
    play = Play()
    alert = an_alert()
    play.work = step(play.work, AlertSeen(alert), play.now, play.oncall)
    (message,) = due(play.work, play.now, play.oncall)
    grown = replace(alert, change="first-victim", page=False, victims=2, updated_at=NIGHT + MINUTE)
    play.work = step(play.work, AlertSeen(grown), play.now, play.oncall)
    play.happen(Delivered(message))
    play.wait(UPDATE_EVERY / MINUTE + 1)
    assert [(person, kind) for _, person, _, kind in play.told] == [("aigerim", "update")]


def test_who_is_told_only_now_needs_no_update() -> None:
    play = Play()
    play.see()
    play.wait(9)
    play.see(change="doubled", page=False, observed=12)
    play.wait(4)
    assert play.told == [
        (0.0, "aigerim", "telegram", "page"),
        (9.0, "aigerim", "telegram", "update"),
        (10.0, "marat", "phone", "page"),
    ]


def test_a_false_alarm_is_not_spoken_of_again() -> None:
    play = Play()
    play.see()
    play.decide(DecisionKind.FALSE)
    play.wait(1)
    play.see(change="grew", observed=60)
    play.wait(20)
    assert len(play.told) == 1


def test_a_real_wave_that_was_closed_speaks_up_again_only_when_it_grew_much() -> None:
    play = Play()
    play.see()
    play.decide(DecisionKind.REAL)
    play.wait(1)
    play.see(change="doubled", observed=12, page=False)
    play.wait(10)
    assert len(play.told) == 1
    play.see(change="grew", observed=60)
    play.wait(10)
    assert [kind for _, _, _, kind in play.told] == ["page", "update"]


@pytest.mark.parametrize("verdict", [DecisionKind.REAL, DecisionKind.FALSE])
def test_a_closed_case_is_opened_anew_when_a_number_joins_that_pages_by_itself(verdict: DecisionKind) -> None:
    """Nobody judged that number, and who closed the case may have gone home."""
    play = Play()
    play.see()
    play.decide(verdict)
    play.wait(1)
    play.see(change="more-numbers", page=False)
    play.wait(10)
    assert len(play.told) == 1
    play.see(change="more-numbers")
    play.wait(1)
    assert [(person, kind) for _, person, _, kind in play.told] == [("aigerim", "page")] * 2
    assert play.case().status is AlertStatus.OPEN


def test_a_wave_that_ended_unanswered_asks_nobody_more() -> None:
    play = Play()
    play.see()
    play.wait(5)
    play.see(change="ended", status=AlertStatus.CLOSED, page=False)
    play.wait(60)
    assert play.people() == ["aigerim"]
    assert play.steps()[-1] == ("ended", None)


def test_a_channel_that_falls_silent_again_is_told_again() -> None:
    play = Play()
    play.see(family="channel", key="channel:bot")
    play.decide(DecisionKind.ACKNOWLEDGED)
    play.wait(5)
    play.see(family="channel", key="channel:bot", change="ended", status=AlertStatus.CLOSED, page=False)
    play.wait(60)
    play.see(family="channel", key="channel:bot")
    assert len(play.told) == 2
    assert play.case().status is AlertStatus.OPEN


def test_many_at_once_become_one_digest_and_urgent_cases_stay_alone() -> None:
    play = Play()
    for number in range(8):
        play.see(id=f"{number:08}-w", key=f"number:+7705000000{number}")
    play.see(id="urgent", family="urgent", key="urgent:r", severity="critical")
    play.wait(1)
    assert [kind for _, _, _, kind in play.told] == ["page", "page", "page", "page", "digest"]
    digests = {one.message for number in range(3, 8) for one in play.case(f"{number:08}-w").steps}
    assert len(digests) == 1
    assert play.steps("00000007-w") == [("digest", "aigerim")]
    play.wait(10)
    assert "marat" in play.people(), "who does not answer a digest is not asked for ever"


def test_quiet_hours_hold_low_severity_until_the_morning() -> None:
    play = Play()
    play.see(severity="low")
    play.wait(299, stride=1)
    assert play.told == []
    assert play.steps() == [("held", None)]
    play.wait(2)
    assert play.told == [(300.0, "aigerim", "telegram", "page")]


def test_a_silence_holds_its_series_until_it_ends() -> None:
    play = Play()
    play.decide(DecisionKind.SILENCED, alert_id=None, key="official:1414", until=NIGHT + 60 * MINUTE, note="учения")
    play.see()
    play.see(id="other", key="official:14|prize", number="14")
    play.wait(59, stride=1)
    assert {message for _, _, _, message in play.told} == {"page"}
    assert play.steps() == [("silenced", "aigerim")]
    assert play.steps("other")[0] == ("sent", "aigerim")
    play.wait(2)
    assert play.steps()[:2] == [("silenced", "aigerim"), ("sent", "aigerim")]
    assert play.work.silences == {}


def test_silencing_an_alert_stops_asking_for_it() -> None:
    play = Play()
    play.see()
    play.wait(5)
    play.decide(DecisionKind.SILENCED, until=NIGHT + 120 * MINUTE)
    play.wait(110, stride=1)
    assert play.people() == ["aigerim"]
    play.decide(DecisionKind.ACKNOWLEDGED, id="d-2")
    play.wait(60, stride=1)
    assert play.people() == ["aigerim"]


def test_a_silence_that_ends_early_tells_what_it_held() -> None:
    play = Play()
    until = NIGHT + 120 * MINUTE
    play.decide(DecisionKind.SILENCED, alert_id=None, key="official:1414", until=until, note="учения")
    play.see()
    play.see(id="answered", key="official:1414|prize")
    play.decide(DecisionKind.ACKNOWLEDGED, id="d-2", alert_id="answered")
    play.see(id="answered", key="official:1414|prize", change="doubled", observed=12)
    play.wait(30)
    assert play.told == []
    silenced = play.case().steps[0]
    assert (silenced.kind, silenced.until, silenced.detail) == (StepKind.SILENCED, until, "учения")
    play.decide(DecisionKind.RESUMED, id="d-3")
    play.wait(1)
    assert play.work.silences == {}
    assert {(person, kind) for _, person, _, kind in play.told} == {("aigerim", "page"), ("aigerim", "update")}
    assert play.steps()[:3] == [("silenced", "aigerim"), ("resumed", "aigerim"), ("sent", "aigerim")]


def test_a_silence_of_an_answered_alert_is_one_of_its_steps() -> None:
    play = Play()
    play.see()
    play.decide(DecisionKind.ACKNOWLEDGED)
    play.decide(DecisionKind.SILENCED, id="d-2", until=NIGHT + 120 * MINUTE, note="проверяют")
    assert play.steps()[-1] == ("silenced", "aigerim")
    play.decide(DecisionKind.RESUMED, id="d-3", alert_id=None, key="number:+77050000000")
    assert len(play.work.silences) == 1, "of another series"


def test_a_silence_has_an_end() -> None:
    assert silences.error(None, NIGHT)
    assert silences.error(NIGHT, NIGHT)
    assert silences.error(NIGHT + timedelta(days=31), NIGHT)
    assert silences.error(NIGHT + timedelta(days=30), NIGHT) is None


def test_an_urgent_case_goes_to_its_region_at_once_even_at_night() -> None:
    oncall = people_on_call(
        rotas=[Rota("zhetysu", [Shift(["marat"])], regions=["KZ-33"]), Rota("national", [Shift(["aigerim"])])],
        quiet_hours=QuietHours("22:00-08:00", ["low", "critical"]),
    )
    play = Play(oncall)
    play.see(family="urgent", key="urgent:r", severity="critical", regions={"KZ-33": 1})
    assert play.told == [(0.0, "marat", "phone", "page")]


def test_the_shift_on_duty_when_it_escalates_is_told() -> None:
    day = Shift(["saule"], hours="03:05-23:00")
    oncall = people_on_call(rotas=[Rota("national", [day, Shift(["marat"], hours="23:00-03:05")])])
    play = Play(oncall)
    play.see()
    play.wait(11)
    assert play.people() == ["marat", "saule"]


def test_a_heartbeat_is_delivered_once_and_escalates_to_nobody() -> None:
    oncall = people_on_call(heartbeat=Beats([Target("beat", "json://127.0.0.1/")]))
    play = Play(oncall)
    for number in range(40):
        play.see(id="h", family="heartbeat", key="heartbeat:heartbeat", report_ids=[f"r{number}"], page=False)
        play.wait(5, stride=1)
    assert play.people() == ["heartbeat"] * 40
    case = play.case("h")
    assert case.status is AlertStatus.CLOSED
    assert [one.message for one in case.steps] == [f"r{number}" for number in range(20, 40)]


def test_a_heartbeat_without_a_target_is_recorded() -> None:
    play = Play()
    play.see(id="h", family="heartbeat", key="heartbeat:heartbeat", report_ids=["r1"], page=False)
    assert play.told == []
    assert [(one.kind, one.message) for one in play.case("h").steps] == [(StepKind.SENT, "r1")]


def test_heartbeats_and_urgent_cases_bring_no_digest_about() -> None:
    play = Play()
    for number in range(6):
        play.see(id=f"urgent{number}", family="urgent", key=f"urgent:{number}", severity="critical")
    play.see()
    assert [kind for _, _, _, kind in play.told] == ["page"] * 7


def test_who_left_the_file_is_passed_over() -> None:
    play = Play(works=lambda *_: False)
    play.see()
    play.oncall = people_on_call(people=[a_person("marat")], rotas=[Rota("national", [Shift(["marat"])])])
    play.works = lambda *_: True
    play.wait(1)
    assert play.people() == ["marat"]


def test_an_old_alert_is_not_told_and_an_old_case_is_forgotten() -> None:
    play = Play()
    alert = play.see()
    play.decide(DecisionKind.FALSE)
    play.now += REMEMBERED + timedelta(hours=1)
    play.happen(TimePassed())
    assert play.work.cases == {}
    play.happen(AlertSeen(alert))
    assert len(play.told) == 1


def test_a_missed_wave_is_kept_in_its_topic_only() -> None:
    play = Play()
    play.decide(DecisionKind.MISSED, alert_id=None, key="scheme:prize", happened_at=NIGHT)
    assert play.work == Work()
