"""`./saqbol import`: reports from another agency's CSV or XLSX file, through the gateway."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Table as Listing
from rich.text import Text

from deploy.home import data_home, gateway_url
from producers.files.checking import Preview, preview
from producers.files.encoding import EncodingError, Nature, examine, usual_name
from producers.files.importing import ImportBusyError, Importer, Keeper, State
from producers.files.mapping import ImportMapping, MappingError, load_mapping
from producers.files.rows import RowReader
from producers.files.sending import GatewayClient, GatewayError
from producers.files.tables import TableError, open_table
from producers.files.values import plain
from schemas.events import SourceName

_ERRORS = (MappingError, EncodingError, TableError, GatewayError, ImportBusyError, OSError)


def import_file(
    file: Annotated[Path, typer.Argument(help="CSV or XLSX.", exists=True, dir_okay=False, readable=True)],
    source: Annotated[str, typer.Option(help="Name of the integration whose reports these are.")],
    mapping: Annotated[Path, typer.Option(help="YAML file: which column is which field (docs/integrators.md).")],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Send nothing; say what would become of the file.")
    ] = False,
    gateway: Annotated[str | None, typer.Option(help="Its address; default: that of ./saqbol up.")] = None,
    key_file: Annotated[
        Path | None, typer.Option(help="File with the integration's key; default: SAQBOL_API_KEY, or that of up.")
    ] = None,
) -> None:
    """Import reports from a file.  Started again after an interruption, it goes on; the same file twice adds nothing.

    Rows that can't be taken are named in FILE.errors.csv; the exit code is then 1.
    """
    console = Console()
    try:
        msgspec.convert(source, SourceName)
        wanted = load_mapping(mapping)
        nature = examine(file, wanted.table.encoding)
        if dry_run:
            wrong = _show(console, file, wanted, nature, source)
        else:
            wrong = _send(console, file, wanted, nature, source, gateway or gateway_url(data_home()), _key(key_file))
    except msgspec.ValidationError as error:
        raise typer.BadParameter(f"--source: {error}") from error
    except _ERRORS as error:
        typer.echo(f"saqbol: {error}", err=True)
        raise typer.Exit(2) from error
    except KeyboardInterrupt:
        typer.echo("saqbol: interrupted; start the same import again to go on", err=True)
        raise typer.Exit(130) from None
    if wrong:
        raise typer.Exit(1)


def _send(
    console: Console, file: Path, mapping: ImportMapping, nature: Nature, source: str, gateway: str, key: str
) -> int:
    """Import the file.  Returns how many rows were not taken."""
    client = GatewayClient(gateway, key)
    client.check(source)
    keeper = Keeper(data_home() / "imports", nature, mapping, source, gateway)
    errors = file.with_name(file.name + ".errors.csv")
    with keeper.locked():
        state = keeper.load() or State(file=file.name, source=source, started_at=datetime.now(UTC))
        if state.finished_at:
            console.print(
                f"{file.name} was imported on {state.finished_at:%Y-%m-%d %H:%M} UTC; nothing to do. "
                f"To send it again all the same, delete {keeper.path}",
                highlight=False,
            )
            return state.refused
        if state.row:
            console.print(f"going on after row {state.row:,}", highlight=False)
        reader = RowReader(mapping, key.encode(), state.started_at)
        with open_table(file, nature, mapping.table, reader.columns) as table, _bar(console, file) as show:
            state = Importer(table, reader, client, keeper, errors).run(
                state, lambda fraction, at: show(fraction, f"{at.accepted:,} sent, {at.refused:,} refused")
            )
    console.print(f"{state.accepted:,} rows were sent, {state.refused:,} refused", highlight=False)
    if state.refused:
        console.print(f"why: {errors}", highlight=False, soft_wrap=True)
    return state.refused


def _show(console: Console, file: Path, mapping: ImportMapping, nature: Nature, source: str) -> int:
    """Show what would become of the file.  Returns how many rows would not be taken."""
    now = datetime.now(UTC)
    reader = RowReader(mapping, b"preview", now)
    with open_table(file, nature, mapping.table, reader.columns) as table, _bar(console, file) as show:
        found = preview(table, reader, source, now, lambda fraction: show(fraction, "read"))
        used = set(map(plain, reader.columns))
        unused = [name for name in table.headings if name and plain(name) not in used]
    for report in found.sample:
        fields = msgspec.to_builtins(report)
        listing = Listing(show_header=False, box=None)
        for name in ("id", "version", "source", "received_at"):
            fields.pop(name, None)
        for name, value in fields.items():
            shown = msgspec.json.encode(value).decode() if isinstance(value, list) else str(value)
            listing.add_row(name, Text(shown))
        console.rule("as it would be sent")
        console.print(listing)
    console.rule()
    _summarise(console, found, nature, unused, ZoneInfo(mapping.zone))
    return found.bad


def _summarise(console: Console, found: Preview, nature: Nature, unused: list[str], zone: ZoneInfo) -> None:
    kind = "XLSX" if nature.is_xlsx else f"CSV, {usual_name(nature.encoding)}"
    console.print(f"{kind}; {found.good:,} rows can be sent, {found.bad:,} can't", highlight=False)
    if found.earliest and found.latest:
        first, last = (f"{moment.astimezone(zone):%Y-%m-%d}" for moment in (found.earliest, found.latest))
        console.print(
            f"incidents of {first} to {last}; {found.backfill:,} are old material, counted and never paged",
            highlight=False,
        )
    if unused:
        console.print(f"columns that the mapping leaves out: {', '.join(unused)}", highlight=False, markup=False)
    if found.problems:
        listing = Listing("rows", "field", "problem", "remedy", box=None)
        for (field, problem, remedy), count in found.problems.most_common():
            listing.add_row(f"{count:,}", field, Text(problem), remedy)
        console.print(listing)


@contextmanager
def _bar(console: Console, file: Path) -> Iterator[Callable[[float, str], None]]:
    """A progress bar on a terminal, nothing elsewhere: takes the fraction that is done and what it means."""
    columns = (TextColumn("{task.fields[file]}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    bar = Progress(*columns, TextColumn("{task.fields[said]}"), console=console, transient=not console.is_terminal)
    with bar if console.is_terminal else _nothing():
        task = bar.add_task("", total=1.0, file=file.name, said="")
        yield lambda fraction, said: bar.update(task, completed=fraction, said=said)


@contextmanager
def _nothing() -> Iterator[None]:
    yield


def _key(path: Path | None) -> str:
    """The key of the integration.  Raises OSError, or BadParameter if there is none."""
    if path is not None:
        return path.read_text(encoding="ascii").strip()
    if key := os.environ.get("SAQBOL_API_KEY"):
        return key.strip()
    of_up = data_home() / "secrets" / "api-key"
    if not of_up.exists():
        raise typer.BadParameter("there is no key; give --key-file, or set SAQBOL_API_KEY")
    return of_up.read_text(encoding="ascii").strip()
