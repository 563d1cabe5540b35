"""`./saqbol rules`: find mistakes in alert rules, and see what they would have paged."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from deploy.commands._waves import ALERTS, Data, Rules, pages_table, plain_errors, reading, writable, write_lines
from schemas.events import Alert
from streams.waves import Campaigns, Folder, load_detector
from streams.waves.history import Replay
from streams.waves.series import day_of

app = typer.Typer(help="Alert rules: find mistakes, and see what they would have paged.", no_args_is_help=True)

#: Pages of each rule that are shown.
SHOWN = 10


@app.command()
def check(rules: Rules = ALERTS) -> None:
    """Read the rules and their calibration, and name file and line of the first mistake."""
    with plain_errors():
        detector = load_detector(rules)
    for family, some in detector.rules.items():
        for rule in some:
            typer.echo(
                f"{rule.id}: {family}, from a score of {detector.threshold(rule):.1f}, {rule.severity} to {rule.route}"
            )


@app.command("test")
def run_rules(
    data: Data,
    rule: Annotated[list[str] | None, typer.Option(help="Only this rule (again for several).")] = None,
    rules: Rules = ALERTS,
    alarms: Annotated[Path | None, typer.Option(help="Write one line of JSON per page here.")] = None,
) -> None:
    """Run rules as they are, with their thresholds as they are, over history, and say what they would have paged."""
    pages: list[Alert] = []
    days: set[int] = set()
    with plain_errors():
        writable(alarms, "--alarms")
        detector = load_detector(rules)
        known = {some.id for family in detector.rules.values() for some in family}
        unknown = [name for name in rule or [] if name not in known]
        if unknown:
            raise ValueError(f"no rule {unknown[0]!r}; there are {', '.join(sorted(known))}")
        with reading(data) as (history, _):
            detector = detector.of_history(daily=history.daily)
            replayed, folder = Replay(detector), Folder(Campaigns(), detector)
            for batch in history.batches():
                alerts = folder.fold(replayed.feed(batch), batch.now)
                pages += [alert for alert in alerts if alert.page and (not rule or alert.rule in rule)]
                days.add(day_of(batch.now))
        if alarms is not None:
            write_lines(pages, history.daily, alarms)
    console = Console()
    for name in sorted(rule or known):
        if not any(some.id == name for family in detector.rules.values() for some in family):
            console.print(f"{name}: not run, as a file is no channel that could fall silent")
            continue
        mine = [page for page in pages if page.rule == name]
        title = f"{name}: {len(mine)} pages in {len(days)} days with reports"
        console.print(pages_table(title, mine[:SHOWN], history.daily) if mine else title)
