"""The records of broken publishers: refine rejects each, with its reason."""

from __future__ import annotations

from deploy.demo import broken
from schemas.events import RejectedReport, RejectReason
from streams.refinement import Record, refine
from tests.unit.demo.conftest import NOW


def test_refine_rejects_every_one_of_them() -> None:
    reasons = []
    for offset, (key, value) in enumerate(broken.records(NOW, "run")):
        record = Record(topic="fraud.reports.v1", partition=0, offset=offset, logged_at=NOW, key=key, value=value)
        rejected = refine(record)
        assert isinstance(rejected, RejectedReport)
        assert rejected.source in broken.SOURCES
        reasons.append(rejected.reason)
    assert reasons == [RejectReason.UNSUPPORTED_VERSION] * broken.COUNT + [RejectReason.INVALID] * broken.COUNT
