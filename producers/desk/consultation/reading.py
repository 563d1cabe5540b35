"""From what an operator typed to a submission, or to what is wrong with it.  Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated, Final, Literal

from msgspec import Meta, Struct, structs

from producers.desk.staff import Person
from producers.gateway.form import reading as form
from producers.gateway.form.reading import FormError, FormErrors
from producers.intake import clean
from schemas.events import MAX_CONTACTS, MAX_TEXT, ContactKind, GivenContact, Outcome, ReportSubmission, Timestamp
from streams.understanding.numbers import normalise
from streams.urgent import STOPPABLE

#: Fields in their order on the page.
FIELDS: Final = ("said", "lost", "amount", "moved", "bank", "medium", "when", "who", "region", "district", "reporter")
#: Characters of a line that can be a number or an account by itself.
_MAX_LINE: Final = 40
_MAX_BANK: Final = 100
_HOURS: Final = re.compile(r"[0-9]{1,4}(?:[.,][0-9])?")
_SENDER: Final = re.compile(r"[A-Z0-9][A-Z0-9 ._&-]{1,9}[A-Z0-9]")

Short = Annotated[str, Meta(max_length=256)]


class Draft(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A consultation as the page keeps it: its id, a random UUID, and every field as it was typed.

    `at` is when it was saved, or is looked at; `say` the language of the words for the resident; `moved` how many hours
    ago the money went.
    """

    id: Annotated[str, Meta(pattern=r"^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$")]
    at: Timestamp
    say: Literal["ru", "kk"] = "ru"
    said: Annotated[str, Meta(max_length=3 * MAX_TEXT)] = ""
    lost: Short = ""
    amount: Short = ""
    moved: Short = ""
    bank: Short = ""
    medium: Short = ""
    when: Short = ""
    who: Short = ""
    region: Short = ""
    district: Short = ""
    reporter: Short = ""


class Said(Struct, frozen=True):
    """What was typed into the one field for everything: lines that are a number by themselves, and the story."""

    contacts: list[str]
    text: str


def split(said: str, area_code: str | None) -> Said:
    """Tell numbers from the story: a line that is nothing but a number, an account or a sender is a contact."""
    contacts: list[str] = []
    story: list[str] = []
    for line in clean(said).split("\n"):
        alone = line.strip()
        if len(contacts) < MAX_CONTACTS and _is_contact(alone, area_code):
            contacts.append(alone)
        else:
            story.append(line)
    return Said(contacts, "\n".join(story).strip())


def read(draft: Draft, person: Person, now: datetime) -> ReportSubmission:
    """The submission that a draft of an operator makes at `now` (aware); its reference is the draft's id.

    It is urgent if money is known to have gone so lately that the bank may still stop it.  Raises FormErrors with every
    wrong field of the page.
    """
    said = split(draft.said, person.area_code)
    at = min(draft.at, now)
    errors: list[FormError] = []
    try:
        submission = form.read(_as_form(draft, said, person), draft.id, now)
    except FormErrors as wrong:
        errors = [structs.replace(e, field="said" if e.field in {"text", "contact"} else e.field) for e in wrong.errors]
        submission = ReportSubmission(source_ref=draft.id)
    victim = draft.lost == "yes"
    moved_at = _moved_at(draft.moved, at) if victim else None
    if victim and draft.moved.strip() and moved_at is None:
        errors.append(FormError("moved", "error_moved"))
    reporter = normalise(draft.reporter, person.area_code) if draft.reporter.strip() else None
    if reporter and reporter.kind is not ContactKind.E164:
        errors.append(FormError("reporter", "error_reporter"))
    if len(draft.bank.strip()) > _MAX_BANK:
        errors.append(FormError("bank", "error_long", {"limit": str(_MAX_BANK)}))
    if errors:
        raise FormErrors(sorted(errors, key=lambda error: FIELDS.index(error.field)))
    submission = structs.replace(
        submission,
        contacts=[GivenContact(value=contact) for contact in said.contacts],
        happened_at=submission.happened_at or moved_at or at,
        money_moved_at=moved_at,
        bank=(clean(draft.bank).strip() or None) if victim else None,
        reporter=reporter.value if reporter else None,
    )
    return structs.replace(submission, urgent=is_urgent(submission, now))


def is_urgent(submission: ReportSubmission, now: datetime) -> bool:
    """Whether money is known to have gone so lately that the bank may still stop it; a guess is not enough."""
    moved_at = submission.money_moved_at
    return submission.outcome is Outcome.VICTIM and moved_at is not None and now - moved_at < STOPPABLE


def glance(draft: Draft, person: Person) -> ReportSubmission:
    """As `read`, of a draft that is still being typed: what can't be understood yet is left out.

    It is never sent and has no reference of its own: a random UUID may look like a phone number, and is refused then.
    """
    said = split(draft.said, person.area_code)
    victim = draft.lost == "yes"
    return ReportSubmission(
        source_ref="being-typed",
        text=said.text[:MAX_TEXT],
        contacts=[GivenContact(value=contact) for contact in said.contacts],
        outcome=Outcome.VICTIM if victim else Outcome.UNKNOWN,
        money_moved_at=_moved_at(draft.moved, draft.at) if victim else None,
    )


def _as_form(draft: Draft, said: Said, person: Person) -> Mapping[str, str]:
    """The draft as the web form would send it, whose rules hold for what both ask."""
    return {
        "text": said.text,
        "contact": said.contacts[0] if said.contacts else "",
        "medium": draft.medium,
        "when": draft.when,
        "region": draft.region or person.region or "",
        "district": draft.district,
        "who": draft.who,
        "lost": draft.lost,
        "amount": draft.amount,
    }


def _is_contact(line: str, area_code: str | None) -> bool:
    if not 2 < len(line) <= _MAX_LINE:
        return False
    kind = normalise(line, area_code).kind
    if kind in {ContactKind.E164, ContactKind.SHORT_CODE}:
        return not any(character.isalpha() for character in line)
    if kind in {ContactKind.HANDLE, ContactKind.LINK}:
        return not any(character.isspace() for character in line)
    return kind is ContactKind.SENDER and _SENDER.fullmatch(line) is not None


def _moved_at(hours: str, at: datetime) -> datetime | None:
    """When the money went, by how many hours before `at` that was; None if it is no such number."""
    plain = hours.strip()
    return at - timedelta(hours=float(plain.replace(",", "."))) if _HOURS.fullmatch(plain) else None
