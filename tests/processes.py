"""Looking at this machine's process and socket tables, for tests."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

LOOPBACK_4 = "0100007F"
LOOPBACK_6 = "00000000000000000000000001000000"
#: ::ffff:127.0.0.1, where a server that speaks both families listens for IPv4
LOOPBACK_MAPPED = "0000000000000000FFFF00000100007F"


def processes_with(text: str) -> dict[int, str]:
    """Process id → command line of each process that has `text` in its command line or environment, without zombies."""
    found = {}
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            command = (folder / "cmdline").read_bytes()
            environment = (folder / "environ").read_bytes()
        except OSError:
            continue  # it has ended meanwhile
        if command and (text.encode() in command or text.encode() in environment):
            found[int(folder.name)] = command.replace(b"\0", b" ").decode("utf-8", "replace")
    return found


def listening(pids: set[int]) -> set[tuple[str, int]]:
    """(address as in /proc/net/tcp, port) of every TCP socket on which one of the processes listens."""
    inodes = {inode for pid in pids for inode in _sockets(pid)}
    found = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in Path(table).read_text(encoding="ascii").splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and fields[9] in inodes:
                address, port = fields[1].split(":")
                found.add((address, int(port, 16)))
    return found


def _sockets(pid: int) -> set[str]:
    links = [link.readlink() for link in Path(f"/proc/{pid}/fd").iterdir() if link.is_symlink()]
    return {link.name.removeprefix("socket:[").removesuffix("]") for link in links if link.name.startswith("socket:")}


def wait_until(condition: Callable[[], object], seconds: float = 20) -> None:
    """Return as soon as `condition` holds.  Raises TimeoutError."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"not within {seconds} s")
        time.sleep(0.05)
