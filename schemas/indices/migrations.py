"""What becomes of a document when the mapping of its index gets a new version.

A change that Elasticsearch can make in place, a new field, needs no new version.  Any other one does: raise `version`
in the template, and write a step here that turns a document of the version before into one of the new version.
`./saqbol migrate` then copies all documents.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from schemas import indices

Step = Callable[[dict[str, Any]], dict[str, Any]]

#: By alias and the version that the step leads to.  A new version that only reads differently (analysis) has no step.
STEPS: Final[dict[tuple[str, int], Step]] = {}


def migrated(alias: str, document: dict[str, Any], version: int) -> dict[str, Any]:
    """A document of an index with that version of the mapping, as today's template wants it."""
    for step in range(version + 1, int(indices.templates()[alias]["version"]) + 1):
        document = STEPS.get((alias, step), _unchanged)(document)
    return document


def _unchanged(document: dict[str, Any]) -> dict[str, Any]:
    return document
