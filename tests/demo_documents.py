"""What Elasticsearch holds after the demo's four weeks, made by the pure functions without Kafka: for dashboards.

Reports come from the demo's story through intake, enrichment and patterns, numbers from their signals, urgent cases
from the reports; waves, casework, prevention and rejected records are made up to go with them, seeded.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta

import msgspec

from deploy.demo.author import Part
from deploy.demo.scenario import scenario
from deploy.demo.story import compose
from producers import audit
from producers.intake import to_report
from producers.reporters import ReporterHasher
from schemas import reference
from schemas.audit import AuditAction
from schemas.cases import Case
from schemas.documents import (
    Document,
    alert_document,
    audit_document,
    case_document,
    number_document,
    prevention_document,
    rejected_document,
    report_document,
    target_document,
)
from schemas.events import (
    AffectedGroup,
    Alert,
    AlertStatus,
    EnrichedReport,
    RejectedReport,
    RejectReason,
    Signal,
    Verdict,
    VerdictKind,
    report_id,
)
from schemas.prevention import Activity, Prevention
from streams.reputation import Facts, add_signals, add_verdict, assess
from streams.signals import IMPERSONATED, NUMBER, signals_of
from streams.understanding.clusters import Clusters, assign, is_unexplained
from streams.understanding.enrich import enrich
from streams.urgent import at_once
from streams.wording import LOCALES, number_reasons

SEED = 1


def enriched_reports(now: datetime) -> list[EnrichedReport]:
    """The story that ends at `now`, understood, each report received when it was sent."""
    hasher, clusters = ReporterHasher(b"k" * 32), Clusters()
    found: dict[str, EnrichedReport] = {}
    for item in compose(SEED, now, "docs").items:
        if item.part is Part.RETRY:
            continue
        origin = scenario().integration(item.source).origin()
        enriched = enrich(to_report(item.submission, origin, min(item.sent_at, now), hasher).report)
        if is_unexplained(enriched):
            pattern = assign(clusters, enriched.report.text, enriched.report.received_at)
            enriched = msgspec.structs.replace(enriched, pattern=pattern)
        found[enriched.report.id] = enriched
    return list(found.values())


def documents(now: datetime) -> list[Document]:
    """Every document, of all indices."""
    reports, chance = enriched_reports(now), random.Random(SEED)
    found = [
        report_document(one, one.report.received_at + timedelta(seconds=chance.lognormvariate(0.3, 0.6)))
        for one in reports
    ]
    found += _heartbeat(reports[-1])
    found += _numbers(reports, now)
    urgent = [alert for one in reports if (alert := at_once(one))]
    found += _alerts(_waves(reports, now), urgent, now)
    found += [prevention_document(one) for one in _prevention(chance, now)]
    monday = (now - timedelta(days=now.weekday())).date()
    for target in reference.prevention_targets().values():
        found += [target_document(target, monday - timedelta(weeks=weeks)) for weeks in range(6)]
    found += [rejected_document(one) for one in _rejected(chance, now)]
    said = audit.entry(
        AuditAction.EXPORT, "first-partner", "gateway", now, subject="suspected", results=3, reason="a request"
    )
    return [*found, audit_document(said)]


def _heartbeat(like: EnrichedReport) -> list[Document]:
    """A synthetic report, which no panel may count."""
    report = msgspec.structs.replace(like.report, id=report_id("heartbeat", "1"), source="heartbeat", synthetic=True)
    return [report_document(msgspec.structs.replace(like, report=report))]


def _numbers(reports: list[EnrichedReport], now: datetime) -> Iterator[Document]:
    told: dict[str, list[Signal]] = defaultdict(list)
    for one in reports:
        for signal in signals_of(one):
            family, _, value = signal.key.partition(":")
            if f"{family}:" in (NUMBER, IMPERSONATED):
                told[value].append(signal)
    busiest = max((value for value in told if value.startswith("+")), key=lambda value: len(told[value]))
    for value, signals in told.items():
        facts = add_signals(Facts(), signals)
        if value == busiest:
            for kind in (VerdictKind.CONFIRMED, VerdictKind.APPEAL):
                verdict = Verdict(id=kind.value, number=value, kind=kind, at=now, by="analyst", reason="as checked")
                facts = add_verdict(facts, verdict)
        said = assess(facts, now, official=value in reference.official_numbers())
        yield number_document(value, said, now, {locale: number_reasons(value, said, locale) for locale in LOCALES})


def _waves(reports: list[EnrichedReport], now: datetime) -> Iterator[Alert]:
    """Waves of official 1414 and of the most frequent schemes, of the last days."""
    by_scheme: dict[str, list[EnrichedReport]] = defaultdict(list)
    for one in reports:
        for tag in one.schemes[:1]:
            by_scheme[tag.code].append(one)
    for days, (scheme, told) in enumerate(sorted(by_scheme.items(), key=lambda item: -len(item[1]))[:6]):
        official = scheme == "medical-appointment"
        some = told[-20:]
        detected = now - timedelta(days=days, hours=1)
        yield Alert(
            id=f"wave-{scheme}",
            family="official" if official else "scheme",
            key=f"official:1414|{scheme}" if official else f"scheme:{scheme}",
            severity="critical" if official else "high",
            number="1414" if official else None,
            official=official,
            schemes=[scheme],
            regions={one.region: 1 for one in some if one.region},
            started_at=detected - timedelta(hours=5),
            detected_at=detected,
            window_seconds=21600,
            observed=len(some),
            expected=1.5,
            score=20.0,
            victims=2,
            loss_kzt=450_000,
            channels={one.report.channel.value: 1 for one in some},
            media={one.report.medium.value: 1 for one in some},
            outcomes={one.report.outcome.value: 1 for one in some},
            report_ids=[one.report.id for one in some],
            excerpts=[some[0].report.text[:100]],
            rule="scheme",
            updated_at=detected,
        )


def _alerts(waves: Iterator[Alert], urgent: list[Alert], now: datetime) -> Iterator[Document]:
    """Waves and urgent cases with their casework: open, acknowledged, closed as real and as false."""
    heartbeat = Alert(
        id="heartbeat",
        family="heartbeat",
        key="heartbeat:1",
        started_at=now,
        detected_at=now,
        window_seconds=60,
        observed=1,
        expected=0.0,
        score=0.0,
    )
    for place, alert in enumerate([*waves, *urgent, heartbeat]):
        first = alert_document(alert)
        body = {**(first.first or {}), **first.body}
        opened = alert.detected_at
        stages = [
            Case(alert_id=alert.id, opened_at=opened),
            Case(
                alert_id=alert.id,
                status=AlertStatus.ACKNOWLEDGED,
                opened_at=opened,
                acknowledged_at=opened + timedelta(minutes=4),
                acknowledged_by="aigerim",
            ),
            *(
                Case(
                    alert_id=alert.id,
                    status=AlertStatus.CLOSED,
                    opened_at=opened,
                    acknowledged_at=opened + timedelta(minutes=2 + place),
                    acknowledged_by="aigerim",
                    closed_at=opened + timedelta(hours=2),
                    closed_by="aigerim",
                    real=real,
                )
                for real in (True, False)
            ),
        ]
        case = case_document(stages[0] if alert.family == "urgent" else stages[place % len(stages)])
        yield Document(first.index, first.id, body | case.body)


def _prevention(chance: random.Random, now: datetime) -> Iterator[Prevention]:
    districts = [reference.districts()[code] for code in reference.prevention_targets()]
    topics = ["medical-appointment", "police-prosecutor", "safe-account", None]
    for place in range(400):
        district = chance.choice(districts)
        activity = chance.choices(list(Activity), weights=[8, 3, 2, 2, 1])[0]
        reached = activity is not Activity.CALL or chance.random() < 0.7
        at = now - timedelta(hours=chance.uniform(1, 27 * 24))
        people = chance.randrange(8, 40) if activity is Activity.TALK else int(reached)
        yield Prevention(
            id=report_id("hotline", str(place)),
            source="hotline-mamlyut",
            source_ref=str(place),
            activity=activity,
            recorded_at=at,
            happened_at=at,
            region=district.region,
            district=district.code,
            affected_group=chance.choice([AffectedGroup.ELDERLY, AffectedGroup.ADULT, AffectedGroup.STUDENT]),
            topic=chance.choice(topics),
            reached=reached,
            people=people if reached else 0,
        )


def _rejected(chance: random.Random, now: datetime) -> Iterator[RejectedReport]:
    for place in range(24):
        yield RejectedReport(
            id=f"fraud.reports.v1-0-{place}",
            reason=chance.choice([RejectReason.INVALID, RejectReason.CONFLICT, RejectReason.WRONG_TIME]),
            detail="Expected `str`, got `int` - at `$.text`",
            topic="fraud.reports.v1",
            partition=0,
            offset=place,
            logged_at=now - timedelta(hours=chance.uniform(0, 6 * 24)),
            source=chance.choice(["police-file", "bank-partner"]),
            report_id=report_id("police-file", str(place)),
        )
