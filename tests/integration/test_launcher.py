"""The launcher, for real: it makes a virtual environment and installs a locked package, here from a local folder."""

from __future__ import annotations

import base64
import hashlib
import importlib.util
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import pytest

from deploy.home import CHECKOUT
from tests.processes import wait_until

#: What `./saqbol` starts in the checkouts of these tests: prints its arguments and what it can import.
MAIN = """
import sys
from importlib.metadata import PackageNotFoundError, version
for name in ("sbprobe", "sbextra"):
    try: print(name, version(name))
    except PackageNotFoundError: print(name, "missing")
print(sys.argv[1:])
"""


def wheel(folder: Path, name: str, version: str, padding: int = 0) -> str:
    """Write a wheel with one module into `folder` and return its line in a lock file (PEP 427)."""
    info = f"{name}-{version}.dist-info"
    files = {
        f"{name}.py": f"VERSION = {version!r}\n" + "#" * padding,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = ""
    for path, content in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(content.encode()).digest()).rstrip(b"=").decode()
        record += f"{path},sha256={digest},{len(content)}\n"
    path = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for file, content in files.items():
            archive.writestr(file, content)
        archive.writestr(f"{info}/RECORD", f"{record}{info}/RECORD,,\n")
    return f"{name}=={version} --hash=sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}\n"


