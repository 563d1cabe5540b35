"""The secrets of the compose stack: random, in `.env`, made once and never overwritten."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Final

from msgspec import Struct

from producers import integrations
from producers.desk import staff
from producers.intake import Origin
from producers.integrations import Permission
from schemas.events import Channel
from streams.urgent import HEARTBEAT_SOURCE

#: The integration that a new deployment starts with.
FIRST: Final = Origin(source="first-partner", channel=Channel.PARTNER)
#: Our own services that use the gateway: the variable with the API key of each, and what it may.
OWN: Final = {
    "SAQBOL_DESK_KEY": (Origin(source="desk", channel=Channel.HOTLINE), (Permission.REPORT, Permission.PREVENTION)),
    "SAQBOL_HEARTBEAT_KEY": (Origin(source=HEARTBEAT_SOURCE, channel=Channel.PARTNER), (Permission.REPORT,)),
    "SAQBOL_TELEGRAM_KEY": (
        Origin(source="telegram-bot", channel=Channel.TELEGRAM),
        (Permission.REPORT, Permission.LOOK_UP),
    ),
    "SAQBOL_WHATSAPP_KEY": (
        Origin(source="whatsapp-bot", channel=Channel.WHATSAPP),
        (Permission.REPORT, Permission.LOOK_UP),
    ),
}

_VALUE: Final = re.compile(r"^(SAQBOL_[A-Z_]+)=(.*)$", re.MULTILINE)
_ASSIGNMENT: Final = re.compile(r"^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=", re.MULTILINE)


class Variable(Struct, frozen=True):
    """A variable of `.env`: what it is for, and what makes its first value."""

    name: str
    purpose: str
    make: Callable[[], str]


def _password() -> str:
    """256 random bits, in characters that need no quotes."""
    return secrets.token_urlsafe(32)


def _key() -> str:
    """256 random bits in hexadecimal."""
    return secrets.token_hex(32)


def _empty() -> str:
    return ""


VARIABLES: Final = (
    Variable(
        "SAQBOL_ELASTIC_PASSWORD", "Elasticsearch's superuser `elastic`: for emergencies, no part uses it", _password
    ),
    Variable("SAQBOL_PROVISIONER_PASSWORD", "Elasticsearch: saqbol_provisioner", _password),
    Variable("SAQBOL_WRITER_PASSWORD", "Elasticsearch: saqbol_writer, for the workers", _password),
    Variable("SAQBOL_GATEWAY_PASSWORD", "Elasticsearch: saqbol_gateway, for the look-ups of partners", _password),
    Variable("SAQBOL_DESK_PASSWORD", "Elasticsearch: saqbol_desk, for the pages of operators", _password),
    Variable("SAQBOL_STEWARD_PASSWORD", "Elasticsearch: saqbol_steward, for whoever keeps the records", _password),
    Variable("SAQBOL_ANALYST_PASSWORD", "Kibana and Elasticsearch: log in as saqbol_analyst", _password),
    Variable("SAQBOL_ONCALL_PASSWORD", "Kibana: log in as saqbol_oncall", _password),
    Variable("SAQBOL_OPERATOR_PASSWORD", "Kibana: log in as saqbol_operator", _password),
    Variable("SAQBOL_AUDITOR_PASSWORD", "Kibana: log in as saqbol_auditor, who alone reads the audit log", _password),
    Variable("SAQBOL_KIBANA_PASSWORD", "Elasticsearch: saqbol_kibana, for Kibana itself", _password),
    Variable("SAQBOL_KIBANA_KEY", "Kibana: encrypts sessions and saved objects", _key),
    Variable(
        "SAQBOL_HMAC_KEY",
        "hashes reporters; another key makes everybody a new person, so keep a copy in a safe place",
        _key,
    ),
    Variable("SAQBOL_LINK_KEY", "signs the links in messages that acknowledge an alert with one tap", _key),
    Variable("SAQBOL_DESK_KEY", "gateway: API key of the desk", integrations.new_key),
    Variable("SAQBOL_HEARTBEAT_KEY", "gateway: API key of the heartbeat", integrations.new_key),
    Variable("SAQBOL_TELEGRAM_KEY", "gateway: API key of the Telegram bot", integrations.new_key),
    Variable("SAQBOL_WHATSAPP_KEY", "gateway: API key of the WhatsApp bot", integrations.new_key),
    Variable("SAQBOL_ONCALL_URL", "where alerts go: an Apprise URL, e.g. tgram://TOKEN/CHAT; yours to fill in", _empty),
)


def complete(path: Path) -> list[str]:
    """Add the variables that the file `path` lacks, create it if need be, and let only its owner read it.

    Returns the names that were added; what is there stays.
    """
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    known = set(_ASSIGNMENT.findall(text))
    missing = [variable for variable in VARIABLES if variable.name not in known]
    lines = [f"# {variable.purpose}\n{variable.name}={variable.make()}\n" for variable in missing]
    if text and not text.endswith("\n"):
        lines.insert(0, "\n")
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "a", encoding="utf-8") as file:
        file.writelines(lines)
    path.chmod(0o600)
    return [variable.name for variable in missing]


def first_integration(path: Path) -> str | None:
    """Write an integrations file with one integration, FIRST, and return its API key; None if the file exists.

    Everybody may read the file: it holds the hash of a random key, and the container reads it as another user.
    """
    if path.exists():
        return None
    key = integrations.create(path, [FIRST])[FIRST.source]
    path.chmod(0o644)
    return key


def own_integrations(path: Path, environment_file: Path) -> list[str]:
    """Let our own services use the gateway: add an entry for each key of OWN that the integrations file lacks.

    Returns the sources that were added.  Raises integrations.IntegrationsError.
    """
    keys = dict(_VALUE.findall(environment_file.read_text(encoding="utf-8")))
    entries = integrations.read(path)
    known = {entry.source for entry in entries}
    added = [
        integrations.entry_of(origin, keys[name], may)
        for name, (origin, may) in OWN.items()
        if origin.source not in known and keys.get(name)
    ]
    if added:
        integrations.save(path, [*entries, *added])
    return [entry.source for entry in added]


def empty_staff(path: Path) -> bool:
    """Make the desk's staff file, in a folder that the container can read; whether it was missing."""
    if path.exists():
        return False
    staff.write(path, [])
    path.chmod(0o644)
    path.parent.chmod(0o755)
    path.parent.parent.chmod(0o700)  # nobody else on this machine gets that far
    return True
