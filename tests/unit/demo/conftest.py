"""One story for all tests of it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from deploy.demo.story import Story, compose

NOW = datetime(2026, 1, 14, 11, 30, tzinfo=UTC)


@pytest.fixture(scope="package")
def story() -> Story:
    return compose(1, NOW, "run")
