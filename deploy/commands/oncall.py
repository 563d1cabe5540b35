"""`./saqbol oncall`: who is on call, and what people decide about alerts."""

from __future__ import annotations

import getpass
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
import typer
from elasticsearch import ApiError, TransportError
from kafka.errors import KafkaError
from rich.console import Console
from rich.table import Table

from deploy import book
from deploy.services import connect_elasticsearch, connect_kafka
from schemas.cases import Decision, DecisionKind, Via
from schemas.events import Alert, AlertStatus
from schemas.indices import ALERTS as ALERTS_INDEX
from schemas.local_time import ZONE
from schemas.reference import regions
from schemas.topics import ALERTS, DECISIONS
from streams.delivery import is_known
from streams.oncall.decisions import feedback as lessons
from streams.oncall.decisions import problem
from streams.oncall.rota import filled, read_oncall, variables
from streams.oncall.rota import who as on_duty
from streams.settings import from_environment
from streams.understanding.secrets import mask
from streams.urgent import HEARTBEAT
from streams.waves.rules import RuleError, Severity

app = typer.Typer(help="Who is on call, and what people decide about alerts.", no_args_is_help=True)

File = Annotated[
    Path | None, typer.Option("--file", help="The file with the people on call.", show_default="deploy/oncall.yaml")
]
AlertId = Annotated[str, typer.Argument(help="The alert's id, or its beginning as a message shows it.")]
By = Annotated[str, typer.Option(help="Account of whoever decides.", default_factory=getpass.getuser)]
Moment = Annotated[str, typer.Option(help="A time of Astana, e.g. 2026-01-14T03:00.")]

#: Alerts that `list` shows at most; characters of an id that a message shows, and of a whole one (a UUID).
SHOWN: Final = 50
SHORT: Final = 8
WHOLE: Final = 36


@app.command()
def who(
    at: Moment = "",
    region: Annotated[str | None, typer.Option(help="Region that most reports come from, e.g. KZ-33.")] = None,
    severity: Annotated[Severity, typer.Option(help="Severity of the alert.")] = "high",
    route: Annotated[str, typer.Option(help="Route of its rule.")] = "national",
    file: File = None,
) -> None:
    """Say who would be told about an alert, in which order, and by which ways."""
    with _plain_errors():
        oncall = read_oncall(file or from_environment().oncall)
        if region is not None and region not in regions():
            raise ValueError(f"--region {region!r} is none; one of {', '.join(sorted(regions()))}")
        moment = _moment(at, "--at") if at else datetime.now(ZONE)
    duty = on_duty(oncall, moment, region, severity, route)
    typer.echo(f"{moment.astimezone(ZONE):%Y-%m-%d %H:%M} rota {duty.rota}")
    minutes = oncall.escalate_after[severity]
    for number, account in enumerate(duty.people):
        person = oncall.by_account[account]
        ways = ", ".join(target.name for target in person.targets)
        after = f"after {number * minutes} min" if number else "at once"
        typer.echo(f"  {after}: {account} ({person.name}), {person.language}, by {ways}")


@app.command()
def check(file: File = None) -> None:
    """Read the file, and name the line of the first mistake; then whether every way can be used here."""
    with _plain_errors():
        path = file or from_environment().oncall
        oncall = read_oncall(path)
        typer.echo(f"{path}: {len(oncall.people)} people, {len(oncall.rotas)} rotas; somebody is always on call")
        for person in oncall.by_account.values():
            for target in person.targets:
                url = filled(target.url, os.environ)
                if url is not None and not is_known(url):
                    raise RuleError(
                        f"{path}: Apprise does not know the URL of {person.account}'s way {target.name}; "
                        "https://appriseit.com/services/ shows how each service's URL is written"
                    )
    if missing := [name for name in variables(oncall) if not os.environ.get(name)]:
        typer.echo(f"not set here: {', '.join(missing)}; notify needs {'it' if len(missing) == 1 else 'them'}")
    else:
        typer.echo("Apprise knows every way")


@app.command("list")
def list_alerts(
    closed: Annotated[bool, typer.Option("--all", help="Closed ones too.")] = False,
) -> None:
    """Show the open alerts, the newest first: since when, what, who was told last, who answered."""
    without = [{"term": {"family": HEARTBEAT}}]
    if not closed:
        without.append({"term": {"status": AlertStatus.CLOSED.value}})
    query = {"bool": {"filter": [{"exists": {"field": "family"}}], "must_not": without}}
    table = Table()
    for column in ("id", "since", "severity", "key", "observed", "status", "told", "answered"):
        table.add_column(column, overflow="fold")
    with _plain_errors():
        found = _search(query, SHOWN)
    for doc in found:
        told = [step.get("person", "") for step in doc.get("steps", []) if step.get("message")]
        since = datetime.fromisoformat(doc["detected_at"]).astimezone(ZONE)
        facts = (doc["id"][:SHORT], f"{since:%d.%m %H:%M}", doc["severity"], doc["key"], str(doc["observed"]))
        people = (", ".join(dict.fromkeys(told)) or "–", doc.get("acknowledged_by", "–"))
        table.add_row(*facts, doc.get("status", "open"), *people)
    Console().print(table)


