"""Migrating an index while others write: nothing is lost, nothing seen twice, and a failure changes nothing."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from elasticsearch import Elasticsearch
from elasticsearch.helpers import bulk

from deploy.indexing import Build, IndexingError, documents, indices_behind
from deploy.migrate import migrate, outdated
from deploy.stack.local import Stack
from schemas import indices
from schemas.documents import Document
from schemas.indices import migrations
from streams import elastic
from streams.settings import Settings

TRIAL = "saqbol-trial"
JANUARY, FEBRUARY = f"{TRIAL}-2026.01", f"{TRIAL}-2026.02"


def template(version: int, **properties: Any) -> dict[str, Any]:
    return {
        "index_patterns": [f"{TRIAL}-*"],
        "composed_of": [indices.ANALYSIS],
        "priority": 500,
        "version": version,
        "template": {
            "settings": {"index": {"query": {"default_field": ["id"]}}},
            "aliases": {TRIAL: {}},
            "mappings": {
                "dynamic": "strict",
                "_meta": {"version": version},
                "properties": {"id": {"type": "keyword"}, **properties},
            },
        },
    }


FIRST = template(1, count={"type": "keyword"})
SECOND = template(2, number={"type": "integer"}, even={"type": "boolean"})


@pytest.fixture
def client(stack: Stack) -> Iterator[Elasticsearch]:
    with Elasticsearch(stack.elasticsearch_url) as client:
        yield client


@pytest.fixture
def trial(client: Elasticsearch, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[dict[str, Any]], None]]:
    """Makes a template the one of the trial alias, in our files and in Elasticsearch."""
    real = indices.templates()

    def declare(content: dict[str, Any]) -> None:
        monkeypatch.setattr(indices, "templates", lambda: {**real, TRIAL: content})
        body = {name: content[name] for name in ("index_patterns", "composed_of", "priority", "version", "template")}
        client.indices.put_index_template(name=TRIAL, **body)

    client.cluster.put_component_template(name=indices.ANALYSIS, template=indices.analysis()["template"])
    declare(FIRST)
    yield declare
    for index in client.indices.get(index=f"{TRIAL}-*,saqbol-b*-trial-*"):
        client.indices.delete(index=index)
    client.indices.delete_index_template(name=TRIAL)


def fill(client: Elasticsearch, *names: str, count: int = 10) -> None:
    bulk(
        client,
        [
            {"_index": name, "_id": f"{name}-{number}", "id": str(number), "count": str(number)}
            for name in names
            for number in range(count)
        ],
        refresh=True,
    )


def stored(client: Elasticsearch) -> dict[str, dict[str, Any]]:
    client.indices.refresh(index=TRIAL)
    return {document.id: document.body for document in documents(client, TRIAL)}


def to_second(document: dict[str, Any]) -> dict[str, Any]:
    number = int(document["count"])
    return {"id": document["id"], "number": number, "even": number % 2 == 0}


def test_a_new_version_takes_every_document_over(
    client: Elasticsearch, trial: Callable[[dict[str, Any]], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(client, JANUARY, FEBRUARY, count=1_200)
    assert outdated(client, TRIAL) == []
    before = stored(client)
    monkeypatch.setitem(migrations.STEPS, (TRIAL, 2), to_second)
    trial(SECOND)
    assert outdated(client, TRIAL) == [JANUARY, FEBRUARY]
    assert migrate(client, TRIAL, print) == 2_400
    assert stored(client) == {name: to_second(document) for name, document in before.items()}
    assert outdated(client, TRIAL) == []
    assert indices_behind(client, TRIAL) == {JANUARY: "saqbol-b2-trial-2026.01", FEBRUARY: "saqbol-b2-trial-2026.02"}
    assert client.count(index=TRIAL, query={"range": {"number": {"lt": 5}}})["count"] == 10
    # and once more, from an index that was built
    assert migrate(client, TRIAL, print) == 2_400
    assert indices_behind(client, TRIAL)[JANUARY] == "saqbol-b3-trial-2026.01"
    assert not client.indices.exists(index="saqbol-b2-trial-2026.01")


def test_another_text_analysis_is_outdated(client: Elasticsearch, trial: Callable[[dict[str, Any]], None]) -> None:
    trial(FIRST)
    plain = {"type": "custom", "tokenizer": "standard"}
    client.indices.create(index=JANUARY, settings={"analysis": {"analyzer": {"plain": plain}}})
    assert outdated(client, TRIAL) == [JANUARY]


class Writer(threading.Thread):
    """Writes and deletes documents as the agents do, all the time, and knows what must be there in the end."""

    def __init__(self, url: str, folder: Path) -> None:
        super().__init__()
        self.settings = Settings(
            kafka="",
            elasticsearch=url,
            elasticsearch_user=None,
            elasticsearch_password=None,
            home=folder,
            replica="0",
            rules=folder,
            oncall=folder,
        )
        self.expected: dict[str, str] = {}
        self.refused: list[elastic.Refused] = []
        self.ending = threading.Event()

    def run(self) -> None:
        asyncio.run(self.work())

    async def work(self) -> None:
        client = elastic.connect(self.settings)
        turn = 0
        while not self.ending.is_set():
            turn += 1
            wanted = [document(JANUARY, f"w{(turn * 7 + i) % 300}", turn, part=i % 2 == 0) for i in range(10)]
            self.refused += await elastic.write(client, wanted)
            self.expected |= {item.id: item.body["count"] for item in wanted}
            gone = f"w{turn * 3 % 300}"
            self.refused += await elastic.write(client, await elastic.deletions(client, TRIAL, [gone]))
            self.expected.pop(gone, None)
        await client.close()


def document(name: str, doc_id: str, turn: int, *, part: bool) -> Document:
    return Document(name, doc_id, {"id": doc_id, "count": str(turn)}, first={} if part else None)


def test_whoever_writes_meanwhile_loses_nothing(
    stack: Stack, client: Elasticsearch, trial: Callable[[dict[str, Any]], None], tmp_path: Path
) -> None:
    fill(client, JANUARY, count=500)
    writer = Writer(stack.elasticsearch_url, tmp_path)
    writer.start()
    try:
        time.sleep(1)
        for version in (2, 3):
            trial(template(version, count={"type": "keyword", "doc_values": version == 2}))
            migrate(client, TRIAL, print)
            time.sleep(1)
    finally:
        writer.ending.set()
        writer.join()
    assert writer.refused == []
    written = {name: body["count"] for name, body in stored(client).items() if name.startswith("w")}
    assert written == writer.expected
    assert len(writer.expected) > 100
    assert outdated(client, TRIAL) == []


def test_a_document_that_does_not_fit_stops_it_and_nothing_has_changed(
    client: Elasticsearch, trial: Callable[[dict[str, Any]], None]
) -> None:
    fill(client, JANUARY)
    before = stored(client)
    trial(SECOND)  # and no step for it
    with pytest.raises(IndexingError, match=r"10 documents are refused .*strict_dynamic_mapping_exception"):
        migrate(client, TRIAL, print)
    assert stored(client) == before
    assert indices_behind(client, TRIAL) == {JANUARY: JANUARY}
    client.index(index=JANUARY, id="later", document={"id": "later", "count": "1"})
    assert not client.indices.exists(index="saqbol-b2-trial-2026.01")


def test_what_a_killed_migration_left_behind_is_put_away(
    client: Elasticsearch, trial: Callable[[dict[str, Any]], None]
) -> None:
    fill(client, JANUARY)
    before = stored(client)
    trial(FIRST)
    client.indices.create(index="saqbol-b2-trial-2026.01", mappings={"properties": {"other": {"type": "long"}}})
    client.indices.add_block(index=JANUARY, block="write")
    assert migrate(client, TRIAL, print) == 10
    assert stored(client) == before
    client.index(index=JANUARY, id="later", document={"id": "later", "count": "1"})


def test_an_index_of_a_newer_version_is_not_touched(
    client: Elasticsearch, trial: Callable[[dict[str, Any]], None]
) -> None:
    trial(SECOND)
    client.indices.create(index=JANUARY)
    trial(FIRST)
    with pytest.raises(IndexingError, match="has version 2 of its mapping, this code knows 1"):
        migrate(client, TRIAL, print)


def test_new_indices_are_not_seen_before_the_switch(
    client: Elasticsearch, trial: Callable[[dict[str, Any]], None]
) -> None:
    trial(FIRST)
    fill(client, JANUARY)
    build = Build(client, TRIAL)
    build.put(JANUARY, "new", {"id": "new", "count": "1"})
    assert sum(1 for _ in build.missing()) == 10
    assert "new" not in stored(client)
    build.abandon()
    assert len(stored(client)) == 10
