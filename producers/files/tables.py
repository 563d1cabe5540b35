"""Rows of a table, whatever wrote it: CSV in any usual encoding and with any usual delimiter, or XLSX.

Rows are read one at a time, so that a file of a gigabyte costs no more memory than a small one.  Of an XLSX file the
texts that cells share are held in memory, so that such a file is limited; CSV is not.
"""

from __future__ import annotations

import csv
import io
import warnings
import zipfile
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Final, NamedTuple, Self

from producers.files.encoding import Nature, usual_name
from producers.files.mapping import TableForm
from producers.files.values import Value, as_text, plain
from streams.understanding.secrets import mask

#: Longest cell in bytes of memory; a longer one is a quotation mark that was never closed.
MAX_CELL: Final = 1_048_576
#: Size of an XLSX file as it lies there, and of the shared texts in it once unpacked.
MAX_XLSX_BYTES: Final = 209_715_200
MAX_SHARED_BYTES: Final = 134_217_728
MAX_COLUMNS: Final = 1_000
_DELIMITERS: Final = (";", ",", "\t", "|")
_SHARED: Final = "xl/sharedStrings.xml"


class TableError(ValueError):
    """The file can't be read as a table; the message says why and what to do."""


class Row(NamedTuple):
    """A row that is not blank: its number as a spreadsheet shows it, its cells by plain heading, surplus cells."""

    number: int
    cells: dict[str, Value]
    surplus: bool


class Table(ABC):
    """An open table, also a context manager.  `headings` are those of the file, as they are written there."""

    headings: list[str]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @abstractmethod
    def rows(self) -> Iterator[Row]:
        """The rows below the headings that are not blank.  May be called once.  Raises TableError."""

    @abstractmethod
    def fraction(self) -> float:
        """How much of the file was read, 0 to 1."""

    @abstractmethod
    def close(self) -> None:
        """Let go of the file."""

    def _row(self, number: int, values: Sequence[Value]) -> Row | None:
        if not any(as_text(value) for value in values):
            return None
        surplus = any(as_text(value) for value in values[len(self.headings) :])
        return Row(number, dict(zip(map(plain, self.headings), values, strict=False)), surplus)


def open_table(path: Path, nature: Nature, form: TableForm, columns: Sequence[str]) -> Table:
    """The table in a file, of which `columns` are wanted.  Raises TableError if it hasn't got them, or OSError."""
    if nature.is_xlsx:
        return _checked(_Xlsx(path, form), columns)
    delimiters = [form.delimiter] if form.delimiter else _DELIMITERS
    with ExitStack() as tables:
        tried = [tables.enter_context(_Csv(path, nature.encoding, mark, form.header_row)) for mark in delimiters]
        best = min(tried, key=lambda table: len(_missing(table, columns))).delimiter
    return _checked(_Csv(path, nature.encoding, best, form.header_row), columns)


def _missing(table: Table, columns: Sequence[str]) -> list[str]:
    known = set(map(plain, table.headings))
    return [column for column in columns if plain(column) not in known]


def _checked(table: Table, columns: Sequence[str]) -> Table:
    missing = _missing(table, columns)
    plain_headings = list(map(plain, table.headings))
    twice = [column for column in columns if plain_headings.count(plain(column)) > 1]
    if missing or twice:
        table.close()
    if missing:
        raise TableError(
            f"there is no column {_quoted(missing)}; the row of headings has {_quoted(filter(None, table.headings))}. "
            "Correct the mapping, or say in it which row, sheet, encoding or delimiter the table has"
        )
    if twice:
        raise TableError(f"the column {_quoted(twice)} is there twice; rename one of them")
    return table


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(f"«{mask(name).text}»" for name in names) or "no names"


class _Csv(Table):
    def __init__(self, path: Path, encoding: str, delimiter: str, header_row: int) -> None:
        csv.field_size_limit(MAX_CELL)
        self.delimiter = delimiter
        self._encoding = encoding
        self._size = max(1, path.stat().st_size)
        self._raw: IO[bytes] = path.open("rb", buffering=0)
        text = io.TextIOWrapper(io.BufferedReader(self._raw), encoding=encoding, newline="")
        self._text = text
        self._reader = csv.reader(text, delimiter=delimiter)
        self._number = 0
        self.headings = []
        try:
            for values in self._read():
                if self._number == header_row:
                    self.headings = [value.strip() for value in values]
                    break
        except TableError:
            self.close()
            raise

    def _read(self) -> Iterator[list[str]]:
        try:
            for values in self._reader:
                self._number += 1
                yield values
        except csv.Error as error:
            raise TableError(
                f"row {self._number + 1} can't be read ({error}); is a quotation mark left open there?"
            ) from error
        except UnicodeDecodeError as error:
            raise TableError(
                f"after row {self._number} there are bytes that are no text in {usual_name(self._encoding)}; "
                "name the encoding in the mapping, under table"
            ) from error

    def rows(self) -> Iterator[Row]:
        for values in self._read():
            if row := self._row(self._number, values):
                yield row

    def fraction(self) -> float:
        return min(1.0, self._raw.tell() / self._size)

    def close(self) -> None:
        self._text.close()


class _Xlsx(Table):
    def __init__(self, path: Path, form: TableForm) -> None:
        import openpyxl  # noqa: PLC0415 - a tenth of a second that CSV need not wait
        from openpyxl.utils.exceptions import InvalidFileException  # noqa: PLC0415

        _check_size(path)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # about styles and validations, which nobody needs
                self._book = openpyxl.load_workbook(path, read_only=True, data_only=True)
        except (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError) as error:
            raise TableError("this is no whole XLSX file; save it anew, or as CSV") from error
        if form.sheet is not None and form.sheet not in self._book.sheetnames:
            self._book.close()
            raise TableError(f"there is no sheet {form.sheet}; there are {', '.join(self._book.sheetnames)}")
        sheet = self._book[form.sheet] if form.sheet else self._book.worksheets[0]
        self._last = sheet.max_row or 0
        sheet.reset_dimensions()  # what the file says of its size may be wrong, and rows beyond it would be left out
        self._rows = enumerate(sheet.iter_rows(max_col=MAX_COLUMNS, values_only=True), 1)
        self._number = 0
        self.headings = []
        for number, values in self._rows:
            if number == form.header_row:
                headings = [as_text(value) for value in values]
                while headings and not headings[-1]:
                    headings.pop()
                self.headings = headings
                break

    def rows(self) -> Iterator[Row]:
        try:
            for number, values in self._rows:
                self._number = number
                if row := self._row(number, values):
                    yield row
        except (zipfile.BadZipFile, KeyError, ValueError, SyntaxError) as error:
            raise TableError(f"the file is broken after row {self._number}; save it anew, or as CSV") from error

    def fraction(self) -> float:
        return min(1.0, self._number / self._last) if self._last else 0.0

    def close(self) -> None:
        self._book.close()


def _check_size(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            shared = sum(info.file_size for info in archive.infolist() if info.filename == _SHARED)
    except zipfile.BadZipFile as error:
        raise TableError("this is no whole XLSX file; save it anew, or as CSV") from error
    if path.stat().st_size > MAX_XLSX_BYTES or shared > MAX_SHARED_BYTES:
        raise TableError("this XLSX file is too large to be read bit by bit; save it as CSV, which may be of any size")
