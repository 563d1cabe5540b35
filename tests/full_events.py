"""Events with every field filled, for tests of mappings and schemas."""

from datetime import UTC, datetime, timedelta

from schemas import events
from schemas.audit import AuditAction, AuditEntry
from schemas.cases import Case, Step, StepKind, Via, Why
from schemas.events import (
    AffectedGroup,
    Alert,
    AlertStatus,
    Channel,
    ContactKind,
    ContactOrigin,
    EnrichedReport,
    FoundContact,
    GivenContact,
    Language,
    Medium,
    Outcome,
    RejectedReport,
    RejectReason,
    Report,
    Stance,
    Tag,
    Verdict,
    VerdictKind,
)
from schemas.prevention import Activity, Prevention
from streams.reputation import Assessment, State

MOMENT = datetime(2026, 1, 14, 4, 30, 0, 123456, tzinfo=UTC)


def full_report() -> EnrichedReport:
    """A report that fills every field of the contract and everything that can be understood."""
    return EnrichedReport(
        report=Report(
            id=events.report_id("hotline-sko", "2026/17"),
            source="hotline-sko",
            source_ref="2026/17",
            channel=Channel.HOTLINE,
            medium=Medium.CALL,
            received_at=MOMENT,
            happened_at=MOMENT - timedelta(hours=2),
            text="Мошенники звонили с номера 1414, просили код. Дәрігерге жазылу керек деді.",
            contacts=[GivenContact(value="1414"), GivenContact(value="8 705 123 45 67")],
            region="KZ-59",
            district="Мамлютский район",
            language=Language.RU,
            stance=Stance.REPORT,
            outcome=Outcome.VICTIM,
            loss_kzt=1_250_000,
            affected_group=AffectedGroup.ELDERLY,
            money_moved_at=MOMENT - timedelta(hours=1),
            bank="Kaspi",
            caller_knew_personal_data=True,
            urgent=True,
            synthetic=True,
            backfill=True,
            reporter="0123456789abcdef0123456789abcdef",
            area_code="71541",
        ),
        language=Language.MIXED,
        stance=Stance.REPORT,
        region="KZ-59",
        district="Мамлютский район",
        contacts=[
            FoundContact(raw="1414", kind=ContactKind.SHORT_CODE, value="1414"),
            FoundContact(
                raw="8 705 123 45 67",
                kind=ContactKind.E164,
                value="+77051234567",
                origin=ContactOrigin.TEXT,
                start=10,
                end=25,
                operator="Kcell",
                region="KZ-59",
            ),
        ],
        schemes=[Tag(code="medical-appointment", confidence=0.93, evidence=["дәрігерге жазылу"])],
        demands=[Tag(code="sms-code", confidence=0.81, evidence=["просили код"])],
        pattern="4f1c",
        masked={"sms-code": 1, "card": 2},
    )


def full_rejected() -> RejectedReport:
    """A rejected record that fills every field."""
    return RejectedReport(
        id="fraud.reports.v1-2-77",
        reason=RejectReason.INVALID,
        detail="Expected `str`, got `int` - at `$.text`",
        topic="fraud.reports.v1",
        partition=2,
        offset=77,
        logged_at=MOMENT,
        source="hotline-sko",
        report_id=events.report_id("hotline-sko", "2026/17"),
        record='{"id": "x", "text": 5}',
    )


def full_alert() -> Alert:
    """An alert that fills every field."""
    return Alert(
        id="a-1414",
        family="official",
        key="official:1414|medical-appointment",
        status=AlertStatus.ACKNOWLEDGED,
        severity="high",
        number="1414",
        official=True,
        schemes=["medical-appointment"],
        regions={"KZ-33": 12, "KZ-59": 3},
        started_at=MOMENT - timedelta(hours=6),
        detected_at=MOMENT,
        window_seconds=21600,
        observed=15,
        expected=0.61,
        score=31.7,
        known_days=28.0,
        victims=2,
        loss_kzt=3_400_000,
        channels={"telegram": 9, "hotline": 6},
        groups={"elderly": 11},
        media={"call": 15},
        outcomes={"victim": 2, "attempt": 13},
        decided_by=events.report_id("hotline-sko", "2026/17"),
        keys={"official:1414|medical-appointment": 15},
        rule="official-number",
        route="on-call",
        change="new",
        page=True,
        updated_at=MOMENT,
        report_ids=[events.report_id("hotline-sko", "2026/17")],
        excerpts=["Мошенники звонили с номера 1414"],
        district="Мамлютский район",
        bank="Kaspi",
        money_moved_at=MOMENT - timedelta(hours=1),
    )


def full_case() -> Case:
    """The life of that alert, to its end."""
    return Case(
        alert_id=full_alert().id,
        status=AlertStatus.CLOSED,
        opened_at=MOMENT,
        acknowledged_at=MOMENT + timedelta(minutes=3),
        acknowledged_by="aigerim",
        closed_at=MOMENT + timedelta(hours=1),
        closed_by="aigerim",
        real=True,
        note="the clinic was told",
        steps=[
            Step(
                at=MOMENT,
                kind=StepKind.SENT,
                person="aigerim",
                target="telegram",
                message="a-1414/1",
                why=Why.NO_ANSWER,
                about="marat",
                minutes=10,
                until=MOMENT,
                via=Via.LINK,
                real=True,
                detail="the clinic was told",
            )
        ],
        decisions=["d-1"],
    )


def full_prevention() -> Prevention:
    """A warning given, every field filled."""
    return Prevention(
        id=events.report_id("mamlyut-desk", "call-7"),
        source="mamlyut-desk",
        source_ref="call-7",
        activity=Activity.TALK,
        recorded_at=MOMENT,
        happened_at=MOMENT - timedelta(hours=2),
        region="KZ-59",
        district="Мамлютский район",
        village="Новомихайловка",
        affected_group=AffectedGroup.ELDERLY,
        topic="medical-appointment",
        reached=True,
        people=24,
    )


def full_audit_entry() -> AuditEntry:
    """An entry of the audit log, every field filled."""
    return AuditEntry(
        id="a-1",
        at=MOMENT,
        action=AuditAction.LOOK_UP,
        actor="kaspi-antifraud",
        part="gateway",
        subject="+77051234567",
        results=1,
        reason="payment check",
    )


def full_verdict() -> Verdict:
    """An analyst's verdict."""
    return Verdict(
        id="v-1", number="1414", kind=VerdictKind.CLEARED, at=MOMENT, by="analyst", reason="an official number"
    )


def full_assessment() -> Assessment:
    """What is said of a number, every field filled."""
    return Assessment(
        state=State.OFFICIAL,
        impersonated=True,
        reporters=14,
        weight=12,
        anonymous=2,
        questions=3,
        reports=17,
        victims=2,
        attempts=9,
        loss_kzt=3_400_000,
        first_seen=MOMENT - timedelta(days=2),
        last_seen=MOMENT,
        channels=["hotline", "telegram"],
        regions=["KZ-33"],
        schemes=["medical-appointment"],
        media=["call"],
        fades_at=MOMENT + timedelta(days=45),
        doubted=True,
        appeals=1,
        verdict=full_verdict(),
    )
