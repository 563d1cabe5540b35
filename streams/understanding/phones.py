"""Telephone numbers in folded text: how people write them, which of them are valid, whose range they are in."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import Final

import phonenumbers
from msgspec import Struct
from msgspec.structs import replace
from phonenumbers import carrier
from phonenumbers.carrierdata import CARRIER_DATA

from schemas import reference

#: Digits with what people put between them, in one line.  The quantifiers are bounded: linear time.  (Here and
#: elsewhere a pattern begins with a set of rare characters where it can: it is searched for several times as fast.)
RUN: Final = re.compile(r"[0-9][0-9]*(?:[ \-()./]{1,4}\d+)*")
#: A plus, in a sign or in words, right before the digits (written backwards).
_PLUS: Final = re.compile(r"[ (]{0,2}(?:\+(?![\w+])| сюлп(?!\w))")
_GROUP: Final = re.compile(r"\d+")
_BETWEEN: Final = dict.fromkeys(map(ord, " -()./"))
#: Where a line ends within a number.
_WRAP: Final = re.compile(r"[ )-]{0,2}\n[ (-]{0,2}")
#: Shapes of a local number, as the town's numbers have five, six or seven digits.
_LOCAL_SHAPES: Final = {(1, 2, 2), (2, 2, 2), (3, 2, 2), (3, 3), (2, 3), (3, 4), (1, 4), (5,), (6,), (7,)}
#: E.164: at most 15 digits (ITU-T E.164, 6.2.1); shorter than 8 is nobody's international number.
_MIN_E164: Final = 8
_MAX_E164: Final = 15
#: The shortest local number has five digits.
_MIN_LOCAL: Final = 5


class Phone(Struct, frozen=True, gc=False):
    """A telephone number in a text.  `value` is E.164, or empty where the digits make no valid number."""

    start: int
    end: int
    value: str
    written: str  # international | national | bare (digits that only a cue can vouch for) | local | broken


class Group(Struct, frozen=True, gc=False):
    """Digits that stand together."""

    digits: str
    start: int
    end: int


class Scanned(Struct, frozen=True):
    """Telephone numbers of a text in order, the groups of digits that belong to none, and whether any may be local."""

    phones: list[Phone]
    rest: list[Group]
    local: bool


def valid(digits: str) -> bool:
    """Whether `+digits` is a number of a range that is in use (libphonenumber's metadata)."""
    if digits.startswith("7"):
        return len(digits) == 11 and _zone_seven().fullmatch(digits, 1) is not None
    return _valid_abroad(digits)


@cache
def _zone_seven() -> re.Pattern[str]:
    """National numbers of Kazakhstan and Russia, by the library's metadata: tried in 1 µs, by the library in 30."""
    patterns = []
    for country in ("KZ", "RU"):
        metadata = phonenumbers.PhoneMetadata.metadata_for_region(country, None)
        for kind in ("fixed_line", "mobile", "toll_free", "premium_rate", "shared_cost", "personal_number", "voip"):
            description = getattr(metadata, kind)
            if description and description.national_number_pattern:
                patterns.append(f"(?:{description.national_number_pattern})")
    return re.compile("|".join(patterns))


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
    if not national:
        return None
    regions = _area_codes()
    return regions.get(national[:5]) or regions.get(national[:4]) or regions.get(national[:3])


def local(digits: str, area_code: str) -> str:
    """E.164 of a local number in an area, or empty."""
    national = area_code + digits
    return f"+7{national}" if len(national) == 10 and valid("7" + national) else ""


def scan(folded: str, area_code: str | None = None) -> Scanned:
    """The telephone numbers of `folded` text; without any that may be `local`, they are the same in every area."""
    phones: list[Phone] = []
    rest: list[Group] = []
    may_be_local = False
    for start, end in _runs(folded):
        plus = _PLUS.match(folded[max(0, start - 8) : start][::-1])
        if end - start < _MIN_LOCAL and not plus and (written := folded[start:end]).isdecimal():
            rest.append(Group(written, start, end))
            continue
        if value := _whole(folded[start:end], plus is not None):
            bracket = not plus and _is_in_brackets(folded, start, end)
            begin = start - plus.end() if plus else start - bracket
            phones.append(Phone(begin, end, value, "international" if plus else "national"))
            continue
        groups = [Group(m.group(), *m.span()) for m in _GROUP.finditer(folded, start, end)]
        i = 0
        if plus:
            phone, i = _international(groups, 0, start - plus.end(), "international")
            phones.append(phone)
        while i < len(groups):
            card = len(groups[i].digits) == 4 and _is_card(groups[i : i + 4])
            found = None if card else _read(groups, i)
            if not found and not card and _shape(groups, i) in _LOCAL_SHAPES:
                may_be_local, found = True, _local(groups, i, area_code)
            if found:
                phone, i = found
                bracket = _is_in_brackets(folded, phone.start, phone.end)
                phones.append(replace(phone, start=phone.start - 1) if bracket else phone)
            else:
                step = 4 if card else 1
                rest += groups[i : i + step]
                i += step
    return Scanned(phones, rest, may_be_local)


def _is_in_brackets(folded: str, start: int, end: int) -> bool:
    """Whether a bracket opens right before and closes within: "(8 705) 111 22 33"."""
    return start > 0 and folded[start - 1] == "(" and ")" in folded[start:end]


def _whole(written: str, plus: bool) -> str:
    """E.164 of the national number that a run of digits is as a whole, as most are; else empty: it is read by groups.

    A run that ends in a digit alone may be a number of ten digits, and one more.
    """
    digits = written.translate(_BETWEEN)
    if len(digits) != 11 or digits[0] not in ("7" if plus else "78") or not written[-2:].isdecimal():
        return ""
    return "+7" + digits[1:] if valid("7" + digits[1:]) else ""


def _runs(folded: str) -> list[tuple[int, int]]:
    """Where digits stand together; a number that a line's end cuts in two is put together."""
    runs: list[tuple[int, int]] = []
    for run in RUN.finditer(folded):
        start, end = run.span()
        if runs and _WRAP.fullmatch(folded, runs[-1][1], start) and _is_whole(folded[slice(*runs[-1])], run.group()):
            runs[-1] = runs[-1][0], end
        else:
            runs.append((start, end))
    return runs


def _is_whole(head: str, tail: str) -> bool:
    """Whether two pieces make a number of Kazakhstan or Russia that the first alone is not."""
    begun = "".join(_GROUP.findall(head))
    digits = begun + "".join(_GROUP.findall(tail))
    if len(begun) >= 10 or digits[0] not in "78" or not (len(digits) == 11 or (len(digits) == 10 and digits[0] == "7")):
        return False
    return valid("7" + digits[-10:])


def _is_card(groups: list[Group]) -> bool:
    return len(groups) == 4 and all(len(group.digits) == 4 for group in groups)


def _read(groups: list[Group], i: int) -> tuple[Phone, int] | None:
    """The number without a plus that begins with group `i`, if one does, and the index of the group after it."""
    return _national(groups, i) or _prefixed(groups, i) or _bare(groups, i)


def _national(groups: list[Group], i: int) -> tuple[Phone, int] | None:
    if groups[i].digits[0] not in "78":
        return None
    digits = ""
    for j in range(i, len(groups)):
        digits += groups[j].digits
        if len(digits) > 11:
            return None
        national = digits[1:] if len(digits) == 11 else digits
        if len(national) == 10 and (len(digits) == 11 or digits[0] == "7") and valid("7" + national):
            return Phone(groups[i].start, groups[j].end, "+7" + national, "national"), j + 1
    return None


def _prefixed(groups: list[Group], i: int) -> tuple[Phone, int] | None:
    """A number dialled with 00 or 8~10."""
    if not groups[i].digits.startswith(("00", "810")):
        return None
    phone, j = _international(groups, i, groups[i].start, "national")
    return (phone, j) if phone.value else None


def _bare(groups: list[Group], i: int) -> tuple[Phone, int] | None:
    digits = groups[i].digits
    if 11 <= len(digits) <= _MAX_E164 and valid(digits):
        return Phone(groups[i].start, groups[i].end, "+" + digits, "bare"), i + 1
    return None


def _shape(groups: list[Group], i: int) -> tuple[int, ...]:
    return tuple([len(group.digits) for group in groups[i : i + 4]])


def _local(groups: list[Group], i: int, area_code: str | None) -> tuple[Phone, int] | None:
    """The local number that the groups from `i` on are by their shape."""
    value = local("".join(group.digits for group in groups[i:]), area_code) if area_code else ""
    if not value and len(groups) - i != 3:
        return None
    return Phone(groups[i].start, groups[-1].end, value, "local"), len(groups)


def _international(groups: list[Group], i: int, start: int, written: str) -> tuple[Phone, int]:
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
