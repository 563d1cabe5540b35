"""What kind of number it is, so that numbers of one kind that rise together are seen as one campaign."""

from __future__ import annotations

from functools import lru_cache
from typing import Final, NamedTuple

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberType

#: Digits of the national number that tell operator codes, area codes and the prefixes of toll-free numbers apart.
PREFIX_DIGITS: Final = 3

_NAMES: Final = {
    PhoneNumberType.FIXED_LINE: "fixed line",
    PhoneNumberType.MOBILE: "mobile",
    PhoneNumberType.FIXED_LINE_OR_MOBILE: "fixed line or mobile",
    PhoneNumberType.TOLL_FREE: "toll-free",
    PhoneNumberType.PREMIUM_RATE: "premium rate",
    PhoneNumberType.SHARED_COST: "shared cost",
    PhoneNumberType.VOIP: "internet telephony",
}


class Kind(NamedTuple):
    """`label`: country and type, e.g. "KZ mobile"; `prefix`: the first digits of the national number, e.g. "705"."""

    label: str
    prefix: str


@lru_cache(maxsize=100_000)
def kind_of(value: str, country: str) -> Kind:
    """Kind of a contact's `value`; `country` (ISO 3166-1) is that of numbers written without a plus."""
    if not value.removeprefix("+").isdigit():
        service = value.partition(":")[0] if ":" in value else "link" if "." in value else "sender"
        return Kind(service, "")
    try:
        number = phonenumbers.parse(value, country)
    except NumberParseException:
        return Kind("short code", "")
    region = phonenumbers.region_code_for_number(number)
    if region is None:
        return Kind("invalid", "")
    name = _NAMES.get(phonenumbers.number_type(number), "other")
    return Kind(f"{region} {name}", phonenumbers.national_significant_number(number)[:PREFIX_DIGITS])
