"""`./saqbol erase`: erase everything of one reporter, on their request, with proof."""

from __future__ import annotations

import getpass
import os
from contextlib import closing
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from deploy import erasure
from deploy.commands._records import said_plainly
from deploy.home import data_home
from deploy.services import connect_elasticsearch
from producers import audit, kafka
from producers.reporters import ReporterHasher, load_key, normalise
from schemas.audit import AuditAction
from schemas.events import Channel
from schemas.topics import AUDIT
from streams.settings import from_environment

Phone = Annotated[bool, typer.Option("--reporter-phone", help="The reporter is known by a phone number.")]
Chat = Annotated[Channel | None, typer.Option(help="The reporter is known by the id of a chat of this channel.")]
Reason = Annotated[str, typer.Option(help="The request: its number and date, not the person's name.")]
By = Annotated[str, typer.Option(help="Account of whoever does it.", default_factory=getpass.getuser)]
Target = Annotated[Path, typer.Option("--proof", help="Where the proof goes.", dir_okay=False)]


def erase(
    reason: Reason,
    by: By,
    reporter_phone: Phone = False,
    chat: Chat = None,
    proof: Target = Path("erasure-proof.json"),
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask before erasing.")] = False,
    check: Annotated[bool, typer.Option("--check", help="Erase nothing: say what is there of the reporter.")] = False,
) -> None:
    """Erase everything of one reporter: log, index, alerts and the states of all stages.

    The phone or chat id is asked for, never given as an argument, and only its keyed hash is used; the gateway's key
    is read from the file SAQBOL_HMAC_KEY_FILE (default: that of the local stack).  All workers must be running.
    """
    if reporter_phone == (chat is not None):
        raise typer.BadParameter("say how the reporter is known: either --reporter-phone or --chat CHANNEL")
    if proof.exists() and not check:
        raise typer.BadParameter(f"{proof} exists already; a proof is not overwritten")
    with said_plainly():
        hasher = load_key(Path(os.environ.get("SAQBOL_HMAC_KEY_FILE") or data_home() / "secrets" / "hmac-key"))
        reporter = _ask(hasher, chat)
        _work(hasher, reporter, reason, by, None if check else proof, yes)


def _ask(hasher: ReporterHasher, chat: Channel | None) -> str:
    """The keyed hash of the reporter that is typed in."""
    if chat is not None:
        return hasher.reporter(normalise(typer.prompt(f"Chat id ({chat.value})", hide_input=True), chat))
    normal = normalise(typer.prompt("Phone of the reporter", hide_input=True), Channel.HOTLINE)
    if not normal.startswith("+"):
        raise typer.BadParameter("that is no phone number: write it as +7 705 000 00 00")
    return hasher.reporter(normal)


def _work(hasher: ReporterHasher, reporter: str, reason: str, by: str, target: Path | None, yes: bool) -> None:
    servers = from_environment().kafka
    with connect_elasticsearch() as client:
        found = erasure.find(servers, client, reporter)
        typer.echo(
            f"found: {len(found.reports)} reports, {len(found.indexed)} of them in the index, "
            f"{len(found.rejections)} rejections, {len(found.alerts)} alerts; "
            f"erased before: {len(found.erased)} reports"
        )
        if target is None:
            left = erasure.left(servers, client, reporter, found.ids, found.excerpts)
            _say_left(left)
            raise typer.Exit(1 if any(left.values()) else 0)
        if not yes:
            typer.confirm("Erase all of it, for ever?", abort=True)
        with closing(kafka.connect(servers, "saqbol-erase")) as producer:
            erasure.erase(servers, producer, reporter, found, typer.echo)
            left = erasure.left(servers, client, reporter, found.ids, found.excerpts)
            at = erasure.now()
            done = erasure.prove(hasher, found, left, by=by, reason=reason, at=at)
            entry = audit.entry(
                AuditAction.ERASE, by, "command", at, subject=done.id, results=len(done.report_ids), reason=reason
            )
            producer.send(AUDIT, **kafka.record(entry)).get(timeout=30)
    target.write_bytes(msgspec.json.format(msgspec.json.encode(done), indent=2) + b"\n")
    _say_left(left)
    typer.echo(f"proof: {target}")
    if any(left.values()):
        raise typer.Exit(1)


def _say_left(left: dict[str, int]) -> None:
    for place, count in left.items():
        typer.echo(f"  {place}: {count or 'nothing'} left")
