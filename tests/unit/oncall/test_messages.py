"""What people read: on a lock screen, in their language, with what is configured."""

from __future__ import annotations

import re
from typing import Any

import pytest

from schemas.events import AffectedGroup
from schemas.reference import regions, schemes
from streams.oncall.excerpts import NAME
from streams.oncall.links import Links
from streams.oncall.messages import MAX_BODY, MAX_BRIEF, MAX_TITLE, message_text, texts, title_of
from streams.oncall.rota import Target
from streams.oncall.state import Item, Message
from streams.understanding.folding import SECRET_KINDS
from streams.wording import LOCALES, Locale
from tests.unit.oncall.builders import NIGHT, an_alert

LINKS = Links(desk="https://desk.example.kz", kibana="https://kibana.example.kz", key=b"k" * 32)


def a_message(*items: Item, kind: Any = "page", **changes: Any) -> Message:
    given: dict[str, Any] = {"id": "m", "person": "aigerim", "target": Target("phone", "json://x"), "kind": kind}
    return Message(**{**given, "items": items or (Item(an_alert(), 1),), **changes})


def read(locale: Locale = "ru", links: Links = LINKS, **changes: Any) -> tuple[str, str]:
    return message_text(a_message(Item(an_alert(**changes), 1)), locale, NIGHT, links)


FAMILIES: list[dict[str, Any]] = [
    {},
    {"official": False, "family": "number", "key": "number:+77051234567", "number": "+77051234567"},
    {"official": False, "number": None, "family": "scheme", "key": "scheme:prize", "schemes": [], "regions": {}},
    {"official": False, "number": None, "family": "scheme-region", "key": "scheme-region:prize|KZ-33"},
    {"official": False, "number": None, "family": "region", "key": "region:KZ-33"},
    {"official": False, "number": None, "family": "pattern", "key": "pattern:4f1c", "excerpts": []},
    {"official": False, "number": None, "family": "campaign", "keys": {"number:+77051234567": 3, "scheme:x": 9}},
    {"official": False, "number": None, "family": "channel", "key": "channel:telegram-bot", "schemes": []},
    {
        "official": False,
        "family": "urgent",
        "key": "urgent:r1",
        "number": "+77051234567",
        "bank": "Халык",
        "district": "Талдыкорган",
        "money_moved_at": NIGHT,
        "keys": {"number:+77051234567": 1},
    },
    {"groups": dict.fromkeys(AffectedGroup, 1), "window_seconds": 86_400, "schemes": ["not-in-the-reference"]},
]


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("changes", FAMILIES)
def test_every_alert_reads_whole_in_every_language_and_fits(locale: Locale, changes: dict[str, Any]) -> None:
    title, body = read(locale, **changes)
    assert not re.search(r"[{}]|None", title + re.sub(r"https\S+", "", body))
    assert len(title) <= MAX_TITLE
    assert len(body) <= MAX_BODY


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("family", ["official", "number", "scheme", "scheme-region", "campaign", "pattern", "region"])
def test_no_title_is_longer_than_a_lock_screen_shows(locale: Locale, family: str) -> None:
    number = "1414" if family == "official" else "+77051234567"
    for scheme in schemes():
        for region in regions():
            alert = an_alert(
                family=family, official=family == "official", number=number, schemes=[scheme], regions={region: 1}
            )
            assert len(title_of(alert, locale)) <= MAX_TITLE


def test_the_page_about_an_impersonated_number_says_what_where_how_many_and_what_to_do() -> None:
    title, body = read()
    assert "1414" in title
    assert "Запись к врачу" in title
    for part in ("официальный", "пожилые 4"):
        assert part in body
    assert "1\N{NO-BREAK SPACE}250\N{NO-BREAK SPACE}000\N{NO-BREAK SPACE}₸" in body
    assert "461f74e0-1" in body
    assert "14.01.2026 03:30" in body
    assert "«Просили код»" in body


@pytest.mark.parametrize(
    ("told", "shown"),
    [
        ("Маме (Иванова Гульнара Сериковна, ИИН [iin]) звонили", "Маме ([имя], ИИН [ИИН]) звонили"),
        ("Меня зовут Айгуль, просили код [one-time-code]", "Меня зовут [имя], просили код [код]"),
        ("Менің атым Айгүл Сәрсенова, [phone]", "Менің атым [имя], [телефон]"),
        ("Позвонили Ахметову Серику", "Позвонили [имя]"),
        ("Представился следователем Петров А.В.", "Представился следователем [имя]"),
        ("Звонил Данияр Ахметов из банка", "Звонил [имя] из банка"),
        ("Нұрлан Серікұлы айтты", "[имя] айтты"),
        ("Звонили из Халык Банка, Алматы Медеуский район", "Звонили из Халык Банка, Алматы Медеуский район"),
        (
            "Жетісу облысы, Талдыкорган. Карантин в Усть-Каменогорске",
            "Жетісу облысы, Талдыкорган. Карантин в Усть-Каменогорске",
        ),
        ("Kaspi Gold, Нур-Султан, Служба Безопасности", "Kaspi Gold, Нур-Султан, Служба Безопасности"),
    ],
)
def test_an_excerpt_names_nobody(told: str, shown: str) -> None:
    assert f"«{shown}»" in read(excerpts=[told])[1]


def test_every_kind_of_secret_has_a_word() -> None:
    assert {f"masked_{kind}" for kind in (*SECRET_KINDS, NAME)} == {name for name in texts() if "masked_" in name}


