"""What commands share: lines with the time, and errors that a person can act on."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import typer

from deploy.provision import ProvisionError
from deploy.stack.errors import StackError
from deploy.supervisor import StartError


def sayer() -> Callable[[str], None]:
    """A function that prints a line with the seconds since now."""
    started = time.monotonic()

    def say(text: str) -> None:
        typer.echo(f"{time.monotonic() - started:6.1f} s  {text}")

    return say


@contextmanager
def plain_errors() -> Iterator[None]:
    """Turn the errors of starting into their message and exit code 1."""
    try:
        yield
    except (StackError, StartError, ProvisionError) as error:
        typer.echo(f"saqbol: {error}", err=True)
        raise typer.Exit(1) from error
