"""`./saqbol provision`: topics, index templates, text analysis, the current indices, and Kibana's dashboards."""

from __future__ import annotations

from typing import Annotated

import typer

from deploy.commands._terminal import plain_errors
from deploy.kibana.importing import import_bundles
from deploy.provision import provision as bring_up_to_date
from streams.settings import from_environment


def provision(
    replication: Annotated[int, typer.Option(min=1, max=5, help="Copies of each topic: 3 in production.")] = 1,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would change, and change nothing.")] = False,
    kibana: Annotated[str | None, typer.Option(metavar="URL", help="Import the dashboards into this Kibana.")] = None,
) -> None:
    """Make Kafka's topics and Elasticsearch's templates and indices what the files in schemas/ say.

    Changes nothing that is right already, and refuses what would lose or corrupt data.  With --kibana the dashboards,
    data views and saved searches of deploy/kibana are imported too, over those that are there.
    """
    settings = from_environment()
    login = None
    if settings.elasticsearch_user and settings.elasticsearch_password:
        login = settings.elasticsearch_user, settings.elasticsearch_password
    with plain_errors():
        changes = bring_up_to_date(
            settings.kafka, settings.elasticsearch, replication=replication, login=login, dry_run=dry_run
        )
    for change in changes:
        typer.echo(change)
    due = f"{len(changes)} changes would be made" if dry_run else f"{len(changes)} changes"
    typer.echo(due if changes else "everything is as it should be")
    if kibana and not dry_run:
        with plain_errors():
            for line in import_bundles(kibana, login):
                typer.echo(line)
