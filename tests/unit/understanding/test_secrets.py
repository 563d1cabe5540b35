"""Secrets: what is masked, what stays, and that masking is safe to repeat."""

from __future__ import annotations

import random
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stdnum import iban, luhn

from streams.understanding.identifiers import is_iin
from streams.understanding.secrets import mask


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("код 4821", "код [one-time-code]"),
        ("Код: 482 107!", "Код: [one-time-code]!"),
        ("кодым 48-21-07", "кодым [one-time-code]"),
        ("продиктовала код из смс 4821", "продиктовала код из смс [one-time-code]"),
        ("4821 деген код келді", "[one-time-code] деген код келді"),
        ("код от 1414 — 482107", "код от 1414 — [one-time-code]"),
        ("сказала код четыре восемь два один", "сказала код [one-time-code]"),
        ("кодты айттым: төрт сегіз екі бір", "кодты айттым: [one-time-code]"),
        ("одноразовый пароль 4821", "одноразовый пароль [one-time-code]"),
        ("код ٤٨٢١", "код [one-time-code]"),
        ("карта 4400 4302 1234 5678", "карта [card]"),
        ("4400-4302-1234-5679", "[card]"),
        ("ИИН 900101300123", "ИИН [iin]"),
        ("менің ЖСН 900101 300 123", "менің ЖСН [iin]"),
        ("счёт KZ86 125K ZT50 0410 0100", "счёт [iban]"),
        ("пароль: Qwerty123", "пароль: [password]"),
        ("құпия сөзім Bota_2015 еді", "құпия сөзім [password] еді"),
        ("пин-код 1234", "пин-код [pin]"),
        ("CVV 123", "CVV [cvv]"),
        ("три цифры на обороте 321", "три цифры на обороте [cvv]"),
        ("мой номер 8 705 123 45 67", "мой номер [phone]"),
        ("меня зовут Айгуль, тел. 8 705 123 45 67", "меня зовут Айгуль, тел. [phone]"),
        ("кoд 4821", "кoд [one-time-code]"),
        ("моя почта a.b@mail.kz", "моя почта [email]"),
        ("к о д 4821", "к о д [one-time-code]"),
        ("К.О.Д: 4 8 2 1", "К.О.Д: [one-time-code]"),
        ("КОООД 4821 пришёл", "КОООД [one-time-code] пришёл"),
        ("ко\u200bд 4\u200b821", "ко\u200bд [one-time-code]"),
        ("с к о д о м 330417 вошли", "с к о д о м [one-time-code] вошли"),
        ("п а р о л ь: qwerty12", "п а р о л ь: [password]"),
        ("продиктовала ему 604318", "продиктовала ему [one-time-code]"),
        ("смс келді 7718, соны айтып қойдым", "смс келді [one-time-code], соны айтып қойдым"),
        ("я ему 8874 и всё, код же просил", "я ему [one-time-code] и всё, код же просил"),
        ("код6621 айттым", "код[one-time-code] айттым"),
        ("сначала 2201 потом 9930 такие коды", "сначала [one-time-code] потом [one-time-code] такие коды"),
        ("назвала им 552 019 и положила трубку", "назвала им [one-time-code] и положила трубку"),
        ("мен 5521 деп айттым", "мен [one-time-code] деп айттым"),
        ("отп 339188", "отп [one-time-code]"),
        ("Никому не говорите: 8874", "Никому не говорите: [one-time-code]"),
        ("ПИН сұрады, 1945 дедім", "ПИН сұрады, [pin] дедім"),
        ("4003\n0381\n5806\n9988", "[card]"),
        ("карта 4400 4302 1234 5678 08/27 904", "карта [card] 08/27 [cvv]"),
    ],
)
def test_secrets_are_masked(text: str, masked: str) -> None:
    assert mask(text).text == masked


