"""What commands share: lines with the time, and errors that a person can act on."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Annotated, Any

import typer

from deploy.kibana.importing import KibanaError
from deploy.provision import ProvisionError
from deploy.stack.errors import StackError
from deploy.supervisor import StartError


def _port(option: str) -> Any:
    return typer.Option(option, min=0, max=65535, help="Port on loopback, 0 for any; default: that of last time.")


KafkaPort = Annotated[int | None, _port("--kafka-port")]
ElasticsearchPort = Annotated[int | None, _port("--elasticsearch-port")]
GatewayPort = Annotated[int | None, _port("--gateway-port")]
DeskPort = Annotated[int | None, _port("--desk-port")]


def sayer() -> Callable[[str], None]:
    """A function that prints a line with the seconds since now; that nobody reads any more disturbs nothing."""
    started = time.monotonic()

    def say(text: str) -> None:
        with suppress(OSError):
            typer.echo(f"{time.monotonic() - started:6.1f} s  {text}")

    return say


@contextmanager
def plain_errors() -> Iterator[None]:
    """Turn the errors of starting into their message and exit code 1."""
    try:
        yield
    except (StackError, StartError, ProvisionError, KibanaError) as error:
        typer.echo(f"saqbol: {error}", err=True)
        raise typer.Exit(1) from error
