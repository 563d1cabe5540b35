"""Search in reports as people ask: words by lemma in Russian and Kazakh, numbers however they are typed.  Pure.

Every word has to be found, in any of its forms and in either language; words in quotes stand together.  A number is
sought by its normal form, and where nobody can tell its normal form, as it was typed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final

from msgspec import Struct

from schemas import reference
from schemas.events import Channel
from schemas.local_time import ZONE
from streams.understanding.numbers import find_contacts, normalise

#: The fields of a report's text: as written, by Russian lemma, by Kazakh lemma.
TEXTS: Final = ("text", "text.ru", "text.kk")
#: Characters of an excerpt.
EXCERPT: Final = 220
#: What marks a found word in an excerpt: characters for private use, which no text holds.
BEFORE, AFTER = "\ue000", "\ue001"

_PIECE: Final = re.compile(r'"([^"]+)"|(\S+)')
#: A number in pieces, as "8 (705) 123-45-67", "2-15-65" or "1414".
_NUMBER: Final = re.compile(r"(?<!\w)\+?\d[\d()\s.-]*\d(?!\w)")
_AGO: Final = re.compile(r"(\d{1,4})([hdw])")
_UNITS: Final = {"h": "hours", "d": "days", "w": "weeks"}


class Asked(Struct, frozen=True, kw_only=True):
    """What is asked for: a text, and what narrows it."""

    text: str
    region: str | None = None
    scheme: str | None = None
    channel: Channel | None = None
    since: datetime | None = None

    def said(self) -> str:
        """The question in one line, for the audit log."""
        narrowed = {
            "region": self.region,
            "scheme": self.scheme,
            "channel": self.channel and self.channel.value,
            "since": self.since and self.since.isoformat(),
        }
        return " ".join([self.text, *(f"{name}={value}" for name, value in narrowed.items() if value)])


def query(asked: Asked) -> dict[str, Any]:
    """The query for Elasticsearch.  Heartbeats are never found."""
    filters: list[dict[str, Any]] = []
    for field, value in (("region", asked.region), ("schemes", asked.scheme)):
        if value:
            filters.append({"term": {field: value}})
    if asked.channel:
        filters.append({"term": {"channel": asked.channel.value}})
    if asked.since:
        filters.append({"range": {"happened_at": {"gte": asked.since.isoformat()}}})
    return {
        "bool": {
            "must": list(_clauses(asked.text)) or [{"match_all": {}}],
            "filter": filters,
            "must_not": [{"term": {"synthetic": True}}],
        }
    }


def highlight() -> dict[str, Any]:
    """How Elasticsearch marks what was found."""
    return {
        "fields": {field: {} for field in TEXTS},
        "require_field_match": False,
        "fragment_size": EXCERPT,
        "number_of_fragments": 1,
        "no_match_size": EXCERPT,
        "pre_tags": [BEFORE],
        "post_tags": [AFTER],
    }


def excerpt(hit: dict[str, Any]) -> str:
    """The part of a found report's text with most of the words sought, each between BEFORE and AFTER; on one line."""
    found = [fragment for fragments in hit.get("highlight", {}).values() for fragment in fragments]
    best = max(found, key=lambda fragment: fragment.count(BEFORE), default="")
    return " ".join(best.split())


def code_of(said: str, known: dict[str, Any]) -> str:
    """The code of a region or scheme that is said by code or by the beginning of a name.

    Raises ValueError naming what was meant, if nothing or several things are.
    """
    if said in known:
        return said
    wanted = said.casefold()
    names = {code: (one.name.ru, one.name.kk, one.name.en) for code, one in known.items()}
    found = [code for code, each in names.items() if any(name.casefold().startswith(wanted) for name in each)]
    if len(found) != 1:
        choices = ", ".join(f"{code} {known[code].name.ru}" for code in found or sorted(known))
        raise ValueError(f"'{said}' is {'several' if found else 'none'} of: {choices}")
    return found[0]


def region_of(said: str) -> str:
    """The code of a region.  Raises ValueError."""
    return code_of(said, reference.regions())


def scheme_of(said: str) -> str:
    """The code of a scheme.  Raises ValueError."""
    return code_of(said, reference.schemes())


def moment_of(said: str, now: datetime) -> datetime:
    """The time that `36h`, `7d`, `2w` (ago) or a date such as 2026-01-14, in Kazakhstan, means.  Raises ValueError."""
    if match := _AGO.fullmatch(said):
        return now - timedelta(**{_UNITS[match.group(2)]: int(match.group(1))})
    try:
        moment = datetime.fromisoformat(said)
    except ValueError:
        raise ValueError(f"'{said}' is no time: write 36h, 7d, 2w or a date such as 2026-01-14") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=ZONE)


def _clauses(text: str) -> Iterator[dict[str, Any]]:
    """What each piece of the text asks for: its numbers, then its words and phrases."""
    rest = text
    for contact in find_contacts(text):
        if contact.value and contact.start is not None and contact.end is not None:
            yield _number(contact.raw, contact.value)
            rest = rest[: contact.start] + " " * (contact.end - contact.start) + rest[contact.end :]
    for match in list(_NUMBER.finditer(rest)):
        yield _number(match.group(), normalise(match.group()).value)
        rest = rest[: match.start()] + " " * len(match.group()) + rest[match.end() :]
    for phrase, word in _PIECE.findall(rest):
        if phrase:
            yield {"multi_match": {"query": phrase, "fields": list(TEXTS), "type": "phrase"}}
        elif any(char.isalnum() for char in word):
            # every part of a word that the analysis cuts ("смс-код") has to be there
            yield {"multi_match": {"query": word, "fields": list(TEXTS), "operator": "and"}}


def _number(raw: str, value: str) -> dict[str, Any]:
    wanted: list[dict[str, Any]] = [
        {"match_phrase": {"number_forms": raw}},
        {"match_phrase": {"text": raw}},
    ]
    if value:
        wanted += [{"term": {"number": value}}, {"term": {"contacts.value": value}}]
    return {"bool": {"should": wanted, "minimum_should_match": 1}}
