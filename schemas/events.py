"""Event types of SaqBol: one definition gives decoding, validation and JSON Schema.

The way of a report: a channel sends a `ReportSubmission` over HTTP; the gateway turns it into a `Report` (the public
contract of `fraud.reports.v1`); the refine agent turns that into an `EnrichedReport`, or into a `RejectedReport`; what
it says about each number or series travels as `Signal`s; a wave becomes an `Alert`.

The contract grows by optional fields only.  `ReportSubmission` refuses unknown fields, so that an integrator's typing
error is noticed; every other type tolerates them, so that an old agent survives a newer publisher.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

#: The version of the contract that this code writes, and the newest that it reads.
CONTRACT_VERSION: Final = 1

#: Namespace of report ids; changing it would give every report a new identity.
_REPORT_NAMESPACE: Final = uuid.UUID("6f1d6c1e-5a0e-5c1b-9b7e-7a1414021565")

#: Limits of the contract: characters, contacts, and how far `happened_at` may lie from `received_at`.
MAX_TEXT: Final = 10_000
MAX_CONTACTS: Final = 20
MAX_FUTURE: Final = timedelta(minutes=10)
MAX_AGE: Final = timedelta(days=5 * 365 + 1)

Timestamp = Annotated[datetime, Meta(tz=True, description="RFC 3339 with a time zone, e.g. 2026-01-14T09:30:00+05:00")]
ReportId = Annotated[str, Meta(pattern=r"^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$")]
SourceName = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9-]{1,62}$", description="name of an integration")]
SourceRef = Annotated[str, Meta(min_length=1, max_length=128, description="the channel's own id of the report")]
RegionCode = Annotated[str, Meta(pattern=r"^KZ-[0-9]{2}$", description="ISO 3166-2 code of a region of Kazakhstan")]
DistrictName = Annotated[
    str, Meta(min_length=1, max_length=100, description="KATO code, or the name where it is not confirmed")
]
Text = Annotated[str, Meta(max_length=MAX_TEXT)]
Tenge = Annotated[int, Meta(ge=0, le=1_000_000_000_000)]
ReporterHash = Annotated[
    str, Meta(pattern=r"^[0-9a-f]{32}$", description="keyed hash of the reporter's phone or chat id")
]
AreaCode = Annotated[
    str, Meta(pattern=r"^7[0-9]{2,4}$", description="area code for local numbers, e.g. 71541 (Mamlyut)")
]


class Channel(StrEnum):
    """How the report reached us."""

    TELEGRAM = "telegram"
    WHATSAPP = "whatsapp"
    HOTLINE = "hotline"
    WEB = "web"
    FILE = "file"
    PARTNER = "partner"


class Medium(StrEnum):
    """How the fraudster reached the person."""

    CALL = "call"
    SMS = "sms"
    WHATSAPP = "whatsapp"
    TELEGRAM = "telegram"
    WEB = "web"
    OTHER = "other"


class Stance(StrEnum):
    """What the report is: something that happened, a story passed on, or a question."""

    REPORT = "report"
    WARNING = "warning"
    QUESTION = "question"


class Outcome(StrEnum):
    """What became of it: money or an account was lost, it stayed an attempt, or nobody said."""

    VICTIM = "victim"
    ATTEMPT = "attempt"
    UNKNOWN = "unknown"


class AffectedGroup(StrEnum):
    """Who was approached."""

    ELDERLY = "elderly"
    ADULT = "adult"
    STUDENT = "student"
    MINOR = "minor"
    ENTREPRENEUR = "entrepreneur"
    DISABLED = "disabled"


class Language(StrEnum):
    """Language of a text."""

    RU = "ru"
    KK = "kk"
    MIXED = "mixed"
    UNKNOWN = "unknown"


class ContactRole(StrEnum):
    """Whose contact it is.  Only `suspect` counts against a number."""

    SUSPECT = "suspect"
    OFFICIAL = "official"
    HELPLINE = "helpline"
    OWN = "own"
    OTHER = "other"


class ContactKind(StrEnum):
    """What a contact is.  `invalid`: no rule could make sense of it; `hidden`: caller id withheld."""

    E164 = "e164"
    SHORT_CODE = "short-code"
    SENDER = "sender"
    HANDLE = "handle"
    LINK = "link"
    EMAIL = "email"
    HIDDEN = "hidden"
    INVALID = "invalid"


class ContactOrigin(StrEnum):
    """Where a contact was found: named by the channel, or in the text."""

    GIVEN = "given"
    TEXT = "text"


class GivenContact(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A contact as the channel gave it, e.g. `{"value": "2-15-65", "role": "own"}`."""

    value: Annotated[str, Meta(max_length=256)]
    role: ContactRole = ContactRole.SUSPECT


