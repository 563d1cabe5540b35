"""The desk's own database: SQLite, in a file that only its owner can read.

What the desk must remember for itself and nobody else may see: sessions, failed log-ins, and what its pages add (call
lists with residents' phones).  A page's tables are subclasses of `Table` in the page's own modules.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, DateTime, Dialect, Engine, create_engine, event
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.types import TypeDecorator

T = TypeVar("T")


class Moment(TypeDecorator[datetime]):
    """An aware datetime, kept in UTC; SQLite itself forgets the zone."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Into the database."""
        return value.astimezone(UTC).replace(tzinfo=None) if value else None

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Out of it."""
        return value.replace(tzinfo=UTC) if value else None


class Table(DeclarativeBase):
    """Base of every table."""

    type_annotation_map = {datetime: Moment}  # noqa: RUF012 - SQLAlchemy reads it so


class Database:
    """One open database; its tables are made if they are missing."""

    def __init__(self, path: Path) -> None:
        """Open or create the file.  Every module with tables must have been imported before."""
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        self._engine: Engine = create_engine(f"sqlite:///{path}", connect_args={"timeout": 10})
        event.listen(self._engine, "connect", _prepare)
        event.listen(self._engine, "begin", _begin)
        Table.metadata.create_all(self._engine)

    def transact(self, work: Callable[[Session], T]) -> T:
        """What `work` returns, done in one transaction that is alone in writing; undone if it raises."""
        with Session(self._engine, expire_on_commit=False) as session, session.begin():
            return work(session)

    async def run(self, work: Callable[[Session], T]) -> T:
        """`transact` in a thread, so that the pages of others don't wait."""
        return await asyncio.to_thread(self.transact, work)

    def close(self) -> None:
        """Let go of the file."""
        self._engine.dispose()


def _prepare(connection: Any, _: Any) -> None:
    """Settings of a connection: readers and a writer at once, deleted rows overwritten, references checked."""
    connection.isolation_level = None  # the driver's own idea of when a transaction begins would leave reads outside
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    """Take the write lock at the start, so that what was read is still so when it is written."""
    connection.exec_driver_sql("BEGIN IMMEDIATE")
