"""`./saqbol env`: the secrets for docker compose."""

from __future__ import annotations

import typer

from deploy.env import FIRST, complete, empty_staff, first_integration, own_integrations
from deploy.home import CHECKOUT

#: Where docker-compose.yml looks for the integrations file.
INTEGRATIONS = CHECKOUT / ".saqbol" / "compose" / "integrations.yaml"
#: And the people who may log in to the desk.
STAFF = CHECKOUT / ".saqbol" / "compose" / "staff" / "staff.yaml"


def create() -> None:
    """Create the secrets for docker compose: random, in .env, and never overwritten."""
    path = CHECKOUT / ".env"
    added = complete(path)
    typer.echo(f"{path}: added {', '.join(added)}" if added else f"{path}: complete, nothing changed")
    key = first_integration(INTEGRATIONS)
    if key:
        typer.echo(f"{INTEGRATIONS}: made the integration {FIRST.source}")
        typer.echo(f"its API key, shown this once: {key}")
    if own := own_integrations(INTEGRATIONS, path):
        typer.echo(f"{INTEGRATIONS}: our own services may use the gateway: {', '.join(own)}")
    if empty_staff(STAFF):
        typer.echo(f"nobody may log in to the desk yet: ./saqbol staff add NAME --role operator --file {STAFF}")
    if "SAQBOL_ONCALL_URL" in added:
        typer.echo("now set SAQBOL_ONCALL_URL in .env: compose refuses to start while nobody is on call")
