"""`./saqbol test`: lint, types, and all tests."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final

import typer

from deploy.home import CHECKOUT

#: Checks without a server, each with the arguments to Python.
CHECKS: Final = (
    ("-m", "ruff", "check"),
    ("-m", "ruff", "format", "--check"),
    ("-m", "mypy"),
    ("-m", "mypy", "--scripts-are-modules", "saqbol"),
)

#: Folders of tests, the fastest first.
FOLDERS: Final = ("unit", "agents", "integration", "browser", "faults", "evaluation")


def run_tests(
    arguments: Annotated[
        list[str] | None, typer.Argument(help="For pytest; a path replaces the usual folders.")
    ] = None,
) -> None:
    """Run every check and every test; what is left out is said with its reason."""
    given = arguments or []
    failed = [check for check in CHECKS if _run(check)]
    paths = [] if any(Path(item.split("::")[0]).exists() for item in given) else _folders()
    code = _run(("-m", "pytest", *paths, *given), failed)
    raise typer.Exit(code or bool(failed))


def _folders() -> list[str]:
    return [f"tests/{name}" for name in FOLDERS if (CHECKOUT / "tests" / name).is_dir()]


def _run(arguments: Sequence[str], failed: Sequence[Sequence[str]] = ()) -> int:
    """Run Python with `arguments` in the checkout and return its exit code; say so, and what failed before."""
    for check in failed:
        typer.echo(f"failed: {' '.join(check[1:])}")
    typer.echo(f"── {' '.join(arguments[1:])}")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SAQBOL_")}
    return subprocess.run([sys.executable, *arguments], cwd=CHECKOUT, env=environment, check=False).returncode
