"""The demo's story: varied, valid against the contract, free of real people and numbers, the same for the same seed."""

from __future__ import annotations

import re
from collections import Counter
from datetime import datetime

import msgspec
import phonenumbers

from deploy.demo.author import LENGTH, Item, Part
from deploy.demo.grammar import bare
from deploy.demo.scenario import places, scenario
from deploy.demo.story import Story, compose
from schemas.events import Channel, Language, Medium, Outcome, ReportSubmission, report_id, time_errors
from schemas.local_time import ZONE
from schemas.reference import districts, regions, schemes
from tests.unit.demo.conftest import NOW

NUMBER = re.compile(r"(?<![\d.])(?:\+7|[78])(?:[ ()-]*\d){10}(?!\d)")
#: A fictional number: 7 digits from 000 0000 after an operator's code, or 6 from 00 0000 after an area code.
FICTIONAL = re.compile(r"7(7\d\d000\d{4}|7[1-3]\d\d00\d{4})")


def test_the_same_seed_tells_the_same_story(story: Story) -> None:
    assert compose(1, NOW, "run") == story
    others = {item.submission.text for item in compose(2, NOW, "run").items}
    assert len(others - {item.submission.text for item in story.items}) > 1500


def test_size_and_order(story: Story) -> None:
    counts = Counter(item.part for item in story.items)
    assert set(counts) == set(Part)
    assert 2500 <= len(story.items) <= 4000
    assert 40 <= counts[Part.WAVE] <= 60
    parts = [item.part for item in story.items]
    assert parts[-1] is Part.CASE
    assert set(parts[-1 - counts[Part.WAVE] : -1]) == {Part.WAVE}
    background = [item.sent_at for item in story.items[: -1 - counts[Part.WAVE]]]
    assert background == sorted(background)


def test_hundreds_of_different_wordings_in_both_languages(story: Story) -> None:
    told = [item for item in story.items if item.part is not Part.RETRY]
    texts = {item.submission.text for item in told}
    assert len(texts) > 0.95 * len(told)
    # Other numbers, sums and dates alone don't make another wording.
    assert len({re.sub(r"[\d ().+-]+", "#", text) for text in texts}) > 1700
    languages = Counter(item.incident.language for item in told)
    assert languages[Language.RU] > 1000
    assert languages[Language.KK] > 800
    assert sum(i.incident.language is not i.incident.quoted for i in told if i.part is Part.ORDINARY) > 30
    wave = [item for item in told if item.part is Part.WAVE]
    assert len({item.submission.text for item in wave}) == len(wave)


def test_every_channel_region_scheme_medium_and_outcome(story: Story) -> None:
    used = Counter(item.source for item in story.items)
    assert set(used) == {one.source for one in scenario().integrations}
    assert min(used.values()) > 40
    assert {one.channel for one in scenario().integrations} == set(Channel)
    assert {item.incident.region for item in story.items} == set(regions()) == set(places())
    assert {item.incident.scheme for item in story.items} == set(schemes())
    assert {item.submission.medium for item in story.items} == set(Medium)
    assert {item.submission.outcome for item in story.items} == set(Outcome)


def test_the_hotline_of_mamlyut_is_the_districts(story: Story) -> None:
    mamlyut = scenario().integration("hotline-mamlyut")
    assert (mamlyut.area_code, mamlyut.region) == ("71541", "KZ-59")
    named = [one for one in districts().values() if mamlyut.district in (one.code, one.name.ru)]
    assert [one.region for one in named] == ["KZ-59"]
    assert {i.incident.region for i in story.items if i.source == mamlyut.source} == {"KZ-59"}


def test_every_submission_fits_the_contract(story: Story) -> None:
    for item in story.items:
        body = msgspec.json.encode(item.submission)
        assert msgspec.json.decode(body, type=ReportSubmission) == item.submission
        happened = item.submission.happened_at
        assert happened is not None
        assert happened < NOW
        assert time_errors(happened, NOW) is None
        moved = item.submission.money_moved_at
        assert moved is None or happened <= moved < NOW


def test_texts_are_whole(story: Story) -> None:
    for item in story.items:
        text = item.submission.text
        assert text
        assert text == text.strip()
        assert not re.search(r"[{}<>|]|\.\.|  |,,| [.,!?]|\.»\.", text), text
        assert text.count("«") == text.count("»"), text


def test_a_retry_repeats_a_submission_and_nothing_else_shares_an_identity(story: Story) -> None:
    first: dict[str, Item] = {}
    retries = 0
    for item in sorted(story.items, key=lambda item: item.part is Part.RETRY):
        identity = report_id(item.source, item.submission.source_ref)
        if item.part is Part.RETRY:
            retries += 1
            assert first[identity].submission == item.submission
        else:
            assert identity not in first
            first[identity] = item
    assert retries == scenario().parts.retry
    refs = {item.submission.source_ref for item in story.items}
    assert not refs & {item.submission.source_ref for item in compose(1, NOW, "another").items}


def test_times_follow_the_rhythm_of_offices(story: Story) -> None:
    local = [_happened(item).astimezone(ZONE) for item in story.items if item.part is Part.ORDINARY]
    assert min(local) >= NOW - LENGTH
    office = sum(9 <= moment.hour < 18 for moment in local)
    assert office > 0.5 * len(local)
    assert sum(moment.hour < 6 for moment in local) < 0.05 * len(local)
    assert sum(moment.weekday() >= 5 for moment in local) < 0.25 * len(local)


def test_numbers_are_valid_and_nobodys(story: Story) -> None:
    seen = 0
    for item in story.items:
        given = [contact.value for contact in item.submission.contacts]
        for value in [*given, *NUMBER.findall(item.submission.text), item.submission.reporter or ""]:
            digits = re.sub(r"\D", "", value)
            if not NUMBER.fullmatch(value):
                continue
            seen += 1
            assert FICTIONAL.fullmatch(f"7{digits[1:]}"), value
            number = phonenumbers.parse(f"+7{digits[1:]}")
            assert phonenumbers.is_valid_number_for_region(number, "KZ"), value
    assert seen > 4000


def test_nobody_is_named(story: Story) -> None:
    """A capitalised word within a sentence is an organisation, a product or a place."""
    towns = {word for place in places().values() for town in place.towns for word in (town.ru_gen, town.kk)}
    known = NAMES | towns
    known |= {bare(word) for word in known}
    unknown: Counter[str] = Counter()
    for item in story.items:
        text = re.sub(r"[\w-]+\.example", "", item.submission.text)
        for word in re.findall(r"(?<=[\w,)»] )([А-ЯЁӘҒҚҢӨҰҮҺІA-Z][а-яёәғқңөұүһіa-z]+)", text):
            if word not in known:
                unknown[word] += 1
    assert not unknown


#: Organisations, products and places that the phrases name, as they stand within a sentence.
NAMES = set(
    re.findall(
        r"\w+",
        """
        Any Beeline Halyk Instagram Kaspi Premium Telegram Tik Whats
        Казпочты Нацбанк Нацбанка Нацфонда Ұлттық Қазпоштадан
        Белое Боровом Дубровное Корее Казахстана Мамлютке Павлодар Пригородное Становое Усть
        Бурабайдағы Кореяға Қазақстан Қытайдан Павлодарға
        """,
    )
)


def _happened(item: Item) -> datetime:
    assert item.submission.happened_at is not None
    return item.submission.happened_at
