"""Each part of the story is what it says, so that an alarm during the background would be a false one."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from deploy.demo.author import LENGTH, Item, Part
from deploy.demo.numbers import eightfold
from deploy.demo.story import Story
from schemas.events import AffectedGroup, ContactRole, Language, Outcome, Stance
from streams.understanding.clusters import Clusters, assign, is_unexplained
from streams.understanding.enrich import enrich
from tests.builders import a_report
from tests.unit.demo.conftest import NOW


@pytest.fixture(scope="package")
def parts(story: Story) -> dict[Part, list[Item]]:
    grouped: dict[Part, list[Item]] = defaultdict(list)
    for item in story.items:
        grouped[item.part].append(item)
    return grouped


def happened(item: Item) -> datetime:
    assert item.submission.happened_at is not None
    return item.submission.happened_at


def test_ordinary_numbers_are_reported_once(parts: dict[Part, list[Item]]) -> None:
    numbers = Counter(
        item.incident.number for item in parts[Part.ORDINARY] if (item.incident.number or "").startswith("+")
    )
    assert len(numbers) > 900
    assert set(numbers.values()) == {1}


def test_shared_numbers_have_two_to_four_reports_days_apart(story: Story, parts: dict[Part, list[Item]]) -> None:
    moments: dict[str, list[datetime]] = defaultdict(list)
    for item in sorted(parts[Part.SHARED], key=happened):
        assert item.incident.number
        moments[item.incident.number].append(happened(item))
    assert {len(times) for times in moments.values()} == {2, 3, 4}
    for times in moments.values():
        gaps = [later - earlier for earlier, later in pairwise(times)]
        assert min(gaps) >= timedelta(days=4)
    suspected = [item for item in parts[Part.SHARED] if item.incident.number == story.cast.suspected]
    assert len({item.source for item in suspected}) == len(suspected) == 4
    assert all(item.submission.reporter for item in suspected)


def test_a_topic_rises_slowly(parts: dict[Part, list[Item]]) -> None:
    weeks = Counter((happened(item) - (NOW - LENGTH)) // timedelta(days=7) for item in parts[Part.RISING])
    assert weeks[0] < weeks[3] < 6 * weeks[0]


def test_the_usual_trickle_about_the_official_number(parts: dict[Part, list[Item]]) -> None:
    moments = sorted(happened(item) for item in parts[Part.IMPERSONATED])
    assert len(moments) > 5
    assert moments[-1] < NOW - timedelta(days=3)
    assert all("1414" in item.submission.text for item in parts[Part.IMPERSONATED])


@pytest.mark.parametrize(("part", "stance"), [(Part.QUESTION, Stance.QUESTION), (Part.WARNING, Stance.WARNING)])
def test_most_questions_and_warnings_are_marked_as_such(
    parts: dict[Part, list[Item]], part: Part, stance: Stance
) -> None:
    stances = Counter(item.submission.stance for item in parts[part])
    assert stances[stance] > 0.8 * stances.total()
    assert set(stances) == {stance, Stance.REPORT}


def test_many_ask_about_one_delivery_number(story: Story, parts: dict[Part, list[Item]]) -> None:
    asked = [item for item in parts[Part.QUESTION] if item.incident.number == story.cast.delivery]
    assert len(asked) >= 50
    assert {item.submission.outcome for item in asked} == {Outcome.UNKNOWN}


def test_a_chain_letter_is_shared_by_dozens(story: Story, parts: dict[Part, list[Item]]) -> None:
    letters = parts[Part.VIRAL]
    assert len({item.submission.reporter or item.submission.source_ref for item in letters}) == len(letters) > 40
    assert {item.incident.number for item in letters} == {story.cast.chain_letter}
    assert min(map(happened, letters)) > NOW - timedelta(days=2)
    assert sum(item.submission.stance is Stance.WARNING for item in letters) > 0.8 * len(letters)


def test_complaints_name_no_number(parts: dict[Part, list[Item]]) -> None:
    assert parts[Part.COMPLAINT]
    assert not [item for item in parts[Part.COMPLAINT] if item.submission.contacts or item.incident.number]


def test_the_crowd_is_anonymous_and_from_one_source(story: Story, parts: dict[Part, list[Item]]) -> None:
    crowd = parts[Part.CROWD]
    assert len(crowd) > 100
    assert {(item.source, item.submission.reporter) for item in crowd} == {("web-portal", None)}
    assert {item.incident.number for item in crowd} == {story.cast.innocent}
    assert max(map(happened, crowd)) - min(map(happened, crowd)) < timedelta(hours=3)


def test_the_import_is_old_and_says_so(parts: dict[Part, list[Item]]) -> None:
    assert all(item.submission.backfill for item in parts[Part.BACKFILL])
    assert max(map(happened, parts[Part.BACKFILL])) < NOW - timedelta(days=30)
    assert not [
        item
        for part in Part
        if part not in (Part.BACKFILL, Part.RETRY)
        for item in parts[part]
        if item.submission.backfill
    ]
    busiest = Counter(item.incident.number for item in parts[Part.BACKFILL] if item.incident.number).most_common(1)
    assert busiest[0][1] > 30


def test_the_late_batch_was_a_wave_last_month(story: Story, parts: dict[Part, list[Item]]) -> None:
    late = parts[Part.LATE]
    assert {item.incident.number for item in late} == {story.cast.last_month}
    assert max(map(happened, late)) < NOW - timedelta(days=30)
    assert max(map(happened, late)) - min(map(happened, late)) < timedelta(hours=2)
    assert not any(item.submission.backfill for item in late)


def test_duplicates_repeat_reporter_number_and_scheme(parts: dict[Part, list[Item]]) -> None:
    told = {
        (item.submission.reporter, item.incident.number, item.incident.scheme)
        for part in (Part.ORDINARY, Part.SHARED, Part.RISING)
        for item in parts[part]
    }
    for item in parts[Part.DUPLICATE]:
        assert (item.submission.reporter, item.incident.number, item.incident.scheme) in told


def test_the_wave(parts: dict[Part, list[Item]]) -> None:
    wave = parts[Part.WAVE]
    moments = [happened(item) for item in wave]
    assert moments == sorted(moments)
    assert NOW - timedelta(hours=2) < moments[0]
    assert NOW - timedelta(minutes=5) < moments[-1] < NOW
    assert {item.incident.region for item in wave} == {"KZ-33"}
    assert len({item.source for item in wave}) >= 4
    assert {item.incident.language for item in wave} == {Language.RU, Language.KK}
    assert sum(item.incident.group is AffectedGroup.ELDERLY for item in wave) > 0.6 * len(wave)
    victims = [item for item in wave if item.submission.outcome is Outcome.VICTIM]
    assert 2 <= len(victims) <= 8
    assert all(item.submission.loss_kzt for item in victims)
    assert all("1414" in item.submission.text for item in wave)
    assert {item.submission.contacts[0].value for item in wave if item.submission.contacts} >= {"1414"}
    others = Counter(item.incident.second_number for item in wave if item.incident.second_number)
    assert others
    assert max(others.values()) < 5


def test_the_case_of_mamlyut(story: Story, parts: dict[Part, list[Item]]) -> None:
    (case,) = parts[Part.CASE]
    report = case.submission
    assert case.source == "hotline-mamlyut"
    assert "2-15-65" in report.text
    assert "безопасн" in report.text
    assert re.search("прокурор", report.text)
    assert re.search("следовател", report.text)
    assert "кредит" in report.text
    contacts = {contact.value: contact.role for contact in report.contacts}
    assert contacts[eightfold(story.cast.suspected)] is ContactRole.SUSPECT
    assert eightfold(story.cast.suspected).startswith("8 (7")
    assert contacts["2-15-65"] is ContactRole.OWN
    local = next(value for value in contacts if re.fullmatch(r"2-00-\d\d", value))
    assert local in report.text
    assert report.urgent
    assert report.loss_kzt
    assert report.reporter


def test_a_story_that_no_scheme_explains_is_one_pattern(parts: dict[Part, list[Item]]) -> None:
    state = Clusters()
    patterns = set()
    for item in sorted(parts[Part.UNSEEN], key=happened):
        report = a_report(text=item.submission.text, source_ref=item.submission.source_ref)
        assert is_unexplained(enrich(report)), item.submission.text
        patterns.add(assign(state, report.text, happened(item)))
    assert len(patterns) == 1
