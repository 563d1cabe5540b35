"""What refine decides about one record of `fraud.reports.v1`: understood, rejected (why), erased, or a copy of another.

Pure: the record and what is remembered of its id go in, the verdict comes out.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec
from msgspec import Struct

from schemas.events import (
    CONTRACT_VERSION,
    MAX_FUTURE,
    Channel,
    ContactRole,
    EnrichedReport,
    RejectedReport,
    RejectReason,
    Report,
    report_id,
    time_errors,
)
from streams.understanding.enrich import enrich
from streams.understanding.secrets import mask

#: The book of record keeps 400 days: nothing older can come from it.
MAX_DELAY: Final = timedelta(days=400)
#: Of a rejected record, no more than this many characters are kept; longer ones can't be replayed.
MAX_RECORD: Final = 200_000

#: In place of a digest: the report was erased, and a copy that comes later is erased as well.
ERASED: Final = "erased"

_HASH = re.compile(r"[0-9a-f]{32}")
_QUOTED = re.compile(r"'[^']*'")
#: Fields whose form is fixed, so that they can't hide a secret; masking them would break the identity of a replay.
_UNMASKED = frozenset({"id", "source", "received_at", "happened_at"})

_decode = msgspec.json.Decoder(Report).decode


class Record(Struct, frozen=True, kw_only=True):
    """One Kafka record: where it lies, when the broker logged it, and its bytes (`value` None: a tombstone)."""

    topic: str
    partition: int
    offset: int
    logged_at: datetime
    key: bytes | None
    value: bytes | None


class Seen(Struct, frozen=True, array_like=True):
    """What refine remembers of a report id: the digest of the first copy's content, and when that copy came in.

    Of an erased report it is `ERASED`, and when the tombstone was logged.
    """

    digest: str
    received_at: datetime


def warm_up(now: datetime) -> None:
    """Load the rules by which reports are understood: read at first use, they cost the first one a second or more."""
    enrich(
        Report(
            id=report_id("warm-up", ""),
            source="warm-up",
            source_ref="",
            channel=Channel.HOTLINE,
            received_at=now,
            happened_at=now,
            text="Звонили из банка с номера 8 705 123 45 67, просили код из SMS",
        )
    )


def refine(record: Record) -> EnrichedReport | RejectedReport:
    """Understand a record that has a value, or reject it with a reason that names the field and no content."""
    if record.value is None:
        raise ValueError("a tombstone has nothing to refine")
    try:
        try:
            report = _decode(record.value)
        except msgspec.ValidationError as error:
            return _invalid(record, error, _loose(record.value))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _reject(record, RejectReason.UNDECODABLE, "not JSON in UTF-8", None)
    problem = _problem(record, report)
    if problem is not None:
        return _reject(record, *problem, _loose(record.value))
    try:
        return enrich(report)
    except (
        Exception
    ) as error:  # a defect of ours must not block the others: the record is kept, and replayed after a fix
        return _reject(record, RejectReason.FAILED, f"enrichment failed: {type(error).__name__}", _loose(record.value))


def first_copy(
    enriched: EnrichedReport, seen: Seen | None, record: Record
) -> tuple[EnrichedReport | RejectedReport, Seen]:
    """The first copy of an id wins.

    A later copy with the same content takes over the first one's times, so that it is the same document in the same
    index; one with other content is rejected as a conflict.

    Returns the verdict and what to remember.
    """
    digest = content_digest(enriched.report)
    if seen is None:
        return enriched, Seen(digest, enriched.report.received_at)
    if seen.digest != digest:
        detail = "another report with this source and source_ref was accepted before; send a new source_ref"
        return _reject(record, RejectReason.CONFLICT, detail, _loose(record.value or b"")), seen
    report = enriched.report
    happened_at = seen.received_at if report.happened_at == report.received_at else report.happened_at
    first = msgspec.structs.replace(report, received_at=seen.received_at, happened_at=happened_at)
    return msgspec.structs.replace(enriched, report=first), seen


def content_digest(report: Report) -> str:
    """SHA-256 (first 16 hex digits) of what a report tells, without `received_at`, which differs between retries.

    A `happened_at` that was only taken over from `received_at` differs likewise and is left out too, and so is
    `backfill`: an agency's next file may tell of the same incident when it has become old.
    """
    fields = msgspec.to_builtins(report)
    fields.pop("backfill", None)
    if fields.get("happened_at") == fields.pop("received_at"):
        fields.pop("happened_at")
    return hashlib.sha256(msgspec.json.encode(fields, order="sorted")).hexdigest()[:16]


def _invalid(record: Record, error: msgspec.ValidationError, loose: Any) -> RejectedReport:
    version = loose.get("version") if isinstance(loose, dict) else None
    newer = isinstance(version, int) and version > CONTRACT_VERSION
    reason = RejectReason.UNSUPPORTED_VERSION if newer else RejectReason.INVALID
    # The error quotes a wrong value, which may be a secret.
    return _reject(record, reason, _QUOTED.sub("'…'", str(error)), loose)


def _problem(record: Record, report: Report) -> tuple[RejectReason, str] | None:
    if report.version > CONTRACT_VERSION:
        return RejectReason.UNSUPPORTED_VERSION, f"version is newer than {CONTRACT_VERSION}; upgrade, then replay"
    if report.id != report_id(report.source, report.source_ref) or record.key != report.id.encode():
        return RejectReason.WRONG_ID, "id and key must be the version 5 UUID of source and source_ref"
    if report.received_at > record.logged_at + MAX_FUTURE:
        return RejectReason.WRONG_TIME, "received_at lies after the time the record was logged"
    if report.received_at < record.logged_at - MAX_DELAY:
        return RejectReason.WRONG_TIME, f"received_at lies more than {MAX_DELAY.days} days before the record was logged"
    wrong = time_errors(report.happened_at, report.received_at)
    return (RejectReason.WRONG_TIME, f"happened_at {wrong}") if wrong else None


def _reject(record: Record, reason: RejectReason, detail: str, loose: Any) -> RejectedReport:
    kept = None if loose is None else msgspec.json.encode(masked_record(loose)).decode()
    fields = loose if isinstance(loose, dict) else {}
    return RejectedReport(
        id=f"{record.topic}-{record.partition}-{record.offset}",
        reason=reason,
        detail=detail,
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        logged_at=record.logged_at,
        source=_name(fields.get("source")),
        report_id=_name(fields.get("id")),
        record=None if kept is None else kept[:MAX_RECORD],
    )


def masked_record(value: Any, field: str = "", own: tuple[str, ...] = ()) -> Any:
    """A decoded JSON value with every secret masked; a `reporter` that is no keyed hash is taken for a phone.

    `own`: phones and addresses of the reporter; those that `value` names as such are masked in all of it.
    """
    own = own or tuple(_own_contacts(value))
    if isinstance(value, dict):
        mine = value.get("role") == ContactRole.OWN
        return {
            mask(str(k), own).text: "[phone]" if mine and k == "value" else masked_record(v, str(k), own)
            for k, v in value.items()
        }
    if isinstance(value, list):
        return [masked_record(v, field, own) for v in value]
    if field == "reporter" and not (isinstance(value, str) and _HASH.fullmatch(value)):
        return "[reporter]"
    if isinstance(value, int | float) and not isinstance(value, bool):
        masked = mask(str(value), own)
        return masked.text if masked.kinds else value
    if isinstance(value, str) and field not in _UNMASKED:
        return mask(value, own).text
    return value


def _own_contacts(record: Any) -> Iterator[str]:
    """The contacts that a record, however wrong, says are the reporter's."""
    contacts = record.get("contacts") if isinstance(record, dict) else None
    for contact in contacts if isinstance(contacts, list) else ():
        if (
            isinstance(contact, dict)
            and contact.get("role") == ContactRole.OWN
            and isinstance(contact.get("value"), str)
        ):
            yield contact["value"]


def _name(value: Any) -> str | None:
    return mask(value).text[:64] if isinstance(value, str) else None


def _loose(value: bytes) -> Any:
    return msgspec.json.decode(value)
