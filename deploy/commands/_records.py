"""What the commands that keep the records share: aliases as arguments, and errors that a person can act on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum

import typer
from elasticsearch import ApiError, TransportError
from kafka.errors import KafkaError

from deploy.backup import BackupError
from deploy.book import BookError
from deploy.indexing import IndexingError
from producers.reporters import ReporterKeyError
from schemas import indices
from schemas.reference import ReferenceDataError


class Alias(StrEnum):
    """What can be rebuilt or migrated, by the alias it is read by."""

    REPORTS = indices.REPORTS
    NUMBERS = indices.NUMBERS
    ALERTS = indices.ALERTS
    REJECTED = indices.REJECTED
    PREVENTION = indices.PREVENTION
    AUDIT = indices.AUDIT


@contextmanager
def said_plainly() -> Iterator[None]:
    """Turn what can go wrong with Kafka, Elasticsearch or our own files into a message and exit code 1."""
    try:
        yield
    except (BackupError, BookError, IndexingError, ReporterKeyError, ReferenceDataError, OSError) as error:
        _end(str(error), error)
    except KafkaError as error:
        _end(f"Kafka: {type(error).__name__}: {error}", error)
    except TransportError as error:
        _end(f"Elasticsearch does not answer: {error.message}", error)
    except ApiError as error:
        if error.meta.status in (401, 403):
            _end("Elasticsearch refuses this user; keeping the records needs the role saqbol_steward", error)
        _end(f"Elasticsearch refused: {str(error)[:500]}", error)


def _end(text: str, error: Exception) -> None:
    typer.echo(f"saqbol: {text}", err=True)
    raise typer.Exit(1) from error
