"""Mappings and text analysis on the real server: full documents fit, and words are found in other forms."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from elasticsearch import BadRequestError, Elasticsearch

from deploy.provision import provision
from deploy.stack.local import Stack
from schemas import indices
from schemas.documents import Document, alert_document, number_document, rejected_document, report_document
from tests.full_events import full_alert, full_assessment, full_rejected, full_report

MOMENT = datetime(2026, 1, 14, tzinfo=UTC)

#: Texts as people write them: spoken forms, Latin look-alikes, ё, both languages in one.
TEXTS = {
    "ru": "Мошенники звонили маме, сказали что взломали счёт и просили код из смс",
    "look-alike": "Мне звoнили из бaнка, пpосили перевести дeньги на безoпасный счeт",
    "kk": "Дәрігерге жазылу керек деп, телефон соғып, кодты сұрады",
    "kk-look-alike": "дәрiгерге жазылу үшін хабарламаны айтыңыз деді",
    "mixed": "Апама қоңырау шалып, қауіпсіз шотқа ақша аударыңыз деді, назвались сотрудником банка",
    "innocent": "Записалась к врачу на приём, очереди нет, спасибо регистратуре",
}


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
    ],
)
def test_forms_of_a_word_meet(client: Elasticsearch, analyzer: str, written: str, sought: str) -> None:
    assert tokens(client, analyzer, written) & tokens(client, analyzer, sought)


@pytest.mark.parametrize("word", ["Kaspi", "Halyk", "WhatsApp", "eGov", "SMS"])
def test_latin_names_stay_as_they_are(client: Elasticsearch, word: str) -> None:
    assert tokens(client, "russian", word) == {word.lower()}


@pytest.mark.parametrize(
    ("sought", "expected"),
    [
        ("звонить", {"ru", "look-alike"}),
        ("счета", {"ru", "look-alike"}),
        ("дәрігер", {"kk", "kk-look-alike"}),
        ("сұрау", {"kk"}),
        ("банки", {"look-alike", "mixed"}),
        ("ақша", {"mixed"}),
        ("прием", {"innocent"}),
        ("просит код", {"ru"}),
    ],
)
def test_search_in_both_languages(client: Elasticsearch, texts: str, sought: str, expected: set[str]) -> None:
    query: dict[str, Any] = {
        "multi_match": {"query": sought, "fields": ["text", "text.ru", "text.kk"], "operator": "and"}
    }
    found = client.search(index=texts, query=query, size=20)
    assert {hit["_id"] for hit in found["hits"]["hits"]} == expected


@pytest.fixture(scope="module")
def texts(client: Elasticsearch) -> Iterator[str]:
    """An index of its own, made by the template, with TEXTS under their names."""
    index = indices.report_index(MOMENT + timedelta(days=3650))
    for name, text in TEXTS.items():
        client.index(index=index, id=name, document={"id": name, "text": text})
    client.indices.refresh(index=index)
    yield index
    client.indices.delete(index=index)
