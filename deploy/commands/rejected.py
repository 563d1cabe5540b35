"""`./saqbol rejected`: look at records that could not be processed, and send them on their way again after a fix."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
import typer
from elasticsearch import Elasticsearch
from rich.console import Console
from rich.table import Table

from deploy.services import connect_elasticsearch, connect_kafka
from schemas.events import RejectReason, Report
from schemas.indices import REJECTED
from schemas.topics import REPORTS

app = typer.Typer(help="Records that could not be processed.", no_args_is_help=True)

Reason = Annotated[RejectReason | None, typer.Option(help="Only those rejected for this reason.")]
Source = Annotated[str | None, typer.Option(help="Only those of this integration.")]

#: Records taken from Elasticsearch at a time.
PAGE = 500


@app.command("list")
def list_rejected(
    reason: Reason = None, source: Source = None, limit: Annotated[int, typer.Option(help="The newest N.")] = 20
) -> None:
    """Show rejected records, the newest first: when, why, from whom, and how many there are of each reason."""
    with connect_elasticsearch() as client:
        found = client.search(
            index=REJECTED,
            query=_query(reason, source),
            sort=[{"logged_at": "desc"}, {"id": "asc"}],
            size=limit,
            track_total_hits=True,
            aggs={"reasons": {"terms": {"field": "reason", "size": 20}}},
        )
    console = Console()
    table = Table(title=f"Rejected records: {found['hits']['total']['value']}")
    for column in ("id", "logged", "reason", "source", "detail", "replayable"):
        table.add_column(column, overflow="fold")
    for hit in found["hits"]["hits"]:
        doc = hit["_source"]
        replayable = "yes" if doc.get("record") else "no"
        table.add_row(
            doc["id"], doc["logged_at"][:19], doc["reason"], doc.get("source", "–"), doc["detail"], replayable
        )
    console.print(table)
    for bucket in found["aggregations"]["reasons"]["buckets"]:
        console.print(f"{bucket['key']}: {bucket['doc_count']}")


@app.command()
def replay(
    ids: Annotated[list[str] | None, typer.Argument(help="Ids as `rejected list` shows them.")] = None,
    reason: Reason = None,
    source: Source = None,
) -> None:
    """Publish rejected records again, by id or by reason and source.

    A record that was processed meanwhile stays one report; one that is still wrong is rejected again.
    """
    if not ids and reason is None and source is None:
        raise typer.BadParameter("name ids, or a --reason, or a --source: replaying everything is never meant")
    query = {"terms": {"id": ids}} if ids else _query(reason, source)
    sent = kept = 0
    with connect_elasticsearch() as client, connect_kafka("saqbol-rejected-replay") as producer:
        futures = []
        for doc in _pages(client, query):
            key = _replayable_key(doc.get("record"))
            if key is None:
                kept += 1
                typer.echo(f"{doc['id']}: {doc['reason']}, can't be replayed: no whole report was kept", err=True)
                continue
            futures.append(producer.send(REPORTS, key=key, value=doc["record"].encode()))
        for future in futures:
            future.get(timeout=30)
            sent += 1
    typer.echo(f"replayed {sent}, left {kept}")
    if kept:
        raise typer.Exit(1)


def _query(reason: RejectReason | None, source: str | None) -> dict[str, Any]:
    terms = [{"term": {"reason": reason.value}}] if reason else []
    terms += [{"term": {"source": source}}] if source else []
    return {"bool": {"filter": terms}}


def _pages(client: Elasticsearch, query: dict[str, Any]) -> Any:
    after: list[Any] | None = None
    while True:
        hits = client.search(
            index=REJECTED, query=query, sort=[{"logged_at": "asc"}, {"id": "asc"}], size=PAGE, search_after=after
        )["hits"]["hits"]
        yield from (hit["_source"] for hit in hits)
        if len(hits) < PAGE:
            return
        after = hits[-1]["sort"]


def _replayable_key(record: str | None) -> bytes | None:
    """Key of a kept record that this version reads, or None."""
    try:
        return msgspec.json.decode(record, type=Report).id.encode() if record else None
    except msgspec.DecodeError:
        return None
