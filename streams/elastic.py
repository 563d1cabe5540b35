"""Writing to Elasticsearch: everything under its own id, so that writing again changes nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any, Final

from elasticsearch import ApiError, AsyncElasticsearch, NotFoundError, TransportError
from elasticsearch.helpers import async_streaming_bulk
from msgspec import Struct

from schemas.documents import Document
from schemas.indices import written_as
from streams.app import log
from streams.settings import Settings

#: Pauses between attempts while Elasticsearch is away or overloaded (seconds): doubled up to the longest.
FIRST_PAUSE: Final = 0.5
LONGEST_PAUSE: Final = 15.0
REQUEST_TIMEOUT: Final = 30.0
#: How often a part is merged again when another part of the same document came in between.
CONFLICTS: Final = 5
ABSENT: Final = 404
#: Answers that say "later", not "never"; an index is blocked for a moment while another one takes its place.
_LATER: Final = frozenset({408, 429, 502, 503, 504})
_BLOCKED: Final = "cluster_block_exception"


class Deletion(Struct, frozen=True):
    """A document that has to go; that it is not there is as good."""

    index: str
    id: str


class Refused(Struct, frozen=True):
    """A document that Elasticsearch will not take, and the kind of error it named (never the document's content)."""

    document: Document | Deletion
    error: str


def connect(settings: Settings) -> AsyncElasticsearch:
    """A client for the pipeline's own account."""
    auth = None
    if settings.elasticsearch_user and settings.elasticsearch_password:
        auth = (settings.elasticsearch_user, settings.elasticsearch_password)
    return AsyncElasticsearch(settings.elasticsearch, basic_auth=auth, request_timeout=REQUEST_TIMEOUT)


async def deletions(client: AsyncElasticsearch, alias: str, ids: Iterable[str]) -> list[Deletion]:
    """The deletions of documents from all indices of an alias, as their month is not known."""
    while True:
        try:
            # By the names that are written to: another index may take the place of one before a deletion gets through.
            found = sorted({written_as(index) for index in await client.indices.get_alias(name=alias)})
            return [Deletion(index, name) for name in ids for index in found]
        except NotFoundError:
            return []
        except (TransportError, ApiError) as error:
            log.warning("Elasticsearch does not tell its indices: %s", type(error).__name__)
            await asyncio.sleep(LONGEST_PAUSE)


async def write(client: AsyncElasticsearch, documents: Sequence[Document | Deletion]) -> list[Refused]:
    """Write all documents, waiting as long as Elasticsearch is away.  Returns those that it refuses for good.

    Of whole documents and deletions with one id the last counts; a deletion and a part must not come together.
    """
    refused: list[Refused] = []
    pending = _newest(documents)
    pause = FIRST_PAUSE
    while pending:
        later: list[Document | Deletion] = []
        try:
            results = async_streaming_bulk(
                client, (_action(doc) for doc in pending), raise_on_error=False, raise_on_exception=False
            )
            done = 0
            async for ok, item in results:
                document, done = pending[done], done + 1
                if not ok and not _is_absent(item):
                    status, error = _failure(item)
                    if status in _LATER or error == _BLOCKED:
                        later.append(document)
                    else:
                        refused.append(Refused(document, error))
            pending = later
        except (TransportError, ApiError) as error:
            log.warning("Elasticsearch is not answering: %s", type(error).__name__)
        if pending:
            log.warning("%d documents wait for Elasticsearch, next try in %.1f s", len(pending), pause)
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)
    return refused


def _newest(documents: Sequence[Document | Deletion]) -> list[Document | Deletion]:
    """The last copy of each document; parts are merged in order, so all of them stay."""
    parts = [doc for doc in documents if isinstance(doc, Document) and doc.first is not None]
    whole = {(doc.index, doc.id): doc for doc in documents if isinstance(doc, Deletion) or doc.first is None}
    return [*whole.values(), *parts]


def _action(document: Document | Deletion) -> dict[str, Any]:
    where = {"_index": document.index, "_id": document.id}
    if isinstance(document, Deletion):
        return where | {"_op_type": "delete"}
    if document.first is None:
        return where | {"_op_type": "index", "_source": document.body}
    whole = document.body | document.first
    return where | {"_op_type": "update", "doc": document.body, "upsert": whole, "retry_on_conflict": CONFLICTS}


def _is_absent(item: dict[str, Any]) -> bool:
    """Whether a document that has to go was not there."""
    deleted: dict[str, Any] = item.get("delete", {})
    return deleted.get("status") == ABSENT


def _failure(item: dict[str, Any]) -> tuple[int, str]:
    """Status and kind of error of one failed bulk item.  Transport errors (`raise_on_exception` off) carry "N/A"."""
    result = next(iter(item.values()))
    status = result.get("status")
    error = result.get("error")
    kind = error.get("type", "unknown") if isinstance(error, dict) else "unknown"
    return (status if isinstance(status, int) else 503), str(kind)
