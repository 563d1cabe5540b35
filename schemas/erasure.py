"""Erasure: a report that has to be forgotten, told to everybody who may have kept something of it.

An erasure travels as a message without a value, with the `Erasure` in a header: whoever does not know of it sees a
tombstone and reads on.  On `fraud.reports.v1` the key is the report's id, so that compaction erases the report; behind
it, in the same partitions as the reports and signals before it, it goes the way that they went.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Final, Protocol

import msgspec
from msgspec import Meta, Struct

from schemas.events import ReportId

HEADER: Final = "saqbol-erasure"
#: Reports that one message names at most: a header has to fit into a message.
MAX_REPORTS: Final = 1_000

_ID: Final = re.compile(rb"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Erasure(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is to be forgotten: these reports, and with `reporter` (a keyed hash) everything of that person.

    Without reports there is nothing to do but to keep the tombstone: a copy that came after an erasure is erased anew.
    """

    report_ids: Annotated[list[ReportId], Meta(max_length=MAX_REPORTS)] = []
    reporter: str | None = None


class Message(Protocol):
    """What a Kafka client tells of a message, as far as it matters here."""

    @property
    def key(self) -> bytes | None: ...
    @property
    def value(self) -> bytes | None: ...
    @property
    def headers(self) -> Iterable[tuple[str, bytes]] | Mapping[str, bytes] | None: ...


def headers_of(erasure: Erasure) -> list[tuple[str, bytes]]:
    """The headers of the message that carries it."""
    return [(HEADER, msgspec.json.encode(erasure))]


def erasure_of(message: Message) -> Erasure | None:
    """The erasure that a message carries, None if it is something else.

    A tombstone that nobody gave a header, but a report's id as its key, erases that report.
    Raises msgspec.MsgspecError if the header is not ours.
    """
    if message.value is not None:
        return None
    header = dict(message.headers or ()).get(HEADER)
    if header is not None:
        return msgspec.json.decode(header, type=Erasure)
    if message.key and _ID.fullmatch(message.key):
        return Erasure(report_ids=[message.key.decode()])
    return None


def joined(erasures: Iterable[Erasure]) -> list[Erasure]:
    """The same, in as few as possible: all reports of one reporter together, no more than `MAX_REPORTS` in each."""
    reports: dict[str | None, list[str]] = {}
    for erasure in erasures:
        if erasure.report_ids:
            reports.setdefault(erasure.reporter, []).extend(erasure.report_ids)
    return [
        Erasure(report_ids=ids[start : start + MAX_REPORTS], reporter=reporter)
        for reporter, found in reports.items()
        for ids in [list(dict.fromkeys(found))]
        for start in range(0, len(ids), MAX_REPORTS)
    ]
