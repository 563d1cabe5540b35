"""`./saqbol staff`: who may log in to the desk.  Passwords are asked for, never taken from the command line."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from msgspec import structs

from deploy.home import data_home
from deploy.pipeline import staff_file
from producers.desk import staff
from producers.desk.staff import Person, Role, StaffError

app = typer.Typer(help="Who may log in to the desk.", no_args_is_help=True)

File = Annotated[
    Path | None, typer.Option("--file", help="The staff file; default: SAQBOL_DESK_STAFF_FILE, or that of ./saqbol up.")
]
Account = Annotated[str, typer.Argument(help="What the person types to log in, e.g. a.sarsenova.")]


@app.command()
def add(  # noqa: PLR0913, PLR0917 - options of a command line
    account: Account,
    name: Annotated[str, typer.Option(help="The person's name, as colleagues read it.")],
    role: Annotated[list[Role], typer.Option(help="What the person may do; repeat it for several roles.")],
    source: Annotated[str, typer.Option(help="Integration of the call-centre, for operators.")] = "desk",
    region: Annotated[str | None, typer.Option(help="Its region, e.g. KZ-59.")] = None,
    district: Annotated[str | None, typer.Option(help="Its district: code or name.")] = None,
    area_code: Annotated[str | None, typer.Option(help="Its area code, e.g. 71541.")] = None,
    language: Annotated[str, typer.Option(help="ru or kk.")] = "ru",
    file: File = None,
) -> None:
    """Add a person; the password is asked for."""
    path = _path(file)
    people = _people(path) if path.exists() else []
    if any(person.account == account for person in people):
        raise typer.BadParameter(f"{account} is there already; another password: ./saqbol staff password {account}")
    given = {
        "account": account,
        "name": name,
        "password": _ask(account),
        "roles": list(dict.fromkeys(role)),
        "source": source,
        "region": region,
        "district": district,
        "area_code": area_code,
        "language": language,
    }
    try:
        person = msgspec.convert(given, Person)
    except msgspec.ValidationError as error:
        raise typer.BadParameter(str(error)) from error
    _save(path, [*people, person])
    typer.echo(f"{path}: {account} may log in to the desk")


@app.command()
def password(account: Account, file: File = None) -> None:
    """Give a person another password, which ends all of the person's sessions."""
    path = _path(file)
    people = _people(path)
    _find(people, account)
    hashed = _ask(account)
    _save(path, [structs.replace(p, password=hashed) if p.account == account else p for p in people])
    typer.echo(f"{path}: {account} has another password, and is logged out everywhere")


@app.command()
def remove(account: Account, file: File = None) -> None:
    """Take a person out, which ends all of the person's sessions."""
    path = _path(file)
    people = _people(path)
    _find(people, account)
    _save(path, [person for person in people if person.account != account])
    typer.echo(f"{path}: {account} is out")


@app.command("list")
def list_(file: File = None) -> None:
    """Everybody who may log in."""
    for person in _people(_path(file)):
        place = " ".join(part for part in (person.region, person.district) if part)
        typer.echo(f"{person.account:20} {', '.join(person.roles):24} {person.source:20} {person.name}  {place}")


@app.command()
def check(file: File = None) -> None:
    """Say whether a staff file can be used, and where it is wrong."""
    path = _path(file)
    typer.echo(f"{path}: {len(_people(path))} people, all right")


def _path(file: Path | None) -> Path:
    named = os.environ.get("SAQBOL_DESK_STAFF_FILE")
    return file or (Path(named) if named else staff_file(data_home()))


def _people(path: Path) -> list[Person]:
    try:
        return staff.read(path)
    except StaffError as error:
        typer.echo(f"saqbol: {error}", err=True)
        raise typer.Exit(1) from error


def _find(people: list[Person], account: str) -> None:
    if not any(person.account == account for person in people):
        raise typer.BadParameter(f"nobody has the account {account}; see ./saqbol staff list")


def _ask(account: str) -> str:
    """The hash of a password typed twice, which the terminal doesn't show."""
    typed = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    try:
        return staff.hash_password(typed, account)
    except StaffError as error:
        raise typer.BadParameter(str(error)) from error


def _save(path: Path, people: list[Person]) -> None:
    """Write the file, unless the desk could not use it: then nothing changes."""
    try:
        staff.check(people, path)
    except StaffError as error:
        raise typer.BadParameter(str(error)) from error
    staff.write(path, people)
