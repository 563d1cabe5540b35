"""What a rebuild takes from documents where the log no longer tells it."""

from __future__ import annotations

import json

import msgspec
import pytest

from deploy.reindex import retold
from schemas.documents import report_document
from schemas.events import EnrichedReport, Outcome
from streams.refinement import refine
from streams.reputation import Facts, add_signals
from streams.signals import IMPERSONATED, NUMBER, signals_of
from tests.builders import a_record, a_report
from tests.full_events import full_report

TEXTS = (
    "Звонили из банка с 8 705 111 22 33, просили код из смс",
    "1414 нөмірінен хабарласып, дәрігерге жазу үшін код сұрады",
    "Это мошенники? Номер 8 705 111 22 33",
)


def refined(text: str) -> EnrichedReport:
    """A report with this text, as the agents understand it."""
    enriched = refine(a_record(a_report(text=text, reporter="a" * 32, outcome=Outcome.VICTIM, loss_kzt=5)))
    assert isinstance(enriched, EnrichedReport)
    return enriched


@pytest.mark.parametrize("enriched", [full_report(), *map(refined, TEXTS)])
def test_a_document_says_of_numbers_what_its_report_said(enriched: EnrichedReport) -> None:
    enriched = msgspec.structs.replace(enriched, report=msgspec.structs.replace(enriched.report, synthetic=False))
    again = retold(json.loads(json.dumps(report_document(enriched).body)))

    def facts(report: EnrichedReport) -> dict[str, Facts]:
        about = [s for s in signals_of(report) if s.key.startswith((NUMBER, IMPERSONATED))]
        return {signal.key: add_signals(Facts(), [signal]) for signal in about}

    assert facts(again) == facts(enriched)
    assert facts(again)
