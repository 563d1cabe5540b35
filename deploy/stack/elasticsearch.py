"""A real Elasticsearch for one machine, on loopback only: the server of `integ-test-zip` with our configuration."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import shutil
import subprocess
import tempfile
import urllib.request
import zipfile
from pathlib import Path
from typing import Any, Final

import yaml

from deploy import dictionaries
from deploy.home import HOST
from deploy.stack import java
from deploy.stack.artifacts import Artifact, read_lock
from deploy.stack.errors import StackError
from deploy.stack.places import Places, give
from deploy.supervisor import Service, tied

#: Options of the server's jvm.options that are left out: a module that isn't in our Java runtime, and a log of the
#: garbage collector of up to two gigabytes.
_LEFT_OUT: Final = ("jdk.incubator.vector", "-Xlog:gc")

#: Without the second compiler the server is up in half the processor time, and for tens of thousands of documents it is
#: no slower: a local stack is started far more often than it is driven hard.
_FAST_START: Final = ("-XX:TieredStopAtLevel=1",)

_PROBE_TIMEOUT: Final = 2.0
_KEYSTORE_TIMEOUT: Final = 60


def service(home: Path, where: Places, *, port: int, heap: str, password: str | None) -> Service:
    """Elasticsearch as a service to supervise, from the unpacked distribution (see `unpack`); its log is in `home`.

    `heap` is its heap (as in -Xmx); with a `password` security is on, for the user `elastic`.  Raises StackError.
    """
    folder, distribution = where.folder, distribution_of(where)
    config = folder / "config"
    for part in (config, folder / "data", folder / "logs", folder / "tmp"):
        part.mkdir(parents=True, exist_ok=True)
    _configure(folder, distribution, port, heap, secure=password is not None)
    environment = {
        "ES_JAVA_HOME": str(where.runtime),
        "ES_PATH_CONF": str(config),
        "ES_TMPDIR": str(folder / "tmp"),
        "CLI_JAVA_OPTS": " ".join((*java.COMMON_OPTIONS, *_FAST_START)),
    }
    if password is not None:
        _set_password(distribution, config, environment, password)
    account = where.account
    if account:
        give(folder, account)
    return Service(
        name="elasticsearch",
        command=[str(distribution / "bin" / "elasticsearch")],
        log=home / "logs" / "elasticsearch.log",
        environment=environment,
        directory=folder,
        account=(account.uid, account.gid) if account else None,
        ready=lambda: asyncio.to_thread(_answers, port, password, folder / "data"),
        ready_within=120,
    )


def artifact() -> Artifact:
    """The distribution's archive, as pinned."""
    (pinned,) = read_lock("elasticsearch")
    return pinned


def distribution_of(where: Places) -> Path:
    """Where the distribution is unpacked; what exists there is whole."""
    pinned = artifact()
    return where.programs / f"elasticsearch-{pinned.parts[2]}-{pinned.sha256[:12]}"


def unpack(archive: Path, where: Places) -> None:
    """Unpack the distribution and delete the archive; nothing happens if it is unpacked already."""
    target = distribution_of(where)
    if target.exists():
        return
    # unpacked beside its place and then renamed, in case of an interruption
    with tempfile.TemporaryDirectory(dir=where.programs) as unfinished:
        with zipfile.ZipFile(archive) as file:
            file.extractall(unfinished)
        (root,) = Path(unfinished).iterdir()
        for path in (root, *root.rglob("*")):
            path.chmod(0o755 if path.is_dir() or path.parent.name == "bin" else 0o644)
        root.rename(target)
    archive.unlink()


def _configure(folder: Path, distribution: Path, port: int, heap: str, *, secure: bool) -> None:
    """Write the configuration folder: the distribution's own files, ours over them, and the dictionaries."""
    config = folder / "config"
    shutil.copytree(distribution / "config", config, dirs_exist_ok=True, copy_function=shutil.copyfile)
    lines = (distribution / "config" / "jvm.options").read_text(encoding="utf-8").splitlines(keepends=True)
    kept = "".join(line for line in lines if not any(option in line for option in _LEFT_OUT))
    (config / "jvm.options").write_text(kept, encoding="utf-8")
    options = [f"-Xms{heap}", f"-Xmx{heap}", *java.COMMON_OPTIONS, *_FAST_START]
    (config / "jvm.options.d" / "saqbol.options").write_text("\n".join(options) + "\n", encoding="utf-8")
    settings = {
        "cluster.name": "saqbol",
        "node.name": "saqbol-1",
        "path.data": str(folder / "data"),
        "path.logs": str(folder / "logs"),
        "network.host": HOST,
        "http.port": port,
        "transport.port": 0,
        "discovery.type": "single-node",
        # a disk that is nearly full must not turn the indices of a developer's machine read-only
        "cluster.routing.allocation.disk.threshold_enabled": False,
        "xpack.security.enabled": secure,
    }
    (config / "elasticsearch.yml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    dictionaries.install(config / "hunspell")


def _set_password(distribution: Path, config: Path, environment: dict[str, str], password: str) -> None:
    """Put the first password of the user `elastic` into the keystore."""
    tool = [str(distribution / "bin" / "elasticsearch-keystore")]
    (config / "elasticsearch.keystore").unlink(missing_ok=True)
    for arguments, text in ((["create"], ""), (["add", "--stdin", "bootstrap.password"], password + "\n")):
        result = subprocess.run(
            tied([*tool, *arguments]),
            input=text,
            capture_output=True,
            text=True,
            env={**os.environ, **environment},
            timeout=_KEYSTORE_TIMEOUT,
            check=False,
        )
        if result.returncode:
            raise StackError(f"elasticsearch-keystore {arguments[0]} failed:\n{result.stdout}{result.stderr}")


def _answers(port: int, password: str | None, data: Path) -> bool:
    """Whether a server answers there, with its indices, and it is ours: not one that was faster at the port."""
    try:
        nodes = _get(port, password, "/_nodes/_local?filter_path=nodes.*.settings.path.data")["nodes"]
        folders = [node["settings"]["path"]["data"] for node in nodes.values()]
        return folders == [str(data)] and _get(port, password, "/_cluster/health")["status"] in ("yellow", "green")
    except (OSError, ValueError, KeyError):
        return False


def _get(port: int, password: str | None, path: str) -> Any:
    request = urllib.request.Request(f"http://{HOST}:{port}{path}")
    if password is not None:
        token = base64.b64encode(f"elastic:{password}".encode()).decode()
        request.add_header("Authorization", f"Basic {token}")
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with direct.open(request, timeout=_PROBE_TIMEOUT) as reply:
        return json.load(reply)
