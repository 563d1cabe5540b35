"""The topics' file is consistent with the code's names and the event types, and says what Kafka needs."""

import ast
from pathlib import Path

import msgspec
import pytest

from deploy.home import CHECKOUT
from schemas import events, reference, topics
from streams.settings import STAGES

NAMES = {value for name, value in vars(topics).items() if name.isupper() and isinstance(value, str)}


def test_every_topic_has_a_name_in_the_code() -> None:
    assert set(topics.topics()) == NAMES


@pytest.mark.parametrize("name", sorted(NAMES))
def test_message_type_exists(name: str) -> None:
    topic = topics.topics()[name]
    kind = topics.event_type(topic)
    if topic.message is None:
        assert kind is None
        assert topic.restricted, "raw bytes may hold secrets"
    else:
        assert kind is not None
        assert issubclass(kind, msgspec.Struct)


@pytest.mark.parametrize("stage", STAGES)
def test_an_agent_names_the_topics_that_it_may_write_or_read_and_no_other(stage: str) -> None:
    code = (CHECKOUT / "streams" / "agents" / f"{stage}.py").read_text(encoding="utf-8")
    imported = {
        alias.name
        for node in ast.walk(ast.parse(code))
        if isinstance(node, ast.ImportFrom) and node.module == "schemas.topics"
        for alias in node.names
    }
    named = {getattr(topics, name) for name in imported if name.isupper()}
    assert named == {t.name for t in topics.topics().values() if stage in t.writers + t.readers}


def test_book_of_record_keeps_and_erases() -> None:
    config = topics.topics()[topics.REPORTS].config(replication=3)
    assert config["cleanup.policy"] == "compact,delete"
    assert config["retention.ms"] == str(400 * 86_400_000)
    assert config["message.timestamp.type"] == "LogAppendTime"
    assert config["min.insync.replicas"] == "2"
    # an erased report is gone after a closed segment and the lag: two days
    assert int(config["segment.ms"]) + int(config["max.compaction.lag.ms"]) <= 2 * 86_400_000
    # a tombstone outlives every topic derived from the reports, so that no reader of them misses it
    derived = topics.topics()[topics.ENRICHED].config(replication=3)
    assert int(config["delete.retention.ms"]) >= int(derived["retention.ms"])


def test_one_copy_needs_one_acknowledgement() -> None:
    assert topics.topics()[topics.ALERTS].config(replication=1)["min.insync.replicas"] == "1"


def test_derived_topics_forget_after_a_week() -> None:
    for name in (topics.ENRICHED, topics.SIGNALS, topics.CANDIDATES, topics.UNDECODABLE):
        assert topics.topics()[name].retention_days == 7


def test_largest_report_fits_into_a_message() -> None:
    """The longest text and as many of the longest contacts as are allowed, in characters that JSON writes longest."""
    report = msgspec.json.decode(
        msgspec.json.encode(
            {
                "id": events.report_id("s" * 63, "r" * 128),
                "source": "s" * 63,
                "source_ref": "\x01" * 128,
                "channel": "web",
                "received_at": "2026-01-14T09:30:00+05:00",
                "happened_at": "2026-01-14T09:30:00+05:00",
                "text": "\x01" * events.MAX_TEXT,  # six bytes each in JSON, the worst case
                "contacts": [{"value": "\x01" * 256}] * events.MAX_CONTACTS,
                "district": "\x01" * 100,
                "bank": "\x01" * 100,
            }
        ),
        type=events.Report,
    )
    assert len(msgspec.json.encode(report)) < topics.topics()[topics.REPORTS].max_message_bytes / 2


def test_contradictions_are_named() -> None:
    topic = msgspec.structs.replace(
        topics.topics()[topics.REPORTS], compaction=None, cleanup=["compact"], writers=["nobody"]
    )
    problems = topics._problems(topic, {"gateway": "", "refine": "", "steward": ""})
    assert len(problems) == 3
    assert "`nobody`" in problems[0]


def test_wrong_file_names_the_place(tmp_path: Path) -> None:
    file = tmp_path / "topics.yaml"
    file.write_text("parts: {}\ntopics: [{name: fraud.reports.v1, partitions: 0}]\n")
    with pytest.raises(reference.ReferenceDataError, match=r"topics\.yaml: .*topics\[0\]"):
        reference.load(file, topics.Topics)
