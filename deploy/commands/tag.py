"""`./saqbol tag`: what texts say.  JSON lines (`id`, `text`) in, JSON lines or an explanation for people out."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import IO, Annotated

import msgspec
import typer
from msgspec import Struct
from rich.console import Console
from rich.table import Table
from rich.text import Text

from schemas import reference
from schemas.events import FoundContact, Language, Stance, Tag
from schemas.events import Text as ReportText
from streams.understanding import schemes
from streams.understanding.enrich import Understanding, understand
from streams.understanding.patterns import Match
from streams.understanding.rulebook import RuleError
from streams.understanding.schemes import Explanation


class Line(Struct, frozen=True):
    """One line of input; other fields are ignored, so that labelled texts can be piped in."""

    id: str | int
    text: ReportText


class Where(Struct, frozen=True):
    """The place of a text."""

    region: str | None
    district: str | None


class Understood(Struct, frozen=True):
    """One line of output."""

    id: str | int
    language: Language
    schemes: list[Tag]
    demands: list[Tag]
    numbers: list[FoundContact]
    masked_text: str
    place: Where
    stance: Stance


_decode = msgspec.json.Decoder(Line).decode


def tag(
    explain: Annotated[
        bool, typer.Option("--explain", help="Print for people what rules and model give each tag, by which words.")
    ] = False,
    area_code: Annotated[
        str | None, typer.Option(help="Area code that completes local numbers, e.g. 71541 for Mamlyut.")
    ] = None,
) -> None:
    """Tag texts: JSON lines with `id` and `text` on standard input, what each says on standard output.

    A line that can't be read is named on standard error and left out; the exit code is then 1.
    """
    try:
        bad = _run(sys.stdin.buffer, explain, area_code)
    except RuleError as error:
        typer.echo(f"saqbol: rules/{error}", err=True)
        raise typer.Exit(2) from error
    except BrokenPipeError:  # the reader, such as `head`, has seen enough
        sys.stderr.close()
        raise typer.Exit(0) from None
    if bad:
        typer.echo(f"saqbol: {bad} line(s) could not be read", err=True)
        raise typer.Exit(1)


def _run(lines: IO[bytes], explain: bool, area_code: str | None) -> int:
    """Reads `lines` to their end; the number of lines that could not be read."""
    console = Console() if explain else None
    bad = 0
    for number, raw in enumerate(lines, 1):
        if not raw.strip():
            continue
        try:
            line = _decode(raw)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            typer.echo(f"saqbol: line {number}: {_problem(error)}", err=True)
            bad += 1
            continue
        understood = understand(line.text, area_code=area_code)
        if console:
            _explain(console, line.id, understood)
        else:
            sys.stdout.write(msgspec.json.encode(_output(line.id, understood)).decode() + "\n")
    return bad


def _problem(error: Exception) -> str:
    """What is wrong with a line, without its content, which may hold a secret."""
    if isinstance(error, msgspec.ValidationError):
        too_long = "of length <=" in str(error)
        return f"{error}; {'shorten it' if too_long else 'send an object with id and the string text'}"
    return "not JSON in UTF-8; send one object a line"


def _output(identifier: str | int, understood: Understanding) -> Understood:
    return Understood(
        id=identifier,
        language=understood.language,
        schemes=understood.schemes,
        demands=understood.demands,
        numbers=understood.contacts,
        masked_text=understood.text,
        place=Where(understood.place.region, understood.place.district),
        stance=understood.stance,
    )


def _explain(console: Console, identifier: str | int, understood: Understanding) -> None:
    """Prints what a text says, and for every tag in question what each rule and the model give it, by which words."""
    explanation = schemes.explain(understood.text)
    console.rule(Text(str(identifier)))
    console.print(Text(understood.text))
    where = ", ".join(filter(None, (understood.place.region, understood.place.district))) or "unknown"
    console.print(Text(f"language {understood.language}, stance {understood.stance}, place {where}", style="dim"))
    for contact in understood.contacts:
        console.print(Text(f"{contact.kind} {contact.value or contact.raw} ({contact.role})", style="cyan"))
    table = Table("tag", "confidence", "log-odds", "by", "words", box=None, pad_edge=False)
    confidence = {tag.code: f"{tag.confidence:.2f}" for tag in (*understood.schemes, *understood.demands)}
    for labels, judgements, point in (
        (reference.schemes(), explanation.schemes, schemes.POINT),
        (reference.demands(), explanation.demands, schemes.DEMAND_POINT),
    ):
        for code, judgement in judgements.items():
            given = code in explanation.given
            name = Text(f"{code} ({labels[code].name.ru})", "bold green" if given else "dim")
            table.add_row(name, confidence.get(code, "not given"), f"{judgement.log_odds:+.1f}", "", "")
            for firing in judgement.firings:
                words = _quoted(explanation, firing.evidence)
                table.add_row("", "", f"{firing.points * point:+.1f}", f"rule: {firing.rule}", words)
            table.add_row("", "", f"{judgement.model:+.1f}", "model", _quoted(explanation, explanation.words(code)))
    if table.row_count:
        console.print(table)
        needed = f"{schemes.FRAUD_FROM:+.1f} needed for any tag"
        console.print(Text(f"that fraud is told: {explanation.fraud:+.1f} ({needed})", style="dim"))
    else:
        console.print(Text("no rule fires, and the model sees no scheme", style="dim"))


def _quoted(explanation: Explanation, matches: Iterable[Match]) -> Text:
    """Matches as they stand in the text."""
    return Text(" … ".join(dict.fromkeys(explanation.reading.quote(match) for match in matches)), "yellow")
