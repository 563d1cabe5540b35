"""Documents and mappings say the same: a full document has every mapped field, and no document has any other."""

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import msgspec
import pytest

from schemas import indices
from schemas.audit import AuditEntry
from schemas.cases import Case
from schemas.documents import (
    Document,
    alert_document,
    audit_document,
    case_document,
    number_document,
    number_kind,
    prevention_document,
    rejected_document,
    report_document,
    target_document,
)
from schemas.events import (
    Alert,
    Channel,
    ContactKind,
    ContactRole,
    EnrichedReport,
    FoundContact,
    RejectedReport,
    Report,
    report_id,
)
from schemas.prevention import Prevention
from schemas.reference import prevention_targets
from tests.full_events import (
    full_alert,
    full_assessment,
    full_audit_entry,
    full_case,
    full_prevention,
    full_rejected,
    full_report,
)

NOW = datetime(2026, 1, 14, 9, 30, tzinfo=UTC)


def whole(document: Document) -> Document:
    """What a new document begins with."""
    return Document(document.index, document.id, document.body | (document.first or {}))


def whole_prevention() -> Document:
    """A warning given, with what only the plan of a week has."""
    (target, *_) = prevention_targets().values()
    warning, plan = prevention_document(full_prevention()), target_document(target, date(2026, 1, 12))
    return Document(warning.index, warning.id, plan.body | warning.body)


def whole_alert() -> Document:
    """What is in the index once the wave's part and the casework's part are merged."""
    wave, work = alert_document(full_alert()), case_document(full_case())
    return Document(wave.index, wave.id, wave.body | work.body)


FULL = {
    indices.REPORTS: whole(report_document(full_report(), indexed_at=NOW)),
    indices.REJECTED: rejected_document(full_rejected()),
    indices.ALERTS: whole_alert(),
    indices.NUMBERS: number_document("1414", full_assessment(), NOW, {"ru": ["а"], "kk": ["ә"], "en": ["a"]}),
    indices.PREVENTION: whole_prevention(),
    indices.AUDIT: audit_document(full_audit_entry()),
}


def paths(body: dict[str, Any], prefix: str = "") -> set[str]:
    """Dotted paths of all values of a document; the items of a list count together."""
    found: set[str] = set()
    for name, value in body.items():
        for item in value if isinstance(value, list) else [value]:
            found |= paths(item, f"{prefix}{name}.") if isinstance(item, dict) else {prefix + name}
    return found


def mapped(template: str) -> set[str]:
    found = indices.fields(indices.templates()[template]["template"]["mappings"]["properties"])
    return {name for name, kind in found.items() if kind != "alias"}


@pytest.mark.parametrize("template", FULL)
def test_full_document_fills_every_mapped_field_and_no_other(template: str) -> None:
    assert paths(FULL[template].body) == mapped(template)


@pytest.mark.parametrize(
    ("kind", "template", "left_out"),
    [
        (Report, indices.REPORTS, {"version"}),
        (EnrichedReport, indices.REPORTS, {"report"}),
        (RejectedReport, indices.REJECTED, set()),
        (Alert, indices.ALERTS, set()),
        (Case, indices.ALERTS, {"alert_id"}),
        (Prevention, indices.PREVENTION, {"version"}),
        (AuditEntry, indices.AUDIT, set()),
    ],
)
def test_every_field_of_an_event_is_in_its_document(
    kind: type[msgspec.Struct], template: str, left_out: set[str]
) -> None:
    fields = {field.name for field in msgspec.structs.fields(kind)}
    assert fields - set(FULL[template].body) == left_out


@pytest.mark.parametrize("template", FULL)
def test_mapping_takes_nothing_unknown(template: str) -> None:
    assert indices.templates()[template]["template"]["mappings"]["dynamic"] == "strict"


@pytest.mark.parametrize("template", FULL)
def test_alias_is_the_templates_name_and_matches_the_index(template: str) -> None:
    content = indices.templates()[template]
    (pattern,) = content["index_patterns"]
    assert list(content["template"]["aliases"]) == [template]
    assert FULL[template].index.startswith(pattern.removesuffix("*"))
    assert not template.startswith(pattern.removesuffix("*")), "an alias must not match the pattern of indices"


def smallest() -> EnrichedReport:
    return EnrichedReport(
        report=Report(
            id=report_id("web", "1"),
            source="web",
            source_ref="1",
            channel=Channel.WEB,
            received_at=NOW,
            happened_at=NOW,
        )
    )


def test_smallest_report_has_no_empty_fields() -> None:
    body = report_document(smallest()).body
    assert set(body) <= mapped(indices.REPORTS)
    assert None not in body.values()
    assert [] not in body.values()
    assert body["urgent"] is False


def test_official_number_is_impersonated_and_never_among_the_bad_ones() -> None:
    report = smallest()
    report.contacts = [
        FoundContact(raw="1414", kind=ContactKind.SHORT_CODE, value="1414"),
        FoundContact(raw="102", kind=ContactKind.SHORT_CODE, value="102", role=ContactRole.HELPLINE),
        FoundContact(raw="8 705 123 45 67", kind=ContactKind.E164, value="+77051234567"),
        FoundContact(raw="87051234567", kind=ContactKind.E164, value="+77051234567"),
        FoundContact(raw="87771112233", kind=ContactKind.E164, value="+77771112233", role=ContactRole.OTHER),
        FoundContact(raw="скрытый", kind=ContactKind.HIDDEN),
    ]
    body = report_document(report).body
    assert body["numbers"] == ["+77051234567"]
    assert body["impersonated"] == ["1414"]
    assert body["official_numbers"] == ["1414", "102"]
    assert len(body["contacts"]) == 6


def test_month_is_that_of_utc() -> None:
    astana = timezone(timedelta(hours=5))
    assert indices.report_index(datetime(2026, 2, 1, 4, 59, tzinfo=astana)) == "saqbol-reports-2026.01"
    assert indices.report_index(datetime(2026, 2, 1, 5, 0, tzinfo=astana)) == "saqbol-reports-2026.02"
    assert indices.rejected_index(NOW) == "saqbol-rejected-2026.01"


def test_same_event_gives_the_same_document() -> None:
    first, second = report_document(full_report()), report_document(full_report())
    assert isinstance(first, Document)
    assert first == second
    assert "indexed_at" not in first.body


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("+77051234567", ContactKind.E164),
        ("3999", ContactKind.SHORT_CODE),
        ("KASPI", ContactKind.SENDER),
        ("KASPI.KZ", ContactKind.SENDER),
        ("telegram:@bank", ContactKind.HANDLE),
        ("egov-kz.site", ContactKind.LINK),
        ("a@b.kz", ContactKind.EMAIL),
    ],
)
def test_kind_follows_from_the_normal_form(value: str, kind: ContactKind) -> None:
    assert number_kind(value) is kind
