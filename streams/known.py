"""What is written about a number: its document, from all that is known of it."""

from __future__ import annotations

from datetime import datetime

from schemas.documents import Document, number_document
from schemas.reference import official_numbers
from streams.reputation import Facts, assess
from streams.wording import LOCALES, number_reasons


def known_document(number: str, facts: Facts, now: datetime) -> Document:
    """The document of a number (in its normal form) at `now` (aware)."""
    said = assess(facts, now, official=number in official_numbers())
    return number_document(number, said, now, {locale: number_reasons(number, said, locale) for locale in LOCALES})


def is_known(number: str, facts: Facts) -> bool:
    """Whether a number has a document: somebody told of it, somebody decided about it, or it is official."""
    return bool(facts.claims or facts.verdicts) or number in official_numbers()