@app.command()
def ack(alert: AlertId, by: By) -> None:
    """Acknowledge an alert: nobody else is told."""
    with _plain_errors():
        _decide(DecisionKind.ACKNOWLEDGED, by, alert_id=_whole_id(alert))


@app.command()
def close(
    alert: AlertId,
    by: By,
    real: Annotated[bool | None, typer.Option("--real/--false", help="A wave, or a false alarm.")] = None,
    note: Annotated[str, typer.Option(help="What it was.")] = "",
) -> None:
    """Close an alert, and say whether it was real: that is what thresholds learn from."""
    if real is None:
        raise typer.BadParameter("say --real or --false")
    with _plain_errors():
        _decide(DecisionKind.REAL if real else DecisionKind.FALSE, by, alert_id=_whole_id(alert), note=note)


@app.command()
def silence(
    key: Annotated[str, typer.Argument(help="A series, e.g. number:+77051234567, scheme:prize or official:1414.")],
    until: Moment,
    reason: Annotated[str, typer.Option(help="Why, in a sentence that others will read.")],
    by: By,
) -> None:
    """Keep a series quiet until a time; alerts of it are kept, and told when the silence ends."""
    with _plain_errors():
        _decide(DecisionKind.SILENCED, by, key=key, until=_moment(until, "--until"), note=reason)


@app.command()
def resume(
    key: Annotated[str, typer.Argument(help="The series whose silences end now, e.g. number:+77051234567.")],
    by: By,
) -> None:
    """End the silences of a series early; alerts that they held are told."""
    with _plain_errors():
        _decide(DecisionKind.RESUMED, by, key=key)


@app.command()
def missed(
    key: Annotated[str, typer.Argument(help="The series that should have been told, e.g. scheme-region:prize|KZ-33.")],
    at: Moment,
    by: By,
    note: Annotated[str, typer.Option(help="How you learned of it.")] = "",
) -> None:
    """Report a wave that nobody was told of."""
    with _plain_errors():
        _decide(DecisionKind.MISSED, by, key=key, happened_at=_moment(at, "--at"), note=note)


@app.command()
def feedback() -> None:
    """Write what people said of waves to stdout, a line of JSON each, for `./saqbol calibrate --feedback`."""
    with _plain_errors():
        servers = from_environment().kafka
        decisions = [_decoded(record, Decision) for record in book.newest(servers, DECISIONS).values()]
        alerts = [_decoded(record, Alert) for record in book.newest(servers, ALERTS).values()]
    known = {alert.id: alert for alert in alerts if alert is not None}
    for line in lessons([one for one in decisions if one is not None], known):
        typer.echo(msgspec.json.encode(line).decode())


def _decide(kind: DecisionKind, by: str, *, note: str = "", **fields: Any) -> None:
    """Publish a decision.  Raises ValueError if something is missing or wrong of it."""
    now = datetime.now(UTC)
    given = {"id": str(uuid.uuid4()), "kind": kind, "at": now, "by": by, "via": Via.COMMAND, "note": mask(note).text}
    decision = msgspec.convert({**given, **fields}, Decision)
    if wrong := problem(decision, now):
        raise ValueError(wrong)
    with connect_kafka("saqbol-oncall") as producer:
        future = producer.send(DECISIONS, key=decision.id.encode(), value=msgspec.json.encode(decision))
        future.get(timeout=30)
    typer.echo(f"{decision.alert_id or decision.key}: {kind.value}")


def _whole_id(beginning: str) -> str:
    """The id of the only alert that begins so; a whole one is taken as it is.  Raises ValueError."""
    if len(beginning) == WHOLE:
        return beginning
    # Messages show the beginning with the number of the message behind it.
    found = _search({"prefix": {"id": beginning[:SHORT]}}, 2)
    if len(found) != 1:
        many = "several alerts begin" if found else "no alert begins"
        raise ValueError(f"{many} with {beginning!r}; see ./saqbol oncall list --all")
    return str(found[0]["id"])


def _search(query: dict[str, Any], size: int) -> list[dict[str, Any]]:
    with connect_elasticsearch() as client:
        found = client.search(index=ALERTS_INDEX, query=query, size=size, sort=[{"detected_at": "desc"}])
    return [hit["_source"] for hit in found["hits"]["hits"]]


def _decoded(record: Any, kind: type[Any]) -> Any:
    try:
        return msgspec.json.decode(record.value, type=kind) if record.value else None
    except msgspec.MsgspecError:
        return None


def _moment(text: str, option: str) -> datetime:
    """A time; without an offset one of Astana.  Raises ValueError in plain words."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{option} {text!r} is no time such as 2026-01-14T03:00") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=ZONE)


@contextmanager
def _plain_errors() -> Iterator[None]:
    """Turn what is wrong into one line and exit code 1."""
    try:
        yield
    except (ValueError, book.BookError) as error:
        typer.echo(f"saqbol: {error}", err=True)
        raise typer.Exit(1) from error
    except (KafkaError, ApiError, TransportError) as error:
        typer.echo(f"saqbol: Kafka or Elasticsearch does not answer: {type(error).__name__}", err=True)
        raise typer.Exit(1) from error
