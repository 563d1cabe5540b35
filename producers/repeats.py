"""Two events under one reference that say different things: the first copy wins, so the second would be lost."""

from __future__ import annotations

import hashlib
from typing import Any, Final

import msgspec

from producers.problems import FieldProblem

#: References that are remembered, at some 140 bytes each.
MAX_REMEMBERED: Final = 250_000
_CONFLICT: Final = FieldProblem(
    field="/source_ref",
    problem="is that of an earlier event, which says something else",
    remedy="give each report an id of its own; the first one wins",
)


class Repeats:
    """The references of events and what was said under each; of the first `MAX_REMEMBERED`."""

    def __init__(self) -> None:
        self._seen: dict[bytes, bytes] = {}

    def problems(self, event: bytes) -> list[FieldProblem]:
        """Whether an event (JSON) has the reference of an earlier one that says something else; remembers it if not."""
        body: dict[str, Any] = msgspec.json.decode(event)
        body.pop("received_at", None)
        reference, content = _digest([body.get("source"), body.get("source_ref")]), _digest(body)
        known = self._seen.get(reference)
        if known is None and len(self._seen) < MAX_REMEMBERED:
            self._seen[reference] = content
        return [_CONFLICT] if known not in {None, content} else []


def _digest(value: object) -> bytes:
    return hashlib.blake2b(msgspec.json.encode(value, order="sorted"), digest_size=12).digest()
