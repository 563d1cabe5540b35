"""Kafka's access control lists: every part may do what topics.yaml says, and nothing else."""

from __future__ import annotations

import re
import subprocess
import sys

from deploy.acls import acls
from deploy.home import CHECKOUT
from schemas import topics
from streams.tables import TABLES

_RULE = re.compile(r"--allow-principal 'User:CN=saqbol-(\w+)' (.*?) --topic (\S+)$")


def granted(operation: str) -> set[tuple[str, str]]:
    """(part, topic) of all rules that grant an operation, provisioning left out."""
    rules = [match for rule in acls("User:CN=saqbol-") if (match := _RULE.match(rule))]
    return {(m[1], m[3]) for m in rules if f"--operation {operation}" in m[2]} - {("provision", "'*'")}


def test_parts_write_and_read_what_the_topics_say() -> None:
    changelogs = {(table.stage, table.changelog) for table in TABLES}
    declared = topics.topics().values()
    assert granted("Write") == {(part, t.name) for t in declared for part in t.writers} | changelogs
    looks = {("steward", table.changelog) for table in TABLES}
    assert granted("Read") == {(part, t.name) for t in declared for part in t.readers} | changelogs | looks


def test_secrets_that_could_not_be_masked_are_the_operators_alone() -> None:
    assert {part for part, topic in granted("Read") if topic == topics.UNDECODABLE} == {"operator"}


def test_it_is_a_script() -> None:
    made = subprocess.run(
        [sys.executable, "-m", "deploy.acls", "User:CN=saqbol-"],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=True,
    )
    subprocess.run(["sh", "-n"], input=made.stdout, text=True, check=True)
    assert made.stdout.count("kafka-acls.sh") == len(list(acls("User:CN=saqbol-")))