class ReportBody(Struct, kw_only=True, omit_defaults=True):
    """What a channel tells about one incident; the common part of `ReportSubmission` and `Report`."""

    medium: Medium = Medium.OTHER
    text: Text = ""
    contacts: Annotated[list[GivenContact], Meta(max_length=MAX_CONTACTS)] = []
    region: RegionCode | None = None
    district: DistrictName | None = None
    language: Language | None = None
    stance: Stance = Stance.REPORT
    outcome: Outcome = Outcome.UNKNOWN
    loss_kzt: Tenge | None = None
    affected_group: AffectedGroup | None = None
    money_moved_at: Timestamp | None = None
    bank: Annotated[str, Meta(max_length=100)] | None = None
    caller_knew_personal_data: bool | None = None
    urgent: bool = False
    synthetic: Annotated[bool, Meta(description="a heartbeat of ours: excluded from every count")] = False
    backfill: Annotated[bool, Meta(description="an import of old material: counted, never paged")] = False


class ReportSubmission(ReportBody, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Body of `POST /v1/reports`.  `reporter` is hashed by the gateway and dropped."""

    source_ref: SourceRef
    happened_at: Timestamp | None = None
    reporter: (
        Annotated[str, Meta(min_length=1, max_length=128, description="phone or chat id of the reporter")] | None
    ) = None


class Report(ReportBody, kw_only=True, omit_defaults=True):
    """One report: a message of `fraud.reports.v1`, keyed by `id`.  Free of secrets: masked before it is published."""

    id: ReportId
    version: Annotated[int, Meta(ge=1)] = CONTRACT_VERSION
    source: SourceName
    source_ref: SourceRef
    channel: Channel
    received_at: Timestamp
    happened_at: Timestamp
    reporter: ReporterHash | None = None
    area_code: AreaCode | None = None


class FoundContact(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A contact understood: what was written, where, its kind and its normal form.

    `value` is the identity by which a contact is counted: E.164 with the plus, a short code's digits, an SMS sender in
    upper case, a handle with its service (`telegram:@name`), a link's host.  It is empty for `hidden` and `invalid`.
    `start` and `end` are character offsets into the masked text, for `origin` text only.
    """

    raw: str
    kind: ContactKind
    value: str = ""
    role: ContactRole = ContactRole.SUSPECT
    origin: ContactOrigin = ContactOrigin.GIVEN
    start: int | None = None
    end: int | None = None
    operator: str | None = None
    region: RegionCode | None = None


class Tag(Struct, frozen=True, kw_only=True):
    """A scheme or a demand with its confidence (0 to 1) and the words that gave it."""

    code: str
    confidence: float
    evidence: list[str]


class EnrichedReport(Struct, kw_only=True, omit_defaults=True):
    """A report and what it says, understood.  Travels in batches on `fraud.reports.enriched.v1`."""

    report: Report
    language: Language = Language.UNKNOWN
    stance: Stance = Stance.REPORT
    region: RegionCode | None = None
    district: DistrictName | None = None
    contacts: list[FoundContact] = []
    schemes: list[Tag] = []
    demands: list[Tag] = []
    pattern: str | None = None
    masked: dict[str, int] = {}


class RejectReason(StrEnum):
    """Why a record could not be processed."""

    UNDECODABLE = "undecodable"
    INVALID = "invalid"
    UNSUPPORTED_VERSION = "unsupported-version"
    WRONG_ID = "wrong-id"
    WRONG_TIME = "wrong-time"
    CONFLICT = "conflict"
    FAILED = "failed"
    UNINDEXABLE = "unindexable"


class RejectedReport(Struct, kw_only=True, omit_defaults=True):
    """A record that could not be processed: why, and the record itself (masked; absent if it can't be decoded)."""

    id: str
    reason: RejectReason
    detail: str
    topic: str
    partition: int
    offset: int
    logged_at: Timestamp
    source: str | None = None
    report_id: str | None = None
    record: str | None = None


class Signal(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one report says about one key of state: a number or a series.  Travels in batches, partitioned by `key`.

    `key` is `family:value`, e.g. `number:+77051234567`, `official:1414|medical-appointment`,
    `scheme-region:prize|KZ-33`.
    `reporter` tells distinct reporters apart; anonymous ones of one source and day share one (see `anonymous`).
    """

    key: str
    report_id: str
    reporter: str
    anonymous: bool
    happened_at: datetime
    received_at: datetime
    source: str
    channel: Channel
    medium: Medium
    stance: Stance
    outcome: Outcome
    region: str | None = None
    district: str | None = None
    schemes: list[str] = []
    demands: list[str] = []
    loss_kzt: int | None = None
    affected_group: AffectedGroup | None = None
    urgent: bool = False
    backfill: bool = False
    excerpt: str = ""


class VerdictKind(StrEnum):
    """What an analyst decided about a number, or that its owner objected."""

    CONFIRMED = "confirmed"
    CLEARED = "cleared"
    APPEAL = "appeal"


class Verdict(Struct, frozen=True, kw_only=True):
    """An analyst's decision about a number, or an appeal: a message of `fraud.verdicts.v1`, keyed by its id."""

    id: str
    number: str
    kind: VerdictKind
    at: Timestamp
    by: Annotated[str, Meta(min_length=1, max_length=64, description="the analyst's account")]
    reason: Annotated[str, Meta(min_length=3, max_length=500)]


class AlertStatus(StrEnum):
    """The life of an alert."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    CLOSED = "closed"


class Alert(Struct, kw_only=True, omit_defaults=True):
    """Something the person on call has to know: a message of `fraud.alerts.v1`, keyed by `id` (the newest counts).

    Mostly a wave: reports of one key jumped.  Two families are none: `urgent`, one report of money that moved in the
    last 24 hours, and `heartbeat`, a synthetic report that proves the way to the person on call.
    """

    id: str
    family: str
    key: str
    status: AlertStatus = AlertStatus.OPEN
    severity: str = "high"
    number: str | None = None
    official: bool = False
    schemes: list[str] = []
    regions: dict[str, int] = {}
    started_at: datetime
    detected_at: datetime
    window_seconds: int
    observed: int
    expected: float
    score: float
    victims: int = 0
    loss_kzt: int = 0
    channels: dict[str, int] = {}
    groups: dict[str, int] = {}
    media: Annotated[dict[str, int], Meta(description="how people were reached: reports by medium")] = {}
    outcomes: Annotated[dict[str, int], Meta(description="what became of it: reports by outcome")] = {}
    decided_by: str | None = None
    report_ids: list[str] = []
    excerpts: list[str] = []
    keys: Annotated[dict[str, int], Meta(description="series folded into the wave: distinct reporters of each")] = {}
    rule: str = ""
    route: str = ""
    change: Annotated[
        str,
        Meta(
            description="why this version: new, grew, more-numbers, doubled, first-victim, new-region, ended or erased"
        ),
    ] = ""
    page: Annotated[bool, Meta(description="worth a page: a new wave, or one that grew much")] = False
    updated_at: datetime | None = None
    known_days: Annotated[float, Meta(description="days of history that `expected` rests on")] | None = None
    district: Annotated[DistrictName, Meta(description="of an urgent case")] | None = None
    bank: Annotated[str, Meta(description="of an urgent case, where the money went from")] | None = None
    money_moved_at: Annotated[datetime, Meta(description="of an urgent case")] | None = None


def report_id(source: str, source_ref: str) -> str:
    """The report's id: a version 5 UUID (RFC 9562, 5.5) of (source, source_ref), so every retry gets the same one."""
    return str(uuid.uuid5(_REPORT_NAMESPACE, f"{source}\x1f{source_ref}"))


def time_errors(happened_at: datetime, received_at: datetime) -> str | None:
    """What is wrong with `happened_at`, or None: at most 10 minutes after, 5 years before `received_at`."""
    if happened_at > received_at + MAX_FUTURE:
        return "lies in the future; send the time of the incident, at most 10 minutes ahead of ours"
    if happened_at < received_at - MAX_AGE:
        return "is more than 5 years ago; reports that old are not taken"
    return None


def json_schema(kind: type[Struct]) -> dict[str, object]:
    """JSON Schema (2020-12) of an event type."""
    return msgspec.json.schema(kind)
