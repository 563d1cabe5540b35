from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from schemas.events import Outcome, Signal, Stance, Verdict, VerdictKind
from streams.reputation import FAIR, MAX_CLAIMS, STRONG, WEAK, Facts, State, add_signals, add_verdict, assess
from tests.builders import NOW, a_signal


def people(count: int, minutes_apart: int = 7, **changes: object) -> list[Signal]:
    return [
        a_signal(
            report_id=f"r{i}", reporter=f"{i:032x}", happened_at=NOW - timedelta(minutes=i * minutes_apart), **changes
        )
        for i in range(count)
    ]


def state_of(signals: list[Signal], *, later: timedelta = timedelta(), official: bool = False) -> State:
    return assess(add_signals(Facts(), signals), NOW + later, official=official).state


def test_a_number_nobody_named_is_unknown() -> None:
    assert state_of([]) is State.UNKNOWN


def test_one_report_never_marks_a_number_suspected() -> None:
    assert state_of(people(1)) is State.REPORTED


def test_two_reports_of_one_person_are_one_reporter() -> None:
    facts = add_signals(Facts(), [a_signal(report_id="r1"), a_signal(report_id="r2")])
    said = assess(facts, NOW, official=False)
    assert (said.reporters, said.reports, said.state) == (1, 2, State.REPORTED)


def test_three_independent_people_make_a_number_suspected() -> None:
    assert state_of(people(2)) is State.REPORTED
    assert state_of(people(3)) is State.SUSPECTED


def test_many_accounts_of_one_source_in_one_minute_weigh_as_one() -> None:
    said = assess(add_signals(Facts(), people(50, minutes_apart=0)), NOW, official=False)
    assert (said.reporters, said.weight, said.state) == (50, 1, State.REPORTED)


def test_ten_thousand_anonymous_reports_never_make_a_number_suspected() -> None:
    crowd = [
        a_signal(report_id=f"r{i}", reporter=f"anonymous:web-form:day-{i % 28}", anonymous=True) for i in range(10_000)
    ]
    said = assess(add_signals(Facts(), crowd), NOW, official=False)
    assert (said.state, said.reporters, said.anonymous) == (State.REPORTED, 0, 28)


def test_an_official_number_is_impersonated_and_never_bad() -> None:
    said = assess(add_signals(Facts(), people(40)), NOW, official=True)
    assert (said.state, said.impersonated) == (State.OFFICIAL, True)
    assert not assess(Facts(), NOW, official=True).impersonated


def test_a_question_is_a_weak_sign_only() -> None:
    facts = add_signals(Facts(), people(9, stance=Stance.QUESTION))
    said = assess(facts, NOW, official=False)
    assert (said.state, said.questions, said.reporters) == (State.UNKNOWN, 9, 0)


def test_evidence_fades_by_its_weight_without_a_new_report() -> None:
    second = timedelta(seconds=1)
    for count, holds in ((1, WEAK), (3, FAIR), (6, STRONG)):
        assert state_of(people(count), later=holds - second) is not State.UNKNOWN
        assert state_of(people(count), later=holds) is State.UNKNOWN


def verdict(kind: VerdictKind, name: str = "v1") -> Verdict:
    return Verdict(id=name, number="+77051234567", kind=kind, at=NOW, by="analyst", reason="checked with the operator")


def test_an_analyst_confirms() -> None:
    facts = add_verdict(add_signals(Facts(), people(1)), verdict(VerdictKind.CONFIRMED))
    assert assess(facts, NOW, official=False).state is State.CONFIRMED
    assert assess(facts, NOW + STRONG, official=False).state is State.UNKNOWN


def test_an_analyst_clears_and_new_reports_put_it_in_doubt() -> None:
    facts = add_verdict(add_signals(Facts(), people(5)), verdict(VerdictKind.CLEARED))
    assert assess(facts, NOW, official=False).state is State.CLEARED
    assert not assess(facts, NOW, official=False).doubted
    later = [
        a_signal(reporter=f"b{i:031x}", report_id=f"n{i}", happened_at=NOW + timedelta(hours=i + 1)) for i in range(3)
    ]
    said = assess(add_signals(facts, later), NOW + timedelta(days=1), official=False)
    assert (said.state, said.doubted) == (State.CLEARED, True)


def test_an_appeal_is_recorded_and_decides_nothing() -> None:
    facts = add_verdict(add_signals(Facts(), people(4)), verdict(VerdictKind.APPEAL))
    said = assess(facts, NOW, official=False)
    assert (said.appeals, said.state) == (1, State.SUSPECTED)


def test_facts_stay_bounded_and_the_count_is_estimated_within_a_fifth() -> None:
    facts = add_signals(Facts(), people(5000, minutes_apart=1))
    assert len(facts.claims) == MAX_CLAIMS
    assert abs(assess(facts, NOW, official=False).reporters - 5000) < 1000


signals = st.lists(
    st.builds(
        lambda who, report, minutes, outcome, loss, anonymous: a_signal(
            reporter=f"{who:032x}",
            report_id=f"r{report}",
            happened_at=NOW - timedelta(minutes=minutes),
            outcome=outcome,
            loss_kzt=loss,
            anonymous=anonymous,
        ),
        st.integers(0, 5),
        st.integers(0, 20),
        st.integers(0, 10_000),
        st.sampled_from(Outcome),
        st.none() | st.integers(0, 10**9),
        st.just(False),
    ),
    max_size=20,
)


@given(signals, st.randoms())
def test_facts_do_not_depend_on_order_or_repetition(told: list[Signal], random: object) -> None:
    shuffled = told + told[: len(told) // 2]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    one = add_signals(Facts(), told)
    other = Facts()
    for signal in shuffled:
        other = add_signals(other, [signal])
    assert one == other
