"""The command line `saqbol`: one module a command or group of commands, imported only when it is called."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable
from typing import Any, Final, NamedTuple

import typer

from deploy.home import data_home, local_addresses


class Command(NamedTuple):
    """`target` is `module:name` of a function, or of a typer.Typer with a group; `help` stands in the overview."""

    target: str
    help: str
    #: Whether options it doesn't know are arguments for somebody else.
    passes_through: bool = False


COMMANDS: Final = {
    "up": Command("deploy.commands.up:up", "Start everything on this machine, until Ctrl-C."),
    "demo": Command("deploy.commands.demo:demo", "Show everything: a month of invented reports, a wave, its alert."),
    "stack": Command("deploy.commands.stack:stack", "Start only Kafka and Elasticsearch, until Ctrl-C."),
    "provision": Command("deploy.commands.provision:provision", "Make topics, index templates and indices."),
    "env": Command("deploy.commands.env:create", "Create the secrets for docker compose."),
    "integrations": Command("deploy.commands.integrations:app", "Who may use the gateway, and what for."),
    "import": Command("deploy.commands.import_file:import_file", "Reports from another agency's CSV or XLSX file."),
    "check-events": Command("deploy.commands.check_events:check_events", "Which events would be refused, and why."),
    "number": Command("deploy.commands.number:app", "What is known of a number, and decisions about it."),
    "oncall": Command("deploy.commands.oncall:app", "Who is on call, and decisions about alerts."),
    "staff": Command("deploy.commands.staff:app", "Who may log in to the desk."),
    "tag": Command("deploy.commands.tag:tag", "Tag texts: JSON lines in, what each says out."),
    "search": Command("deploy.commands.search:search", "Find reports by words, numbers, region, scheme, time."),
    "rejected": Command("deploy.commands.rejected:app", "Records that could not be processed."),
    "backup": Command("deploy.commands.backup:backup", "What lives nowhere else, into a file."),
    "restore": Command("deploy.commands.backup:restore", "A backup, into the topics that lack it."),
    "retain": Command("deploy.commands.retain:retain", "Delete the months that are past their time."),
    "reindex": Command("deploy.commands.reindex:reindex", "Rebuild indices from the log."),
    "migrate": Command("deploy.commands.migrate:migrate", "Bring indices to the current version of their mapping."),
    "erase": Command("deploy.commands.erase:erase", "Erase everything of one reporter, with proof."),
    "backtest": Command("deploy.commands.backtest:backtest", "What would have been heard of a history, and when."),
    "calibrate": Command("deploy.commands.calibrate:calibrate", "Alert thresholds that keep to a budget of pages."),
    "rules": Command("deploy.commands.rules:app", "Alert rules: find mistakes, and what they would have paged."),
    "test": Command("deploy.commands.test:run_tests", "Run every check and every test.", passes_through=True),
}


def build(called: str | None) -> typer.Typer:
    """The command line with every command, of which only `called` is imported and works."""
    app = typer.Typer(
        help="SaqBol takes in reports of phone and internet fraud and shows what is going on.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,  # importing rich's help would cost a third of a second at every start
    )
    app.callback()(lambda: None)  # so that a single command keeps its name
    for name, command in COMMANDS.items():
        target: Any = _load(command.target) if name == called else _not_called
        if isinstance(target, typer.Typer):
            app.add_typer(target, name=name)
        else:
            settings = {"ignore_unknown_options": command.passes_through}
            app.command(name, short_help=command.help, context_settings=settings)(target)
    return app


def _load(target: str) -> Callable[..., None] | typer.Typer:
    module, name = target.split(":")
    found: Callable[..., None] | typer.Typer = getattr(importlib.import_module(module), name)
    return found


def _not_called() -> None:
    """Stands for a command in the overview."""


def main() -> None:
    """Run the command that the arguments name."""
    called = sys.argv[1] if len(sys.argv) > 1 else None
    for name, value in local_addresses(data_home()).items():
        os.environ.setdefault(name, value)
    build(called)(prog_name="saqbol")
