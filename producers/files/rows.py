"""What a row of another agency's table says, by its mapping.  No I/O."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, Final
from zoneinfo import ZoneInfo

from msgspec import Struct

from producers.files.mapping import ContactSource, Fields, ImportMapping, Moment, Source, sources
from producers.files.tables import Row
from producers.files.values import (
    USUAL_FORMATS,
    CellError,
    Value,
    as_bool,
    as_region,
    as_sum,
    as_text,
    as_time,
    plain,
)
from producers.problems import FieldProblem, SubmissionError
from producers.repeats import Repeats
from producers.validation import encode_submission

#: Reports of incidents older than this are marked `backfill`, and those that name no time: counted, never paged.
BACKFILL_AFTER: Final = timedelta(days=2)
#: Longest submission that is sent at all, as the gateway takes it.
MAX_ROW_BYTES: Final = 262_144
_REFERENCE_DIGITS: Final = 32
_SURPLUS: Final = FieldProblem(
    field="", problem="the row has more cells than there are headings", remedy="quote cells that hold the delimiter"
)
_TOO_LARGE: Final = FieldProblem(field="", problem="the row is too large", remedy="shorten its texts")


class RowSubmission(Struct, frozen=True):
    """What a row says: the fields of a submission, and what can't be read."""

    fields: dict[str, Any]
    problems: list[FieldProblem]


class Item(Struct):
    """A row on its way: its number, its submission as JSON (None: it can't be sent), and what is wrong with it."""

    row: int
    submission: bytes | None
    problems: list[FieldProblem]


class RowReader:
    """Reads rows as a mapping says, in their order: it remembers references, to find two rows that share one."""

    def __init__(self, mapping: ImportMapping, reference_key: bytes, started_at: datetime) -> None:
        """`reference_key` makes the source_ref of rows without one; `started_at` (aware) decides what is old."""
        self._fields = mapping.fields
        self._zone = ZoneInfo(mapping.zone)
        self._key = reference_key
        self._old = started_at - BACKFILL_AFTER
        self._repeats = Repeats()
        self._meanings = {
            name: source.meanings for name, source in sources(mapping.fields) if isinstance(source, Source)
        }

    @cached_property
    def columns(self) -> list[str]:
        """Every column that the mapping reads, once."""
        return list(dict.fromkeys(name for _, source in sources(self._fields) for name in source.names()))

    def columns_of(self, field: str) -> list[str]:
        """The columns that a field of a submission comes from, given as a JSON Pointer."""
        name = field.split("/")[1] if "/" in field else field
        return list(dict.fromkeys(c for n, source in sources(self._fields) if n == name for c in source.names()))

    def read(self, cells: Mapping[str, Value]) -> RowSubmission:
        """The submission that a row becomes; `cells` by plain heading (`values.plain`)."""
        fields: dict[str, Any] = {}
        problems: list[FieldProblem] = []
        for name in Fields.__struct_fields__:
            source = getattr(self._fields, name)
            if source is None or source == []:
                continue
            try:
                value = self._value(name, source, cells)
            except CellError as error:
                problems.append(FieldProblem(field=f"/{name}", problem=error.problem, remedy=error.remedy))
            else:
                if value is not None:
                    fields[name] = value
        if self._fields.source_ref is None:
            fields["source_ref"] = self._reference(cells)
        if self._fields.backfill is None:
            happened_at = fields.get("happened_at")
            fields["backfill"] = happened_at is None or happened_at < self._old
        return RowSubmission(fields, problems)

    def item(self, row: Row) -> Item:
        """A row as it is sent; one that can't be read whole is not sent."""
        said = self.read(row.cells)
        problems = list(said.problems)
        if row.surplus:
            problems.append(_SURPLUS)
        if problems:
            return Item(row.number, None, problems)
        try:
            submission = encode_submission(said.fields)
        except SubmissionError as error:
            return Item(row.number, None, list(error.problems))
        if len(submission) > MAX_ROW_BYTES:
            return Item(row.number, None, [_TOO_LARGE])
        if problems := self._repeats.problems(submission):
            return Item(row.number, None, problems)
        return Item(row.number, submission, [])

    def _value(self, name: str, source: Any, cells: Mapping[str, Value]) -> Any:
        """The value of a field, None if the row says nothing.  Raises CellError."""
        if name == "contacts":
            return list(_contacts(source, cells)) or None
        values = [cells.get(plain(column)) for column in source.names()]
        if isinstance(source, Moment):
            return as_time(values, source.formats or USUAL_FORMATS, self._zone)
        if source.constant is not None:
            return source.constant
        text = source.join.join(filter(None, map(as_text, values)))
        meanings = self._meanings[name]
        if not meanings or not (text or "" in meanings):
            return _read_as(name, values[0] if len(values) == 1 else text) if text else None
        meant = meanings.get(plain(text), source.otherwise)
        if meant is None:
            raise CellError("is none of the values in the mapping", "add it to values, or name otherwise")
        return meant

    def _reference(self, cells: Mapping[str, Value]) -> str:
        """A keyed hash of the whole row: the same row always gets the same one, and it tells nobody what is in it."""
        content = sorted((name, text) for name, value in cells.items() if (text := as_text(value)))
        return (
            "row-" + hmac.new(self._key, json.dumps(content).encode(), hashlib.sha256).hexdigest()[:_REFERENCE_DIGITS]
        )


def _contacts(sources: Sequence[ContactSource], cells: Mapping[str, Value]) -> Iterator[dict[str, str]]:
    for source in sources:
        text = as_text(cells.get(plain(source.column)))
        parts = re.split(f"[{re.escape(source.split)}]", text) if source.split else [text]
        for part in filter(None, map(str.strip, parts)):
            yield {"value": part, "role": source.role.value}


def _read_as(name: str, value: Value) -> Any:
    """The cell as its field wants it.  Raises CellError."""
    match name:
        case "loss_kzt":
            return as_sum(value)
        case "region":
            return as_region(value)
        case "caller_knew_personal_data" | "urgent" | "backfill":
            return as_bool(value)
        case "medium" | "language" | "stance" | "outcome" | "affected_group":
            return plain(as_text(value))
    return as_text(value)


def said_of(problem: FieldProblem, reader: RowReader) -> str:
    """What is wrong, with the columns that the field comes from."""
    columns = ", ".join(f"«{column}»" for column in reader.columns_of(problem.field))
    return f"{columns} {problem.problem}".strip()
