"""A file of another agency, sent through the gateway: resumable, and twice the same as once.

After each batch that the gateway kept, the state beside the data is written: how many rows are done.  A run that was
killed goes on there; a row that was sent but not yet noted is sent again under the same id and makes no second report.
"""

from __future__ import annotations

import csv
import fcntl
import hashlib
import io
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Final

import msgspec
from msgspec import Struct

from producers.files.encoding import Nature
from producers.files.mapping import ImportMapping
from producers.files.rows import Item, RowReader, said_of
from producers.files.sending import MAX_BYTES, MAX_ITEMS, GatewayClient
from producers.files.tables import Table

ERROR_COLUMNS: Final = ("row", "field", "problem", "remedy")
_ID_DIGITS: Final = 32

Progress = Callable[[float, "State"], None]


class ImportBusyError(Exception):
    """The same import is running in another process."""


class State(Struct, kw_only=True):
    """How far an import has come: the last row that is done, and what became of the rows up to there.

    `started_at` is when the file was first begun: what counts as old must not change when an import is resumed.
    `errors_size` is the length of the file of errors in bytes at that row.
    """

    file: str
    source: str
    started_at: datetime
    row: int = 0
    accepted: int = 0
    refused: int = 0
    errors_size: int = 0
    finished_at: datetime | None = None


class Keeper:
    """Keeps the state of one import: of one file, mapping, source and gateway."""

    def __init__(self, folder: Path, nature: Nature, mapping: ImportMapping, source: str, gateway: str) -> None:
        parts = (nature.digest, msgspec.json.encode(mapping).decode(), source, gateway)
        name = hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:_ID_DIGITS]
        self.path = folder / f"{name}.json"

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the import for this process.  Raises ImportBusyError."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.with_suffix(".lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise ImportBusyError("this file is being imported by another process") from error
            yield

    def load(self) -> State | None:
        """What was kept, None if nothing (readable) was."""
        try:
            return msgspec.json.decode(self.path.read_bytes(), type=State)
        except (OSError, msgspec.DecodeError):
            return None

    def save(self, state: State) -> None:
        """Keep the state, so that it is whole after any crash."""
        draft = self.path.with_suffix(".new")
        with draft.open("wb") as file:
            file.write(msgspec.json.encode(state))
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self.path)


class ErrorFile:
    """The rows that were not taken, beside the imported file: row, field, problem, remedy; never a value."""

    def __init__(self, path: Path, size: int) -> None:
        """Open for more, after the first `size` bytes; what is behind them was written by a run that was killed."""
        self.path = path
        self._file: IO[bytes] = path.open("r+b" if path.exists() else "w+b")
        self._file.truncate(size if size <= path.stat().st_size else 0)
        self._file.seek(0, os.SEEK_END)
        if not self._file.tell():
            self.add([ERROR_COLUMNS])

    def add(self, lines: Sequence[Sequence[object]]) -> None:
        """Write lines of CSV (RFC 4180)."""
        text = io.StringIO()
        csv.writer(text, lineterminator="\r\n").writerows(lines)
        self._file.write(text.getvalue().encode())

    def sync(self) -> int:
        """Make sure that all is on the disk; the length in bytes."""
        self._file.flush()
        os.fsync(self._file.fileno())
        return self._file.tell()

    def close(self, keep: bool) -> None:
        """Let go; without errors the file goes."""
        self._file.close()
        if not keep:
            self.path.unlink()


class Importer:
    """Sends the rows of a table in batches."""

    def __init__(self, table: Table, reader: RowReader, client: GatewayClient, keeper: Keeper, errors: Path) -> None:
        self._table, self._reader, self._client, self._keeper, self._errors_path = table, reader, client, keeper, errors

    def run(self, state: State, progress: Progress) -> State:
        """Send what is not yet done of the table and return the final state.

        `progress` is called after each batch with the fraction that is done.  Raises GatewayError and TableError: what
        was sent up to there is kept, and the next run goes on behind it.
        """
        errors = ErrorFile(self._errors_path, state.errors_size)
        try:
            for batch in self._batches(state.row):
                self._send(batch, state, errors)
                state.errors_size = errors.sync()
                self._keeper.save(state)
                progress(self._table.fraction(), state)
        except BaseException:
            errors.close(keep=True)
            raise
        errors.close(keep=state.refused > 0)
        state.finished_at = datetime.now(UTC)
        self._keeper.save(state)
        progress(1.0, state)
        return state

    def _send(self, batch: list[Item], state: State, errors: ErrorFile) -> None:
        good = [(item, item.submission) for item in batch if item.submission is not None]
        refused = self._client.send([submission for _, submission in good]) if good else {}
        for index, problems in refused.items():
            good[index][0].problems += problems
        for item in batch:
            errors.add([(item.row, p.field, said_of(p, self._reader), p.remedy) for p in item.problems])
        wrong = sum(bool(item.problems) for item in batch)
        state.refused += wrong
        state.accepted += len(batch) - wrong
        state.row = batch[-1].row

    def _batches(self, done: int) -> Iterator[list[Item]]:
        """The rows after `done`, as many at a time as one request may hold."""
        batch: list[Item] = []
        size = 0
        for row in self._table.rows():
            item = self._reader.item(row)  # also of rows that are done: later ones may repeat their references
            if row.number <= done:
                continue
            length = len(item.submission or b"")
            if batch and (len(batch) >= MAX_ITEMS or size + length > MAX_BYTES):
                yield batch
                batch, size = [], 0
            batch.append(item)
            size += length + 1
        if batch:
            yield batch
