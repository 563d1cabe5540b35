"""`./saqbol retain`: delete the months that are past their time."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from deploy.commands._records import said_plainly
from deploy.retention import delete, expired, load_policy
from deploy.services import connect_elasticsearch


def retain(
    yes: Annotated[bool, typer.Option("--yes", help="Delete; without it only what would go is said.")] = False,
) -> None:
    """Delete whole months that deploy/retention.yaml says are past their time; by default only say which.

    What Kafka keeps is Kafka's own doing, as schemas/topics.yaml says.
    """
    with said_plainly(), connect_elasticsearch() as client:
        policy = load_policy()
        past = expired(client, policy, datetime.now(UTC))
        for item in past:
            typer.echo(f"{item.index}: month {item.month}, {item.documents} documents")
        if not past:
            typer.echo("no month is past its time")
        elif yes:
            delete(client, past)
            typer.echo(f"deleted {len(past)} months")
        else:
            typer.echo(f"{len(past)} months would be deleted; --yes deletes them")