def test_an_urgent_case_says_first_that_the_transfer_can_be_stopped_and_where() -> None:
    title, body = read(**FAMILIES[8])
    assert title.startswith("Срочно")
    assert "Халык" in title
    assert "03:00" in title
    lines = body.splitlines()
    assert "можно остановить" in lines[0]
    for part in ("14.01.2026 03:00", "Банк: Халык", "1\N{NO-BREAK SPACE}250", "Талдыкорган", "+77051234567"):
        assert part in body


def test_a_page_that_rests_on_little_history_says_so() -> None:
    _, body = read(known_days=3.0)
    assert "Истории мало (дней: 3)" in body
    for enough in (28.0, None):
        assert "Истории мало" not in read(known_days=enough)[1]


def test_only_configured_links_are_there() -> None:
    assert "http" not in read(links=Links())[1]
    only_desk = read(links=Links(desk="https://desk.example.kz"))[1]
    assert "https://desk.example.kz/alerts/461f74e0" in only_desk
    assert "/a/" not in only_desk
    whole = read()[1]
    for part in ("https://desk.example.kz/a/", "https://desk.example.kz/alerts/", "https://kibana.example.kz/app/"):
        assert part in whole


def test_an_update_has_the_same_title_and_says_first_what_changed() -> None:
    page = read()
    title, body = message_text(a_message(Item(an_alert(), 2, ("doubled", "new-region")), kind="update"), "ru", NIGHT)
    assert title == page[0]
    assert body.splitlines()[0] == "Обновление: сообщений стало вдвое больше; волна дошла до новой области."
    assert "461f74e0-2" in body


def test_numbers_that_joined_a_wave_are_named_before_those_it_had() -> None:
    keys = {"number:+77057770002": 5, "number:+77057770001": 30, "scheme:delivery": 40}
    alert = an_alert(family="number", key="number:+77057770001", official=False, number="+77057770001", keys=keys)
    _, body = message_text(a_message(Item(alert, 2, ("more-numbers",)), kind="update"), "ru", NIGHT)
    assert "Номера: +77057770002 5, +77057770001 30." in body.splitlines()


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("count", [2, 5, 40])
def test_a_digest_names_what_there_is_room_for_and_counts_the_rest(locale: Locale, count: int) -> None:
    items = [
        Item(an_alert(id=f"{number:08}-0000", family="number", official=False, number=f"+7705{number:07}"), 1)
        for number in range(count)
    ]
    title, body = message_text(a_message(*items, kind="digest"), locale, NIGHT, LINKS)
    assert len(title) <= MAX_TITLE
    assert str(count) in title
    assert len(body) <= MAX_BODY + 200
    named = sum(f"{number:08}-1" in body for number in range(count))
    assert named == count or f"{count - named}" in body.splitlines()[-1]


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("changes", FAMILIES)
def test_an_sms_holds_the_figures_the_link_to_answer_by_and_the_id(locale: Locale, changes: dict[str, Any]) -> None:
    item = Item(an_alert(**changes), 1)
    title, body = message_text(a_message(item), locale, NIGHT, LINKS, brief=True)
    whole = message_text(a_message(item), locale, NIGHT, LINKS)
    assert (title, body.splitlines()[0]) == (whole[0], whole[1].splitlines()[0])
    assert "https://desk.example.kz/a/" in body.splitlines()[1]
    assert body.splitlines()[2:] == ["461f74e0-1"]
    assert len(body) <= MAX_BRIEF
    digest = message_text(a_message(*[item] * 9, kind="digest"), locale, NIGHT, LINKS, brief=True)[1]
    assert len(digest) <= MAX_BRIEF + 20
    assert digest.count("/a/") >= 1


def test_a_heartbeat_carries_its_report() -> None:
    title, body = message_text(a_message(Item(an_alert(), 1), kind="heartbeat", id="the-report"), "ru", NIGHT)
    assert title == "Проверка связи"
    assert "the-report" in body


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(20, "1 мин"), (3600, "1 ч"), (8700, "2 ч 25 мин"), (86_400, "1 дн."), (180_000, "2 дн. 2 ч")],
)
def test_a_window_is_said_in_hours_and_minutes(seconds: int, said: str) -> None:
    assert f" за {said}, " in read(window_seconds=seconds)[1]


@pytest.mark.parametrize(
    ("locale", "shown"),
    [
        ("ru", "6 чел. за 2 ч, обычно меньше 1. Где: область Жетісу 5, Алматы 1. Пострадали: 1, потеряно 1 250 000 ₸."),
        ("kk", "2 сағ ішінде 6 адам, әдетте 1-ден аз. Қайда: Жетісу облысы 5, Алматы 1. Зардап шеккендер: 1,"),
        (
            "en",
            "6 people in 2 h, usually less than 1. Where: Zhetisu Region 5, Almaty 1. Victims: 1, lost 1 250 000 ₸.",
        ),
    ],
)
def test_the_first_line_says_how_many_where_and_the_harm(locale: Locale, shown: str) -> None:
    title, body = read(locale)
    first = body.splitlines()[0].replace("\N{NO-BREAK SPACE}", " ")
    assert first.startswith(shown)
    assert len(title) + len(first) <= 150


@pytest.mark.parametrize(("expected", "said"), [(0.04, "меньше 1"), (1.0, "1"), (3.25, "3,2"), (12.0, "12")])
def test_the_usual_is_a_number_of_people(expected: float, said: str) -> None:
    assert f", обычно {said}. " in read(expected=expected)[1]


def test_every_text_is_there_in_three_languages() -> None:
    for name, words in texts().items():
        assert all(getattr(words, locale).strip() for locale in LOCALES), name
        places = {tuple(sorted(re.findall(r"\{\w+\}", getattr(words, locale)))) for locale in LOCALES}
        assert len(places) == 1, f"{name}: not the same places in every language"
