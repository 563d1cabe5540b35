"""`./saqbol reindex`: rebuild indices from the log."""

from __future__ import annotations

from typing import Annotated

import typer

from deploy.commands._records import Alias, said_plainly
from deploy.reindex import rebuild
from deploy.services import connect_elasticsearch
from streams.settings import from_environment


def reindex(
    aliases: Annotated[
        list[Alias] | None, typer.Argument(help="What to rebuild; everything if nothing is named.")
    ] = None,
    drop_unexplained: Annotated[
        bool, typer.Option("--drop-unexplained", help="Leave out documents that the log does not explain.")
    ] = False,
) -> None:
    """Rebuild indices from the log in fresh ones, with the same documents, and switch to them at once.

    The pipeline may go on meanwhile.  A rebuild that would lose a document stops and changes nothing.
    """
    servers = from_environment().kafka
    with said_plainly(), connect_elasticsearch() as client:
        for alias in aliases or list(Alias):
            done = rebuild(servers, client, alias.value, typer.echo, drop_unexplained=drop_unexplained)
            typer.echo(f"{alias.value}: switched to {done.made} documents of the log and {done.kept} taken over")
