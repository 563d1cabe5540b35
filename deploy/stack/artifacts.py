"""Maven artefacts of the local stack: pinned with their SHA-256 in `artifacts.lock`, downloaded through jgo.

The tree of dependencies is resolved only by `python -m deploy.stack.artifacts`, a maintainer's command that writes the
lock; an installation downloads exactly the files named there, in parallel, and verifies each.
"""

from __future__ import annotations

import fcntl
import hashlib
import re
import sys
import tempfile
import threading
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from deploy.stack.errors import StackError

if TYPE_CHECKING:
    from jgo.maven import MavenContext

LOCK: Final = Path(__file__).with_name("artifacts.lock")

#: What the lock is resolved from: group → coordinates.  kafka-clients is named because jgo would take an older one.
ROOTS: Final = {
    "kafka": (
        "org.apache.kafka:kafka_2.13:4.3.0",
        "org.apache.kafka:kafka-clients:4.3.0",
        "org.apache.logging.log4j:log4j-slf4j2-impl:2.25.3",
    ),
    "elasticsearch": ("org.elasticsearch.distribution.integ-test-zip:elasticsearch:9.2.4:zip",),
}

#: Downloads at a time, seconds that one of them may stay silent, how often it is tried, seconds between two reports.
PARALLEL: Final = 8
TIMEOUT: Final = 60
ATTEMPTS: Final = 2
SAY_EVERY: Final = 2.0

_COORDINATE = re.compile(r"[\w.-]+:[\w.-]+:[\w.-]+(?::(?:jar|zip))?")
_SHA256 = re.compile(r"[0-9a-f]{64}")

Say = Callable[[str], None]


@dataclass(frozen=True)
class Artifact:
    """One file of the lock: `group:artifact:version[:extension]` and the SHA-256 of its content, in hexadecimal."""

    coordinate: str
    sha256: str

    @property
    def parts(self) -> tuple[str, str, str, str]:
        """(group, artifact, version, extension)."""
        group, artifact, version, *extension = self.coordinate.split(":")
        return group, artifact, version, extension[0] if extension else "jar"

    def path(self, cache: Path) -> Path:
        """Where it lies in a Maven repository cache (https://maven.apache.org/repositories/layout.html)."""
        group, artifact, version, extension = self.parts
        return cache.joinpath(*group.split("."), artifact, version, f"{artifact}-{version}.{extension}")


def read_lock(group: str, lock: Path = LOCK) -> list[Artifact]:
    """The artefacts of `group` ("kafka" or "elasticsearch").  Raises StackError naming the entry that is wrong."""
    try:
        entries = tomllib.loads(lock.read_text(encoding="utf-8"))[group]
    except (OSError, KeyError, tomllib.TOMLDecodeError) as error:
        raise StackError(f"{lock}: can't read the section [{group}]: {error!r}; restore the file from git") from error
    for coordinate, sha256 in entries.items():
        if not _COORDINATE.fullmatch(coordinate) or not isinstance(sha256, str) or not _SHA256.fullmatch(sha256):
            raise StackError(f"{lock}: [{group}] {coordinate} = {sha256!r} is not a coordinate and its SHA-256")
    return [Artifact(coordinate, sha256) for coordinate, sha256 in entries.items()]


class _Progress:
    """Bytes that arrived, over all downloads; raises in the downloading threads once `stop` is set."""

    def __init__(self) -> None:
        self.stop = threading.Event()
        self._lock = threading.Lock()
        self.size = 0

    @contextmanager
    def __call__(self, _name: str, _size: int) -> Iterator[Callable[[int], None]]:
        """What jgo wants: a context for each file, with a function that hears of each piece."""
        yield self._add

    def _add(self, size: int) -> None:
        if self.stop.is_set():
            raise StackError("stopped while downloading")
        with self._lock:
            self.size += size


