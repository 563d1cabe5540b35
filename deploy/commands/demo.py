"""`./saqbol demo`: the whole of SaqBol on this machine, with an invented month of reports and a wave."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console

from deploy.commands._terminal import plain_errors
from deploy.demo.run import demo as run_demo

Once = Annotated[
    bool, typer.Option("--once", help="End after the summary; exit code 1 unless all was as it should be.")
]


def demo(once: Once = False) -> None:
    """Start everything, replay four weeks of reports and the wave of January 2026, and show what came of it.

    The demo has a data folder of its own, .saqbol/demo, which is made anew at every start.
    """
    with plain_errors():
        code = run_demo(Console(highlight=False), once)
    raise typer.Exit(code)
