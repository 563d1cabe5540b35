"""The command line `saqbol`: one module a group of commands, imported when its command is called."""

import typer

app = typer.Typer(
    name="saqbol",
    help="Reports of phone and internet fraud, understood and shown within seconds.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # importing rich's help would cost a third of a second at every start
)


@app.command()
def version() -> None:
    """Say which version this is."""
    typer.echo("0.1.0")


def main() -> None:
    """Run the command that the arguments name."""
    app(prog_name="saqbol")
