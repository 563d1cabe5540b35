"""The tables of the workers: what each stage remembers, partitioned like the topic whose key it is kept by.

Declared here, and not where they are used, because their changelog topics must be there before a worker starts: Faust
makes a missing one too late and then fails on the first write.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from msgspec import Struct

from schemas.topics import ALERTS, CANDIDATES, REPORTS, SIGNALS, UNEXPLAINED, topics

#: What a table has overwritten or deleted leaves its changelog within two of these (milliseconds).
_DAY_MS: Final = "86400000"


class StateTable(Struct, frozen=True):
    """One table: the stage that owns it, its name, the topic it is partitioned like, and how long it remembers."""

    stage: str
    name: str
    topic: str
    forget_after: timedelta | None = None

    @property
    def partitions(self) -> int:
        """As many as its topic has."""
        return topics()[self.topic].partitions

    @property
    def changelog(self) -> str:
        """The topic that holds the table, by Faust's rule."""
        return f"saqbol-{self.stage}-{self.name}-changelog"

    @property
    def changelog_config(self) -> dict[str, str]:
        """Configuration of that topic, in Kafka's own names."""
        compaction = {"segment.ms": _DAY_MS, "max.compaction.lag.ms": _DAY_MS}
        if self.forget_after is None:
            return {"cleanup.policy": "compact", **compaction}
        return {
            "cleanup.policy": "compact,delete",
            "retention.ms": str(int(self.forget_after.total_seconds() * 1000)),
            **compaction,
        }


#: A retry within this time is the same report.
SEEN: Final = StateTable("refine", "seen", REPORTS, timedelta(days=45))
CLUSTERS: Final = StateTable("patterns", "clusters", UNEXPLAINED)
#: A report keeps its pattern for as long as a retry of it can come.
PLACED: Final = StateTable("patterns", "placed", UNEXPLAINED, SEEN.forget_after)
NUMBERS: Final = StateTable("reputation", "numbers", SIGNALS)
SERIES: Final = StateTable("detect", "series", SIGNALS)
WAVES: Final = StateTable("waves", "waves", CANDIDATES)
WORK: Final = StateTable("notify", "work", ALERTS)

TABLES: Final = (SEEN, CLUSTERS, PLACED, NUMBERS, SERIES, WAVES, WORK)
