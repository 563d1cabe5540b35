"""What is masked in a text survives nowhere: not in what is published, indexed, logged or answered."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from producers import audit
from producers.advice import advise
from producers.conformance import check_lines
from producers.intake import Origin, to_report
from producers.reporters import ReporterHasher
from schemas.audit import AuditAction
from schemas.documents import rejected_document, report_document
from schemas.events import Channel, EnrichedReport, RejectedReport, Report, ReportSubmission
from streams.refinement import Seen, first_copy, refine
from streams.signals import signals_of
from streams.understanding import clusters
from streams.understanding.secrets import mask
from streams.wording import LOCALES
from tests.builders import NOW, a_record, a_report
from tests.evaluation.scoring import SETS, read

CASES = [case for which in SETS for case in read(f"secrets{which}") if case["secrets"]]
ORIGIN = Origin(source="desk", channel=Channel.HOTLINE)
HASHER = ReporterHasher(b"k" * 32)
#: The longest text that every field of an event takes.
SHORT = 60
#: Fields whose form is fixed: identities and moments, whose digits a short code may repeat by chance.
FIXED = {"id", "report_id", "reporter", "received_at", "happened_at", "logged_at", "indexed_at", "at", "offset", "key"}


def words(value: Any) -> Iterator[str]:
    """Every string in something built in, except fields of fixed form."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, inner in value.items():
            if name not in FIXED:
                yield str(name)
                yield from words(inner)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from words(inner)


def told_onwards(text: str, own: list[str]) -> Iterator[Any]:
    """All that comes of a text: by the gateway; straight to Kafka, where the publisher did not mask it; refused."""
    short = text if len(text) <= SHORT else "нет"  # cut, it would lack the words that tell a secret
    contacts = [{"value": short}, *({"value": number, "role": "own"} for number in own)]
    submission = msgspec.convert(
        {"source_ref": "1", "text": text, "contacts": contacts, "bank": short, "district": short}, ReportSubmission
    )
    taken = to_report(submission, ORIGIN, NOW, HASHER).report
    yield msgspec.to_builtins(taken)
    straight = a_report(text=text, bank=short, district=short, contacts=submission.contacts)
    for report in (taken, straight):
        yield from understood(report)
    yield from refused(straight, text)
    yield [str(finding) for finding in check_lines([msgspec.json.encode(straight)], NOW)]


def understood(report: Report) -> Iterator[Any]:
    enriched = refine(a_record(report))
    assert isinstance(enriched, EnrichedReport)
    yield msgspec.to_builtins(enriched)
    yield msgspec.to_builtins(report_document(enriched, NOW))
    yield msgspec.to_builtins(signals_of(enriched))
    state = clusters.Clusters()
    pattern = clusters.assign(state, enriched.report.text, NOW)
    yield [*(cluster.words for cluster in state.clusters.values()), (pattern or "").rpartition("-")[0]]
    for locale in LOCALES:
        yield msgspec.to_builtins(advise(enriched, [], NOW, locale))


def refused(report: Report, text: str) -> Iterator[Any]:
    """An event of another version, one of a wrong shape, and one that contradicts an earlier one."""
    body = msgspec.to_builtins(report)
    for change in ({"version": 99}, {"channel": text}, {"received_at": "never"}):
        yield told(refine(a_record(value=json.dumps({**body, **change}, ensure_ascii=False).encode())))
    enriched = refine(a_record(report))
    assert isinstance(enriched, EnrichedReport)
    yield told(first_copy(enriched, Seen("another", NOW), a_record(report))[0])


def told(verdict: EnrichedReport | RejectedReport) -> Any:
    assert isinstance(verdict, RejectedReport)
    return [msgspec.to_builtins(verdict), msgspec.to_builtins(rejected_document(verdict))]


@given(st.lists(st.sampled_from(CASES), min_size=1, max_size=3), st.sampled_from([". ", "\n", " "]))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_masked_survives_nowhere(
    caplog: pytest.LogCaptureFixture, cases: list[dict[str, Any]], joint: str
) -> None:
    caplog.set_level(logging.DEBUG)
    text = joint.join(case["text"] for case in cases)
    own = sorted({number for case in cases for number in case["own_numbers"]})
    left = mask(text, own).text
    hidden = [secret["value"] for case in cases for secret in case["secrets"] if secret["value"] not in left]
    outcomes = list(told_onwards(text, own))
    everything = [word for outcome in outcomes for word in words(outcome)] + [r.getMessage() for r in caplog.records]
    for value in hidden:
        whole = re.compile(rf"(?<!\d){re.escape(value)}(?!\d)")  # a code's digits may be part of a suspect's number
        assert not [word for word in everything if whole.search(word)], value


@given(st.sampled_from(CASES))
@settings(deadline=None)
def test_what_is_masked_in_a_question_is_not_in_the_audit_log(case: dict[str, Any]) -> None:
    """Nobody knows whose question it is: only what the text itself tells is masked."""
    left = mask(case["text"]).text
    entry = audit.entry(AuditAction.SEARCH, "a", "search", NOW, subject=case["text"], reason=case["text"])
    for secret in case["secrets"]:
        assert secret["value"] in left or not [w for w in words(msgspec.to_builtins(entry)) if secret["value"] in w]
