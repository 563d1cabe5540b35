"""Schemes and demands: the commonest stories in both languages, disguised, mistyped, negated; and what is no fraud."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import reference
from streams.understanding import schemes
from streams.understanding.reading import reader
from streams.understanding.rulebook import rulebook
from streams.understanding.schemes import explain, tag, tags_of

_STORIES = [
    ("Позвонили из поликлиники, записывают на флюорографию, просят код из СМС", "medical-appointment", "sms-code"),
    ("Емханадан қоңырау шалып, қабылдауға жазамыз деп келген кодты сұрады", "medical-appointment", "sms-code"),
    ("Представился прокурором и требует перевести деньги, чтобы закрыть дело", "police-prosecutor", "transfer-money"),
    ("Өзін тергеушімін деп таныстырып, ақшаны аудар деп қорқытты", "police-prosecutor", "transfer-money"),
    ("Уговорили взять кредит и перевести на безопасный счёт", "safe-account", "take-loan"),
    ("Несие алғызып, ақшаны қауіпсіз шотқа аудартты", "safe-account", "take-loan"),
    ("Из службы безопасности банка звонят, назовите код из сообщения", "bank-security", "sms-code"),
    ("Банктен хабарласып тұрмыз, картаңыз бұғатталды, кодты айтыңыз", "bank-security", "sms-code"),
]


def _codes(text: str) -> tuple[set[str], set[str]]:
    tags = tag(text)
    return {t.code for t in tags.schemes}, {t.code for t in tags.demands}


@pytest.mark.parametrize(("text", "scheme", "demand"), _STORIES)
def test_common_stories(text: str, scheme: str, demand: str) -> None:
    found_schemes, found_demands = _codes(text)
    assert scheme in found_schemes
    assert demand in found_demands


@pytest.mark.parametrize(
    "text",
    [
        "Пoзвoнили из пoликлиники, зaписывaют нa флюoрoгрaфию, прoсят кoд из СМС",  # Latin о and а
        "Позвонили из поликлиники, просят к о д из с м с",
        "ПОЗВОНИЛИ ИЗ ПОЛИКЛИННИКИ ПРОСЯТ КООООД ИЗ СМС",
        "Позвонили из поли\u200bклиники, про\u00adсят код из СМС",
        "pozvonili iz polikliniki prosyat kod iz sms",
        "емханадан конырау шалып келген кодты сурады",
    ],
)
def test_disguises_and_slips(text: str) -> None:
    found_schemes, found_demands = _codes(text)
    assert "medical-appointment" in found_schemes
    assert "sms-code" in found_demands


@pytest.mark.parametrize(
    "text",
    [
        "Звонили из моего банка, предложили карту, код не просили",
        "Бүгін банктен хабарласты, код сұраған жоқ, қызметті бағалауды өтінді",
        "Из поликлиники позвонили и напомнили о приёме, никаких кодов не спрашивали",
        "Напоминаем: ваш приём у терапевта завтра в 10:20, поликлиника №5",
        "Полицейские задержали подозреваемого в краже телефонов",
        "Приложение ужасное: код из смс не приходит, деньги зависли",
        "Министерство хочет запретить сообщения во время звонка, чтобы защитить граждан от мошенников",
        "Бұл банктен кредит алмаңыздар, пайызы қымбат, қызметі нашар",
        "",
        "?",
        "12345 8 705 111 22 33",
    ],
)
def test_innocent_and_negated(text: str) -> None:
    assert _codes(text) == (set(), set())


def test_evidence_shows_the_words_as_written() -> None:
    text = "Звонят из  ПОЛИ\u200bКЛИНИКИ и прoсят «к о д» из СМС"
    tags = tag(text)
    medical = next(t for t in tags.schemes if t.code == "medical-appointment")
    assert medical.evidence
    assert all(quote in text for t in (*tags.schemes, *tags.demands) for quote in t.evidence)
    assert any("ПОЛИ\u200bКЛИНИКИ" in quote for quote in medical.evidence)


def test_several_schemes_of_one_story() -> None:
    text = (
        "Сначала звонят якобы из «Казпочты» и выманивают код, потом представляются сотрудниками КНБ "
        "и убеждают перевести деньги на безопасный счёт"
    )
    found, _ = _codes(text)
    assert {"delivery", "police-prosecutor", "safe-account"} <= found


def test_other_fraud_only_where_nothing_else_fits() -> None:
    for text, _, _ in _STORIES:
        assert "other-fraud" not in _codes(text)[0]


def test_tags_come_most_certain_first_with_confidence_between_0_and_1() -> None:
    tags = tag(" ".join(text for text, _, _ in _STORIES))
    for found in (tags.schemes, tags.demands):
        sure = [t.confidence for t in found]
        assert sure == sorted(sure, reverse=True)
        assert all(0 < c <= 1 for c in sure)


def test_nothing_is_demanded_where_no_scheme_is_told() -> None:
    explanation = explain("Установите приложение банка и введите пароль")
    assert tags_of(explanation).demands == []


@given(st.text(max_size=300))
def test_any_text_is_read_the_same_twice_and_only_known_codes_are_given(text: str) -> None:
    first = tag(text)
    assert first == tag(text)
    assert {t.code for t in first.schemes} <= set(reference.schemes())
    assert {t.code for t in first.demands} <= set(reference.demands())


def test_a_long_text_is_read_in_bounded_time() -> None:
    import time

    text = " ".join(text for text, _, _ in _STORIES)
    started = time.perf_counter()
    schemes.tag((text * 40)[:10_000])
    assert time.perf_counter() - started < 5


@pytest.mark.parametrize("text", ["Звонили, просили код из смс", "Қоңырау шалып, SMS кодты сұрады"])
def test_a_caller_who_wants_a_code_is_a_fraud_without_a_story(text: str) -> None:
    tags = tag(text)
    assert [t.code for t in tags.schemes] == ["other-fraud"]
    assert [t.code for t in tags.demands] == ["sms-code"]


def test_threads_that_need_the_rules_at_the_same_moment_all_get_them() -> None:
    reader.cache_clear()
    rulebook.cache_clear()
    text, scheme, _ = _STORIES[0]
    with ThreadPoolExecutor(2) as many:
        for tags in many.map(lambda _: tag(text), range(4)):
            assert scheme in {t.code for t in tags.schemes}
    assert scheme in _codes(text)[0]
