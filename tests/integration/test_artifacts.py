"""Pinned downloads, from a Maven repository on loopback that can misbehave."""

from __future__ import annotations

import gc
import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from deploy.stack import artifacts
from deploy.stack.artifacts import Artifact, fetch, read_lock
from deploy.stack.errors import StackError

CONTENT = b"what was pinned" * 1000
GOOD = Artifact("org.example:thing:1.2", hashlib.sha256(CONTENT).hexdigest())
PATH = "/org/example/thing/1.2/thing-1.2.jar"


class Repository(ThreadingHTTPServer):
    """Serves `files` (path → content); `cut` is how many answers end after half of their content."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.files: dict[str, bytes] = {}
        self.cut = 0
        self.asked: list[str] = []

    @property
    def urls(self) -> dict[str, str]:
        return {"test": f"http://127.0.0.1:{self.server_address[1]}"}


class Handler(BaseHTTPRequestHandler):
    server: Repository

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        content = self.server.files.get(self.path.removesuffix(".sha1"))
        if content is None:
            self.send_error(404)
            return
        if self.path.endswith(".sha1"):
            content = hashlib.sha1(content).hexdigest().encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.server.cut:
            self.server.cut -= 1
            content = content[: len(content) // 2]
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def repository() -> Iterator[Repository]:
    with Repository() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_a_missing_file_is_downloaded_once(repository: Repository, tmp_path: Path) -> None:
    repository.files[PATH] = CONTENT
    said: list[str] = []
    fetch([GOOD], tmp_path, said.append, repository.urls)
    assert GOOD.path(tmp_path).read_bytes() == CONTENT
    assert said[-1].startswith("downloading: 1 of 1 files")
    repository.asked.clear()
    fetch([GOOD], tmp_path, said.append, repository.urls)
    assert repository.asked == []


@pytest.mark.parametrize("found", [CONTENT[:100], b"", CONTENT + b"\0"], ids=["cut off", "empty", "altered"])
def test_a_file_that_is_not_what_was_pinned_is_downloaded_again(
    repository: Repository, tmp_path: Path, found: bytes
) -> None:
    repository.files[PATH] = CONTENT
    path = GOOD.path(tmp_path)
    path.parent.mkdir(parents=True)
    path.write_bytes(found)
    fetch([GOOD], tmp_path, print, repository.urls)
    assert path.read_bytes() == CONTENT


def test_a_connection_that_breaks_is_tried_again(repository: Repository, tmp_path: Path) -> None:
    repository.files[PATH] = CONTENT
    repository.cut = 1
    fetch([GOOD], tmp_path, print, repository.urls)
    assert GOOD.path(tmp_path).read_bytes() == CONTENT


def test_a_repository_that_serves_something_else_is_refused(repository: Repository, tmp_path: Path) -> None:
    repository.files[PATH] = CONTENT + b"and a surprise"
    with pytest.raises(StackError, match=r"org\.example:thing:1\.2: what was downloaded is not the file"):
        fetch([GOOD], tmp_path, print, repository.urls)
    assert not GOOD.path(tmp_path).exists()


def test_what_can_not_be_had_is_named_with_the_remedy(repository: Repository, tmp_path: Path) -> None:
    with pytest.raises(StackError, match=r"org\.example:thing:1\.2 can't be downloaded(?s:.)*must be reachable"):
        fetch([GOOD], tmp_path, print, repository.urls)


@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
def test_ctrl_c_ends_the_other_downloads(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = [Artifact(f"org.example:thing{number}:1", GOOD.sha256) for number in range(50)]
    for artifact in many:
        repository.files[f"/{artifact.path(Path()).as_posix()}"] = CONTENT
    monkeypatch.setattr(artifacts, "PARALLEL", 1)
    monkeypatch.setattr(artifacts, "SAY_EVERY", 0.02)

    def interrupted(_: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch(many, tmp_path, interrupted, repository.urls)
    assert len({path for path in repository.asked if path.endswith(".jar")}) < 50
    gc.collect()  # a download that was cut short leaves its connection to the collector


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "can't read the section"),
        ("[kafka", "can't read the section"),
        ('[kafka]\n"a:b" = "' + "0" * 64 + '"', "a:b = .* is not a coordinate and its SHA-256"),
        ('[kafka]\n"a:b:1" = "12"', "a:b:1 = '12' is not a coordinate and its SHA-256"),
        ('[kafka]\n"a:b:1" = 12', "a:b:1 = 12 is not a coordinate and its SHA-256"),
        ('[kafka]\n"../../etc:b:1" = "' + "0" * 64 + '"', "is not a coordinate and its SHA-256"),
    ],
)
def test_a_damaged_lock_is_named(tmp_path: Path, content: str, message: str) -> None:
    lock = tmp_path / "artifacts.lock"
    lock.write_text(content)
    with pytest.raises(StackError, match=message) as error:
        read_lock("kafka", lock)
    assert str(lock) in str(error.value)


def test_the_lock_holds_the_roots() -> None:
    for group, coordinates in artifacts.ROOTS.items():
        locked = {artifact.coordinate for artifact in read_lock(group)}
        assert set(coordinates) <= locked
        assert len({coordinate.rsplit(":", 1)[0] for coordinate in locked}) == len(locked)
