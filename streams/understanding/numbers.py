"""Numbers and other contacts of a report: found in a text, or given by the channel.

`find_contacts` reads a text; `normalise` reads one contact as a channel sent it.  Both give `FoundContact`s: what was
written, where, its kind, its identity (`value`), its role.  What words around digits mean is in
`rules/cues/numbers.yaml`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from schemas import reference
from schemas.events import ContactKind, ContactOrigin, ContactRole, FoundContact
from streams.understanding import cues, online, phones, shortcodes, spoken
from streams.understanding.cues import after, before
from streams.understanding.folding import NOTHING, fold
from streams.understanding.online import Span
from streams.understanding.ownership import is_own, is_used

_CUES: Final = cues.load("numbers")
_CALLED_BEFORE: Final = cues.any_of(_CUES, "phone_word_before", "calling_before", "from_before")
_NOT_A_PHONE_BEFORE: Final = cues.any_of(_CUES, "not_a_phone_before", "code_before")
#: A local number as it is written in a region, and a date that looks like one ("5-10-62").
_LOCAL: Final = re.compile(r"\d{1,3}-\d\d-\d\d")
_DATE: Final = re.compile(r"(?:0?[1-9]|[12]\d|3[01])-(?:0[1-9]|1[0-2])-\d\d")
#: Kinds whose role the words around tell further.
_CALLABLE: Final = {ContactKind.E164, ContactKind.SHORT_CODE, ContactKind.SENDER, ContactKind.HANDLE}
_LETTER: Final = re.compile(r"[^\W\d_]")
_SHORT_DIGITS: Final = re.compile(r"\d{3,5}")
_SENDER: Final = re.compile(r"(?=[\w ._&-]{3,11}$)[a-z0-9][a-z0-9 ._&-]*[a-z][a-z0-9 ._&-]*[a-z0-9]$|[a-z]{3,11}$")
#: An account as a channel gives it: "@name", or "telegram:@name" as we write it ourselves.
_ACCOUNT: Final = re.compile(r"(?:(?P<service>telegram|instagram|tiktok):)?@(?P<name>[a-z][a-z0-9_.]{1,31})$")


def find_contacts(text: str, area_code: str | None = None) -> list[FoundContact]:
    """Every contact named in `text`, in order of appearance, with `origin` text and character offsets.

    `area_code` (e.g. `71541`) completes local numbers; without it a local number has kind `invalid`.  Sums, dates,
    times, IIN, cards and codes are no contacts.
    """
    folded = fold(text)
    return [_contact(text, folded, span) for span in find_spans(folded, area_code)]


@lru_cache(maxsize=16)
def find_spans(folded: str, area_code: str | None) -> tuple[Span, ...]:
    """Where contacts stand in `folded` text, and what they are; nothing about whose they are.

    Remembered for the last few texts: one is first masked and then read for its contacts.
    """
    written, rest, scanned = _scanned(folded)
    if area_code and not scanned.local:
        return find_spans(folded, None)
    if area_code:
        scanned = phones.scan(rest, area_code)
    spans = list(written)
    spans += [span for phone in (*scanned.phones, *spoken.scan(rest)) if (span := _phone(phone, rest))]
    spans += shortcodes.short_codes(rest, scanned.rest)
    spans += shortcodes.senders(rest, spans)
    spans += shortcodes.hidden(rest, spans)
    return tuple(sorted(spans))


@lru_cache(maxsize=16)
def _scanned(folded: str) -> tuple[list[Span], str, phones.Scanned]:
    """Links, accounts and addresses, the text without them, and its numbers as far as they need no area code."""
    spans = [_sender_or_link(span, folded) for span in online.scan(folded)]
    rest = _without(folded, spans)
    return spans, rest, phones.scan(rest)


def normalise(raw: str, area_code: str | None = None, role: ContactRole = ContactRole.SUSPECT) -> FoundContact:
    """The contact that a channel gave as `raw`; kind `invalid`, without value, if no rule makes sense of it.

    Unlike in a text, digits alone are taken for what they look like: 3 to 5 of them are a short code, unless
    `area_code` makes them a local number.
    """
    folded = fold(raw).strip(" \0\r\n.,;:!?\"'«»")
    kind, value = _given(folded, area_code)
    known = kind is ContactKind.E164
    return FoundContact(
        raw=raw,
        kind=kind,
        value=value,
        role=role,
        operator=phones.operator(value) if known else None,
        region=phones.region(value) if known else None,
    )


def official(contact: FoundContact) -> reference.OfficialNumber | None:
    """The entry of the official number, sender or site that `contact` names; None if it is nobody official's.

    In role `suspect` such a number was *impersonated*: it never counts as a bad one.
    """
    return reference.official_entry(contact.value)


def _given(folded: str, area_code: str | None) -> tuple[ContactKind, str]:
    """Kind and value of a contact given as `folded`: each way to read it in turn."""
    for read in (_given_digits, _given_name, _given_online, _given_phone):
        if found := read(folded, area_code):
            return found
    if shortcodes.hidden(folded, ()):
        return ContactKind.HIDDEN, ""
    inner = {(span.kind, span.value) for span in find_spans(folded, area_code) if span.value}
    if len(inner) == 1:
        return inner.pop()
    sender = not inner and _SENDER.match(folded)
    return (ContactKind.SENDER, folded.upper()) if sender else (ContactKind.INVALID, "")


def _given_digits(folded: str, area_code: str | None) -> tuple[ContactKind, str] | None:
    if not _SHORT_DIGITS.fullmatch(folded):
        return None
    value = phones.local(folded, area_code) if area_code and folded not in reference.official_numbers() else ""
    return (ContactKind.E164, value) if value else (ContactKind.SHORT_CODE, folded)


def _given_name(folded: str, _area_code: str | None) -> tuple[ContactKind, str] | None:
    if account := _ACCOUNT.match(folded):
        return ContactKind.HANDLE, f"{account['service'] or 'telegram'}:@{account['name']}"
    entry = reference.official_numbers().get(folded.upper())
    return (ContactKind.SENDER, folded.upper()) if entry and entry.kind == "sender" else None


def _given_online(folded: str, _area_code: str | None) -> tuple[ContactKind, str] | None:
    if not _LETTER.search(folded):
        return None
    found = {(span.kind, span.value) for span in online.scan(folded)}
    return found.pop() if len(found) == 1 else None


def _given_phone(folded: str, area_code: str | None) -> tuple[ContactKind, str] | None:
    called = {phone.value for phone in phones.scan(folded, area_code).phones if phone.value}
    return (ContactKind.E164, called.pop()) if len(called) == 1 else None


def _sender_or_link(span: Span, folded: str) -> Span:
    """A bare host is a sender where the words around say so: "СМС от KASPI.KZ"."""
    written = folded[span.start : span.end]
    if span.kind is ContactKind.LINK and shortcodes.is_sender(
        written, before(folded, span.start), after(folded, span.end)
    ):
        return Span(span.start, span.end, ContactKind.SENDER, written.upper())
    return span


def _without(folded: str, spans: Iterable[Span]) -> str:
    """`folded` with what `spans` cover taken out, so that nothing in a link is read a second time; same length."""
    for span in spans:
        folded = folded[: span.start] + NOTHING * (span.end - span.start) + folded[span.end :]
    return folded


def _phone(phone: phones.Phone, rest: str) -> Span | None:
    """The number as a contact, or None where the words around say that it is something else."""
    preceding = before(rest, phone.start)
    if phone.written != "international":
        following = after(rest, phone.end)
        if _NOT_A_PHONE_BEFORE.match(preceding):
            return None
        sums = ("sum_after",) if phone.written == "national" else ("sum_after", "amount_after")
        if any(_CUES[cue].match(following) for cue in sums) and not (
            phone.written == "national" and following[:1] in ",."
        ):
            return None
        if phone.written in {"bare", "local"} and not _is_called(phone, rest, preceding, following):
            return None
    kind = ContactKind.E164 if phone.value else ContactKind.INVALID
    return Span(phone.start, phone.end, kind, phone.value)


def _is_called(phone: phones.Phone, folded: str, preceding: str, following: str) -> bool:
    """Whether digits that could be anything are a number: by their shape, or because somebody calls it so."""
    written = folded[phone.start : phone.end]
    if phone.value and _LOCAL.fullmatch(written) and not _DATE.fullmatch(written):
        return True
    if phone.written == "local" and _CUES["phone_word_after"].match(following):
        return True
    return _CALLED_BEFORE.match(preceding) is not None


def _contact(text: str, folded: str, span: Span) -> FoundContact:
    known = span.kind is ContactKind.E164
    return FoundContact(
        raw=text[span.start : span.end],
        kind=span.kind,
        value=span.value,
        role=_role(span, folded),
        origin=ContactOrigin.TEXT,
        start=span.start,
        end=span.end,
        operator=phones.operator(span.value) if known else None,
        region=phones.region(span.value) if known else None,
    )


def _role(span: Span, folded: str) -> ContactRole:
    """Whose contact it is, by the words around it.  Who called or wrote from it comes first: 1414 can be spoofed."""
    known = reference.official_entry(span.value) is not None
    if span.kind is ContactKind.LINK:
        return ContactRole.OFFICIAL if known else ContactRole.SUSPECT
    if not known and is_own(span, folded):
        return ContactRole.OWN
    preceding, following = before(folded, span.start), after(folded, span.end)
    used = is_used(preceding, following) or _CUES["from_this_after"].match(following)
    if span.kind not in _CALLABLE or used:
        return ContactRole.SUSPECT
    if not known and _CUES["other_before"].match(preceding):
        return ContactRole.OTHER
    if _is_help(known, preceding, following):
        return ContactRole.HELPLINE
    return ContactRole.OFFICIAL if known else ContactRole.SUSPECT


def _is_help(known: bool, preceding: str, following: str) -> bool:
    """Whether one calls it for help.  A number that no list knows needs an office to go with it."""
    sentence = preceding[::-1]
    if not known and not _CUES["office"].search(f"{sentence} {following}"):  # most have none: so it is asked first
        return False
    cue = "help_before" if known else "call_for_help_before"
    called = _CUES["to_weak_before"].match(preceding) and _CUES["called_after"].match(following)
    if called and not known and _CUES["they_called"].search(sentence):
        called = None
    if not (called or _CUES[cue].match(preceding) or _CUES["help_after"].match(following)):
        return False
    return not _CUES["asked"].search(sentence)
