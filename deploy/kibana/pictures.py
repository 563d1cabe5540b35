"""Pictures of the dashboards' layout for the docs, and the table of questions, both drawn from the bundle's boards."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from html import escape
from pathlib import Path
from typing import Final, NamedTuple

from deploy.home import CHECKOUT
from deploy.kibana.dashboards import Board
from deploy.kibana.panels import GRID, Panel, placed
from deploy.kibana.wording import texts

IMAGES: Final = CHECKOUT / "docs" / "images"
#: Pixels of a grid's column and of a row.
_COLUMN, _ROW = 20, 13
_MARGIN, _HEADER, _CONTROL = 8, 64, 30
_BLUE, _PALE, _INK, _GREY = "#5b94c9", "#e7f0f9", "#1a1c21", "#69707d"
#: Of a character's height, its width on average; of bold Cyrillic in a plain font.
_NARROW: Final = 0.66


def picture(board: Board) -> str:
    """An SVG of a dashboard: its title, controls and panels in their places, with a sketch of what each looks like."""
    panels = placed(board.rows)
    height = _HEADER + _CONTROL + _MARGIN + _ROW * max(place["y"] + place["h"] for _, place in panels)
    width = GRID * _COLUMN + 2 * _MARGIN
    title = texts()[f"title.{board.name}"].ru
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
        ' font-family="Inter, Arial, sans-serif" role="img">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{width}" height="{height}" fill="#f7f8fc"/>',
        _text(_MARGIN, 30, title, 20, width, weight=700),
        _text(_MARGIN, 50, f"{board.since} → now, каждые {board.refresh} с", 12, width, _GREY),
    ]
    share = (width - 2 * _MARGIN) / len(board.controls)
    for number, control in enumerate(board.controls):
        x = _MARGIN + number * share
        parts.append(_box(x, _HEADER, share - 6, _CONTROL - 8, "#ffffff"))
        parts.append(_text(x + 8, _HEADER + 15, f"{control.title} ▾", 12, share - 20, _GREY))
    for panel, place in panels:
        x, y = _MARGIN + place["x"] * _COLUMN, _HEADER + _CONTROL + place["y"] * _ROW
        parts += _drawn(panel, x, y, place["w"] * _COLUMN - 6, place["h"] * _ROW - 6)
    return "\n".join([*parts, "</svg>", ""])


def files(boards: list[Board]) -> dict[Path, str]:
    """The picture of each dashboard by its file."""
    return {IMAGES / f"dashboard-{board.name}.svg": picture(board) for board in boards}


def questions(boards: list[Board]) -> str:
    """A Markdown table for each dashboard: what an analyst asks, and the panel that answers."""
    parts = []
    for board in boards:
        title = texts()[f"title.{board.name}"].ru
        rows = [f"| {panel.question} | {panel.title} |" for panel, _ in placed(board.rows) if panel.question]
        parts.append("\n".join([f"### {title}", "", "| question | panel |", "|---|---|", *rows, ""]))
    return "\n".join(parts)


def _drawn(panel: Panel, x: float, y: float, width: float, height: float) -> Iterator[str]:
    yield _box(x, y, width, height, "#ffffff")
    if panel.title:
        yield _text(x + 8, y + 16, panel.title, 12, width - 16, weight=600)
    sketch = _SKETCHES.get(panel.kind, _columns)
    yield from sketch(_Room(x + 10, y + 26, width - 20, height - 34))


class _Room(NamedTuple):
    """The inside of a panel, in pixels."""

    x: float
    y: float
    width: float
    height: float


def _lines_of_text(room: _Room) -> Iterator[str]:
    for line in range(int(room.height + 10) // 12):
        yield _bar(room.x, room.y - 8 + 12 * line, room.width * 0.8, 5, _PALE)


def _figure(room: _Room) -> Iterator[str]:
    yield _text(room.x + room.width, room.y + room.height - 4, "123", 26, room.width, _BLUE, weight=700, anchor="end")


def _table(room: _Room) -> Iterator[str]:
    yield _bar(room.x, room.y, room.width, 10, _BLUE, 0.5)
    for line in range(1, int(room.height) // 16):
        yield _bar(room.x, room.y + 16 * line, room.width, 7, _PALE)


def _heat(room: _Room) -> Iterator[str]:
    rows, columns = max(2, int(room.height) // 18), 12
    wide, high = room.width / columns, room.height / rows
    for row in range(rows):
        for column in range(columns):
            shade = 0.12 + 0.8 * (columns - column) * (rows - row) / (columns * rows)
            yield _bar(room.x + wide * column, room.y + high * row, wide - 2, high - 2, _BLUE, shade)


def _donut(room: _Room) -> Iterator[str]:
    radius = min(room.width, room.height) / 2.6
    ring = f'cx="{room.x + room.width / 2:.0f}" cy="{room.y + room.height / 2:.0f}" r="{radius:.0f}" fill="none"'
    yield f'<circle {ring} stroke="{_PALE}" stroke-width="18"/>'
    dashes = f"{4 * radius:.0f} {8 * radius:.0f}"
    yield f'<circle {ring} stroke="{_BLUE}" stroke-width="18" stroke-dasharray="{dashes}"/>'


def _line(room: _Room) -> Iterator[str]:
    points = " ".join(
        f"{room.x + room.width * step / 12:.0f},{room.y + room.height * (0.75 - 0.5 * (step * 5 % 7) / 7):.0f}"
        for step in range(13)
    )
    yield f'<polyline points="{points}" fill="none" stroke="{_BLUE}" stroke-width="2"/>'


def _bars(room: _Room) -> Iterator[str]:
    for line in range(max(2, int(room.height) // 18)):
        yield _bar(room.x, room.y + 18 * line, room.width * 0.9 / (1 + 0.35 * line), 10, _BLUE)


def _columns(room: _Room) -> Iterator[str]:
    for step in range(14):
        tall = room.height * (0.25 + 0.7 * (step * 5 % 9) / 9)
        yield _bar(room.x + room.width * step / 14, room.y + room.height - tall, room.width / 14 - 4, tall, _BLUE)


_SKETCHES: Final[dict[str, Callable[[_Room], Iterator[str]]]] = {
    "text": _lines_of_text,
    "metric": _figure,
    "table": _table,
    "documents": _table,
    "heat": _heat,
    "donut": _donut,
    "lines": _line,
    "bar_horizontal": _bars,
}


def _bar(x: float, y: float, width: float, height: float, fill: str, opacity: float = 1.0) -> str:
    place = f'x="{x:.0f}" y="{y:.0f}" width="{width:.0f}" height="{height:.0f}"'
    return f'<rect {place} fill="{fill}"' + (f' opacity="{opacity:.2f}"/>' if opacity < 1 else "/>")


def _box(x: float, y: float, width: float, height: float, fill: str) -> str:
    place = f'x="{x:.0f}" y="{y:.0f}" width="{width:.0f}" height="{height:.0f}"'
    return f'<rect {place} rx="4" fill="{fill}" stroke="#d3dae6"/>'


def _text(
    x: float,
    y: float,
    said: str,
    size: int,
    room: float,
    fill: str = _INK,
    *,
    weight: int = 400,
    anchor: str = "start",
) -> str:
    """A line of text, cut to the room that it has."""
    most = max(1, int(room / (size * _NARROW)))
    cut = said if len(said) <= most else said[: most - 1] + "…"
    style = f'font-size="{size}" font-weight="{weight}" fill="{fill}" text-anchor="{anchor}"'
    return f'<text x="{x:.0f}" y="{y:.0f}" {style}>{escape(cut)}</text>'
