"""Enrichment: everything a report says, understood.  Pure and deterministic: the same report gives the same result."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from schemas.events import ContactKind, ContactRole, EnrichedReport, FoundContact, Language, Report
from streams.understanding import language, numbers, place, schemes, secrets, stance


def enrich(report: Report) -> EnrichedReport:
    """`report` with its text masked once more, and what it says: contacts, language, place, schemes, demands, stance.

    `pattern` stays empty: it depends on other reports (see `streams.understanding.clusters`).
    """
    own = [c.value for c in report.contacts if c.role is ContactRole.OWN]
    masked = secrets.mask(report.text, own)
    spoken = report.language or language.detect(masked.text)
    contacts = merge_contacts(
        [numbers.normalise(c.value, report.area_code, c.role) for c in report.contacts],
        numbers.find_contacts(masked.text, report.area_code),
    )
    where = place.find_place(masked.text, report.region, report.district, report.area_code, contacts)
    explanation = schemes.explain(masked.text)
    tags = schemes.tags_of(explanation)
    return EnrichedReport(
        report=msgspec.structs.replace(report, text=masked.text),
        language=spoken if isinstance(spoken, Language) else Language(spoken),
        stance=stance.detect(masked.text, report.stance),
        region=where.region,
        district=where.district,
        contacts=contacts,
        schemes=tags.schemes,
        demands=tags.demands,
        masked=dict(masked.kinds),
    )


def merge_contacts(given: Iterable[FoundContact], found: Iterable[FoundContact]) -> list[FoundContact]:
    """Contacts given and found, each value once: what the channel gave keeps its role, what it lacks comes from the text.

    An accused official number stays a suspect: that is what makes it impersonated, and who counts reports looks it up in the
    reference.  Contacts without a value (hidden, invalid) are kept as given.
    """
    merged: dict[str, FoundContact] = {}
    unknown: list[FoundContact] = []
    for contact in (*given, *found):
        if contact.kind in (ContactKind.HIDDEN, ContactKind.INVALID) or not contact.value:
            unknown.append(contact)
        elif contact.value not in merged:
            merged[contact.value] = contact
    return [*merged.values(), *unknown]
