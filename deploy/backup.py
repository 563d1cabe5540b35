"""Backup and restore of what lives nowhere else: analysts' verdicts, decisions, casework, alerts, warnings, audit.

A backup is a gzipped file of JSON lines: a header, the newest record of each key of each topic, and a last line with
the number of records and the SHA-256 of every line before it; without that line the file is cut short and is refused.
Restoring writes only what the topics lack: done twice, it changes nothing, and what is newer stays.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import os
import zlib
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec
from kafka import KafkaProducer
from msgspec import Struct

from deploy.book import newest
from schemas.topics import ALERTS, AUDIT, CASES, DECISIONS, PREVENTION, VERDICTS, topics

#: What is kept, in the order in which it is restored: an alert's life follows the alert.
KEPT: Final = (VERDICTS, PREVENTION, DECISIONS, ALERTS, CASES, AUDIT)
FORMAT: Final = "saqbol-backup"
VERSION: Final = 1
_SEND_WITHIN: Final = 30.0


class BackupError(Exception):
    """A backup can't be used; the message names the file, what is wrong and the remedy."""


class Header(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """First line of a backup."""

    format: str
    version: int
    made_at: datetime


class Entry(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One record: key and value in base64, as they are; the partition, which some topics choose by another key."""

    topic: str
    partition: int
    key: str
    value: str


class Footer(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Last line of a backup."""

    records: int
    sha256: str


def backup(bootstrap_servers: str, path: Path, made_at: datetime) -> dict[str, int]:
    """Write a backup to `path`, which only its owner may read.  Returns the number of records by topic.

    The file appears whole or not at all.  Raises deploy.book.BookError or OSError.
    """
    draft = path.with_name(f"{path.name}.new")
    draft.unlink(missing_ok=True)
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as raw:
            with gzip.GzipFile(fileobj=raw, mode="wb", mtime=0) as file:
                counts = _write(bootstrap_servers, file, made_at)
            raw.flush()
            os.fsync(raw.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    return counts


def _write(bootstrap_servers: str, file: gzip.GzipFile, made_at: datetime) -> dict[str, int]:
    counts = dict.fromkeys(KEPT, 0)
    digest = hashlib.sha256()

    def write(line: Struct) -> None:
        data = msgspec.json.encode(line) + b"\n"
        digest.update(data)
        file.write(data)

    write(Header(format=FORMAT, version=VERSION, made_at=made_at))
    for topic in KEPT:
        for key, record in newest(bootstrap_servers, topic).items():
            if record.value is not None:
                write(Entry(topic=topic, partition=record.partition, key=_text(key), value=_text(record.value)))
                counts[topic] += 1
    file.write(msgspec.json.encode(Footer(records=sum(counts.values()), sha256=digest.hexdigest())) + b"\n")
    return counts


def read(path: Path) -> list[Entry]:
    """The records of a backup, once all of it was found whole.  Raises BackupError."""
    try:
        with gzip.open(path, "rb") as file:
            lines = file.read().splitlines(keepends=True)
    except (OSError, EOFError, zlib.error) as error:
        raise BackupError(f"{path} can't be read ({error}): it is damaged, or no backup; take another one") from error
    try:
        header = msgspec.json.decode(lines[0], type=Header)
        footer = msgspec.json.decode(lines[-1], type=Footer)
        entries = [msgspec.json.decode(line, type=Entry) for line in lines[1:-1]]
    except (IndexError, msgspec.MsgspecError) as error:
        raise BackupError(f"{path} is cut short, or no backup: take another one") from error
    if (header.format, header.version) != (FORMAT, VERSION):
        raise BackupError(f"{path} is version {header.version} of {header.format}; this code reads {FORMAT} {VERSION}")
    if len(entries) != footer.records or hashlib.sha256(b"".join(lines[:-1])).hexdigest() != footer.sha256:
        raise BackupError(f"{path} was changed or damaged: its checksum does not fit; take another one")
    if unknown := {entry.topic for entry in entries} - set(KEPT):
        raise BackupError(f"{path} has records of {', '.join(sorted(unknown))}, which no backup of ours has")
    return entries


def restore(bootstrap_servers: str, producer: KafkaProducer, entries: list[Entry]) -> dict[str, int]:
    """Write the records that the topics lack; of a key that is there, the topic's own record stays, also a tombstone.

    Returns the number written by topic.  Raises deploy.book.BookError or kafka.errors.KafkaError; then do it again.
    """
    written = dict.fromkeys(KEPT, 0)
    for topic in KEPT:
        present = newest(bootstrap_servers, topic)
        partitions = topics()[topic].partitions
        lacking = [entry for entry in entries if entry.topic == topic and _bytes(entry.key) not in present]
        futures = [
            producer.send(
                topic, key=_bytes(entry.key), value=_bytes(entry.value), partition=entry.partition % partitions
            )
            for entry in lacking
        ]
        for future in futures:
            future.get(timeout=_SEND_WITHIN)
        written[topic] = len(lacking)
    return written


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _bytes(text: str) -> bytes:
    return base64.b64decode(text, validate=True)