@pytest.mark.parametrize(
    "text",
    [
        "звонили с +7 705 123 45 67, просили код",
        "перевела 500 000 тенге, потом ещё 4 800",
        "СМС от 1414, код никому не говорила",
        "12.05.2024 в 14:30 пришёл код",
        "код города 7172",
        "промокод SALE2024",
        "заказ 48210712, трек RR123456789KZ",
        "БИН 040940005033",
        "пишут с fraud@mail.ru, сайт kaspi-bonus.top",
        "пароль никому не давала",
        "осталось 4821 тенге на карте *1234",
        "Позвонил мне 87051234567, просил код",
        "мошенник дал свой номер для связи 87051234567",
        "назвала код, звонили с городского 46-31-77",
        "код просили в 2023 и в 2025 годах",
        "код ОКЭД 64190, код КАТО 595001",
        "после кода сняли 4821 и 3310",
        "по смс перевела двумя частями 45321 и 32115",
        "в смс долг 45331 за свет",
        "сказала ему 4500 и 15 тысяч",
        "неполный номер 8705 331, просил код",
        "",
    ],
)
def test_the_rest_stays(text: str) -> None:
    masked = mask(text)
    assert masked.text == text
    assert masked.kinds == {}


def test_the_reporters_own_numbers_are_masked_however_written() -> None:
    own = ["+77051234567", "a.b@mail.kz"]
    for written in ("8 705 123 45 67", "+7(705)1234567", "705-123-45-67", "1234567", "A.B@mail.kz"):
        masked = mask(f"позвоните {written}, а мошенник 8 705 123 45 76", own)
        assert written not in masked.text
        assert "8 705 123 45 76" in masked.text
    assert mask("дом. 2-15-65", ["+77154121565"]).text == "дом. [phone]"


def test_kinds_are_counted() -> None:
    masked = mask("код 4821, потом код 4822, пин 1234")
    assert masked.kinds == {"one-time-code": 2, "pin": 1}


def test_a_placeholder_is_neither_secret_nor_contact() -> None:
    text = "СМС от [phone], код [one-time-code], пароль [password] [card]"
    assert mask(text).text == text


def test_iin() -> None:
    assert is_iin("900101300123") == (checksum("90010130012") == 3)
    assert not is_iin("901301300123")
    assert not is_iin("90010130012")


def checksum(figures: str) -> int | None:
    total = sum(w * int(f) for w, f in zip(range(1, 12), figures, strict=True)) % 11
    if total == 10:
        total = sum(w * int(f) for w, f in zip((3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2), figures, strict=True)) % 11
    return None if total == 10 else total


def _iin(rng: random.Random) -> str:
    while True:
        born = f"{rng.randrange(40, 99):02}{rng.randrange(1, 13):02}{rng.randrange(1, 29):02}"
        body = f"{born}{rng.choice('34')}{rng.randrange(10000):04}"
        digit = checksum(body)
        if digit is not None:
            return body + str(digit)


def _card(rng: random.Random) -> str:
    body = rng.choice("45") + "".join(rng.choice("0123456789") for _ in range(14))
    return body + luhn.calc_check_digit(body)


def _account(rng: random.Random) -> str:
    body = "".join(rng.choice("0123456789") for _ in range(13))
    return next(a for n in range(100) if iban.is_valid(a := f"KZ{n:02}125{body}"))


def _grouped(value: str, rng: random.Random) -> str:
    separator = rng.choice(["", " ", "-"])
    return separator.join(value[i : i + 4] for i in range(0, len(value), 4))


SAYING = {
    "one-time-code": ["код {}", "мой код был {}", "назвала ему код из смс {}", "кодым {} еді", "{} деген код келді"],
    "card": ["карта {}", "продиктовал {}", "картамның нөмірі {}", "переводите на {} сегодня"],
    "iin": ["ИИН {}", "{}", "жсн {} деп айттым"],
    "iban": ["счёт {}", "на {} перевела", "шот нөмірі {}"],
    "password": ["пароль: {}", "құпия сөз: {}"],
    "pin": ["пин-код {}", "пин {}"],
    "cvv": ["cvv {}", "три цифры на обороте {}"],
}