def fetch(artifacts: Iterable[Artifact], cache: Path, say: Say, repositories: Mapping[str, str] | None = None) -> None:
    """Make sure that each artefact is in `cache`, with the pinned content; download what isn't.

    `say` hears about the progress; `repositories`: name → URL of Maven repositories (default: Maven Central).  Raises
    StackError naming the artefact that can't be had, or whose content isn't the pinned one even when downloaded again.
    """
    with ThreadPoolExecutor(PARALLEL) as pool:
        artifacts = list(artifacts)
        good = list(pool.map(lambda artifact: _matches(artifact, artifact.path(cache)), artifacts))
        missing = [artifact for artifact, is_good in zip(artifacts, good, strict=True) if not is_good]
        if not missing:
            return
        progress = _Progress()
        context = _maven(cache, progress, repositories)
        waiting = {pool.submit(_download, artifact, cache, context, progress.stop) for artifact in missing}
        try:
            while waiting:
                done, waiting = wait(waiting, timeout=SAY_EVERY, return_when=FIRST_EXCEPTION)
                for future in done:
                    future.result()
                megabytes = progress.size / 1e6
                say(f"downloading: {len(missing) - len(waiting)} of {len(missing)} files, {megabytes:.0f} MB")
        except BaseException:  # one failed, or Ctrl-C: the others needn't go on
            progress.stop.set()
            pool.shutdown(wait=False, cancel_futures=True)
            raise


@contextmanager
def alone(folder: Path, say: Say) -> Iterator[None]:
    """Install in `folder` as the only process: several stacks may share what is downloaded."""
    with (folder / "lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"another process installs in {folder}: waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _maven(
    cache: Path, progress: _Progress | None = None, repositories: Mapping[str, str] | None = None
) -> MavenContext:
    from jgo.maven import MavenContext, PythonResolver  # noqa: PLC0415 - half a second, for downloads only

    remote = dict(repositories) if repositories else None
    resolver = PythonResolver(progress_callback=progress)
    return MavenContext(resolver=resolver, repo_cache=cache, remote_repos=remote, timeout=TIMEOUT)


def _jgo_artifact(context: MavenContext, artifact: Artifact) -> Any:
    group, name, version, extension = artifact.parts
    return context.project(group, name).at_version(version).artifact(packaging=extension)


def _download(artifact: Artifact, cache: Path, context: MavenContext, stop: threading.Event) -> None:
    path = artifact.path(cache)
    for attempt in range(1, ATTEMPTS + 1):
        path.unlink(missing_ok=True)  # what is there is no good: it was cut off or altered
        try:
            _jgo_artifact(context, artifact).resolve()
        except Exception as error:  # jgo lets everything through: requests' errors, RuntimeError, AssertionError
            if attempt == ATTEMPTS or stop.is_set():
                raise StackError(
                    f"{artifact.coordinate} can't be downloaded: {error}\n"
                    "Maven Central must be reachable (a proxy is taken from HTTPS_PROXY); then start again."
                ) from error
            continue
        if _matches(artifact, path):
            return
    path.unlink(missing_ok=True)
    raise StackError(
        f"{artifact.coordinate}: what was downloaded is not the file that artifacts.lock pins "
        f"(SHA-256 {artifact.sha256}).  A proxy or a mirror may have altered it; it was deleted."
    )


def _matches(artifact: Artifact, path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == artifact.sha256
    except FileNotFoundError:
        return False


def resolve() -> dict[str, list[Artifact]]:
    """Resolve ROOTS and their dependencies through jgo, download all, and say what they are: group → artefacts."""
    with tempfile.TemporaryDirectory() as folder:
        context = _maven(Path(folder))
        locked: dict[str, list[Artifact]] = {}
        for group, coordinates in ROOTS.items():
            roots = [Artifact(coordinate, "") for coordinate in coordinates]
            found = [_jgo_artifact(context, root) for root in roots]
            jars = [root.coordinate for root in roots if root.parts[3] == "jar"]
            if jars:
                inputs, transitive = context.resolver.resolve([context.create_dependency(jar) for jar in jars])
                found = [dependency.artifact for dependency in (*inputs, *transitive)]
            files = {
                f"{item.groupId}:{item.artifactId}:{item.version}" + (":zip" if item.packaging == "zip" else ""): item
                for item in found
            }
            locked[group] = [
                Artifact(name, hashlib.sha256(item.resolve().read_bytes()).hexdigest())
                for name, item in sorted(files.items())
            ]
        return locked


def write_lock(locked: dict[str, list[Artifact]], lock: Path = LOCK) -> None:
    """Write the lock file."""
    lines = ["# Written by `python -m deploy.stack.artifacts` from the roots named there.  Coordinate = SHA-256."]
    for group, artifacts in locked.items():
        lines += ["", f"[{group}]"]
        lines += [f'"{artifact.coordinate}" = "{artifact.sha256}"' for artifact in artifacts]
    lock.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    write_lock(resolve())
    sys.stderr.write(f"wrote {LOCK}\n")
