"""`./saqbol rejected` on records that the agents really rejected."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from uuid import uuid4

import msgspec
import pytest

from deploy.home import CHECKOUT
from deploy.stack.local import Stack
from tests.agents.conftest import Workers, eventually
from tests.builders import a_report

Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def saqbol(stack: Stack) -> Command:
    """Runs the command line against the stack of the tests."""
    environment = {
        **os.environ,
        "SAQBOL_KAFKA": stack.bootstrap_servers,
        "SAQBOL_ELASTICSEARCH": stack.elasticsearch_url,
        "COLUMNS": "200",
    }

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "deploy", *arguments],
            cwd=CHECKOUT,
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run


def test_a_record_is_listed_with_its_reason_and_replayed(workers: Workers, saqbol: Command) -> None:
    source = f"bot-{uuid4().hex[:8]}"
    now = datetime.now(UTC)
    report = a_report(source=source, source_ref="1", received_at=now, happened_at=now, text="Просили код из смс")
    workers.publish_raw((b"a wrong key", msgspec.json.encode(report)))
    rejected = eventually(lambda: workers.find("saqbol-rejected", source=source))[0]
    assert workers.document("saqbol-reports", report.id) is None

    listed = saqbol("rejected", "list", "--source", source)
    assert rejected["id"] in listed.stdout
    assert "wrong-id" in listed.stdout

    replayed = saqbol("rejected", "replay", rejected["id"])
    assert (replayed.returncode, replayed.stdout) == (0, "replayed 1, left 0\n")
    eventually(lambda: workers.document("saqbol-reports", report.id))


def test_what_was_not_kept_whole_can_not_be_replayed(workers: Workers, saqbol: Command) -> None:
    source = f"bot-{uuid4().hex[:8]}"
    broken = {**msgspec.to_builtins(a_report()), "source": source, "channel": "pigeon"}
    workers.publish_raw((b"x", msgspec.json.encode(broken)))
    rejected = eventually(lambda: workers.find("saqbol-rejected", source=source))[0]
    replayed = saqbol("rejected", "replay", rejected["id"])
    assert (replayed.returncode, replayed.stdout) == (1, "replayed 0, left 1\n")
    assert "can't be replayed" in replayed.stderr


def test_everything_is_never_replayed_at_once(saqbol: Command) -> None:
    assert saqbol("rejected", "replay").returncode == 2
