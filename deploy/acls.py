"""Kafka's access control lists for production, from `schemas/topics.yaml`: what each part may write and read.

    python -m deploy.acls PRINCIPAL_PREFIX > acls.sh      e.g. User:CN=saqbol-

Prints commands of kafka-acls.sh, one principal a part (`User:CN=saqbol-gateway`).  Integrators that publish to Kafka
themselves (part `producer`) get a principal each, with the same rights as `saqbol-producer`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

from schemas.topics import topics
from streams.settings import STAGES
from streams.tables import TABLES


def acls(prefix: str) -> Iterator[str]:
    """Arguments of kafka-acls.sh, one rule each.  `prefix` begins every principal."""
    writers = {name: topic.writers for name, topic in topics().items()}
    readers = {name: topic.readers for name, topic in topics().items()}
    for name in topics():
        for part in writers[name]:
            yield _rule(prefix, part, f"--operation Write --operation Describe --topic {name}")
        for part in readers[name]:
            yield _rule(prefix, part, f"--operation Read --operation Describe --topic {name}")
    for stage in STAGES:
        # Faust keeps offsets in one group, and each table in a changelog of its own
        yield _rule(prefix, stage, f"--operation Read --operation Describe --group saqbol-{stage}")
    for table in TABLES:
        yield _rule(
            prefix, table.stage, f"--operation Read --operation Write --operation Describe --topic {table.changelog}"
        )
        # the re-check of an erasure looks into the tables
        yield _rule(prefix, "steward", f"--operation Read --operation Describe --topic {table.changelog}")
    # an erasure waits until every stage has read on
    for name in topics():
        yield _rule(prefix, "steward", f"--operation Describe --topic {name}")
    for stage in STAGES:
        yield _rule(prefix, "steward", f"--operation Describe --group saqbol-{stage}")
    yield _rule(prefix, "provision", "--operation All --topic '*'")
    yield _rule(prefix, "provision", "--operation Alter --operation Describe --cluster")


def commands(prefix: str) -> str:
    """A shell script that sets them all."""
    lines = [
        f'kafka-acls.sh --bootstrap-server "$KAFKA" --command-config "$CONFIG" --add {rule}' for rule in acls(prefix)
    ]
    return "\n".join(["#!/bin/sh", "set -eu", *lines, ""])


def _rule(prefix: str, part: str, rest: str) -> str:
    return f"--allow-principal '{prefix}{part}' {rest}"


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m deploy.acls PRINCIPAL_PREFIX, e.g. User:CN=saqbol-")
    sys.stdout.write(commands(sys.argv[1]))
