"""Documents of Elasticsearch from events: pure functions that name every field, so that mappings can be tested.

A document's id and index follow from the event alone: writing it again, in any order, changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from schemas import indices, reference
from schemas.audit import AuditEntry
from schemas.cases import Case
from schemas.events import (
    Alert,
    AlertStatus,
    ContactKind,
    ContactRole,
    EnrichedReport,
    FoundContact,
    Outcome,
    RejectedReport,
    Report,
    Tag,
)
from schemas.local_time import ZONE
from schemas.number_forms import number_forms
from schemas.prevention import Prevention

if TYPE_CHECKING:
    from streams.reputation import Assessment


class Document(Struct, frozen=True):
    """A document, the index it belongs to and its id there.

    With `first`, `body` is a part that is merged into what is there, and `first` is what else a new document begins
    with: it stays as it was when the document is written again.
    """

    index: str
    id: str
    body: dict[str, Any]
    first: dict[str, Any] | None = None


def report_document(enriched: EnrichedReport, indexed_at: datetime | None = None) -> Document:
    """The document of a report: what was told and what was understood, flat.

    `numbers` are the suspects, without official numbers: those are `impersonated`, because nobody may read them as bad
    ones.  `official_numbers` are all official numbers that the report names, in any role; `number` has both.
    `indexed_at` is kept from the first time, so that a retry does not lengthen the delay; it is left out when an index
    is rebuilt, and with it `searchable_seconds`, the time since the report was received.
    """
    report = enriched.report
    suspects = _values(c for c in enriched.contacts if c.role is ContactRole.SUSPECT)
    district = reference.districts().get(enriched.district or "")
    officials, impersonated = _officials(_values(enriched.contacts)), _officials(suspects)
    numbers = list(dict.fromkeys([*suspects, *officials]))
    schemes = [tag.code for tag in enriched.schemes]
    return Document(
        indices.report_index(report.received_at),
        report.id,
        _present(
            id=report.id,
            source=report.source,
            source_ref=report.source_ref,
            channel=report.channel.value,
            medium=report.medium.value,
            received_at=_time(report.received_at),
            happened_at=_time(report.happened_at),
            text=report.text,
            language=enriched.language.value,
            stance=enriched.stance.value,
            outcome=report.outcome.value,
            region=enriched.region,
            region_name=_region_name(enriched.region),
            district=enriched.district,
            district_name=district.name.ru if district else enriched.district,
            area_code=report.area_code,
            contacts=[_contact(c) for c in enriched.contacts],
            numbers=[v for v in suspects if reference.official_entry(v) is None],
            official_numbers=officials,
            impersonated=impersonated,
            number=numbers,
            number_forms=[form for number in numbers for form in number_forms(number)],
            schemes=schemes,
            scheme_names=_scheme_names(schemes),
            demands=[tag.code for tag in enriched.demands],
            scheme_tags=[_tag(tag) for tag in enriched.schemes],
            demand_tags=[_tag(tag) for tag in enriched.demands],
            loss_kzt=report.loss_kzt,
            affected_group=report.affected_group.value if report.affected_group else None,
            reporter=report.reporter,
            counted_as=counted_as(report),
            money_moved_at=_time(report.money_moved_at),
            bank=report.bank,
            urgent=report.urgent,
            backfill=report.backfill,
            synthetic=report.synthetic,
            caller_knew_personal_data=report.caller_knew_personal_data,
            pattern=enriched.pattern,
            masked=sorted(enriched.masked),
            masked_count=sum(enriched.masked.values()),
        ),
        first=_first_indexed(report.received_at, indexed_at) if indexed_at else None,
    )


def counted_as(report: Report) -> str:
    """Whom a report counts as where distinct reporters are counted: its reporter, or else all the anonymous ones of
    its source and day together, for nobody can tell them from one person."""
    return report.reporter or f"anonymous:{report.source}:{report.happened_at.date().isoformat()}"


def rejected_document(rejected: RejectedReport) -> Document:
    """The document of a record that could not be processed."""
    return Document(
        indices.rejected_index(rejected.logged_at),
        rejected.id,
        _present(
            id=rejected.id,
            reason=rejected.reason.value,
            detail=rejected.detail,
            topic=rejected.topic,
            partition=rejected.partition,
            offset=rejected.offset,
            logged_at=_time(rejected.logged_at),
            source=rejected.source,
            report_id=rejected.report_id,
            record=rejected.record,
        ),
    )


def alert_document(alert: Alert) -> Document:
    """The wave's part of an alert's document, in its newest state; a new one is open, `case_document` says more."""
    return Document(
        indices.ALERTS_INDEX,
        alert.id,
        _part(
            id=alert.id,
            family=alert.family,
            key=alert.key,
            wave_over=alert.status is AlertStatus.CLOSED,
            severity=alert.severity,
            number=alert.number,
            official=alert.official,
            schemes=alert.schemes,
            scheme_names=_scheme_names(alert.schemes),
            regions=[
                _present(code=code, name=_region_name(code), reports=reports) for code, reports in alert.regions.items()
            ],
            started_at=_time(alert.started_at),
            detected_at=_time(alert.detected_at),
            window_seconds=alert.window_seconds,
            observed=alert.observed,
            expected=alert.expected,
            score=alert.score,
            victims=alert.victims,
            loss_kzt=alert.loss_kzt,
            channels=_counts(alert.channels),
            groups=_counts(alert.groups),
            media=_counts(alert.media),
            outcomes=_counts(alert.outcomes),
            known_days=alert.known_days,
            decided_by=alert.decided_by,
            rule=alert.rule,
            route=alert.route,
            change=alert.change,
            page=alert.page,
            updated_at=_time(alert.updated_at),
            keys=[{"key": key, "reporters": reporters} for key, reporters in alert.keys.items()],
            report_ids=alert.report_ids,
            excerpts=alert.excerpts,
            district=alert.district,
            bank=alert.bank,
            money_moved_at=_time(alert.money_moved_at),
        ),
        first={"status": AlertStatus.OPEN.value},
    )


def case_document(case: Case) -> Document:
    """The casework's part of an alert's document: whom it reached, who answered and after how long, how it ended."""
    answered = case.acknowledged_at
    return Document(
        indices.ALERTS_INDEX,
        case.alert_id,
        _part(
            id=case.alert_id,
            status=case.status.value,
            opened_at=_time(case.opened_at),
            acknowledged_at=_time(answered),
            acknowledged_by=case.acknowledged_by,
            acknowledged_after_seconds=int((answered - case.opened_at).total_seconds()) if answered else None,
            closed_at=_time(case.closed_at),
            closed_by=case.closed_by,
            real=case.real,
            note=case.note or None,
            steps=[
                _present(
                    at=_time(step.at),
                    kind=step.kind.value,
                    person=step.person,
                    target=step.target,
                    message=step.message,
                    why=step.why.value if step.why else None,
                    about=step.about,
                    minutes=step.minutes,
                    until=_time(step.until),
                    via=step.via.value if step.via else None,
                    real=step.real,
                    detail=step.detail or None,
                )
                for step in case.steps
            ],
            decisions=case.decisions,
        ),
        first={},
    )


def prevention_document(prevention: Prevention) -> Document:
    """The document of a warning given."""
    district = reference.districts().get(prevention.district or "")
    return Document(
        indices.PREVENTION_INDEX,
        prevention.id,
        _present(
            id=prevention.id,
            source=prevention.source,
            source_ref=prevention.source_ref,
            activity=prevention.activity.value,
            recorded_at=_time(prevention.recorded_at),
            happened_at=_time(prevention.happened_at),
            region=prevention.region,
            region_name=_region_name(prevention.region),
            district=prevention.district,
            district_name=district.name.ru if district else prevention.district,
            village=prevention.village,
            affected_group=prevention.affected_group.value if prevention.affected_group else None,
            topic=prevention.topic,
            scheme_names=_scheme_names([prevention.topic] if prevention.topic else []),
            reached=prevention.reached,
            people=prevention.people,
        ),
    )


def target_document(target: reference.PreventionTarget, week: date) -> Document:
    """What is planned for one district and the week that begins on that Monday: warnings are measured against it."""
    district = reference.districts()[target.district]
    return Document(
        indices.PREVENTION_INDEX,
        f"target-{target.district}-{week.isoformat()}",
        _present(
            id=f"target-{target.district}-{week.isoformat()}",
            happened_at=datetime.combine(week, time(), ZONE).isoformat(),
            region=district.region,
            region_name=_region_name(district.region),
            district=target.district,
            district_name=district.name.ru,
            target_people=target.people_a_week,
        ),
    )


def audit_document(entry: AuditEntry) -> Document:
    """The document of an entry of the audit log."""
    return Document(
        indices.audit_index(entry.at),
        entry.id,
        _present(
            id=entry.id,
            at=_time(entry.at),
            action=entry.action.value,
            actor=entry.actor,
            part=entry.part,
            subject=entry.subject or None,
            results=entry.results,
            reason=entry.reason or None,
        ),
    )


def number_document(
    value: str, said: Assessment, now: datetime, reasons: dict[str, list[str]] | None = None
) -> Document:
    """The document of a number: what is said of it at `now` (aware).

    `reasons` are sentences by language (`ru`, `kk`, `en`) that explain the state to a person.
    """
    official = reference.official_numbers().get(value)
    verdict = said.verdict
    return Document(
        indices.NUMBERS_INDEX,
        value,
        _present(
            value=value,
            kind=official.kind if official else number_kind(value).value,
            state=said.state.value,
            impersonated=said.impersonated,
            owner={"ru": official.owner.ru, "kk": official.owner.kk, "en": official.owner.en} if official else None,
            reporters=said.reporters,
            independent=said.weight,
            anonymous=said.anonymous,
            questions=said.questions,
            reports=said.reports,
            channels=said.channels,
            media=said.media,
            regions=said.regions,
            outcome=_outcomes(said),
            victims=said.victims,
            attempts=said.attempts,
            loss_kzt=said.loss_kzt,
            schemes=said.schemes,
            scheme_names=_scheme_names(said.schemes),
            first_seen=_time(said.first_seen),
            last_seen=_time(said.last_seen),
            fades_at=_time(said.fades_at),
            doubted=said.doubted,
            appeals=said.appeals,
            verdict=_present(
                id=verdict.id,
                kind=verdict.kind.value,
                at=_time(verdict.at),
                by=verdict.by,
                reason=verdict.reason,
            )
            if verdict
            else None,
            reasons=reasons,
            updated_at=_time(now),
        ),
    )


def number_kind(value: str) -> ContactKind:
    """The kind of a contact from its normal form (see `FoundContact.value`)."""
    if value.startswith("+"):
        return ContactKind.E164
    if value.isdecimal():
        return ContactKind.SHORT_CODE
    if ":" in value:
        return ContactKind.HANDLE
    if "@" in value:
        return ContactKind.EMAIL
    if "." in value and value == value.lower():
        return ContactKind.LINK
    return ContactKind.SENDER


def _contact(contact: FoundContact) -> dict[str, Any]:
    return _present(
        raw=contact.raw,
        value=contact.value or None,
        kind=contact.kind.value,
        role=contact.role.value,
        origin=contact.origin.value,
        operator=contact.operator,
        region=contact.region,
    )


def _tag(tag: Tag) -> dict[str, Any]:
    return _present(code=tag.code, confidence=tag.confidence, evidence=tag.evidence)


def _values(contacts: Iterable[FoundContact]) -> list[str]:
    """Distinct normal forms, in order."""
    return list(dict.fromkeys(c.value for c in contacts if c.value))


def _officials(values: Iterable[str]) -> list[str]:
    """The official numbers among normal forms, each once, by the value under which its owner is known."""
    return list(dict.fromkeys(entry.value for v in values if (entry := reference.official_entry(v))))


def _first_indexed(received_at: datetime, indexed_at: datetime) -> dict[str, Any]:
    """When a report became searchable, and how long that took."""
    seconds = round((indexed_at - received_at).total_seconds(), 3)
    return {"indexed_at": _time(indexed_at), "searchable_seconds": max(0.0, seconds)}


def _scheme_names(codes: Iterable[str]) -> dict[str, list[str]] | None:
    """Names of schemes as people read them; a code that the reference no longer has stands for itself."""
    known = reference.schemes()
    names = [known[code].name if code in known else reference.Words(code, code, code) for code in codes]
    return {"ru": [name.ru for name in names], "kk": [name.kk for name in names]} if names else None


def _outcomes(said: Assessment) -> list[str]:
    """What became of those who were approached from a number, as far as they told."""
    told = {Outcome.VICTIM: said.victims, Outcome.ATTEMPT: said.attempts}
    told[Outcome.UNKNOWN] = said.reporters + said.anonymous - said.victims - said.attempts
    return [outcome.value for outcome, count in told.items() if count > 0]


def _counts(counts: dict[str, int]) -> list[dict[str, Any]]:
    """Counts as objects: keys of a mapping must not be open-ended."""
    return [{"code": code, "reports": reports} for code, reports in counts.items()]


def _region_name(code: str | None) -> str | None:
    region = reference.regions().get(code) if code else None
    return region.name.ru if region else None


def _time(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _part(**fields: Any) -> dict[str, Any]:
    """All fields of a part that is merged into a document: one that is empty now must overwrite what was there."""
    return fields


def _present(**fields: Any) -> dict[str, Any]:
    """The fields that have a value: neither None nor an empty list."""
    return {name: value for name, value in fields.items() if value is not None and value != []}
