"""The warnings given in the demo's four weeks."""

from __future__ import annotations

from collections import Counter

from deploy.demo import prevention
from deploy.demo.author import LENGTH
from schemas.prevention import Activity
from schemas.reference import districts, prevention_targets
from tests.unit.demo.conftest import NOW


def test_every_planned_district_of_a_hotline_is_warned_in_every_way() -> None:
    given = prevention.compose(1, NOW, "run")
    assert given == prevention.compose(1, NOW, "run")
    assert len({one.submission.source_ref for one in given}) == len(given)
    assert {one.submission.district for one in given} == set(prevention_targets())
    assert {one.submission.activity for one in given} == set(Activity)
    for one in given:
        told = one.submission
        assert told.happened_at is not None
        assert NOW - LENGTH <= told.happened_at <= NOW
        assert told.reached == (told.people > 0)
        assert told.region == districts()[told.district or ""].region
    sources = Counter(one.source for one in given)
    assert set(sources) == {"hotline-mamlyut", "hotline-zhetysu"}
