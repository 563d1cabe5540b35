"""The core of every producer: from a submission and where it came from to a `Report` that is safe to publish.

Pure: no Kafka, no clock, no I/O.  What it does, in order: refuses what the contract can't express as types, cleans
control characters, masks secrets, hashes the reporter, fills in the integration's defaults and the times.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct, structs

from producers.problems import FieldProblem, InvalidError
from producers.reporters import ReporterHasher, holds_phone, normalise
from producers.validation import decode_submission
from schemas.events import (
    MAX_TEXT,
    AreaCode,
    Channel,
    ContactRole,
    DistrictName,
    RegionCode,
    Report,
    ReportBody,
    ReportSubmission,
    SourceName,
    report_id,
    time_errors,
)
from schemas.reference import regions
from streams.understanding.secrets import mask

#: C0 and C1 control characters but tab and line feed: never typed by a person, and poison for many a tool.
_CONTROLS: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_LINE_ENDS: Final = re.compile(r"\r\n?|\u2028|\u2029|\x85")
#: An identifier worth searching for secrets: with words, twelve digits in a row, or the beginning of an account number.
_TALKATIVE: Final = re.compile(r"\s|(?:[0-9][-.]?){12}|KZ[0-9]{2}", re.IGNORECASE)
#: A UUID (RFC 9562), with or without hyphens: its digits are chance, though one in 3,000 passes for
#: a card or an IIN.
_UUID: Final = re.compile(
    r"(?=.*[a-f])[0-9a-f]{8}(-?)[0-9a-f]{4}\1[1-8][0-9a-f]{3}\1[89ab][0-9a-f]{3}\1[0-9a-f]{12}", re.IGNORECASE
)
#: Longest values of the contract, which a mask such as `[one-time-code]` must not exceed either.
_MAX_SHORT: Final = 100
_MAX_CONTACT: Final = 256


class Origin(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where submissions come from: the integration's name and channel, and what it may leave unsaid.

    `area_code` completes local numbers; `region` and `district` hold where a report names none itself.
    """

    source: SourceName
    channel: Channel
    area_code: AreaCode | None = None
    region: RegionCode | None = None
    district: DistrictName | None = None


class Intake(Struct, frozen=True):
    """A report ready to publish, and how many secrets of each kind were masked in it."""

    report: Report
    masked: Annotated[dict[str, int], Meta(description="kind of secret → number of places")]


def read_report(
    raw: bytes | msgspec.Raw, origin: Origin, received_at: datetime, hasher: ReporterHasher | None
) -> Intake:
    """As `to_report`, from the submission's JSON.  Raises MalformedError, or InvalidError with every wrong field."""
    return to_report(_decoded(raw, received_at, hasher), origin, received_at, hasher)


def checked_submission(
    raw: bytes | msgspec.Raw, received_at: datetime, hasher: ReporterHasher | None
) -> ReportSubmission:
    """A submission that keeps to the contract.  Raises MalformedError, or InvalidError with every wrong field."""
    submission = _decoded(raw, received_at, hasher)
    _refuse_wrong(submission, received_at, hasher)
    return submission


def _decoded(raw: bytes | msgspec.Raw, received_at: datetime, hasher: ReporterHasher | None) -> ReportSubmission:
    """A submission whose fields are right, each by itself; whatever else is wrong with another one is named too."""
    try:
        return decode_submission(raw)
    except InvalidError as error:
        rest = error.rest
        further = _problems(rest, received_at, hasher) if isinstance(rest, ReportSubmission) else ()
        raise InvalidError([*error.problems, *further]) from None


def _refuse_wrong(submission: ReportSubmission, received_at: datetime, hasher: ReporterHasher | None) -> None:
    if problems := list(_problems(submission, received_at, hasher)):
        raise InvalidError(problems)