class Checkout:
    """A checkout with the real launcher and small locks."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.wheels = root / "wheels"
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "PYTHON"))},
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": str(self.wheels),
        }

    @classmethod
    def create(cls, root: Path) -> Checkout:
        checkout = cls(root)
        (root / "deploy" / "requirements").mkdir(parents=True)
        checkout.wheels.mkdir()
        shutil.copy(CHECKOUT / "saqbol", root / "saqbol")
        (root / "deploy" / "__init__.py").touch()
        (root / "deploy" / "__main__.py").write_text(MAIN)
        checkout.lock(wheel(checkout.wheels, "sbprobe", "1.0"), wheel(checkout.wheels, "sbextra", "1.0"))
        return checkout

    def lock(self, run: str, extra: str = "") -> None:
        (self.root / "deploy" / "requirements" / "run.txt").write_text(run)
        (self.root / "deploy" / "requirements" / "test.txt").write_text(run + extra)

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        command = [sys.executable, str(self.root / "saqbol"), *arguments]
        return subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=self.environment, cwd="/"
        )

    def run(self, *arguments: str) -> tuple[int, str, str]:
        with self.start(*arguments) as process:
            output, errors = process.communicate(timeout=100)
            return process.returncode, output, errors


class FirstStart(NamedTuple):
    """A new checkout where two launchers were started at once, and the (exit code, output, errors) of each."""

    checkout: Checkout
    results: list[tuple[int, str, str]]


@pytest.fixture(scope="module")
def first_start(tmp_path_factory: pytest.TempPathFactory) -> FirstStart:
    checkout = Checkout.create(tmp_path_factory.mktemp("checkout"))
    with checkout.start("number", "show", "1414") as one, checkout.start("number", "show", "1414") as two:
        results = [(*process.communicate(timeout=100), process.returncode) for process in (one, two)]
    return FirstStart(checkout, [(code, output, errors) for output, errors, code in results])


@pytest.fixture
def copy(first_start: FirstStart, tmp_path: Path) -> Checkout:
    """A checkout where the dependencies are installed already."""
    shutil.copytree(first_start.checkout.root, tmp_path / "copy", symlinks=True)
    return Checkout(tmp_path / "copy")


@pytest.fixture
def fresh(tmp_path: Path) -> Checkout:
    return Checkout.create(tmp_path)


def test_the_first_start_installs_once_even_if_two_are_started(first_start: FirstStart) -> None:
    for code, output, _ in first_start.results:
        assert (code, output) == (0, "sbprobe 1.0\nsbextra missing\n['number', 'show', '1414']\n")
    said = "".join(errors for _, _, errors in first_start.results)
    assert said.count("creating the virtual environment") == 1
    assert said.count("dependencies: 1 of 1 packages, ready") == 1
    assert said.count("another saqbol is installing the dependencies; waiting for it") == 1


def test_the_second_start_needs_nothing_and_says_nothing(copy: Checkout) -> None:
    shutil.rmtree(copy.wheels)
    assert copy.run("up") == (0, "sbprobe 1.0\nsbextra missing\n['up']\n", "")


def test_only_the_tests_need_the_second_lock_and_it_holds_the_first(copy: Checkout) -> None:
    assert "sbextra 1.0" in copy.run("test")[1]
    shutil.rmtree(copy.wheels)
    assert copy.run("up") == (0, "sbprobe 1.0\nsbextra 1.0\n['up']\n", "")


def test_a_changed_lock_is_installed(copy: Checkout) -> None:
    copy.lock(wheel(copy.wheels, "sbprobe", "2.0"))
    assert "sbprobe 2.0" in copy.run()[1]


def test_a_file_with_another_hash_is_refused_and_the_old_state_is_not_taken_for_the_new(copy: Checkout) -> None:
    line = wheel(copy.wheels, "sbprobe", "2.0")
    copy.lock(re.sub("sha256:.", "sha256:" + ("0" if "sha256:0" not in line else "1"), line))
    for _ in range(2):
        code, output, errors = copy.run()
        assert (code, output) == (1, "")
        assert "THESE PACKAGES DO NOT MATCH THE HASHES" in errors
    copy.lock(line)
    assert "sbprobe 2.0" in copy.run()[1]


def test_an_unreachable_index_is_said_with_the_remedy(copy: Checkout) -> None:
    copy.lock("sbnowhere==1.0 --hash=sha256:" + "0" * 64 + "\n")
    code, _, errors = copy.run()
    assert code == 1
    assert "No matching distribution found for sbnowhere==1.0" in errors
    assert "must be reachable" in errors


def test_a_foreign_environment_is_adopted(fresh: Checkout) -> None:
    subprocess.run([sys.executable, "-m", "venv", str(fresh.root / ".venv")], check=True)
    (fresh.root / ".venv" / "mine").touch()
    assert fresh.run()[0] == 0
    assert (fresh.root / ".venv" / "mine").exists()


@pytest.mark.parametrize("damage", ["no interpreter", "another version"])
def test_a_broken_environment_is_built_anew(copy: Checkout, damage: str) -> None:
    venv = copy.root / ".venv"
    if damage == "no interpreter":
        (venv / "bin" / "python").unlink()
    else:
        (venv / "saqbol.json").unlink()
        config = (venv / "pyvenv.cfg").read_text()
        (venv / "pyvenv.cfg").write_text(re.sub(r"(?m)^version = .*", "version = 3.10.1", config))
    (venv / "mine").touch()
    code, output, errors = copy.run()
    assert (code, output.splitlines()[0]) == (0, "sbprobe 1.0")
    assert "creating the virtual environment" in errors
    assert not (venv / "mine").exists()


def test_an_interrupted_installation_is_made_whole(copy: Checkout) -> None:
    copy.lock(wheel(copy.wheels, "sbprobe", "2.0", padding=30_000_000))
    (copy.root / ".venv" / "saqbol.json").unlink()
    with copy.start() as process:
        wait_until((copy.root / ".venv" / "saqbol-unfinished").exists)
        time.sleep(1)
        process.send_signal(signal.SIGKILL)
    code, output, _ = copy.run()
    assert (code, output.splitlines()[0]) == (0, "sbprobe 2.0")


@pytest.fixture
def launcher() -> ModuleType:
    loader = SourceFileLoader("launcher", str(CHECKOUT / "saqbol"))
    spec = importlib.util.spec_from_loader("launcher", loader)
    assert spec
    module = importlib.util.module_from_spec(spec)
    written, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    loader.exec_module(module)
    sys.dont_write_bytecode = written
    return module


def executable(folder: Path, name: str, answer: str) -> Path:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{answer}\n")
    path.chmod(0o755)
    return path


def test_an_old_python_looks_for_a_newer_one(
    launcher: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 9, 2))
    monkeypatch.setenv("PATH", str(tmp_path))
    executable(tmp_path, "python3.13", "exit 1")  # like a shim of a version manager that has no such version
    fine = executable(tmp_path, "python3.12", "echo 3 12")
    assert launcher.find_python() == str(fine)


def test_no_python_that_fits_is_said_with_the_remedy(
    launcher: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "version_info", (3, 9, 2))
    with pytest.raises(launcher.Failure, match=r"needs Python 3\.11, 3\.12 or 3\.13.*python3 here is 3\.9(?s:.)*apt"):
        launcher.find_python()
    monkeypatch.setattr(sys, "version_info", (3, 11, 2))
    monkeypatch.setattr(sys, "executable", str(executable(tmp_path, "python3", "exit 1")))  # no ensurepip
    with pytest.raises(launcher.Failure, match=r"has no venv module(?s:.)*apt install python3\.11-venv"):
        launcher.find_python()


def test_the_locks_name_every_hash_and_no_place() -> None:
    pins = {}
    for name in ("run", "test"):
        text = (CHECKOUT / "deploy" / "requirements" / f"{name}.txt").read_text()
        entries = re.split(r"\n(?=\S)", text.strip())
        assert all("--hash=sha256:" in entry for entry in entries)
        assert not re.search(r"https?://|file:|--index|--find-links|^-", text, re.MULTILINE)
        pins[name] = {entry.split("\\")[0].strip() for entry in entries}
    assert pins["run"] <= pins["test"]
