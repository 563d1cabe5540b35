"""Telephone numbers in folded text: how people write them, which of them are valid, whose range they are in."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import Final, NamedTuple

import phonenumbers
from phonenumbers import carrier
from phonenumbers.carrierdata import CARRIER_DATA

from schemas import reference

#: Digits with what people put between them; never across a line.  The quantifiers are bounded: linear time.
RUN: Final = re.compile(r"\d+(?:[ \-()./]{1,3}\d+)*")
#: A plus, in a sign or in words, right before the digits (written backwards).
_PLUS: Final = re.compile(r"[ (]{0,2}(?:\+(?![\w+])| сюлп(?!\w))")
_GROUP: Final = re.compile(r"\d+")
#: Shapes of a local number, as the town's numbers have five, six or seven digits.
_LOCAL_SHAPES: Final = {(1, 2, 2), (2, 2, 2), (3, 2, 2), (3, 3), (2, 3), (3, 4), (1, 4), (5,), (6,), (7,)}
#: E.164: at most 15 digits (ITU-T E.164, 6.2.1); shorter than 8 is nobody's international number.
_MIN_E164: Final = 8
_MAX_E164: Final = 15


class Phone(NamedTuple):
    """A telephone number in a text.  `value` is E.164, or empty where the digits make no valid number."""

    start: int
    end: int
    value: str
    written: str  # international | national | bare (digits that only a cue can vouch for) | local | broken


class Group(NamedTuple):
    """Digits that stand together."""

    digits: str
    start: int
    end: int


def valid(digits: str) -> bool:
    """Whether `+digits` is a number of a range that is in use (libphonenumber's metadata)."""
    if digits.startswith("7"):
        return len(digits) == 11 and _zone_seven().fullmatch(digits, 1) is not None
    return _valid_abroad(digits)


@cache
def _zone_seven() -> re.Pattern[str]:
    """National numbers of Kazakhstan and Russia, from the metadata: a number is tried here in 1 µs, by the library in 30."""
    found = []
    for country in ("KZ", "RU"):
        metadata = phonenumbers.PhoneMetadata.metadata_for_region(country, None)
        kinds = (metadata.fixed_line, metadata.mobile, metadata.toll_free, metadata.premium_rate, metadata.shared_cost)
        kinds += (metadata.personal_number, metadata.voip)
        found += [kind.national_number_pattern for kind in kinds if kind and kind.national_number_pattern]
    return re.compile("|".join(f"(?:{pattern})" for pattern in found))


@lru_cache(maxsize=4096)
def _valid_abroad(digits: str) -> bool:
    try:
        number = phonenumbers.parse("+" + digits, None)
    except phonenumbers.NumberParseException:
        return False
    return phonenumbers.is_valid_number(number)


@lru_cache(maxsize=4096)
def operator(value: str) -> str | None:
    """The operator to whom the range of E.164 `value` was given; a ported number may have another one now."""
    if value.startswith("+77"):  # its ranges are told by three or four digits
        names = CARRIER_DATA.get(value[1:5]) or CARRIER_DATA.get(value[1:4])
        return names["en"] if names else None
    return carrier.name_for_number(phonenumbers.parse(value, None), "en") or None


@cache
def _area_codes() -> dict[str, str]:
    codes = {code: region.code for region in reference.regions().values() for code in region.area_codes}
    return codes | {code: d.region for d in reference.districts().values() for code in d.area_codes}


def region(value: str) -> str | None:
    """ISO 3166-2 code of the region whose landline area code E.164 `value` has; None for mobiles and abroad."""
    national = value[2:] if value.startswith("+77") else ""
    return next((found for n in (5, 4, 3) if (found := _area_codes().get(national[:n]))), None)


def local(digits: str, area_code: str) -> str:
    """E.164 of a local number in an area, or empty."""
    national = area_code + digits
    return f"+7{national}" if len(national) == 10 and valid("7" + national) else ""


def scan(folded: str, area_code: str | None = None) -> tuple[list[Phone], list[Group]]:
    """Telephone numbers of `folded` text in order, and the groups of digits that belong to none of them."""
    phones: list[Phone] = []
    rest: list[Group] = []
    for run in RUN.finditer(folded):
        groups = [Group(m.group(), m.start(), m.end()) for m in _GROUP.finditer(folded, run.start(), run.end())]
        plus = _PLUS.match(folded[max(0, run.start() - 8) : run.start()][::-1])
        start = run.start() - (
            len(plus.group()) if plus else folded[run.start() - 1 : run.start()] == "(" and ")" in run.group()
        )
        if not plus and _is_card(groups):
            rest += groups
            continue
        i = 0
        while i < len(groups):
            phone, i = _read(groups, i, plus is not None and i == 0, start if i == 0 else groups[i].start, area_code)
            if phone is None:
                rest.append(groups[i - 1])
            else:
                phones.append(phone)
    return phones, rest


def _is_card(groups: list[Group]) -> bool:
    return len(groups) >= 4 and all(len(g.digits) == 4 for g in groups[:4])


def _read(groups: list[Group], i: int, plus: bool, start: int, area_code: str | None) -> tuple[Phone | None, int]:
    """The number that begins with group `i`, if one does, and the index of the group after it."""
    if plus:
        return _international(groups, i, start, "international")
    digits = ""
    for j in range(i, len(groups)):
        digits += groups[j].digits
        if len(digits) > 11:
            break
        if len(digits) == 11 and digits[0] in "78" and valid("7" + digits[1:]):
            return Phone(start, groups[j].end, "+7" + digits[1:], "national"), j + 1
        if len(digits) == 10 and digits[0] == "7" and valid("7" + digits):
            return Phone(start, groups[j].end, "+7" + digits, "national"), j + 1
    if groups[i].digits.startswith(("00", "810")):
        phone, j = _international(groups, i, start, "national")
        if phone and phone.value:
            return phone, j
    if 11 <= len(groups[i].digits) <= _MAX_E164 and valid(groups[i].digits):
        return Phone(start, groups[i].end, "+" + groups[i].digits, "bare"), i + 1
    shape = tuple(len(g.digits) for g in groups[i : i + 4])
    if shape in _LOCAL_SHAPES:
        whole = "".join(g.digits for g in groups[i:])
        value = local(whole, area_code) if area_code else ""
        if value or len(shape) == 3:
            return Phone(start, groups[-1].end, value, "local"), len(groups)
    return None, i + 1


def _international(groups: list[Group], i: int, start: int, written: str) -> tuple[Phone | None, int]:
    """The longest valid number with a country code that begins with group `i`; a broken one if none is valid."""
    digits, best = "", None
    for j in range(i, len(groups)):
        digits += groups[j].digits
        number = digits.removeprefix("00").removeprefix("810")
        if len(number) > _MAX_E164:
            break
        if number.startswith("87") and len(number) == 11:
            number = "7" + number[1:]
        if len(number) >= _MIN_E164 and (len(number) == 11 or number[0] != "7") and valid(number):
            best = Phone(start, groups[j].end, "+" + number, written), j + 1
            if number[0] == "7":
                break
    return best or (Phone(start, groups[-1].end, "", "broken"), len(groups))
