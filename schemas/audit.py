"""The audit log: who looked up, exported, searched or erased what, and when."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

from schemas.events import Timestamp


class AuditAction(StrEnum):
    """What was done."""

    LOOK_UP = "look-up"
    EXPORT = "export"
    SEARCH = "search"
    ERASE = "erase"


class AuditEntry(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One entry: a message of `fraud.audit.v1`, keyed by its id.

    `actor` is an integration's name or a person's account, `part` what it went through (`gateway`, `desk`, `command`).
    `subject` is what was asked for, with secrets masked: a number's normal form, a query, a count's filter.
    """

    id: str
    at: Timestamp
    action: AuditAction
    actor: Annotated[str, Meta(min_length=1, max_length=64)]
    part: str
    subject: Annotated[str, Meta(max_length=500)] = ""
    results: Annotated[int, Meta(ge=0)] = 0
    reason: Annotated[str, Meta(max_length=500)] = ""
