"""What the page of an alert shows: the time line with its moments, and what happened in the reader's words."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from producers.desk.casework.deciding import with_made
from producers.desk.casework.evidence import Column
from producers.desk.casework.history import sentence, silence_of
from producers.desk.casework.reading import AlertView
from producers.desk.casework.timeline import Mark, draw
from producers.desk.texts import LANGUAGES, texts
from schemas.cases import Case, DecisionKind, Step, StepKind, Via, Why
from schemas.events import AlertStatus
from tests.unit.oncall.builders import MINUTE, NIGHT, a_decision, an_alert

NOW = datetime(2026, 1, 14, 3, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def a_case(*steps: Step) -> Case:
    return Case(alert_id=an_alert().id, opened_at=NOW, steps=list(steps))


def test_moments_that_are_near_each_other_are_all_legible() -> None:
    columns = [Column(NOW + i * HOUR, i) for i in range(12)]
    marks = [Mark(NOW + 11 * HOUR + i * MINUTE, name, name) for i, name in enumerate(("began", "told", "acknowledged"))]
    picture = draw(columns, HOUR, marks, "Сколько человек")
    heights = re.findall(r'<text class="mark \w+" x="[\d.]+" y="(\d+)"', picture)
    assert len(set(heights)) == 3
    tops = [float(y) for y in re.findall(r'<rect class="people" x="[\d.]+" y="([\d.]+)"', picture)]
    assert min(tops) > max(map(int, heights)), "no column behind a text"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", StepKind)
@pytest.mark.parametrize("why", [None, *Why])
def test_every_step_has_its_words(language: str, kind: StepKind, why: Why | None) -> None:
    step = Step(
        at=NOW, kind=kind, why=why, about="marat", minutes=5, until=NOW, via=Via.LINK, real=False, detail="учения"
    )
    said = sentence(step, texts("alerts", "kk" if language == "kk" else "ru"), lambda account: f"<{account}>")
    assert "14.01.2026 08:00:00" in said
    assert said.endswith("учения")
    assert "{" not in said
    assert ("<marat>" in said) == (why in (Why.NO_ANSWER, Why.UNREACHABLE))


def test_a_silence_is_the_newest_that_has_not_ended() -> None:
    silenced = Step(at=NOW, kind=StepKind.SILENCED, person="marat", until=NOW + HOUR, detail="учения")
    assert silence_of(a_case(), NOW) is None
    assert silence_of(a_case(silenced, Step(at=NOW, kind=StepKind.SENT)), NOW) == silenced
    assert silence_of(a_case(silenced), NOW + HOUR) is None
    assert silence_of(a_case(silenced, Step(at=NOW, kind=StepKind.RESUMED)), NOW) is None


def test_what_was_decided_a_moment_ago_is_a_step_already() -> None:
    kinds = (DecisionKind.ACKNOWLEDGED, DecisionKind.SILENCED, DecisionKind.RESUMED, DecisionKind.FALSE)
    decided = [
        a_decision(kind, NIGHT + i * MINUTE, id=f"d-{i}", until=NIGHT + HOUR, note="учения")
        for i, kind in enumerate(kinds)
    ]
    shown = with_made(AlertView(an_alert(), a_case(), over=False), decided)
    assert [step.kind for step in shown.case.steps] == [
        StepKind.ACKNOWLEDGED,
        StepKind.SILENCED,
        StepKind.RESUMED,
        StepKind.CLOSED,
    ]
    assert shown.case.steps[1].detail == "учения"
    assert (shown.case.status, shown.case.real) == (AlertStatus.CLOSED, False)
    known = with_made(
        AlertView(an_alert(), Case(alert_id=an_alert().id, opened_at=NOW, decisions=["d-0"]), over=False), decided[:1]
    )
    assert known.case.steps == [], "the case has heard of it"
