"""The time line of a wave as a picture: a column for each stretch of time, and the moments that mattered.  Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from markupsafe import Markup, escape
from msgspec import Struct

from producers.desk.casework.evidence import Column
from schemas.local_time import ZONE

#: Size of the picture and of its margins, in its own units.
_WIDTH: Final = 900
_HEIGHT: Final = 240
_LEFT, _RIGHT, _TOP, _BOTTOM = 44, 12, 47, 30
#: Columns between two times on the axis, about.
_TIMES: Final = 6


class Mark(Struct, frozen=True):
    """A moment to mark: when, what it is called, and the class of its style."""

    at: datetime
    name: str
    style: str


def draw(columns: Sequence[Column], width: timedelta, marks: Sequence[Mark], label: str) -> Markup:
    """The time line as an SVG element; `label` says what it shows to those who can't see it."""
    if not columns:
        return Markup("")
    start, seconds = columns[0].at, width.total_seconds() * len(columns)
    top = max(5, *(column.people for column in columns))
    step = _round_step(top)

    def x(at: datetime) -> float:
        share = (at - start).total_seconds() / seconds
        return round(_LEFT + min(max(share, 0.0), 1.0) * (_WIDTH - _LEFT - _RIGHT), 1)

    def y(people: float) -> float:
        return round(_HEIGHT - _BOTTOM - people / top * (_HEIGHT - _TOP - _BOTTOM), 1)

    parts = [
        Markup(
            '<line class="grid" x1="{0}" x2="{1}" y1="{2}" y2="{2}"/><text class="y" x="{3}" y="{4}">{5}</text>'
        ).format(_LEFT, _WIDTH - _RIGHT, y(people), _LEFT - 6, y(people) + 4, people)
        for people in range(0, top + 1, step)
    ]
    for column in columns:
        if column.people:
            left, right = x(column.at), x(column.at + width)
            parts.append(
                Markup('<rect class="people" x="{}" y="{}" width="{}" height="{}"><title>{}: {}</title></rect>').format(
                    left,
                    y(column.people),
                    round(max(right - left - 1, 1), 1),
                    round(y(0) - y(column.people), 1),
                    _clock(column.at),
                    column.people,
                )
            )
    every = max(1, math.ceil(len(columns) / _TIMES))
    parts += [
        Markup('<text class="x" x="{}" y="{}">{}</text>').format(x(column.at), _HEIGHT - 8, _clock(column.at))
        for column in columns[: -every // 2 or None : every]
    ]
    for row, mark in enumerate(sorted(marks, key=lambda mark: mark.at)):
        at, height = x(mark.at), 12 + row % 3 * 13
        anchor = "end" if at > _WIDTH * 0.7 else "start"
        parts.append(
            Markup('<line class="mark {0}" x1="{1}" x2="{1}" y1="{2}" y2="{3}"/>').format(mark.style, at, height, y(0))
        )
        parts.append(
            Markup('<text class="mark {}" x="{}" y="{}" text-anchor="{}">{} {}</text>').format(
                mark.style, at + (-4 if anchor == "end" else 4), height, anchor, mark.name, _clock(mark.at)
            )
        )
    return Markup('<svg class="timeline" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>').format(
        _WIDTH, _HEIGHT, escape(label), Markup("").join(parts)
    )


def _round_step(top: int) -> int:
    """A step of 1, 2 or 5 times a power of ten that gives at most six lines."""
    size: int = 10 ** max(0, math.floor(math.log10(top / 5)))
    return next(step * size for step in (1, 2, 5, 10) if top <= 6 * step * size)


def _clock(at: datetime) -> str:
    return at.astimezone(ZONE).strftime("%d.%m %H:%M")
