"""`./saqbol backup` and `./saqbol restore`: what lives nowhere else, in a file and back."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from deploy import backup as core
from deploy.commands._records import said_plainly
from producers import kafka
from streams.settings import from_environment


def backup(
    file: Annotated[Path, typer.Argument(help="Where to, e.g. saqbol-2026-01-14.jsonl.gz", dir_okay=False)],
) -> None:
    """Write analysts' verdicts, decisions, casework, alerts and warnings given to a file; everything else is rebuilt.

    Do it every day and keep files elsewhere.  A file from before an erasure repeats what was erased in alerts.
    """
    if file.exists():
        raise typer.BadParameter(f"{file} exists already; a backup is not overwritten")
    with said_plainly():
        counts = core.backup(from_environment().kafka, file, datetime.now(UTC))
    _say(counts)
    typer.echo(f"{sum(counts.values())} records in {file}")


def restore(file: Annotated[Path, typer.Argument(help="A backup.", exists=True, dir_okay=False)]) -> None:
    """Write the records of a backup that the topics lack.  A file that is not whole is refused, and changes nothing."""
    servers = from_environment().kafka
    with said_plainly():
        entries = core.read(file)
        with closing(kafka.connect(servers, "saqbol-restore")) as producer:
            counts = core.restore(servers, producer, entries)
    _say(counts)
    typer.echo(f"{sum(counts.values())} of {len(entries)} records written, the others are there")


def _say(counts: dict[str, int]) -> None:
    for topic, count in counts.items():
        typer.echo(f"  {topic}: {count}")
