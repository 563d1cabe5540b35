"""How the columns of another agency's table become reports: a YAML file, typed and checked here.

    zone: Asia/Almaty
    fields:
      source_ref: {column: № обращения}
      happened_at: {column: Дата звонка, formats: ["%d.%m.%Y %H:%M"]}
      text: {columns: [Фабула, Примечание]}
      contacts: [{column: Телефон мошенника, split: ",;"}]
      reporter: {column: Телефон заявителя}
      outcome: {column: Статус, values: {потерпевший: victim, попытка: attempt}, otherwise: unknown}
      medium: {constant: call}

The schema for editors and checks is `schemas/generated/import-mapping.schema.json`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Final, Literal, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
import yaml
from msgspec import Meta, Struct

from producers.files.values import plain
from producers.problems import SubmissionError
from producers.validation import decode_submission, encode_submission
from schemas.events import ContactRole

Column = Annotated[str, Meta(min_length=1, description="heading of a column; case and spaces do not matter")]
Constant = str | int | bool
Encoding = Literal["utf-8", "windows-1251", "kz-1048", "utf-16"]
_ENCODINGS: Final[tuple[str, ...]] = get_args(Encoding)


class MappingError(ValueError):
    """The mapping can't be used; the message names the place and the remedy."""


class Source(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Where a field's value comes from: one column, several that are joined, or a constant.

    `values` says what a cell's text means (case and spaces do not matter), `otherwise` what every other text means;
    without it such a row is an error.
    """

    column: Column | None = None
    columns: list[Column] = []
    join: str = "\n"
    constant: Constant | None = None
    values: dict[str, Constant] = {}
    otherwise: Constant | None = None

    def names(self) -> list[str]:
        """The columns it reads."""
        return [self.column] if self.column is not None else self.columns

    @property
    def meanings(self) -> dict[str, Constant]:
        """`values` as cells are compared."""
        return {plain(text): meaning for text, meaning in self.values.items()}


class Moment(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Where a time comes from: one column, or a date's and a time's.  `formats` are those of Python's strptime."""

    column: Column | None = None
    columns: Annotated[list[Column], Meta(max_length=2)] = []
    formats: list[str] = []

    def names(self) -> list[str]:
        """The columns it reads."""
        return [self.column] if self.column is not None else self.columns


class ContactSource(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A column with contacts of one role; the characters of `split` stand between several in one cell."""

    column: Column
    split: str = ""
    role: ContactRole = ContactRole.SUSPECT

    def names(self) -> list[str]:
        """The columns it reads."""
        return [self.column]


class Fields(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """The fields of a submission and where each comes from; those that are left out are not sent."""

    source_ref: Source | None = None
    happened_at: Moment | None = None
    money_moved_at: Moment | None = None
    contacts: list[ContactSource] = []
    text: Source | None = None
    reporter: Source | None = None
    medium: Source | None = None
    region: Source | None = None
    district: Source | None = None
    language: Source | None = None
    stance: Source | None = None
    outcome: Source | None = None
    affected_group: Source | None = None
    bank: Source | None = None
    loss_kzt: Source | None = None
    caller_knew_personal_data: Source | None = None
    urgent: Source | None = None
    backfill: Source | None = None


class TableForm(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What a file's form does not tell by itself: the sheet, the row of headings, the encoding."""

    sheet: str | None = None
    header_row: Annotated[int, Meta(ge=1, le=100)] = 1
    encoding: Encoding | None = None
    delimiter: Annotated[str, Meta(min_length=1, max_length=1)] | None = None


class ImportMapping(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Content of the file."""

    fields: Fields
    zone: Annotated[str, Meta(description="time zone of times that name none")] = "Asia/Almaty"
    table: TableForm = TableForm()


def load_mapping(path: Path) -> ImportMapping:
    """The mapping in a YAML file.  Raises MappingError."""
    try:
        mapping = msgspec.convert(yaml.safe_load(path.read_text(encoding="utf-8-sig")), ImportMapping)
    except OSError as error:
        raise MappingError(f"{path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise MappingError(f"{path}: is no text in UTF-8; save it as such") from error
    except yaml.YAMLError as error:
        raise MappingError(f"{path}: {error}") from error
    except msgspec.ValidationError as error:
        raise MappingError(f"{path}: {error}{_remedy(str(error))}") from error
    if problem := next(_wrong(mapping), None):
        raise MappingError(f"{path}: {problem}")
    return mapping


def _remedy(message: str) -> str:
    """What to do about what msgspec found wrong: the names that are known in that place."""
    place = message.partition(" - at `$")[2].rstrip("`")
    if place.startswith(".table.encoding"):
        return f"; one of {', '.join(_ENCODINGS)}"
    if "unknown field" not in message:
        return "; docs/integrators.md says what a mapping may hold"
    parts: dict[str, type[Struct]] = {"": ImportMapping, ".fields": Fields, ".table": TableForm}
    times = (".fields.happened_at", ".fields.money_moved_at")
    inner = ContactSource if place.startswith(".fields.contacts") else Moment if place in times else Source
    return f"; known there are {', '.join(parts.get(place, inner).__struct_fields__)}"


def _wrong(mapping: ImportMapping) -> Iterator[str]:
    """What the types can't express."""
    try:
        ZoneInfo(mapping.zone)
    except (ZoneInfoNotFoundError, ValueError):
        yield f"zone: there is no time zone {mapping.zone}; write it like Asia/Almaty"
    if mapping.fields.text is None and not mapping.fields.contacts:
        yield "fields: neither text nor contacts are mapped; a report says what happened, or names a number"
    for name, source in sources(mapping.fields):
        if isinstance(source, ContactSource):
            continue
        constant = source.constant if isinstance(source, Source) else None
        if sum((source.column is not None, bool(source.columns), constant is not None)) != 1:
            yield f"fields.{name}: give a column, or columns" + (", or a constant" if name != "happened_at" else "")
        if isinstance(source, Source):
            meant = [*source.values.values(), *(v for v in (constant, source.otherwise) if v is not None)]
            for value in meant:
                try:
                    decode_submission(encode_submission({"source_ref": "?", name: value}))
                except SubmissionError as error:
                    for problem in error.problems:
                        yield f"fields.{name}: {value!r} {problem.problem}; {problem.remedy}"


def sources(fields: Fields) -> Iterator[tuple[str, Source | Moment | ContactSource]]:
    """Each mapped field with where it comes from; `contacts` may come from several columns."""
    for name in Fields.__struct_fields__:
        found = getattr(fields, name)
        for source in found if isinstance(found, list) else [found] if found is not None else []:
            yield name, source
