"""`./saqbol search`: find reports by words of either language, by numbers however typed, with excerpts."""

from __future__ import annotations

import getpass
from datetime import UTC, datetime
from typing import Annotated, Any, Final

import typer
from elasticsearch import ApiError, TransportError
from kafka.errors import KafkaError
from rich.console import Console
from rich.text import Text

from deploy import search as core
from deploy.services import connect_elasticsearch, connect_kafka
from producers import audit
from producers.kafka import record
from schemas.audit import AuditAction
from schemas.events import Channel
from schemas.indices import REPORTS
from schemas.local_time import ZONE
from schemas.topics import AUDIT

#: What of a report is shown above its excerpt.
_SHOWN: Final = ["happened_at", "region_name", "channel", "outcome", "number", "scheme_names"]

Sought = Annotated[str, typer.Argument(help='Words, "a phrase", numbers: all of it has to be found.')]
Region = Annotated[str | None, typer.Option(help="Code or beginning of the name: KZ-59, Жетісу.")]
Scheme = Annotated[str | None, typer.Option(help="Code or beginning of the name: delivery, Доставка.")]
Since = Annotated[str | None, typer.Option(help="36h, 7d, 2w ago, or a date: 2026-01-14.")]
From = Annotated[Channel | None, typer.Option("--channel", help="Only reports that came this way.")]
Limit = Annotated[int, typer.Option(min=1, max=200, help="The best N.")]
By = Annotated[str, typer.Option(help="Account of whoever searches.", default_factory=getpass.getuser)]


def search(
    text: Sought,
    by: By,
    region: Region = None,
    scheme: Scheme = None,
    since: Since = None,
    channel: From = None,
    limit: Limit = 10,
) -> None:
    """Find reports, the best first.  Words are found in all their forms, numbers however they are typed.

    Every search is written to the audit log before anything is shown.
    """
    now = datetime.now(UTC)
    try:
        asked = core.Asked(
            text=text,
            region=core.region_of(region) if region else None,
            scheme=core.scheme_of(scheme) if scheme else None,
            channel=channel,
            since=core.moment_of(since, now) if since else None,
        )
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    try:
        with connect_elasticsearch() as client:
            found = client.search(
                index=REPORTS,
                query=core.query(asked),
                highlight=core.highlight(),
                source_includes=_SHOWN,
                sort=["_score", {"happened_at": "desc"}],
                size=limit,
                track_total_hits=True,
            )
        total = found["hits"]["total"]["value"]
        entry = audit.entry(AuditAction.SEARCH, by, "command", now, subject=asked.said(), results=total)
        with connect_kafka("saqbol-search") as producer:
            producer.send(AUDIT, **record(entry)).get(timeout=30)
    except (ApiError, TransportError) as error:
        typer.echo(f"saqbol: Elasticsearch does not answer the search: {error}", err=True)
        raise typer.Exit(1) from error
    except KafkaError as error:
        typer.echo(f"saqbol: the search can't be written to the audit log, so nothing is shown: {error!r}", err=True)
        raise typer.Exit(1) from error
    _show(Console(), found["hits"]["hits"], total)


def _show(console: Console, hits: list[dict[str, Any]], total: int) -> None:
    console.print(f"{total} reports" if total != 1 else "1 report", style="bold", highlight=False)
    for hit in hits:
        console.print()
        console.print(_heading(hit), style="dim", highlight=False)
        console.print(_marked(core.excerpt(hit)))


def _heading(hit: dict[str, Any]) -> str:
    source = hit["_source"]
    happened = datetime.fromisoformat(source["happened_at"]).astimezone(ZONE)
    parts = [f"{happened:%Y-%m-%d %H:%M}", source.get("region_name"), source.get("channel"), source.get("outcome")]
    parts += [", ".join(source.get("number", [])), ", ".join(source.get("scheme_names", {}).get("ru", [])), hit["_id"]]
    return " · ".join(part for part in parts if part)


def _marked(excerpt: str) -> Text:
    """The excerpt with the found words set off."""
    shown = Text()
    for place, piece in enumerate(excerpt.split(core.BEFORE)):
        word, _, rest = piece.partition(core.AFTER) if place else ("", "", piece)
        shown.append(word, style="bold reverse")
        shown.append(rest)
    return shown
