"""The demo as a newcomer runs it: real servers, real workers, no terminal."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.home import CHECKOUT

#: No demo takes longer, on a slow machine either (seconds).
DEADLINE = 420


@pytest.fixture
def home(stack_home: Path, stack_cache: Path) -> Path:
    """An empty data folder with the downloads that are there already."""
    stack_cache.mkdir(parents=True, exist_ok=True)
    (stack_home / "cache").symlink_to(stack_cache)
    return stack_home


@pytest.mark.timeout(DEADLINE + 60)
def test_demo_once(home: Path) -> None:
    result = subprocess.run(
        [sys.executable, "-P", "-m", "deploy", "demo", "--once"],
        env={**os.environ, "SAQBOL_HOME": str(home), "PYTHONPATH": str(CHECKOUT), "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    assert "лежит в Elasticsearch ровно один раз" in " ".join(result.stdout.split())
    assert result.stdout.count("Прикрываются 1414: Запись к врачу") == 1
    assert "1414  официальный, им прикрываются мошенники" in result.stdout
    assert "подозрительный" in result.stdout
    assert _processes(home) == []


def _processes(home: Path) -> list[str]:
    """Command lines of processes that still use the folder."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            environment = (folder / "environ").read_bytes().decode(errors="replace")
        except OSError:
            continue  # it has ended, or is another user's
        if int(folder.name) != os.getpid() and (str(home) in command or f"SAQBOL_HOME={home}" in environment):
            found.append(command)
    return found
