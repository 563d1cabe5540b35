"""Fixtures for every test."""

from __future__ import annotations

import logging
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.home import CHECKOUT
from deploy.stack.local import ANY_PORTS, Stack, running

log = logging.getLogger(__name__)


@pytest.fixture(scope="session")
def stack_cache() -> Path:
    """Folder of the stack's downloads, kept between sessions."""
    return CHECKOUT / ".saqbol" / "cache"


@pytest.fixture
def stack_home() -> Iterator[Path]:
    """An empty data folder that every account may enter, unlike pytest's own temporary folders."""
    yield from _open_folder()


@pytest.fixture(scope="session")
def stack(stack_cache: Path) -> Iterator[Stack]:
    """A real Kafka and Elasticsearch, started once for all tests: keep apart by the names of topics and indices."""
    for home in _open_folder():
        with running(Stack(home, cache=stack_cache, ports=ANY_PORTS), log.info) as running_stack:
            yield running_stack


def _open_folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="saqbol-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)
