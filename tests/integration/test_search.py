"""Mappings and text analysis on the real server: full documents fit, and words are found in other forms."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from elasticsearch import BadRequestError, Elasticsearch
from msgspec import Struct

from deploy import search
from deploy.provision import provision
from deploy.stack.local import Stack
from schemas import indices
from schemas.documents import Document, alert_document, number_document, rejected_document, report_document
from schemas.events import Channel, GivenContact, Report, report_id
from schemas.reference import load
from streams.understanding.enrich import enrich
from tests.full_events import full_alert, full_assessment, full_rejected, full_report

MOMENT = datetime(2026, 1, 14, tzinfo=UTC)


class Told(Struct, frozen=True, forbid_unknown_fields=True):
    """A report of search_pairs.yaml."""

    text: str
    region: str | None = None
    channel: str = "web"
    numbers: list[str] = []
    area_code: str | None = None
    days_ago: int = 0

    def report(self, name: str) -> Report:
        """The report as a gateway would publish it."""
        return Report(
            id=report_id("search", name),
            source="search",
            source_ref=name,
            channel=Channel(self.channel),
            received_at=MOMENT,
            happened_at=MOMENT - timedelta(days=self.days_ago),
            text=self.text,
            region=self.region,
            contacts=[GivenContact(value=number) for number in self.numbers],
            area_code=self.area_code,
        )


class Pair(Struct, frozen=True, forbid_unknown_fields=True):
    """A question and the names of the reports that it finds."""

    ask: str
    found: list[str]
    region: str | None = None
    channel: str | None = None
    scheme: str | None = None
    since: str | None = None


class Pairs(Struct, frozen=True, forbid_unknown_fields=True):
    """Content of search_pairs.yaml."""

    reports: dict[str, Told]
    pairs: list[Pair]
    kibana: list[Pair]


PAIRS = load(Path(__file__).parent / "search_pairs.yaml", Pairs)
NAMES = {report_id("search", name): name for name in PAIRS.reports}


@pytest.fixture(scope="module")
def client(stack: Stack) -> Iterator[Elasticsearch]:
    provision(stack.bootstrap_servers, stack.elasticsearch_url, now=MOMENT)
    with Elasticsearch(stack.elasticsearch_url) as client:
        yield client


@pytest.mark.parametrize(
    "document",
    [
        report_document(full_report(), indexed_at=MOMENT),
        rejected_document(full_rejected()),
        alert_document(full_alert()),
        number_document("1414", full_assessment(), MOMENT, {"ru": ["а"], "kk": ["ә"], "en": ["a"]}),
    ],
    ids=lambda document: document.index,
)
def test_full_document_fits_and_nothing_else_does(client: Elasticsearch, document: Document) -> None:
    found = client.index(index=document.index, id=f"full-{document.id}", document=document.body, refresh=True)
    assert found["result"] in ("created", "updated")
    client.delete(index=document.index, id=f"full-{document.id}", refresh=True)
    with pytest.raises(BadRequestError, match="strict_dynamic_mapping_exception"):
        client.index(index=document.index, document={**document.body, "unexpected": 1})


def test_objects_inside_are_strict_too(client: Elasticsearch) -> None:
    for index, field in ((indices.report_index(MOMENT), "contacts"), (indices.ALERTS_INDEX, "regions")):
        with pytest.raises(BadRequestError, match="strict_dynamic_mapping_exception"):
            client.index(index=index, document={field: [{"unexpected": 1}]})


def test_every_field_of_a_full_report_can_be_found_again(client: Elasticsearch) -> None:
    document = report_document(full_report(), indexed_at=MOMENT)
    client.index(index=document.index, id="again", document=document.body, refresh=True)
    for field in ("region", "schemes", "impersonated", "numbers", "contacts.value", "masked", "bank", "urgent"):
        found = client.count(index=indices.REPORTS, query={"exists": {"field": field}})
        assert found["count"] >= 1, field
    assert client.count(index=indices.REPORTS, query={"term": {"bank": "kaspi"}})["count"] >= 1
    client.delete(index=document.index, id="again", refresh=True)


def tokens(client: Elasticsearch, analyzer: str, text: str) -> set[str]:
    found = client.indices.analyze(index=indices.report_index(MOMENT), analyzer=analyzer, text=text)
    return {token["token"] for token in found["tokens"]}


@pytest.mark.parametrize(
    ("analyzer", "written", "sought"),
    [
        ("russian", "звонили", "звонить"),
        ("russian", "мошенникам", "мошенник"),
        ("russian", "врачу", "врача"),
        ("russian", "счетов", "счёт"),
        ("russian", "Слuв", "слив"),
        ("russian", "cчёта", "счет"),
        ("russian", "БАНКА", "банк"),
        ("kazakh", "дәрігерге", "дәрігер"),
        ("kazakh", "сұрады", "сұрау"),
        ("kazakh", "дәрiгерге", "дәрігер"),
        ("kazakh", "aқшаны", "ақша"),
        ("kazakh", "хабарламаны", "хабарлама"),
        ("kazakh", "шотыңызға", "шот"),
        ("kazakh", "картаңыздың", "карта"),
        ("kazakh", "нөмірінен", "нөмір"),
        ("kazakh", "банкінен", "банк"),
        ("kazakh", "есебінен", "есеп"),
        ("kazakh", "әжеме", "әже"),
        ("kazakh", "қызметкерімін", "қызметкер"),
        ("kazakh", "алаяқтарға", "алаяқ"),
        ("kazakh", "айтыңыз", "айту"),
        ("kazakh", "полициядан", "полиция"),
        ("kazakh", "инвестицияға", "инвестиция"),
    ],
)
def test_forms_of_a_word_meet(client: Elasticsearch, analyzer: str, written: str, sought: str) -> None:
    assert tokens(client, analyzer, written) & tokens(client, analyzer, sought)


@pytest.mark.parametrize("word", ["Kaspi", "Halyk", "WhatsApp", "eGov", "SMS"])
def test_latin_names_stay_as_they_are(client: Elasticsearch, word: str) -> None:
    assert tokens(client, "russian", word) == {word.lower()}


@pytest.mark.parametrize("pair", PAIRS.pairs, ids=lambda pair: pair.ask)
def test_search_finds_what_people_mean(client: Elasticsearch, reports: str, pair: Pair) -> None:
    asked = search.Asked(
        text=pair.ask,
        region=search.region_of(pair.region) if pair.region else None,
        scheme=search.scheme_of(pair.scheme) if pair.scheme else None,
        channel=Channel(pair.channel) if pair.channel else None,
        since=search.moment_of(pair.since, MOMENT) if pair.since else None,
    )
    found = client.search(index=reports, query=search.query(asked), highlight=search.highlight(), size=50)
    assert {NAMES[hit["_id"]] for hit in found["hits"]["hits"]} == set(pair.found)
    words = [hit for hit in found["hits"]["hits"] if search.BEFORE in search.excerpt(hit)]
    assert words or not pair.found or not any(char.isalpha() for char in pair.ask)


@pytest.mark.parametrize("pair", PAIRS.kibana, ids=lambda pair: pair.ask)
def test_kibanas_search_bar_finds_the_same(client: Elasticsearch, reports: str, pair: Pair) -> None:
    """What Kibana makes of words without a field: in quotes they are a phrase; no fields means the index's default."""
    phrase = pair.ask.startswith('"')
    query = {"query": pair.ask.strip('"'), "type": "phrase" if phrase else "best_fields", "lenient": True}
    found = client.search(index=reports, query={"multi_match": query}, size=50)
    assert {NAMES[hit["_id"]] for hit in found["hits"]["hits"]} == set(pair.found)


def test_enough_pairs_in_both_languages() -> None:
    asked = [pair.ask for pair in PAIRS.pairs]
    assert len(set(asked)) >= 60
    assert sum(bool(set(ask.lower()) & set("әғқңөұүһі")) for ask in asked) >= 15
    assert {name for pair in PAIRS.pairs for name in pair.found} == set(PAIRS.reports)


@pytest.fixture(scope="module")
def reports(client: Elasticsearch) -> Iterator[str]:
    """An index of its own, made by the template, with the reports of search_pairs.yaml, understood."""
    index = indices.report_index(MOMENT + timedelta(days=3650))
    for name, told in PAIRS.reports.items():
        document = report_document(enrich(told.report(name)))
        client.index(index=index, id=document.id, document=document.body)
    client.indices.refresh(index=index)
    yield index
    client.indices.delete(index=index)
