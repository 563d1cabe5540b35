"""Writes the tables of docs/waves.md, each between two comments that name it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

DOCUMENT: Final = Path(__file__).parents[3] / "docs" / "waves.md"


def markdown(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table in Markdown."""
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def write(name: str, content: str, document: Path = DOCUMENT) -> None:
    """Put `content` between the comments of `name`.  Raises ValueError when the document lacks them."""
    text = document.read_text(encoding="utf-8")
    begin, end = f"<!-- {name}: written by a command -->", f"<!-- end of {name} -->"
    if begin not in text or end not in text:
        raise ValueError(f"{document} has no place for {name}: it needs the lines {begin} and {end}")
    before, _, rest = text.partition(begin)
    _, _, after = rest.partition(end)
    document.write_text(f"{before}{begin}\n\n{content.strip()}\n\n{end}{after}", encoding="utf-8")
