"""The processes of SaqBol beside Kafka and Elasticsearch, as services for the supervisor: workers and gateway."""

from __future__ import annotations

import asyncio
import sys
import urllib.error
import urllib.request
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Final

from deploy.home import CHECKOUT
from deploy.supervisor import Service
from streams.settings import STAGES, is_ready

#: A worker joins its group and recovers its tables before it is ready (seconds).
WORKER_READY_WITHIN: Final = 120.0


def workers(home: Path, environment: Mapping[str, str]) -> list[Service]:
    """One worker of each stage.  `environment` says where Kafka and Elasticsearch are (see streams.settings)."""
    return [
        Service(
            name=stage,
            command=[sys.executable, "-m", "streams.worker", stage],
            log=home / "logs" / f"{stage}.log",
            environment={**environment, "SAQBOL_HOME": str(home)},
            directory=CHECKOUT,
            ready=_within_thread(is_ready, home, stage, "0"),
            ready_within=WORKER_READY_WITHIN,
        )
        for stage in STAGES
    ]


def gateway(home: Path, port: int, environment: Mapping[str, str]) -> Service:
    """The HTTP gateway on loopback.  `environment` as in producers.gateway.settings."""
    return Service(
        name="gateway",
        command=[sys.executable, "-m", "producers.gateway"],
        log=home / "logs" / "gateway.log",
        environment={**environment, "SAQBOL_GATEWAY_PORT": str(port)},
        directory=CHECKOUT,
        ready=_within_thread(_answers, f"http://127.0.0.1:{port}/health/ready"),
    )


def _within_thread(probe: Callable[..., bool], *arguments: object) -> Callable[[], Awaitable[bool]]:
    return lambda: asyncio.to_thread(probe, *arguments)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2):  # noqa: S310 - the address is ours
            return True
    except (urllib.error.URLError, OSError):
        return False
