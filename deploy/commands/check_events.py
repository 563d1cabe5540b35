"""`./saqbol check-events`: which events would be refused, and why; needs no service."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Annotated, Final

import typer

from producers.conformance import EventKind, check_lines

#: Longest line that is read whole; what is longer is too large for either way in.
MAX_LINE: Final = 2_097_152


def check_events(
    file: Annotated[
        Path, typer.Argument(help="JSON lines: one event a line.", exists=True, dir_okay=False, readable=True)
    ],
    kind: Annotated[
        EventKind | None, typer.Option("--as", help="What the lines are; default: those with an id are records.")
    ] = None,
) -> None:
    """Check events against the contract: submissions for the gateway, or records for fraud.reports.v1.

    Prints a line a problem, `FILE:LINE: field problem; remedy`, and never a value.  The exit code is 1 if any event
    would be refused.
    """
    checked = refused = 0
    try:
        with file.open("rb") as lines:
            for finding in check_lines(_lines(lines), datetime.now(UTC), kind):
                checked += 1
                refused += bool(finding.problems)
                for problem in finding.problems:
                    field = problem.field or f"the {finding.kind.value}"
                    typer.echo(f"{file}:{finding.line}: {field} {problem.problem}; {problem.remedy}")
    except OSError as error:
        typer.echo(f"saqbol: {file}: {error.strerror}", err=True)
        raise typer.Exit(2) from error
    typer.echo(f"{checked:,} events, {refused:,} of them would be refused", err=True)
    if refused:
        raise typer.Exit(1)


def _lines(file: IO[bytes]) -> Iterator[bytes]:
    """The lines of a file; of a longer one than MAX_LINE only so much, which is then too large."""
    while line := file.readline(MAX_LINE):
        rest = line
        while rest and not rest.endswith(b"\n"):
            rest = file.readline(MAX_LINE)
        yield line
