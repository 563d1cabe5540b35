"""The texts of the advice (`texts.yaml`), and what else a person reads: a report's number, a phone number."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

import phonenumbers

from schemas.events import ContactKind
from schemas.reference import Words, load
from streams.wording import Locale, in_language

FILE: Final = Path(__file__).with_name("texts.yaml")


@cache
def texts(locale: Locale) -> dict[str, str]:
    """Every text by name, in one language.  Raises schemas.reference.ReferenceDataError."""
    return {name: in_language(words, locale) for name, words in load(FILE, dict[str, Words]).items()}


def report_number(report_id: str) -> str:
    """The beginning of a report's id in a form that can be read out, e.g. `83C9-B95B`."""
    return f"{report_id[:4]}-{report_id[4:8]}".upper()


def shown_contact(kind: str, value: str) -> str:
    """A contact as people write it: `+7 705 123 45 67` for E.164, `@name` for a handle, the value of any other."""
    if kind == ContactKind.E164 and value.startswith("+7"):
        return f"{value[:2]} {value[2:5]} {value[5:8]} {value[8:10]} {value[10:]}"
    if kind == ContactKind.E164:
        number = phonenumbers.parse(value)
        return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    if kind == ContactKind.HANDLE:
        return value.partition(":")[2] or value
    return value
