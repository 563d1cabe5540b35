"""Numbers: how people write them, what is none, whose they are."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.events import ContactKind, ContactOrigin, ContactRole
from streams.understanding.numbers import find_contacts, normalise, official

MOBILE = "+77051234567"


def values(text: str, area_code: str | None = None) -> list[str]:
    return [contact.value for contact in find_contacts(text, area_code) if contact.value]


def roles(text: str, area_code: str | None = None) -> dict[str, str]:
    return {contact.value: str(contact.role) for contact in find_contacts(text, area_code)}


@pytest.mark.parametrize(
    "written",
    [
        "+77051234567",
        "+7 705 123 45 67",
        "+7(705)123-45-67",
        "8 705 123 45 67",
        "8-705-123-45-67",
        "8.705.123.45.67",
        "8/705/123/45/67",
        "87051234567",
        "7 705 123 4567",
        "705 123 45 67",
        "(705) 123-45-67",
        "+7–705–123–45–67",
        "+7\u00a0705\u00a0123\u00a045\u00a067",
        "８７０５１２３４５６７",
        "٨٧٠٥١٢٣٤٥٦٧",
        "8️⃣7️⃣0️⃣5️⃣1️⃣2️⃣3️⃣4️⃣5️⃣6️⃣7️⃣",
        "8-7О5-123-45-67",
        "00 7 705 123 45 67",
        "плюс 7 705 123 45 67",
        "wa.me/77051234567",
        "https://api.whatsapp.com/send?phone=77051234567&text=hi",
    ],
)
def test_a_number_is_found_however_it_is_written(written: str) -> None:
    text = f"Звонили с {written}, сказали из банка."
    found = find_contacts(text)
    assert [contact.value for contact in found] == [MOBILE]
    assert found[0].raw == text[found[0].start : found[0].end]
    assert found[0].origin is ContactOrigin.TEXT
    assert normalise(written).value == MOBILE


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("звонок из Ташкента +998 90 123 45 67", "+998901234567"),
        ("звонили с номера 998901234567", "+998901234567"),
        ("из Москвы 8 (495) 123-45-67", "+74951234567"),
        ("городской 8 (71541) 2-15-65", "+77154121565"),
        ("8 7172 74-28-28", "+77172742828"),
        ("перезвоните 8 800 080 7777", "+78000807777"),
        ("нөмірі 87051234567-ден хабарласты", MOBILE),
        ("с номера 8705\n1234567 пришло", MOBILE),
        ("номер 8 (705)\n123 45 67", MOBILE),
        ("87051234567 күніге звондайды", MOBILE),
        ("87051234567 отдел кредитования", MOBILE),
        ("87051234567 к вам едет курьер, говорит", MOBILE),
    ],
)
def test_landlines_and_abroad(text: str, value: str) -> None:
    assert values(text) == [value]


@pytest.mark.parametrize(
    "text",
    [
        "перевела 500 000 тенге",
        "1,5 млн и ещё 87 001 234 567 тенге",
        "12.05.2024 в 14:30, потом 2026-01-14",
        "ИИН 900101300123",
        "карта 4400 4301 2345 6789",
        "счёт KZ86125KZT5004100100",
        "скидка 50% до 31.12",
        "код 482107 и пароль 4821",
        "в 2024 году, дом 102, кабинет 109",
        "заказ № 87051234567",
        "договор 87051234567",
        "в 112 школе 103 ученика",
        "15 000\n8705 331",
        "8874 на сайте ввела, потом смс пришла",
        "",
        "\0",
    ],
)
def test_what_is_no_contact(text: str) -> None:
    assert values(text) == []


def test_a_local_number_needs_the_area_code() -> None:
    assert values("звонили с номера 2-15-65", "71541") == ["+77154121565"]
    local = find_contacts("звонили с номера 2-15-65")
    assert [(contact.kind, contact.value) for contact in local] == [(ContactKind.INVALID, "")]
    assert normalise("2-15-65", "71541").value == "+77154121565"
    assert normalise("2-15-65") == normalise("2-15-65", "7172")
    assert normalise("2-15-65").kind is ContactKind.INVALID
    assert normalise("21565", "71541").value == "+77154121565"


def test_an_unlikely_number_is_never_formatted() -> None:
    for raw in ("+7 (705) 123", "1414 1414", "", "\0", "+71414", "770512345678901234", "абв"):
        contact = normalise(raw)
        assert (contact.kind, contact.value) == (ContactKind.INVALID, "")
        assert contact.raw == raw


@pytest.mark.parametrize(
    ("raw", "kind", "value"),
    [
        ("1414", ContactKind.SHORT_CODE, "1414"),
        ("102.", ContactKind.SHORT_CODE, "102"),
        ("KASPI.KZ", ContactKind.SENDER, "KASPI.KZ"),
        ("eGov", ContactKind.SENDER, "EGOV"),
        ("@Fraud_KZ", ContactKind.HANDLE, "telegram:@fraud_kz"),
        ("instagram:@shop.kz", ContactKind.HANDLE, "instagram:@shop.kz"),
        ("https://t.me/fraud_kz", ContactKind.HANDLE, "telegram:@fraud_kz"),
        ("https://kaspi.kz.pay-confirm.ru/x", ContactKind.LINK, "pay-confirm.ru"),
        ("Fraud@Mail.ru", ContactKind.EMAIL, "fraud@mail.ru"),
        ("белгісіз нөмір", ContactKind.HIDDEN, ""),
        ("Номер не определился", ContactKind.HIDDEN, ""),
        ("тел.: 8 705 123 45 67", ContactKind.E164, MOBILE),
    ],
)
def test_kinds_of_given_contacts(raw: str, kind: ContactKind, value: str) -> None:
    contact = normalise(raw, role=ContactRole.OTHER)
    assert (contact.kind, contact.value, contact.role) == (kind, value, ContactRole.OTHER)
    assert contact.start is None


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("СМС от 1414 с кодом", ContactKind.SHORT_CODE, "1414"),
        ("1414-тен код келді", ContactKind.SHORT_CODE, "1414"),
        ("код пришёл с 1414", ContactKind.SHORT_CODE, "1414"),
        ("102-ге хабарластым", ContactKind.SHORT_CODE, "102"),
        ("пришло СМС от KASPI.KZ", ContactKind.SENDER, "KASPI.KZ"),
        ("HalykBank-тен хабарлама келді", ContactKind.SENDER, "HALYKBANK"),
        ("в телеграме @fraud_kz", ContactKind.HANDLE, "telegram:@fraud_kz"),
        ("в инстаграме @shop.kz,", ContactKind.HANDLE, "instagram:@shop.kz"),
        ("пишут с fraud@mail.ru.", ContactKind.EMAIL, "fraud@mail.ru"),
        ("сайт kaspi-bonus.top", ContactKind.LINK, "kaspi-bonus.top"),
        ("hxxps://login.kaspi[.]kz.evil.com/a", ContactKind.LINK, "evil.com"),
        ("https://kaspi.kz@evil.com/", ContactKind.LINK, "evil.com"),
        ("http://185.12.3.4/login", ContactKind.LINK, "185.12.3.4"),
        ("@shop.kz1 продаёт", ContactKind.HANDLE, "instagram:@shop.kz1"),
        ("@dress_kz инстаграмда", ContactKind.HANDLE, "instagram:@dress_kz"),
        ("смс, от кого: InfoPost", ContactKind.SENDER, "INFOPOST"),
        ("в 1414 позвонил уточнить", ContactKind.SHORT_CODE, "1414"),
        ("звонили со скрытого номера", ContactKind.HIDDEN, ""),
    ],
)
def test_kinds_in_texts(text: str, kind: ContactKind, value: str) -> None:
    assert [(contact.kind, contact.value) for contact in find_contacts(text)] == [(kind, value)]


@pytest.mark.parametrize(
    ("text", "role"),
    [
        ("Звонили с 87051234567", "suspect"),
        ("Мой номер 87051234567", "own"),
        ("менің нөмірім 87051234567", "own"),
        ("перезвоните мне по номеру 87051234567", "own"),
        ("можете мне позвонить по номеру 87051234567", "own"),
        ("велели мне позвонить по номеру 87051234567", "suspect"),
        ("на мой номер поступил звонок с 87051234567", "suspect"),
        ("это не мой номер 87051234567", "suspect"),
        ("обратилась в банк по номеру 87051234567", "helpline"),
        ("в смс просят позвонить на 87051234567 в банк", "suspect"),
        ("Позвонил мне 87051234567 и назвался майором", "suspect"),
        ("звонит мне 87051234567", "suspect"),
        ("маған қоңырау шалды 87051234567", "suspect"),
        ("позвоните мне 87051234567", "own"),
        ("маған хабарласыңыз 87051234567", "own"),
        ("на мой 87051234567 пришла смс", "own"),
        ("пишу с номера 87051234567", "own"),
        ("мой тел 87051234567, с него и писал", "own"),
        ("мошенник дал свой номер 87051234567", "suspect"),
        ("номер матери 87051234567", "other"),
        ("сестре звонили на 87051234567", "other"),
        ("сестре звонили с 87051234567", "suspect"),
        ("мой абонентский номер 87051234567", "own"),
        ("она оставила мне свой номер телефона 87051234567", "suspect"),
    ],
)
def test_roles(text: str, role: str) -> None:
    assert roles(text) == {MOBILE: role}


@pytest.mark.parametrize(
    ("text", "role"),
    [
        ("звоните 102", "helpline"),
        ("102-ге хабарласыңыз", "helpline"),
        ("позвонила 102", "helpline"),
        ("звонили с 102, сказали из полиции", "suspect"),
        ("102 нөмірінен қоңырау келді", "suspect"),
        ("номер 102 знают все", "official"),
        ("в 102 позвонил сразу", "helpline"),
    ],
)
def test_roles_of_official_numbers(text: str, role: str) -> None:
    assert roles(text) == {"102": role}


def test_an_official_number_that_the_fraudster_used_is_impersonated() -> None:
    (contact,) = find_contacts("звонили с 1414 и просили код")
    entry = official(contact)
    assert contact.role is ContactRole.SUSPECT
    assert entry is not None
    assert entry.value == "1414"
    assert roles("8 800 080 77 77, с этого перезванивали, оказалось не банк") == {"+78000807777": "suspect"}
    assert official(normalise("https://kgd.gov.kz/")) is not None
    assert official(normalise("https://egov.kz.login.top/")) is None
    assert official(normalise("")) is None
    assert official(normalise("2-15-65", "71541")) is not None


def test_operator_and_region_where_the_range_tells_them() -> None:
    assert normalise("87051234567").operator == "Beeline"
    assert normalise("87051234567").region is None
    assert normalise("8 (71541) 2-15-65").region == "KZ-59"
    assert normalise("8 7252 21 22 23").region == "KZ-79"
    assert normalise("8 71030 2 12 12").region == "KZ-62"
    assert normalise("8 (495) 123-45-67").region is None


def test_offsets_are_true_where_letters_grow_in_lower_case() -> None:
    text = "İİİ звонили с 8 705 123 45 67"
    (contact,) = find_contacts(text)
    assert text[contact.start : contact.end] == "8 705 123 45 67"


NATIONAL = st.sampled_from(["700", "701", "702", "705", "707", "747", "771", "775", "776", "777", "778"]).flatmap(
    lambda prefix: st.integers(0, 9_999_999).map(lambda n: f"{prefix}{n:07}")
)
SEPARATOR = st.sampled_from(["", " ", "-", "  ", ".", "/", "\u00a0", " - ", "\u2011"])
DIGITS = st.sampled_from(["0123456789", "٠١٢٣٤٥٦٧٨٩", "０１２３４５６７８９"])


@given(NATIONAL, st.sampled_from(["+7", "8", "7"]), st.lists(SEPARATOR, min_size=4, max_size=4), DIGITS, st.booleans())
def test_formatting_in_any_way_and_finding_again_gives_the_same_number(
    national: str, prefix: str, between: list[str], digits: str, brackets: bool
) -> None:
    area = f"({national[:3]})" if brackets else national[:3]
    written = prefix + between[0] + area
    for start, end, separator in zip((3, 6, 8), (6, 8, 10), between[1:], strict=True):
        written += separator + national[start:end]
    written = written.translate(str.maketrans("0123456789", digits))
    assert values(f"звонили с {written} вчера") == ["+7" + national]
    assert normalise(written).value == "+7" + national


@given(NATIONAL)
def test_what_was_normalised_stays_so(national: str) -> None:
    once = normalise("8" + national)
    assert normalise(once.value).value == once.value


@given(st.text(max_size=300))
@settings(max_examples=300)
def test_any_text_is_borne_and_offsets_are_true(text: str) -> None:
    for contact in find_contacts(text, "71541"):
        assert contact.raw == text[contact.start : contact.end]
    normalise(text[:256], "71541")


@given(st.text(alphabet="+78 0-().@/смскодтел1414:КZwa.me\n", max_size=120))
@settings(max_examples=300)
def test_texts_of_number_like_pieces_are_borne(text: str) -> None:
    found = find_contacts(text)
    assert all(one.end <= two.start for one, two in pairwise(found) if one.end and two.start)


@pytest.mark.parametrize(
    "piece",
    [
        "8 7 ",
        "+7 ",
        "1",
        "a.",
        "@a",
        "https://",
        "((((",
        "номер ",
        "смс от a ",
        "код с ",
        "1414 и ",
        "a@a.",
        "тг: a",
        "8-",
    ],
)
def test_time_grows_with_the_length_only(piece: str) -> None:
    def spent(size: int) -> float:
        text = (piece * size)[:size]
        started = time.process_time()
        find_contacts(text)
        return time.process_time() - started

    spent(1_000)
    short, long = (min(spent(size + n) for n in range(3)) for size in (5_000, 10_000))
    assert long < 10 * short + 0.2
