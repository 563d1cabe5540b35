"""`./saqbol migrate`: bring indices to the current version of their mapping."""

from __future__ import annotations

from typing import Annotated

import typer

from deploy.commands._records import Alias, said_plainly
from deploy.migrate import migrate as move
from deploy.migrate import outdated
from deploy.services import connect_elasticsearch


def migrate(
    aliases: Annotated[
        list[Alias] | None, typer.Argument(help="What to migrate; everything if nothing is named.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what is outdated, and change nothing.")] = False,
) -> None:
    """Copy the documents of outdated indices into new ones with today's mapping and text analysis, and switch at once.

    The pipeline may go on meanwhile.  Afterwards run `./saqbol provision`, so that new months begin with it.
    """
    with said_plainly(), connect_elasticsearch() as client:
        due = [alias for alias in aliases or list(Alias) if _say(outdated(client, alias.value))]
        if not due:
            typer.echo("every index has today's mapping")
        for alias in [] if dry_run else due:
            count = move(client, alias.value, typer.echo)
            typer.echo(f"{alias.value}: switched, {count} documents")


def _say(outdated_indices: list[str]) -> bool:
    for index in outdated_indices:
        typer.echo(f"{index}: outdated")
    return bool(outdated_indices)
