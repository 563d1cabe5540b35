"""Records of publishers that keep to an older or a newer contract: they stop nobody, and can be looked at.  Pure."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from schemas.events import CONTRACT_VERSION, Channel, report_id

#: The publishers, which write to Kafka themselves, what is wrong with their records, and how many there are.
AHEAD: Final = "exchange-next"
BEHIND: Final = "exchange-old"
SOURCES: Final = frozenset({AHEAD, BEHIND})
COUNT: Final = 4


def records(now: datetime, run: str) -> list[tuple[bytes, bytes]]:
    """(key, value) of records for the topic of reports that refine rejects: too new a version, an unknown channel."""
    return [
        _record(source, f"{run}-{number}", now, wrong)
        for source, wrong in ((AHEAD, {"version": CONTRACT_VERSION + 1}), (BEHIND, {"channel": "fax"}))
        for number in range(COUNT)
    ]


def _record(source: str, ref: str, now: datetime, wrong: dict[str, Any]) -> tuple[bytes, bytes]:
    identity = report_id(source, ref)
    moment = now.astimezone(UTC).isoformat()
    report = {
        "id": identity,
        "version": CONTRACT_VERSION,
        "source": source,
        "source_ref": ref,
        "channel": Channel.PARTNER.value,
        "received_at": moment,
        "happened_at": moment,
        "text": "Хабарлама ескі жүйеден келді",
    }
    return identity.encode(), msgspec.json.encode(report | wrong)
