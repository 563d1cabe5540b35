"""What runs on top of Kafka and Elasticsearch, as services to supervise: gateway, workers, desk, bots, heartbeat."""

from __future__ import annotations

import asyncio
import os
import sys
import urllib.request
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Final

from deploy.home import CHECKOUT, HOST
from deploy.stack.local import Stack
from deploy.supervisor import Service, StartError
from producers import integrations, reporters
from producers.desk import staff
from producers.desk.staff import StaffError
from producers.intake import Origin
from producers.integrations import Permission
from schemas.events import Channel
from streams.oncall.rota import load_oncall
from streams.settings import STAGES, is_ready
from streams.urgent import HEARTBEAT_SOURCE
from streams.waves.rules import RuleError

#: The stage that needs somebody to tell.
NOTIFY: Final = "notify"
#: Where the people on call come from: their file, or what the shipped file wants to know.
ONCALL_VARIABLES: Final = ("SAQBOL_ONCALL", "SAQBOL_ONCALL_URL")
#: The bots by the name of their module: messenger, and the port they listen on.  One runs when its token is given.
BOTS: Final = {"telegram": (Channel.TELEGRAM, 8082), "whatsapp": (Channel.WHATSAPP, 8083)}

#: A worker joins its group and recovers its tables before it is ready (seconds).
_WORKER_READY_WITHIN: Final = 120.0
_PROBE_TIMEOUT: Final = 2.0


def services(stack: Stack, environment: Mapping[str, str]) -> list[Service]:
    """The gateway, a worker of each stage, the desk, the bots and the heartbeat, for a running stack; `environment` is
    added to what they are told.

    `notify` is among them only if somebody is on call, by our environment or the given one (ONCALL_VARIABLES), a bot
    only if its token is there, e.g. SAQBOL_TELEGRAM_TOKEN or SAQBOL_TELEGRAM_TOKEN_FILE, the heartbeat only if
    somebody can be told that it stopped (SAQBOL_HEARTBEAT_URLS), and the desk only if somebody may log in to it
    (`staff_file`).  Raises StartError if that file, or the one with the people on call, can't be used.
    """
    reporters.create_key(link_key_file(stack.home))
    desk = {"SAQBOL_DESK_URL": desk_url(stack)} if staff_file(stack.home).exists() else {}
    told = {**_addresses(stack), **desk, **environment, **_oncall_file(environment)}
    bots = [_bot(stack, name, told) for name in BOTS if _given(told, f"SAQBOL_{name.upper()}_TOKEN")]
    stages = [stage for stage in STAGES if stage != NOTIFY or somebody_on_call(environment)]
    beating = [_heartbeat(stack, told)] if _given(told, "SAQBOL_HEARTBEAT_URLS") else []
    desks = [_desk(stack, told)] if staff_file(stack.home).exists() else []
    return [*(_worker(stage, stack.home, told) for stage in stages), _gateway(stack, told), *desks, *bots, *beating]


def somebody_on_call(environment: Mapping[str, str]) -> bool:
    """Whether it is known whom to tell about a wave."""
    return any(environment.get(name) or os.environ.get(name) for name in ONCALL_VARIABLES)


def _oncall_file(environment: Mapping[str, str]) -> dict[str, str]:
    """Where the people on call are, if a file is named: by its whole path, as notify works in another folder.

    Raises StartError if it can't be used.
    """
    told = {**os.environ, **environment}
    if not told.get("SAQBOL_ONCALL"):
        return {}
    path = Path(told["SAQBOL_ONCALL"]).resolve()
    try:
        load_oncall(path, told)
    except RuleError as error:
        raise StartError(f"nobody would be told of a wave: {error}") from error
    return {"SAQBOL_ONCALL": str(path)}


def gateway_url(stack: Stack) -> str:
    """Where the gateway listens."""
    return f"http://{HOST}:{stack.ports['gateway']}"


def desk_url(stack: Stack) -> str:
    """Where the desk listens."""
    return f"http://{HOST}:{stack.ports['desk']}"


def write_secrets(
    home: Path, origins: Iterable[Origin], may: Sequence[Permission] = (Permission.REPORT,)
) -> dict[str, str]:
    """What the gateway needs: the key that reporters are hashed with (an older one is kept) and the integrations.

    Returns the API keys by source, fresh ones.
    """
    reporters.create_key(_hmac_key(home))
    return integrations.create(integrations_file(home), origins, may=may)


def has_secrets(home: Path) -> bool:
    """Whether `write_secrets` was there before."""
    return _hmac_key(home).exists() and integrations_file(home).exists()


def staff_file(home: Path) -> Path:
    """Who may log in to the desk of a data folder."""
    return home / "secrets" / "staff.yaml"


def link_key_file(home: Path) -> Path:
    """The key that signs links which acknowledge an alert; the notify worker and the desk have it."""
    return home / "secrets" / "link-key"


def _hmac_key(home: Path) -> Path:
    return home / "secrets" / "hmac-key"


def integrations_file(home: Path) -> Path:
    """Who may use the gateway of a data folder."""
    return home / "secrets" / "integrations.yaml"


