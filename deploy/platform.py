"""SaqBol whole, on one machine: the local stack, what provisioning makes in it, the workers and the gateway."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from deploy import pipeline
from deploy.provision import provision
from deploy.stack.artifacts import Say
from deploy.stack.local import HOST, Stack
from deploy.supervisor import Supervisor
from producers import integrations, reporters
from producers.intake import Origin


@dataclass(frozen=True)
class Platform:
    """What runs: where the gateway answers, and the API key of each integration that was made for this run."""

    gateway_url: str
    keys: dict[str, str]


async def start(
    supervisor: Supervisor, stack: Stack, origins: Iterable[Origin], *, gateway_port: int, oncall_url: str, say: Say
) -> Platform:
    """Start everything under `supervisor` and wait until it works.

    The folder of `stack` gets a file of integrations with a fresh key for each of `origins`, and keeps the key that
    reporters are hashed with.  `oncall_url` is the Apprise URL of the person on call.  Raises StackError, StartError or
    ProvisionError.
    """
    home = stack.home
    await supervisor.start(*await asyncio.to_thread(stack.prepare, say))
    for change in await asyncio.to_thread(provision, stack.bootstrap_servers, stack.elasticsearch_url):
        say(change)
    keys = integrations.create(home / "integrations.yaml", origins)
    await supervisor.start(
        *pipeline.workers(home, _environment(stack, oncall_url)),
        pipeline.gateway(home, gateway_port, _gateway_environment(stack, home)),
    )
    return Platform(f"http://{HOST}:{gateway_port}", keys)


def _environment(stack: Stack, oncall_url: str) -> dict[str, str]:
    return {
        "SAQBOL_KAFKA": stack.bootstrap_servers,
        "SAQBOL_ELASTICSEARCH": stack.elasticsearch_url,
        "SAQBOL_ONCALL_URL": oncall_url,
    }


def _gateway_environment(stack: Stack, home: Path) -> dict[str, str]:
    hmac_key = home / "hmac.key"
    if not hmac_key.exists():
        reporters.create_key(hmac_key)
    return {
        "SAQBOL_KAFKA": stack.bootstrap_servers,
        "SAQBOL_INTEGRATIONS_FILE": str(home / "integrations.yaml"),
        "SAQBOL_HMAC_KEY_FILE": str(hmac_key),
    }
