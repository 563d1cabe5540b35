from __future__ import annotations

from datetime import timedelta
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from schemas.events import Outcome, Signal, Stance, Verdict, VerdictKind
from streams.reputation import (
    FAIR,
    MAX_CLAIMS,
    STRONG,
    SUSPECTED_FROM,
    WEAK,
    Facts,
    State,
    add_signals,
    add_verdict,
    assess,
)
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


def test_what_has_faded_is_not_revived_by_one_report() -> None:
    faded = add_signals(Facts(), people(6))
    much_later = NOW + STRONG + timedelta(days=300)
    for anonymous in (False, True):
        late = a_signal(report_id="new", reporter="late", anonymous=anonymous, happened_at=much_later)
        said = assess(add_signals(faded, [late]), much_later, official=False)
        assert (said.state, said.weight) == (State.REPORTED, 6 if anonymous else 1)


def test_rare_reports_of_different_people_still_add_up() -> None:
    told = [
        a_signal(report_id=f"r{i}", reporter=f"{i:032x}", happened_at=NOW - i * (FAIR - timedelta(days=1)))
        for i in range(3)
    ]
    assert state_of(told) is State.SUSPECTED


def test_anonymous_reports_do_not_prolong_a_suspicion() -> None:
    facts = add_signals(Facts(), people(3))
    crowd = [
        a_signal(report_id=f"a{i}", reporter=f"anonymous:{i}", anonymous=True, happened_at=NOW + timedelta(days=i))
        for i in range(50)
    ]
    said = assess(add_signals(facts, crowd), NOW + timedelta(days=50), official=False)
    assert said.state is State.REPORTED


def verdict(kind: VerdictKind, name: str = "v1") -> Verdict:
    return Verdict(id=name, number="+77051234567", kind=kind, at=NOW, by="analyst", reason="checked with the operator")


def test_an_analyst_confirms() -> None:
    facts = add_verdict(add_signals(Facts(), people(1)), verdict(VerdictKind.CONFIRMED))
    assert assess(facts, NOW, official=False).state is State.CONFIRMED
    assert assess(facts, NOW + STRONG, official=False).state is State.UNKNOWN
    assert assess(add_verdict(Facts(), verdict(VerdictKind.CONFIRMED)), NOW, official=False).fades_at == NOW + STRONG


def test_a_report_prolongs_a_confirmation_that_holds_and_revives_none_that_ended() -> None:
    confirmed = add_verdict(Facts(), verdict(VerdictKind.CONFIRMED))
    for days, state in ((119, State.CONFIRMED), (121, State.REPORTED)):
        later = NOW + timedelta(days=days)
        facts = add_signals(confirmed, [a_signal(happened_at=later)])
        assert assess(facts, later + timedelta(days=2), official=False).state is state


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


#: Verdicts of every kind, some with the same id (a retry).
verdicts = st.builds(
    lambda name: Verdict(
        id=f"v{name}",
        number="+77051234567",
        kind=list(VerdictKind)[name % 3],
        at=NOW + timedelta(minutes=name),
        by="analyst",
        reason="checked",
    ),
    st.integers(0, 8),
)
signals = st.lists(
    st.builds(
        lambda who, report, minutes, outcome, loss, stance: a_signal(
            reporter=f"anonymous:web-form:{who}" if who > 5 else f"{who:032x}",
            anonymous=who > 5,
            report_id=f"r{report}",
            happened_at=NOW - timedelta(minutes=minutes),
            outcome=outcome,
            loss_kzt=loss,
            stance=stance,
        ),
        st.integers(0, 7),
        st.integers(0, 20),
        st.integers(0, 200_000),
        st.sampled_from(Outcome),
        st.none() | st.integers(0, 10**9),
        st.sampled_from([Stance.REPORT, Stance.QUESTION]),
    ),
    max_size=20,
)


@given(st.lists(signals, max_size=4), st.lists(verdicts, max_size=4), st.randoms())
def test_facts_do_not_depend_on_order_or_repetition(
    batches: list[list[Signal]], decisions: list[Verdict], random: Random
) -> None:
    """Signals and verdicts in any batches, in any order, some of them twice: the same facts, and the same is said."""
    one = Facts()
    for batch in batches:
        one = add_signals(one, batch)
    for decision in decisions:
        one = add_verdict(one, decision)
    changes: list[Signal | Verdict] = [*(s for batch in batches for s in batch), *decisions]
    changes += changes[: len(changes) // 2]
    random.shuffle(changes)
    other = Facts()
    for change in changes:
        other = add_verdict(other, change) if isinstance(change, Verdict) else add_signals(other, [change])
    assert one == other
    for later in (timedelta(), WEAK, FAIR, STRONG, 2 * STRONG):
        assert assess(one, NOW + later, official=False) == assess(other, NOW + later, official=False)


@given(signals)
def test_a_number_is_suspected_only_by_three_who_can_be_told_apart(told: list[Signal]) -> None:
    said = assess(add_signals(Facts(), told), NOW, official=False)
    identified = {s.reporter for s in told if not s.anonymous and s.stance is not Stance.QUESTION}
    assert said.state is not State.SUSPECTED or len(identified) >= SUSPECTED_FROM
    assert assess(add_signals(Facts(), told), NOW, official=True).state is State.OFFICIAL


@given(signals, st.integers(0, 400))
def test_one_report_never_makes_an_unsuspected_number_suspected_alone(told: list[Signal], days: int) -> None:
    """Whatever was said before: in the longest time that evidence holds, somebody else spoke too."""
    now = NOW + timedelta(days=days)
    facts = add_signals(Facts(), [*told, a_signal(report_id="late", reporter="late", happened_at=now)])
    recent = [s for s in told if s.happened_at > now - STRONG]
    assert recent or assess(facts, now, official=False).state is not State.SUSPECTED


@given(signals, st.integers(0, 500))
def test_a_state_holds_until_the_moment_it_names(told: list[Signal], days: int) -> None:
    """Between two assessments without a report nothing changes but at `fades_at`: so the index needs no more."""
    facts = add_signals(Facts(), told)
    now = NOW + timedelta(days=days)
    said = assess(facts, now, official=False)
    if said.fades_at is None:
        assert assess(facts, now + 10 * STRONG, official=False).state is said.state
    else:
        assert now < said.fades_at
        assert assess(facts, said.fades_at - timedelta(seconds=1), official=False).state is said.state
        assert assess(facts, said.fades_at, official=False).state is not said.state
