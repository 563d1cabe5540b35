"""What the terminal shows while the demo runs: lines with the time, and bars where there is a terminal to draw on."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Final

from rich.console import Console, RenderableType
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TaskID,
    TextColumn,
)
from rich.text import Text

#: Without a terminal, a bar is a line this often (seconds).
_LINE_EVERY: Final = 3.0


class _IfCounted(ProgressColumn):
    """A column that stays empty for what has no number of steps."""

    def __init__(self, column: ProgressColumn) -> None:
        super().__init__()
        self._column = column

    def render(self, task: Task) -> RenderableType:
        """What the column shows."""
        return Text() if task.total is None else self._column.render(task)


class Display:
    """Lines and bars, as a context manager.  Any thread may call `say`."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self._started = time.monotonic()
        self._bars: dict[str, TaskID] = {}
        self._said: dict[str, float] = {}
        self._progress = Progress(
            SpinnerColumn(finished_text="[green]✓[/]"),
            TextColumn("{task.description}"),
            _IfCounted(BarColumn(bar_width=30)),
            _IfCounted(MofNCompleteColumn()),
            console=console,
            disable=not console.is_terminal,
        )

    def __enter__(self) -> Display:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    @property
    def seconds(self) -> float:
        """Time since the start."""
        return time.monotonic() - self._started

    def say(self, text: str) -> None:
        """A line with the time since the start; it stays."""
        self._progress.console.print(f"[dim]{self.seconds:6.1f} s[/]  {escape(text)}", highlight=False)

    @contextmanager
    def step(self, text: str) -> Iterator[None]:
        """Something that takes a while: a spinner meanwhile, a line at its end (no terminal: at its start too)."""
        if not self.console.is_terminal:
            self.say(f"{text} …")
        task = self._progress.add_task(escape(text), total=None)
        try:
            yield
        finally:
            self._progress.remove_task(task)
        self.say(f"{text}: done")

    def bar(self, name: str, done: int, total: int) -> None:
        """Show that `done` of `total` are done."""
        if self.console.is_terminal:
            if name not in self._bars:
                self._bars[name] = self._progress.add_task(escape(name), total=total)
            self._progress.update(self._bars[name], completed=done, total=total)
            return
        last = self._said.get(name)
        finished = done >= total and last != float("inf")
        if finished or (done < total and (last is None or self.seconds - last >= _LINE_EVERY)):
            self.say(f"{name}: {done} of {total}")
            self._said[name] = float("inf") if finished else self.seconds

    def clear_bars(self) -> None:
        """Take the bars away, before something else is shown."""
        for task in self._bars.values():
            self._progress.remove_task(task)
        self._bars.clear()
        self._said.clear()
