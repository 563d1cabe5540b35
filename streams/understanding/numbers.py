"""Numbers and other contacts of a report: found in a text, or given by the channel."""

from __future__ import annotations

import re

import phonenumbers

from schemas import reference
from schemas.events import ContactKind, ContactOrigin, ContactRole, FoundContact

_RUN = re.compile(r"(?<![\w+])\+?\d(?:[ \-().]{0,3}\d){9,14}(?!\d)")
_SHORT = re.compile(r"(?<![\w+.,:-])\d{3,5}(?![\d.,:]|\s*(?:тг|тенге|тыс|млн|год|г\.|%|₸))")


def find_contacts(text: str, area_code: str | None = None) -> list[FoundContact]:
    """Every contact named in `text`, in order; `area_code` completes local numbers."""
    found = []
    for match in _RUN.finditer(text):
        contact = normalise(match.group(), area_code)
        if contact.kind is ContactKind.E164:
            found.append(_placed(contact, match.start(), match.end()))
    for match in _SHORT.finditer(text):
        if match.group() in reference.official_numbers():
            found.append(_placed(normalise(match.group()), match.start(), match.end()))
    return sorted(found, key=lambda c: c.start or 0)


def normalise(raw: str, area_code: str | None = None, role: ContactRole = ContactRole.SUSPECT) -> FoundContact:
    """The contact that `raw` means; kind `invalid`, without value, if no rule makes sense of it."""
    digits = re.sub(r"\D", "", raw)
    if area_code and len(area_code) + len(digits) == 10:
        digits = "8" + area_code + digits
    if 3 <= len(digits) <= 5 and digits == raw.strip():
        return FoundContact(raw=raw, kind=ContactKind.SHORT_CODE, value=digits, role=role)
    try:
        number = phonenumbers.parse("+" + digits if raw.strip().startswith("+") else digits, "KZ")
    except phonenumbers.NumberParseException:
        return FoundContact(raw=raw, kind=ContactKind.INVALID, role=role)
    if not phonenumbers.is_valid_number(number):
        return FoundContact(raw=raw, kind=ContactKind.INVALID, role=role)
    value = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return FoundContact(raw=raw, kind=ContactKind.E164, value=value, role=role)


def official(contact: FoundContact) -> reference.OfficialNumber | None:
    """The entry of the official number or sender that `contact` names, if it is one."""
    return reference.official_numbers().get(contact.value) if contact.value else None


def _placed(contact: FoundContact, start: int, end: int) -> FoundContact:
    return FoundContact(
        raw=contact.raw,
        kind=contact.kind,
        value=contact.value,
        role=contact.role,
        origin=ContactOrigin.TEXT,
        start=start,
        end=end,
    )
