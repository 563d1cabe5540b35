"""Entries of the audit log, for every part that shows people what is known of numbers and reports.

Who asked, for what, and how much was answered; secrets in the question are masked before it is kept.  Publish an entry
to `schemas.topics.AUDIT` with `producers.kafka.record`, and answer only once it is acknowledged: what can't be audited
is not shown.
"""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Final

from schemas.audit import AuditAction, AuditEntry
from streams.understanding.secrets import mask

#: Longest subject and reason of the contract.
_MAX_TEXT: Final = 500
#: Longest name of an actor.
_MAX_ACTOR: Final = 64


def entry(
    action: AuditAction, actor: str, part: str, at: datetime, *, subject: str = "", results: int = 0, reason: str = ""
) -> AuditEntry:
    """The entry, with an id of its own, that `actor` (an integration or an account) did `action` through `part`.

    at: aware; subject: what was asked for; results: how much was answered; reason: why, where somebody gave one.
    """
    return AuditEntry(
        id=str(uuid.uuid4()),
        at=at,
        action=action,
        actor=actor[:_MAX_ACTOR],
        part=part,
        subject=mask(subject).text[:_MAX_TEXT],
        results=results,
        reason=mask(reason).text[:_MAX_TEXT],
    )