def _addresses(stack: Stack) -> dict[str, str]:
    return {
        "SAQBOL_HOME": str(stack.home),
        "SAQBOL_KAFKA": stack.bootstrap_servers,
        "SAQBOL_ELASTICSEARCH": stack.elasticsearch_url,
        "SAQBOL_GATEWAY_PORT": str(stack.ports["gateway"]),
        "SAQBOL_GATEWAY_URL": gateway_url(stack),
        "SAQBOL_INTEGRATIONS_FILE": str(integrations_file(stack.home)),
        "SAQBOL_HMAC_KEY_FILE": str(_hmac_key(stack.home)),
        "SAQBOL_LINK_KEY_FILE": str(link_key_file(stack.home)),
        "PYTHONPATH": str(CHECKOUT),
        "PYTHONUNBUFFERED": "1",
    }


def _worker(stage: str, home: Path, environment: Mapping[str, str]) -> Service:
    return Service(
        name=stage,
        command=_python("streams.worker", stage),
        log=home / "logs" / f"{stage}.log",
        environment=environment,
        directory=home,
        ready=partial(asyncio.to_thread, is_ready, home, stage, "0"),
        ready_within=_WORKER_READY_WITHIN,
    )


def _gateway(stack: Stack, environment: Mapping[str, str]) -> Service:
    return Service(
        name="gateway",
        command=_python("producers.gateway"),
        log=stack.home / "logs" / "gateway.log",
        environment=environment,
        directory=stack.home,
        ready=partial(asyncio.to_thread, _answers, f"{gateway_url(stack)}/health/ready"),
        grace=20,
    )


def _desk(stack: Stack, told: Mapping[str, str]) -> Service:
    """The desk, with a key of its own for each call-centre whose operators may log in."""
    try:
        people = staff.read(staff_file(stack.home))
        for origin in {person.source: person.origin() for person in reversed(people)}.values():
            _own_key(stack.home, origin, [Permission.REPORT, Permission.PREVENTION])
    except (StaffError, integrations.IntegrationsError) as error:
        raise StartError(f"the desk can't start: {error}") from error
    return Service(
        name="desk",
        command=_python("producers.desk"),
        log=stack.home / "logs" / "desk.log",
        environment={
            "SAQBOL_DESK_PORT": str(stack.ports["desk"]),
            "SAQBOL_DESK_STAFF_FILE": str(staff_file(stack.home)),
            "SAQBOL_DESK_KEYS": str(_keys(stack.home)),
            "SAQBOL_DESK_DATABASE": str(stack.home / "desk" / "desk.sqlite3"),
            "SAQBOL_PUBLIC_URL": _given(told, "SAQBOL_PUBLIC_URL") or gateway_url(stack),
            **told,
        },
        directory=stack.home,
        ready=partial(asyncio.to_thread, _answers, f"{desk_url(stack)}/health/live"),
        grace=20,
    )


def _bot(stack: Stack, name: str, told: Mapping[str, str]) -> Service:
    """A bot, with a key of its own if none is given."""
    channel, usual = BOTS[name]
    prefix = f"SAQBOL_{name.upper()}"
    environment = dict(told)
    if not _given(told, f"{prefix}_KEY"):
        source = _given(told, f"{prefix}_SOURCE") or f"{name}-bot"
        may = [Permission.REPORT, Permission.LOOK_UP]
        environment[f"{prefix}_KEY_FILE"] = str(_own_key(stack.home, Origin(source=source, channel=channel), may))
    port = _given(told, f"{prefix}_PORT") or usual
    return Service(
        name=name,
        command=_python(f"producers.{name}"),
        log=stack.home / "logs" / f"{name}.log",
        environment=environment,
        directory=stack.home,
        ready=partial(asyncio.to_thread, _answers, f"http://{HOST}:{port}/health/live"),
        grace=15,
    )


def _heartbeat(stack: Stack, told: Mapping[str, str]) -> Service:
    """The heartbeat, with a key of its own if none is given."""
    environment = dict(told)
    if not _given(told, "SAQBOL_HEARTBEAT_KEY"):
        origin = Origin(source=HEARTBEAT_SOURCE, channel=Channel.PARTNER)
        environment["SAQBOL_HEARTBEAT_KEY_FILE"] = str(_own_key(stack.home, origin, [Permission.REPORT]))
    return Service(
        name="heartbeat",
        command=_python("producers.heartbeat"),
        log=stack.home / "logs" / "heartbeat.log",
        environment=environment,
        directory=stack.home,
    )


def _keys(home: Path) -> Path:
    """API keys of our own services, each in a file by its source's name."""
    return home / "secrets" / "keys"


def _own_key(home: Path, origin: Origin, may: Sequence[Permission]) -> Path:
    """The file with the API key of a service of ours, made together with its integration.  Raises IntegrationsError."""
    path = _keys(home) / origin.source
    if not path.exists():
        with suppress(integrations.IntegrationsError):  # of a key that was lost
            integrations.revoke(integrations_file(home), origin.source)
        key = integrations.add(integrations_file(home), origin, may)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(key + "\n", encoding="ascii")
    return path


def _given(environment: Mapping[str, str], name: str) -> str:
    """A setting, or the file that holds it, by the given environment or ours; "" if it is not set."""
    names = (name, f"{name}_FILE")
    return next((value for n in names if (value := environment.get(n) or os.environ.get(n))), "")


def _python(module: str, *arguments: str) -> Sequence[str]:
    return [sys.executable, "-m", module, *arguments]


def _answers(url: str) -> bool:
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(url, timeout=_PROBE_TIMEOUT) as reply:
            return bool(reply.status == 200)
    except (OSError, ValueError):
        return False
