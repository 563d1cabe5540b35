"""Retention: whole months only, by kind of data."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from deploy import retention
from deploy.retention import is_expired, load_policy
from schemas import indices
from schemas.reference import ReferenceDataError

JANUARY = datetime(2026, 1, 31, 23, tzinfo=UTC)


@pytest.mark.parametrize(
    ("month", "kept", "expired"),
    [
        ("2026.01", 1, False),
        ("2025.12", 1, False),
        ("2025.11", 1, True),
        ("2024.12", 13, False),
        ("2024.11", 13, True),
        ("2026.02", 1, False),
    ],
)
def test_so_many_whole_months_are_kept(month: str, kept: int, expired: bool) -> None:
    assert is_expired(month, kept, JANUARY) is expired


def test_the_month_is_that_of_utc() -> None:
    astana = datetime(2026, 2, 1, 4, tzinfo=timezone(timedelta(hours=5)))
    assert not is_expired("2025.12", 1, astana)
    assert is_expired("2025.12", 1, astana + timedelta(hours=2))


def test_the_shipped_policy_names_every_monthly_index() -> None:
    now = datetime(2026, 1, 14, tzinfo=UTC)
    monthly = {alias for alias, index in indices.current_indices(now).items() if indices.month_of(index)}
    assert set(load_policy().months) == monthly


@pytest.mark.parametrize("text", ["months: {saqbol-numbers: 3}", "months: {saqbol-reports: 0}", "month: {}"])
def test_a_wrong_policy_is_refused(text: str, tmp_path: Path) -> None:
    file = tmp_path / "retention.yaml"
    file.write_text(text)
    with pytest.raises(ReferenceDataError, match=r"retention\.yaml: "):
        load_policy(file)


def test_names_of_built_indices_keep_their_month() -> None:
    assert indices.written_as("saqbol-b3-reports-2026.01") == "saqbol-reports-2026.01"
    assert indices.written_as("saqbol-reports-2026.01") == "saqbol-reports-2026.01"
    assert indices.next_build("saqbol-reports-2026.01") == "saqbol-b2-reports-2026.01"
    assert indices.next_build("saqbol-b2-numbers-v1") == "saqbol-b3-numbers-v1"
    assert indices.month_of("saqbol-b2-reports-2026.01") == "2026.01"
    assert indices.month_of("saqbol-numbers-v1") is None
    assert retention.FILE.exists()
