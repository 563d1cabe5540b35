"""Becomes another program that can't outlive its parent: `python -IS child.py PARENT UID GID COMMAND…`.

Run as a file, by the supervisor, in a fresh interpreter: what happens here must not happen between fork and exec of a
program with threads.  UID and GID are `-` to stay who we are.  Only Linux can do this (prctl(2), PR_SET_PDEATHSIG);
elsewhere the program simply starts.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def become(parent: int, uid: str, gid: str, command: list[str]) -> None:
    """Give up root if asked, ask the kernel for SIGKILL when the parent dies, and replace this process.

    The order matters: changing the user would clear the request, and a parent that died before sends nothing.
    """
    if uid != "-":
        os.setgroups([])
        os.setgid(int(gid))
        os.setuid(int(uid))
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0):
            raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG) failed")
    if os.getppid() != parent:
        sys.exit(f"child.py: the parent {parent} is gone")
    os.execvp(command[0], command)  # noqa: S606


if __name__ == "__main__":
    become(int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4:])