def to_report(
    submission: ReportSubmission, origin: Origin, received_at: datetime, hasher: ReporterHasher | None
) -> Intake:
    """The report that a submission of `origin` becomes, received at `received_at` (aware).

    Without a `hasher` a submission that names its reporter, or whose source_ref holds a phone number or a secret, is
    refused; with one, both are hashed.  Raises InvalidError with every wrong field.
    """
    _refuse_wrong(submission, received_at, hasher)
    reporter = normalise(submission.reporter, origin.channel) if submission.reporter else None
    phone = reporter if reporter and reporter.startswith("+") else None
    own = [phone, submission.reporter] if phone and submission.reporter else []
    own += [contact.value for contact in submission.contacts if contact.role is ContactRole.OWN]
    kinds: Counter[str] = Counter()

    def masked(value: str, limit: int) -> str:
        result = mask(value, own)
        kinds.update(result.kinds)
        return result.text[:limit]

    source_ref, hashed = kept_reference(origin.source, submission.source_ref, hasher, phone)
    kinds["source-ref"] += hashed
    body = {name: getattr(submission, name) for name in ReportBody.__struct_fields__}
    body |= {
        "text": masked(clean(submission.text), MAX_TEXT),
        "contacts": [
            structs.replace(contact, value=masked(clean(contact.value), _MAX_CONTACT))
            for contact in submission.contacts
            if contact.role is not ContactRole.OWN  # the reporter's own phone goes no further than this
        ],
        "bank": _optional(submission.bank, masked),
        "district": _optional(submission.district, masked),
        "money_moved_at": _utc(submission.money_moved_at),
    }
    if body["region"] is None and body["district"] is None:
        body |= {"region": origin.region, "district": origin.district}
    report = Report(
        **body,
        id=report_id(origin.source, source_ref),
        source=origin.source,
        source_ref=source_ref,
        channel=origin.channel,
        received_at=received_at,
        happened_at=_utc(submission.happened_at) or received_at,
        reporter=hasher.reporter(reporter) if hasher and reporter else None,
        area_code=origin.area_code,
    )
    return Intake(report, dict(+kinds))


def clean(text: str) -> str:
    """`text` with line feeds for every kind of line end and without other control characters (tabs stay)."""
    return _CONTROLS.sub("", _LINE_ENDS.sub("\n", text))


def _problems(
    submission: ReportSubmission, received_at: datetime, hasher: ReporterHasher | None
) -> Iterator[FieldProblem]:
    """What is wrong beyond single fields' types."""
    if not any(clean(said).strip() for said in (submission.text, *(c.value for c in submission.contacts))):
        yield FieldProblem(
            field="/text",
            problem="is empty and there is no contact either",
            remedy="send what happened in text, the number in contacts, or both",
        )
    for name in ("happened_at", "money_moved_at"):
        yield from wrong_time(name, getattr(submission, name), received_at)
    yield from wrong_region(submission.region)
    for name in ("source_ref", "reporter"):
        yield from wrong_identifier(name, getattr(submission, name))
    if hasher is None and submission.reporter is not None:
        yield FieldProblem(
            field="/reporter",
            problem="can't be hashed without a key",
            remedy="leave it out, or give the producer a key for hashing reporters",
        )
    yield from wrong_reference(submission.source_ref, hasher)


def wrong_time(name: str, moment: datetime | None, now: datetime) -> Iterator[FieldProblem]:
    """What is wrong with a time that was told: too far in the future or the past."""
    error = time_errors(moment, now) if moment else None
    if error:
        problem, _, remedy = error.partition("; ")
        yield FieldProblem(field=f"/{name}", problem=problem, remedy=remedy)


def wrong_region(region: str | None) -> Iterator[FieldProblem]:
    """What is wrong with a region's code of the right form."""
    if region is not None and region not in regions():
        yield FieldProblem(
            field="/region", problem="is no region of Kazakhstan", remedy=f"send one of {', '.join(sorted(regions()))}"
        )


def wrong_identifier(name: str, value: str | None) -> Iterator[FieldProblem]:
    """What is wrong with the channel's own identifier of a report or a person."""
    if value is not None and (_CONTROLS.search(value) or not value.strip()):
        yield FieldProblem(
            field=f"/{name}",
            problem="is blank or contains control characters",
            remedy="send the channel's own identifier as printable text",
        )


def wrong_reference(source_ref: str, hasher: ReporterHasher | None) -> Iterator[FieldProblem]:
    """What is wrong with a source_ref that nobody can hash."""
    if hasher is None and _holds_secret(source_ref):
        yield FieldProblem(
            field="/source_ref",
            problem="looks like a phone or card number",
            remedy="send the channel's own id of the report, such as the id of the message",
        )


def kept_reference(
    source: str, source_ref: str, hasher: ReporterHasher | None, own: str | None = None
) -> tuple[str, bool]:
    """The source_ref that may be kept, and whether it is a keyed hash that stands for a phone or a secret.

    own: the reporter's phone (E.164), if it is known.
    """
    if hasher is not None and _holds_secret(source_ref, own):
        return hasher.reference(source, source_ref), True
    return source_ref, False


def _holds_secret(source_ref: str, own: str | None = None) -> bool:
    """Whether a channel's own id of a report says more than it should: a phone, or what is masked in a text."""
    if holds_phone(source_ref, own):
        return True
    if _UUID.fullmatch(source_ref) or not _TALKATIVE.search(source_ref):
        return False
    return bool(mask(source_ref).kinds)


def _optional(value: str | None, masked: Callable[[str, int], str]) -> str | None:
    return masked(clean(value), _MAX_SHORT).strip() or None if value is not None else None


def _utc(moment: datetime | None) -> datetime | None:
    return moment.astimezone(UTC) if moment else None
