"""The data dictionary, docs/data-dictionary.md: every field of every index, its type, its meaning, who may see it.

    python -m deploy.fields           write it
    python -m deploy.fields --check   exit 1 if it is not current

Types come from the templates, meanings from schemas/indices/fields.yaml, readers from deploy/images/roles.yml.
"""

from __future__ import annotations

import fnmatch
import sys
from pathlib import Path
from typing import Any, Final

import yaml
from msgspec import Struct

from deploy.home import CHECKOUT
from schemas import indices
from schemas.reference import ReferenceDataError, load

FIELDS: Final = indices.FOLDER / "fields.yaml"
ROLES: Final = CHECKOUT / "deploy" / "images" / "roles.yml"
DICTIONARY: Final = CHECKOUT / "docs" / "data-dictionary.md"

_INTRODUCTION: Final = """\
# Data dictionary

Every field of every index. Made by `python -m deploy.fields` from the templates in `schemas/indices`, from
`schemas/indices/fields.yaml` and from `deploy/images/roles.yml`: change those, not this page.

Read through the alias that heads each table. Reports, rejected records and the audit log are kept by month (UTC);
numbers, alerts and warnings given have one index each. `./saqbol retain` says how long months are kept,
`./saqbol migrate` brings an index to a new version of its mapping, `./saqbol reindex` rebuilds it from the log.

Who may read an index sees all its fields: choosing fields by role is not part of Elasticsearch's free licence. Fields
marked † say something about the person who reported or a member of the staff. None holds a phone of a reporter, a
code, a card, an IIN or a password; the hash of a reporter leads to nobody without the gateway's key.
"""


class Field(Struct, frozen=True, forbid_unknown_fields=True):
    """What is said of one field."""

    meaning: str
    example: str | int | float | bool
    personal: bool = False


def fields() -> dict[str, dict[str, Field]]:
    """What is said of each field, by alias and dotted path.

    Raises ReferenceDataError if the file is wrong, lacks a field of a mapping or has one that no mapping has.
    """
    content = load(FIELDS, dict[str, dict[str, Field]])
    for alias in indices.templates():
        said, mapped = set(content.get(alias, {})), set(_explained(alias))
        if said != mapped:
            lacks, surplus = sorted(mapped - said), sorted(said - mapped)
            raise ReferenceDataError(f"{FIELDS.name}: {alias}: not explained: {lacks}; in no mapping: {surplus}")
    return content


def readers(alias: str) -> list[str]:
    """The roles that may read what stands behind an alias."""
    roles = yaml.safe_load(ROLES.read_text(encoding="utf-8"))
    return [
        name
        for name, role in roles.items()
        if any(
            "read" in entry["privileges"] and any(fnmatch.fnmatchcase(alias, pattern) for pattern in entry["names"])
            for entry in role["indices"]
        )
    ]


def document() -> str:
    """The page.  Raises ReferenceDataError."""
    parts = [_INTRODUCTION]
    explained = fields()
    for alias, template in indices.templates().items():
        mapping = template["template"]["mappings"]["properties"]
        (pattern,) = template["index_patterns"]
        rows = [_row(path, field, explained[alias]) for path, field in _flat(mapping).items()]
        parts.append(
            f"## {alias}\n\n{template['_meta']['description']}.\n\nWritten to: `{pattern}`, version "
            f"{template['version']}. May be read by: {', '.join(f'`{name}`' for name in readers(alias))}.\n\n"
            "| field | type | meaning | example |\n|---|---|---|---|\n" + "\n".join(rows) + "\n"
        )
    return "\n".join(parts)


def _row(path: str, field: dict[str, Any], explained: dict[str, Field]) -> str:
    if field["type"] == "alias":
        return f"| `{path}` | alias | the same as `{field['path']}`, for filters over several indices | |"
    said = explained[path]
    kind = field["type"] + ("" if field.get("index", True) else ", not searched")
    inside = "".join(f", {path}.{name}" for name in field.get("fields", {}))
    example = str(said.example).lower() if isinstance(said.example, bool) else str(said.example)
    cells = [f"`{path}`{' †' if said.personal else ''}", kind + inside, said.meaning, f"`{example}`"]
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _explained(alias: str) -> list[str]:
    mapping = indices.templates()[alias]["template"]["mappings"]["properties"]
    return [path for path, field in _flat(mapping).items() if field["type"] != "alias"]


def _flat(properties: dict[str, Any], prefix: str = "") -> dict[str, dict[str, Any]]:
    """Every field of a mapping by dotted path, objects opened."""
    found: dict[str, dict[str, Any]] = {}
    for name, field in properties.items():
        found |= _flat(field["properties"], f"{prefix}{name}.") if "properties" in field else {prefix + name: field}
    return found


def is_current(path: Path = DICTIONARY) -> bool:
    """Whether the page says what the sources say."""
    return path.exists() and path.read_text(encoding="utf-8") == document()


if __name__ == "__main__":
    if sys.argv[1:] not in ([], ["--check"]):
        sys.exit("usage: python -m deploy.fields [--check]")
    if "--check" in sys.argv:
        if not is_current():
            sys.exit("docs/data-dictionary.md is not current; run python -m deploy.fields and commit")
    else:
        DICTIONARY.write_text(document(), encoding="utf-8")
