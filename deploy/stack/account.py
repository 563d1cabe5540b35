"""Elasticsearch refuses to run as root: which account it runs under instead, and which folders that one can reach."""

from __future__ import annotations

import os
import pwd
import shutil
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from deploy.stack.errors import StackError

#: The account without privileges that every Linux system has.
UNPRIVILEGED: Final = "nobody"


@dataclass(frozen=True)
class Account:
    """A user of this machine."""

    name: str
    uid: int
    gid: int


def account_for_elasticsearch() -> Account | None:
    """Whom to run Elasticsearch under: None is ourselves, unless we are root.  Raises StackError if there is nobody."""
    if os.geteuid() != 0:
        return None
    try:
        entry = pwd.getpwnam(UNPRIVILEGED)
    except KeyError as error:
        raise StackError(
            f"Elasticsearch refuses to run as root, and this machine has no user {UNPRIVILEGED!r} to run it under. "
            "Start SaqBol as an ordinary user."
        ) from error
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def obstacle(folder: Path, account: Account) -> Path | None:
    """The first folder on the way down to `folder`, itself included, that `account` may not enter; None if it can.

    Folders that don't exist yet are no obstacle.  Only the permission bits are read, not access control lists.
    """
    for step in (*reversed(folder.parents), folder):
        try:
            status = step.stat()
        except FileNotFoundError:
            return None
        if status.st_uid == account.uid:
            needed = stat.S_IXUSR
        elif status.st_gid == account.gid:
            needed = stat.S_IXGRP
        else:
            needed = stat.S_IXOTH
        if not status.st_mode & needed:
            return step
    return None


def give(folder: Path, account: Account) -> None:
    """Make `account` the owner of `folder` and everything in it (root only)."""
    for path in (folder, *folder.rglob("*")):
        if path.lstat().st_uid != account.uid:
            shutil.chown(path, account.uid, account.gid)