@given(st.randoms(use_true_random=False))
@settings(max_examples=300)
def test_no_masked_value_survives(rng: random.Random) -> None:
    values = {
        "one-time-code": "".join(rng.choice("123456789") for _ in range(rng.choice([4, 5, 6]))),
        "card": _grouped(_card(rng), rng),
        "iin": _iin(rng),
        "iban": _grouped(_account(rng), rng),
        "password": "".join(rng.choice("abcXYZ") for _ in range(5)) + str(rng.randrange(10, 99)),
        "pin": "".join(rng.choice("123456789") for _ in range(4)),
        "cvv": "".join(rng.choice("123456789") for _ in range(3)),
    }
    suspect, money = "+7 705 999 88 77", "450 000 тенге"
    kinds = rng.sample(sorted(values), rng.randrange(1, 5))
    told = [rng.choice(SAYING[kind]).format(values[kind]) for kind in kinds]
    text = f"Звонили с {suspect}. " + ". ".join(told) + f". Перевела {money}."
    masked = mask(text)
    for kind in kinds:
        assert values[kind] not in masked.text.replace(suspect, "").replace(money, "")
    assert suspect in masked.text
    assert money in masked.text
    assert mask(masked.text).text == masked.text


@given(st.text(max_size=200))
@settings(max_examples=300)
def test_masking_again_changes_nothing(text: str) -> None:
    once = mask(text).text
    again = mask(once)
    assert again.text == once
    assert again.kinds == {}


@given(st.text(alphabet="код смспинарольцифры 0123456789-.,:[]четыре\n", max_size=150))
@settings(max_examples=500)
def test_masking_again_changes_nothing_in_texts_of_codes(text: str) -> None:
    once = mask(text).text
    assert mask(once).text == once


@pytest.mark.parametrize(
    "piece", ["код ", "1", "1 ", "пароль ", "один ", "4400 ", "kz", "[card]", "код 4821 ", "cvv ", "a1"]
)
def test_time_grows_with_the_length_only(piece: str) -> None:
    def spent(size: int) -> float:
        text = (piece * size)[:size]
        started = time.process_time()
        mask(text)
        return time.process_time() - started

    spent(1_000)
    short, long = (min(spent(size + n) for n in range(3)) for size in (5_000, 10_000))
    assert long < 10 * short + 0.2


_INVISIBLE = ("", "\u200b", "\u00ad", "\u2060")


@given(
    code=st.from_regex(r"[1-9][0-9]{3}|[1-9][0-9]{5}", fullmatch=True),
    cue=st.sampled_from(["код", "КОД", "кодым", "кодом"]),
    joint=st.sampled_from([" ", ".", "-", "_", "\u200b", "\u00ad"]),
    hidden=st.sampled_from(_INVISIBLE),
)
def test_a_code_after_a_broken_cue_is_masked(code: str, cue: str, joint: str, hidden: str) -> None:
    masked = mask(f"Пришёл {joint.join(cue)} {hidden.join(code)}, я назвала").text
    assert hidden.join(code) not in masked
    assert code not in masked
    assert "[one-time-code]" in masked


@given(
    number=st.from_regex(r"\+7 70[0-9] [0-9]{3} [0-9]{2} [0-9]{2}", fullmatch=True),
    money=st.integers(1, 99).map(lambda thousands: f"{thousands} 000 тенге"),
    joint=st.sampled_from([" ", ".", "\u200b"]),
)
def test_a_broken_cue_masks_no_suspects_number_and_no_sum(number: str, money: str, joint: str) -> None:
    text = f"Звонили с {number}, просили {joint.join('код')}, сняли {money}"
    assert mask(text).text == text
