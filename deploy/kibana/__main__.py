"""Writes the bundles, the pictures of the dashboards' layout, and the table of questions in docs/dashboards.md.

python -m deploy.kibana           write them
python -m deploy.kibana --check   exit 1 and name the files that are not current
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

from deploy.home import CHECKOUT
from deploy.kibana import bundle, pictures

GUIDE: Final = CHECKOUT / "docs" / "dashboards.md"
_BEGIN, _END = "<!-- questions: written by python -m deploy.kibana -->", "<!-- end of questions -->"


def files() -> dict[Path, str]:
    """Every file that is written, and its content."""
    boards = bundle.boards("ru")
    return bundle.files() | pictures.files(boards) | {GUIDE: _with_questions(pictures.questions(boards))}


def _with_questions(table: str) -> str:
    """The guide with its table of questions replaced."""
    head, _, rest = GUIDE.read_text(encoding="utf-8").partition(_BEGIN)
    tail = rest.partition(_END)[2]
    return f"{head}{_BEGIN}\n\n{table}\n{_END}{tail}"


def stale() -> dict[Path, str]:
    """The files that are missing or differ, and what they should hold."""
    return {
        path: text for path, text in files().items() if not path.exists() or path.read_text(encoding="utf-8") != text
    }


if __name__ == "__main__":
    arguments = sys.argv[1:]
    if arguments not in ([], ["--check"]):
        sys.exit("usage: python -m deploy.kibana [--check]")
    wanted = stale()
    for path, text in wanted.items():
        if not arguments:
            path.write_text(text, encoding="utf-8")
        print(f"{'not current: ' if arguments else 'wrote '}{path.relative_to(CHECKOUT)}")
    sys.exit(1 if arguments and wanted else 0)
