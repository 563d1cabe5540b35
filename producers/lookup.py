"""What is known of a number, as the gateway's look-up answers it and as the desk and the bots show it.

`KnownNumber` is the public answer of `GET /v1/numbers/{number}`; it comes from the index of numbers, which the
reputation agent keeps.  A number that nobody reported is `unknown`, never missing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
from elasticsearch import AsyncElasticsearch, TransportError
from msgspec import Struct

from schemas.documents import number_document
from schemas.indices import NUMBERS_INDEX
from schemas.reference import Words, official_numbers
from streams.reputation import Facts, State, assess
from streams.understanding.numbers import normalise, official
from streams.wording import LOCALES, number_reasons

#: Numbers that one call looks up at most.
MAX_NUMBERS: Final = 100


class Reasons(Struct, frozen=True):
    """Sentences that explain the state, by language."""

    ru: list[str]
    kk: list[str]
    en: list[str]


class KnownNumber(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is known of a number.

    `value` is its normal form (`schemas.events.FoundContact.value`).  `reporters` are distinct identified people,
    `impersonated` says that fraudsters use the name or number of `owner`.  Calling numbers can be spoofed.
    """

    value: str
    kind: str
    state: State
    impersonated: bool
    owner: Words | None = None
    reporters: int
    reports: int
    victims: int
    loss_kzt: int
    schemes: list[str] = []
    regions: list[str] = []
    channels: list[str] = []
    first_seen: datetime | None = None
    last_seen: datetime | None = None
    reasons: Reasons


def known_number(document: Mapping[str, Any]) -> KnownNumber:
    """The answer that an index document of a number gives (`schemas.documents.number_document`)."""
    return msgspec.convert(document, KnownNumber, strict=False)


def number_asked_for(raw: str, area_code: str | None = None) -> str | None:
    """The normal form under which a number, sender, account or link is known, from any spelling; None if it is none.

    `area_code` completes local numbers.  Every site of the state is known as `gov.kz`.
    """
    contact = normalise(raw, area_code)
    owner = official(contact)
    known = owner.value if owner else contact.value
    return known or None


def unreported(value: str) -> KnownNumber:
    """The answer about a number, in its normal form, that no document tells about: unknown or official."""
    now = datetime.now(UTC)
    told = assess(Facts(), now, official=value in official_numbers())
    reasons = {locale: number_reasons(value, told, locale) for locale in LOCALES}
    return known_number(number_document(value, told, now, {str(key): lines for key, lines in reasons.items()}).body)


async def look_up(client: AsyncElasticsearch, values: Iterable[str]) -> dict[str, KnownNumber]:
    """What is known of numbers in their normal form, by number, in the given order; no more than `MAX_NUMBERS`.

    Raises elasticsearch.ApiError or elasticsearch.TransportError while the index can't be read.
    """
    wanted = list(dict.fromkeys(values))[:MAX_NUMBERS]
    if not wanted:
        return {}
    found = await client.mget(index=NUMBERS_INDEX, ids=wanted)
    if any("error" in doc for doc in found["docs"]):  # such as a missing index: not the same as an unknown number
        raise TransportError("the index of numbers can't be read")
    known = {doc["_id"]: known_number(doc["_source"]) for doc in found["docs"] if doc.get("found")}
    return {value: known.get(value) or unreported(value) for value in wanted}
