"""`./saqbol number`: what is known of a number, and an analyst's decision about it."""

from __future__ import annotations

import getpass
import uuid
from datetime import UTC, datetime
from typing import Annotated

import msgspec
import typer
from elasticsearch import NotFoundError
from rich.console import Console

from deploy.services import connect_elasticsearch, connect_kafka
from producers.lookup import number_asked_for
from schemas.events import Verdict, VerdictKind
from schemas.indices import NUMBERS_INDEX
from schemas.topics import VERDICTS, topics
from streams.signals import owner_of
from streams.understanding.secrets import mask

app = typer.Typer(help="What is known of a number, and analysts' decisions about it.", no_args_is_help=True)

Number = Annotated[str, typer.Argument(help="The number as people write it, e.g. '8 705 123 45 67' or 1414.")]
Reason = Annotated[str, typer.Option(help="Why, in a sentence that others will read.")]
Analyst = Annotated[str, typer.Option("--by", help="Account of the analyst.", default_factory=getpass.getuser)]


@app.command()
def show(number: Number, language: Annotated[str, typer.Option(help="ru, kk or en.")] = "ru") -> None:
    """Say what is known of a number, and why."""
    value = _value(number)
    with connect_elasticsearch() as client:
        try:
            doc = client.get(index=NUMBERS_INDEX, id=value)["_source"]
        except NotFoundError:
            typer.echo(f"{value}: unknown")
            return
    console = Console()
    console.print(f"[bold]{value}[/] {doc['state']}" + (", impersonated" if doc["impersonated"] else ""))
    for reason in doc["reasons"].get(language, doc["reasons"]["ru"]):
        console.print(f"  {reason}")


@app.command()
def confirm(number: Number, reason: Reason, by: Analyst) -> None:
    """Confirm that fraudsters use a number."""
    _decide(number, VerdictKind.CONFIRMED, reason, by)


@app.command()
def clear(number: Number, reason: Reason, by: Analyst) -> None:
    """Clear a number that was checked."""
    _decide(number, VerdictKind.CLEARED, reason, by)


@app.command()
def appeal(number: Number, reason: Reason, by: Analyst) -> None:
    """Record that the number's owner objects; it decides nothing by itself."""
    _decide(number, VerdictKind.APPEAL, reason, by)


def decision(number: str, kind: VerdictKind, reason: str, by: str) -> Verdict:
    """What `by` decides about a number now.  Raises typer.BadParameter for no number, and for a reason of no length."""
    given = {
        "id": str(uuid.uuid4()),
        "number": _value(number),
        "kind": kind,
        "at": datetime.now(UTC),
        "by": by,
        "reason": mask(reason).text,
    }
    try:
        return msgspec.convert(given, Verdict)
    except msgspec.ValidationError as error:
        raise typer.BadParameter(str(error)) from error


def _decide(number: str, kind: VerdictKind, reason: str, by: str) -> None:
    verdict = decision(number, kind, reason, by)
    with connect_kafka("saqbol-number") as producer:
        producer.send(
            VERDICTS,
            key=verdict.id.encode(),
            value=msgspec.json.encode(verdict),
            partition=owner_of(verdict.number, topics()[VERDICTS].partitions),
        ).get(timeout=30)
    typer.echo(f"{verdict.number}: {kind.value}")


def _value(number: str) -> str:
    value = number_asked_for(number)
    if not value:
        raise typer.BadParameter(f"'{number}' is no number: write it with its area code, e.g. 8 (71541) 2-15-65")
    return value
