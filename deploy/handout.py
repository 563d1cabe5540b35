"""Hands each service of the compose stack the secrets it needs, and no other: files in a volume of its own.

    python -m deploy.handout /handout

Reads the secrets from the environment (`.env`, made by `./saqbol env`) and writes, below the folder:

    elasticsearch/users, users_roles   accounts of Elasticsearch's file realm, passwords hashed
    provision/password                 password of saqbol_provisioner
    workers/password                   password of saqbol_writer
    gateway/hmac_key                   key that reporters are hashed with
    gateway/password                   password of saqbol_gateway
    desk/password                      password of saqbol_desk
    steward/password, steward/hmac_key password of saqbol_steward, and the same key, for erasures

Files and not variables, because a variable is shown by `docker inspect` and inherited by every child process; a volume
and not compose's own secrets, because those need a root file system that can be written.
"""

from __future__ import annotations

import base64
import hashlib
import os
import secrets
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

#: Accounts of Elasticsearch: variable with the password, and role (`images/roles.yml`, or Elasticsearch's own).
ACCOUNTS: Final = {
    "saqbol_provisioner": ("SAQBOL_PROVISIONER_PASSWORD", "saqbol_provisioner"),
    "saqbol_writer": ("SAQBOL_WRITER_PASSWORD", "saqbol_writer"),
    "saqbol_gateway": ("SAQBOL_GATEWAY_PASSWORD", "saqbol_gateway"),
    "saqbol_desk": ("SAQBOL_DESK_PASSWORD", "saqbol_desk"),
    "saqbol_steward": ("SAQBOL_STEWARD_PASSWORD", "saqbol_steward"),
    "saqbol_analyst": ("SAQBOL_ANALYST_PASSWORD", "saqbol_analyst"),
    "saqbol_oncall": ("SAQBOL_ONCALL_PASSWORD", "saqbol_oncall"),
    "saqbol_operator": ("SAQBOL_OPERATOR_PASSWORD", "saqbol_operator"),
    "saqbol_auditor": ("SAQBOL_AUDITOR_PASSWORD", "saqbol_auditor"),
    "saqbol_kibana": ("SAQBOL_KIBANA_PASSWORD", "kibana_system"),
}
#: Secrets that a service gets as a file: path below the folder, and variable.
FILES: Final = {
    "provision/password": "SAQBOL_PROVISIONER_PASSWORD",
    "workers/password": "SAQBOL_WRITER_PASSWORD",
    "gateway/hmac_key": "SAQBOL_HMAC_KEY",
    "gateway/password": "SAQBOL_GATEWAY_PASSWORD",
    "desk/password": "SAQBOL_DESK_PASSWORD",
    "steward/password": "SAQBOL_STEWARD_PASSWORD",
    "steward/hmac_key": "SAQBOL_HMAC_KEY",
    "notify/link_key": "SAQBOL_LINK_KEY",
    "desk/link_key": "SAQBOL_LINK_KEY",
    "desk/keys/desk": "SAQBOL_DESK_KEY",
    "heartbeat/key": "SAQBOL_HEARTBEAT_KEY",
    "telegram/key": "SAQBOL_TELEGRAM_KEY",
    "whatsapp/key": "SAQBOL_WHATSAPP_KEY",
}
#: Secrets that only those have who run a bot; an absent one is an empty file.
OPTIONAL: Final = {
    "telegram/token": "SAQBOL_TELEGRAM_TOKEN",
    "telegram/webhook_secret": "SAQBOL_TELEGRAM_WEBHOOK_SECRET",
    "whatsapp/token": "SAQBOL_WHATSAPP_TOKEN",
    "whatsapp/app_secret": "SAQBOL_WHATSAPP_APP_SECRET",
    "whatsapp/verify_token": "SAQBOL_WHATSAPP_VERIFY_TOKEN",
}
#: Rounds of the password hash: the passwords have 256 random bits, so the least that Elasticsearch takes is enough.
_ROUNDS: Final = 1000


class HandoutError(Exception):
    """A secret is missing; the message names the variable and the remedy."""


def hand_out(folder: Path, environment: Mapping[str, str]) -> None:
    """Write all files below `folder`, replacing older ones.  Raises HandoutError before anything is written."""
    names = [name for name, _ in ACCOUNTS.values()] + list(FILES.values())
    missing = sorted({name for name in names if not environment.get(name)})
    if missing:
        raise HandoutError(f"not set: {', '.join(missing)}; ./saqbol env creates them in .env")
    for path, name in (FILES | OPTIONAL).items():
        _write(folder / path, environment.get(name, ""), 0o400)
    users = {user: environment[name] for user, (name, _) in ACCOUNTS.items()}
    roles = {user: role for user, (_, role) in ACCOUNTS.items()}
    # Elasticsearch runs as another user than we do, and reads only what everybody may read: hashes
    _write(folder / "elasticsearch" / "users", users_file(users), 0o444)
    _write(folder / "elasticsearch" / "users_roles", users_roles_file(roles), 0o444)


def users_file(passwords: Mapping[str, str]) -> str:
    """Content of Elasticsearch's file `users`: a line `user:hash` each."""
    return "".join(
        f"{user}:{password_hash(password, secrets.token_bytes(32))}\n" for user, password in passwords.items()
    )


def users_roles_file(roles: Mapping[str, str]) -> str:
    """Content of Elasticsearch's file `users_roles`: a line `role:user` each."""
    return "".join(f"{role}:{user}\n" for user, role in roles.items())


def password_hash(password: str, salt: bytes) -> str:
    """PBKDF2 with HMAC-SHA-512 and 32 bytes of salt and key, as Elasticsearch writes it (`Hasher.PBKDF2`)."""
    key = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, _ROUNDS, 32)
    return f"{{PBKDF2}}{_ROUNDS}${base64.b64encode(salt).decode()}${base64.b64encode(key).decode()}"


def _write(path: Path, content: str, mode: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(content if content.endswith("\n") else content + "\n")
    draft.chmod(mode)
    draft.replace(path)


if __name__ == "__main__":
    try:
        hand_out(Path(sys.argv[1]), os.environ)
    except HandoutError as error:
        sys.exit(str(error))
