"""How people write a phone number: the forms under which a report is found, whichever of them is typed in a search.

Elasticsearch's standard analysis splits text into words and digits, so that "8(705)123-45-67" and "8 705 123 45 67" are
the same five words.  What it can't do is tell that +7 705 1234567 is the same number: so every usual grouping is
indexed, and a phrase finds the report.  Normal forms as in `FoundContact.value`.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Final

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat

#: Country code of Kazakhstan, digits of a national number, and of its operator or area code where none is known.
_COUNTRY: Final = 7
_NATIONAL_DIGITS: Final = 10
_CODE_DIGITS: Final = 3


@lru_cache(maxsize=4096)
def number_forms(value: str) -> tuple[str, ...]:
    """The ways to write the E.164 number `value`, digits and blanks only, each once; () for any other contact.

    A part of a form, such as the number without the leading 8, is found by the form.
    """
    if not value.startswith("+"):
        return ()
    try:
        parsed = phonenumbers.parse(value)
    except NumberParseException:
        return ()
    return tuple(dict.fromkeys(_forms(value, parsed)))


def _forms(value: str, parsed: phonenumbers.PhoneNumber) -> Iterator[str]:
    for style in (PhoneNumberFormat.NATIONAL, PhoneNumberFormat.INTERNATIONAL):
        yield _blanks(phonenumbers.format_number(parsed, style))
    digits, national = value[1:], str(parsed.national_number)
    yield digits
    yield national
    if parsed.country_code == _COUNTRY and len(national) == _NATIONAL_DIGITS:
        length = phonenumbers.length_of_geographical_area_code(parsed) or _CODE_DIGITS
        code, local = national[:length], national[length:]
        for first in ("8", "7"):
            yield first + national
            yield f"{first} {national}"
            yield f"{first} {code} {local}"
            yield f"{first} {code} {local[:-4]} {local[-4:-2]} {local[-2:]}"


def _blanks(text: str) -> str:
    """Only the digits, a blank for whatever stands between them."""
    return " ".join("".join(char if char.isdecimal() else " " for char in text).split())
