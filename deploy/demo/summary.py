"""The end of the demo: what came in, what the system says now, the page, and where to go on.  In Russian."""

from __future__ import annotations

import json
from typing import Any, Final

from msgspec import Struct
from rich.console import Console, Group, RenderableType
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from deploy.demo.author import Cast
from deploy.demo.people import ONCALL, OPERATOR
from deploy.demo.receiver import Page
from deploy.demo.scenario import scenario
from deploy.demo.watch import Counts
from schemas.reference import regions, schemes

#: From this width on, tables stand side by side.
WIDE: Final = 96

#: Pages shown whole.
SHOWN: Final = 2

_STATES: Final = {
    "unknown": "ничего не известно",
    "reported": "есть сообщения",
    "suspected": "подозрительный",
    "confirmed": "мошеннический, подтверждено",
    "official": "официальный",
    "cleared": "проверен, не мошеннический",
}
_STYLES: Final = {"suspected": "red", "confirmed": "red", "official": "cyan", "reported": "yellow"}


class Result(Struct, frozen=True, kw_only=True):
    """Everything that the summary shows.

    `numbers` are documents of the number index by role in the cast; `delay` is the time from the deciding report's 202
    to the page, in seconds, None if there was no page.
    """

    by_source: Counts
    by_scheme: Counts
    by_region: Counts
    cast: Cast
    numbers: dict[str, dict[str, Any] | None]
    pages: list[Page]
    delay: float | None
    accepted: int
    retried: int
    seconds: float


def show(console: Console, result: Result) -> None:
    """Print the summary."""
    console.print()
    console.rule("[bold]Что поступило[/]")
    console.print(
        f"Принято сообщений: [bold]{result.accepted}[/]; повторно присланы и не задвоились: {result.retried}."
    )
    sources = {one.source: one.name for one in scenario().integrations}
    channels = _table("Канал", result.by_source, sources, None)
    by_scheme = _table("Схема", result.by_scheme, {s.code: s.name.ru for s in schemes().values()}, "схема не названа")
    by_region = _table("Регион", result.by_region, {r.code: r.name.ru for r in regions().values()}, "не указан")
    console.print(_beside(console, Group(channels, "", by_region), by_scheme))
    console.print()
    console.rule("[bold]Что система говорит о номерах[/]")
    for role in ("official", "suspected", "innocent"):
        console.print(_number(getattr(result.cast, role), result.numbers[role], role))
    console.rule("[bold]Что получил дежурный[/]")
    if not result.pages:
        console.print("[red]Ничего.[/]")
    for page in result.pages[:SHOWN]:
        console.print(Panel(escape(page.text), title=f"[bold red]{escape(page.title)}[/]", title_align="left"))
    for page in result.pages[SHOWN:]:
        console.print(f"  и ещё: [bold red]{escape(page.title)}[/]")
    if result.delay is not None:
        console.print(
            f"От приёма решающего сообщения до телефона дежурного: [bold]{result.delay:.1f} с[/].  "
            f"Весь показ: {result.seconds:.0f} с."
        )


def show_next(
    console: Console,
    *,
    gateway: str,
    elasticsearch: str,
    receiver: str,
    key: str,
    home: str,
    desk: str,
    password: str,
) -> None:
    """Print where to click and what to try next, while the demo stays up."""
    body = {
        "source_ref": "my-first-report",
        "medium": "call",
        "text": "Маме позвонили с 1414, сказали, из поликлиники, и просили код из СМС.",
        "contacts": [{"value": "1414"}],
    }
    curl = (
        f"curl -s {gateway}/v1/reports \\\n"
        f"  -H 'Authorization: Bearer {key}' \\\n"
        "  -H 'Content-Type: application/json' \\\n"
        f"  -d '{json.dumps(body, ensure_ascii=False)}'"
    )
    console.rule("[bold]Что дальше[/]")
    console.print(
        f"Тревога ждёт ответа: [bold]{desk}/alerts[/], войдите как [bold]{ONCALL}[/] с паролем [bold]{password}[/] "
        "и примите её.",
        soft_wrap=True,
    )
    console.print(
        f"Рабочее место оператора горячей линии: [bold]{desk}/[/], вход [bold]{OPERATOR}[/], пароль тот же.",
        soft_wrap=True,
    )
    for name, value in (
        ("Форма для граждан ", f"{gateway}/"),
        ("Памятки для печати", f"{gateway}/ru/leaflets"),
        ("Описание API      ", f"{gateway}/docs"),
        ("Телефон дежурного ", receiver),
        ("Поиск             ", f"{elasticsearch}/saqbol-reports/_search?q=text.ru:поликлиника"),
        ("О номере          ", f"SAQBOL_HOME={home} ./saqbol number show 1414"),
    ):
        # soft_wrap: a line that was broken could not be clicked or copied
        console.print(f"{name}  [bold]{value}[/]", soft_wrap=True)
    console.print("Прислать своё сообщение, от имени бота в Telegram:")
    console.print(Text(curl), soft_wrap=True)
    console.print("Ctrl-C останавливает всё.")


def _table(title: str, counts: Counts, names: dict[str, str], missing: str | None) -> Table:
    table = Table(title_justify="left", header_style="bold", box=None, padding=(0, 1))
    table.add_column(title, overflow="fold")
    table.add_column("Сообщений", justify="right")
    for code, count in counts.by_value.items():
        table.add_row(names.get(code, code), str(count))
    if missing and counts.missing:
        table.add_row(f"[dim]{missing}[/]", f"[dim]{counts.missing}[/]")
    return table


def _beside(console: Console, left: RenderableType, right: RenderableType) -> RenderableType:
    if console.width < WIDE:
        return Group(left, "", right)
    grid = Table.grid(padding=(0, 3))
    grid.add_row(left, right)
    return grid


def _number(value: str, known: dict[str, Any] | None, role: str) -> RenderableType:
    notes = {
        "official": "",
        "suspected": "о нём говорит и дело из Мамлютского района",
        "innocent": f"вчера с портала за три часа пришло {scenario().parts.crowd} анонимных жалоб на него",
    }
    state = known["state"] if known else "unknown"
    label = _STATES[state] + (", им прикрываются мошенники" if known and known["impersonated"] else "")
    head = f"[bold]{value}[/]  [{_STYLES.get(state, 'default')}]{label}[/]"
    if notes[role]:
        head += f"  [dim]({notes[role]})[/]"
    reasons = [f"  · {escape(reason)}" for reason in (known["reasons"]["ru"] if known else [])]
    return Group(Text.from_markup(head), *(Text.from_markup(reason) for reason in reasons), "")
