"""Enrichment: everything a report says, understood.  Pure and deterministic: the same report gives the same result."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec
from msgspec import Struct

from schemas.events import (
    ContactRole,
    EnrichedReport,
    FoundContact,
    GivenContact,
    Language,
    Outcome,
    Report,
    Stance,
    Tag,
)
from streams.understanding import language, numbers, place, schemes, secrets, stance
from streams.understanding.folding import placeholders
from streams.understanding.place import Place


class Understanding(Struct, frozen=True):
    """What a text and what its channel told with it say; `masked` counts the secrets that are masked in it, by kind."""

    text: str
    language: Language
    stance: Stance
    place: Place
    contacts: list[FoundContact]
    schemes: list[Tag]
    demands: list[Tag]
    masked: dict[str, int]


def enrich(report: Report) -> EnrichedReport:
    """`report` with its words masked once more and the reporter's own contacts dropped, and what it says.

    `pattern` stays empty: it depends on other reports (see `streams.understanding.clusters`).
    """
    own = [c.value for c in report.contacts if c.role is ContactRole.OWN]

    def without(written: str | None) -> str | None:
        """A short field without the secrets that its publisher left in it; the text is masked in `understand`."""
        return secrets.mask(written, own).text if written else written

    given = [
        c if c.role is ContactRole.OWN else GivenContact(value=without(c.value) or "", role=c.role)
        for c in report.contacts
    ]
    district = without(report.district)
    understood = understand(
        report.text,
        given=given,
        area_code=report.area_code,
        region=report.region,
        district=district,
        spoken=report.language,
        meant=report.stance,
        outcome=report.outcome,
    )
    masked = msgspec.structs.replace(
        report,
        text=understood.text,
        contacts=[c for c in given if c.role is not ContactRole.OWN],
        bank=without(report.bank),
        district=district,
    )
    return EnrichedReport(
        report=masked,
        language=understood.language,
        stance=understood.stance,
        region=understood.place.region,
        district=understood.place.district,
        contacts=understood.contacts,
        schemes=understood.schemes,
        demands=understood.demands,
        masked=understood.masked,
    )


def understand(
    text: str,
    *,
    given: Sequence[GivenContact] = (),
    area_code: str | None = None,
    region: str | None = None,
    district: str | None = None,
    spoken: Language | None = None,
    meant: Stance = Stance.REPORT,
    outcome: Outcome = Outcome.UNKNOWN,
) -> Understanding:
    """What `text` says, together with what the channel knows: contacts, place, language, stance, outcome.

    The reporter's own contacts (role `own`) tell the place and what to mask, and go no further.
    """
    own = [c.value for c in given if c.role is ContactRole.OWN]
    masked = secrets.mask(text, own)
    found = [numbers.normalise(c.value, area_code, c.role) for c in given]
    found += numbers.find_contacts(masked.text, area_code)
    where = place.find_place(masked.text, region, district, area_code, found)
    explanation = schemes.explain(masked.text)
    tags = schemes.tags_of(explanation)
    return Understanding(
        text=masked.text,
        language=spoken or language.detect(masked.text),
        stance=stance.of_reading(explanation.reading, meant, outcome),
        place=where,
        contacts=merge_contacts(c for c in found if c.role is not ContactRole.OWN),
        schemes=tags.schemes,
        demands=tags.demands,
        masked=placeholders(masked.text),
    )


def merge_contacts(contacts: Iterable[FoundContact]) -> list[FoundContact]:
    """Each value once: the first one stands, so that what the channel gave (put first) keeps its role.

    An accused official number stays a suspect: that is what makes it impersonated, and who counts reports looks it
    up in the reference.  Contacts without a value (hidden, invalid) have no identity and stay, the last.
    """
    merged: dict[str, FoundContact] = {}
    unknown: list[FoundContact] = []
    for contact in contacts:
        if not contact.value:
            unknown.append(contact)
        else:
            merged.setdefault(contact.value, contact)
    return [*merged.values(), *unknown]
