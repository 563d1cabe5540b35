"""What narrows a search on the command line."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from deploy import search

NOW = datetime(2026, 1, 14, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("said", "moment"),
    [
        ("36h", datetime(2026, 1, 13, tzinfo=UTC)),
        ("7d", datetime(2026, 1, 7, 12, tzinfo=UTC)),
        ("2w", datetime(2025, 12, 31, 12, tzinfo=UTC)),
        ("2026-01-14T08:00:00+00:00", datetime(2026, 1, 14, 8, tzinfo=UTC)),
        # the day begins where the answers' times are shown: in Kazakhstan
        ("2026-01-14", datetime(2026, 1, 13, 19, tzinfo=UTC)),
        ("2026-01-14T03:00", datetime(2026, 1, 13, 22, tzinfo=UTC)),
    ],
)
def test_since_when(said: str, moment: datetime) -> None:
    assert search.moment_of(said, NOW) == moment


@pytest.mark.parametrize("said", ["", "yesterday", "7", "7y", "14.01.2026"])
def test_no_time_is_told_how_to_write_one(said: str) -> None:
    with pytest.raises(ValueError, match="36h, 7d, 2w or a date such as 2026-01-14"):
        search.moment_of(said, NOW)


def test_a_name_that_several_have_is_answered_with_them() -> None:
    assert search.region_of("KZ-59") == search.region_of("Северо") == "KZ-59"
    with pytest.raises(ValueError, match=r"several of: .*KZ-19 .*KZ-75"):
        search.region_of("Алматы")
    with pytest.raises(ValueError, match=r"none of: .*KZ-10"):
        search.region_of("Атлантида")
