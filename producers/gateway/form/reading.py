"""From what a person typed into the form to a submission, or to what is wrong with it.  Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from msgspec import Struct

from producers.intake import clean
from schemas.events import MAX_TEXT, AffectedGroup, GivenContact, Medium, Outcome, ReportSubmission, time_errors
from schemas.local_time import ZONE
from schemas.reference import regions

#: Clocks in all of Kazakhstan show this zone's time.
#: Fields of the form in their order on the page.
FIELDS: Final = ("text", "contact", "medium", "when", "region", "district", "who", "lost", "amount")
_MAX_CONTACT: Final = 256
_MAX_DISTRICT: Final = 100
_MAX_AMOUNT: Final = 1_000_000_000_000
_OUTCOMES: Final = {"yes": Outcome.VICTIM, "no": Outcome.ATTEMPT, "unknown": Outcome.UNKNOWN}
#: What the browser makes as the report's own id: a random UUID.
_REFERENCE: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
_AMOUNT: Final = re.compile(r"[0-9]+(?:[.,][0-9]{1,2})?")


class FormError(Struct, frozen=True):
    """A wrong field: its name, the name of the text that says what is wrong, and what that text is filled with."""

    field: str
    text: str
    values: dict[str, str] = {}


class FormErrors(ValueError):
    """Everything that is wrong with what was typed."""

    def __init__(self, errors: list[FormError]) -> None:
        super().__init__(", ".join(f"{e.field}: {e.text}" for e in errors))
        self.errors = errors


def read(form: Mapping[str, str], reference: str, now: datetime) -> ReportSubmission:
    """The submission that a filled-in form makes at `now` (aware), under the reference of this try.

    Raises FormErrors with every wrong field.
    """
    errors: list[FormError] = []
    said = {name: clean(form.get(name, "")).strip() for name in FIELDS}

    def checked(name: str, convert: Callable[[str], Any]) -> Any:
        try:
            return convert(said[name]) if said[name] else None
        except FormErrors as wrong:
            errors.extend(wrong.errors)
        except (ValueError, KeyError):
            errors.append(FormError(name, "error_choice"))
        return None

    for name, limit in (("text", MAX_TEXT), ("contact", _MAX_CONTACT), ("district", _MAX_DISTRICT)):
        if len(said[name]) > limit:
            errors.append(FormError(name, "error_long", {"limit": f"{limit:,}".replace(",", " ")}))
    if not said["text"] and not said["contact"]:
        errors.append(FormError("text", "error_empty"))
    happened_at = checked("when", lambda value: _when(value, now))
    outcome = checked("lost", _OUTCOMES.__getitem__) or Outcome.UNKNOWN
    submission = ReportSubmission(
        source_ref=reference,
        text=said["text"],
        contacts=[GivenContact(value=said["contact"])] if said["contact"] else [],
        medium=checked("medium", Medium) or Medium.OTHER,
        happened_at=happened_at,
        region=checked("region", lambda value: regions()[value].code),
        district=said["district"] or None,
        affected_group=checked("who", AffectedGroup),
        outcome=outcome,
        loss_kzt=checked("amount", _amount) if outcome is Outcome.VICTIM else None,
    )
    if errors:
        raise FormErrors(sorted(errors, key=lambda error: FIELDS.index(error.field)))
    return submission


def is_reference(value: str) -> bool:
    """Whether this is a reference as the browser makes it, and not something that names a person."""
    return _REFERENCE.fullmatch(value) is not None


def _when(value: str, now: datetime) -> datetime:
    """The moment of an `<input type=datetime-local>`, which has no zone.  Raises FormErrors."""
    try:
        moment = datetime.strptime(value[:16], "%Y-%m-%dT%H:%M").replace(tzinfo=ZONE)
    except ValueError:
        raise FormErrors([FormError("when", "error_when")]) from None
    if time_errors(moment, now):
        raise FormErrors([FormError("when", "error_future" if moment > now else "error_old")])
    return moment.astimezone(UTC)


def _amount(value: str) -> int:
    """Tenge of an amount in digits, with spaces between groups if need be.  Raises FormErrors."""
    plain = re.sub(r"\s|₸|тг\.?|тенге|теңге|kzt", "", value, flags=re.IGNORECASE)
    if _AMOUNT.fullmatch(plain):
        tenge = int(re.split("[.,]", plain)[0])
        if tenge <= _MAX_AMOUNT:
            return tenge
    raise FormErrors([FormError("amount", "error_amount")])
