"""`./saqbol integrations`: who may use the gateway, and what for."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from deploy.home import data_home
from deploy.pipeline import integrations_file
from producers import integrations
from producers.intake import Origin
from producers.integrations import DEFAULT_RATE, IntegrationsError, Permission
from schemas.events import Channel

app = typer.Typer(help="Who may use the gateway, and what for.", no_args_is_help=True)

File = Annotated[
    Path | None, typer.Option("--file", help="Default: SAQBOL_INTEGRATIONS_FILE, or the file of ./saqbol up.")
]
Source = Annotated[str, typer.Argument(help="Its name, the source of what it sends, e.g. clinic-bot.")]


@app.command()
def add(
    source: Source,
    channel: Annotated[Channel, typer.Option(help="How its reports reach it.")],
    may: Annotated[list[Permission] | None, typer.Option(help="Repeat it for several; default: report.")] = None,
    area_code: Annotated[str | None, typer.Option(help="Completes local numbers, e.g. 71541.")] = None,
    region: Annotated[str | None, typer.Option(help="Of reports that name none, e.g. KZ-59.")] = None,
    district: Annotated[str | None, typer.Option(help="Of reports that name none.")] = None,
    rate: Annotated[str, typer.Option(help="What it may send, and as many numbers it may look up.")] = DEFAULT_RATE,
    file: File = None,
) -> None:
    """Add an integration and print its key, this once: only a hash of it is kept."""
    given = {"source": source, "channel": channel, "area_code": area_code, "region": region, "district": district}
    try:
        origin = msgspec.convert(given, Origin)
        key = integrations.add(_path(file), origin, list(dict.fromkeys(may or [Permission.REPORT])), rate)
    except (msgspec.ValidationError, IntegrationsError, OSError) as error:
        raise _failed(error) from error
    typer.echo(f"{_path(file)}: added {source}; its key, shown this once:", err=True)
    typer.echo(key)


@app.command("list")
def list_them(file: File = None) -> None:
    """Show the integrations: what each may do, and what its reports are stamped with."""
    table = Table(box=None)
    for column in ("source", "channel", "may", "rate", "region", "district", "area code"):
        table.add_column(column, overflow="fold", no_wrap=column in {"source", "rate"})
    for entry in _entries(file):
        stamped = (entry.region or "–", entry.district or "–", entry.area_code or "–")
        table.add_row(entry.source, entry.channel.value, "\n".join(sorted(entry.may)), entry.rate, *stamped)
    Console().print(table)


@app.command()
def revoke(source: Source, file: File = None) -> None:
    """Take an integration out: within seconds its key opens nothing any more.  What it reported stays."""
    try:
        integrations.revoke(_path(file), source)
    except (IntegrationsError, OSError) as error:
        raise _failed(error) from error
    typer.echo(f"{_path(file)}: revoked {source}")


def _entries(file: Path | None) -> list[integrations.Integration]:
    try:
        return integrations.read(_path(file))
    except IntegrationsError as error:
        raise _failed(error) from error


def _path(file: Path | None) -> Path:
    named = os.environ.get("SAQBOL_INTEGRATIONS_FILE")
    return file or (Path(named) if named else integrations_file(data_home()))


def _failed(error: Exception) -> Any:
    return typer.BadParameter(str(error))
