"""Building indices beside those in use, and switching to them at once, while others go on writing.

Everybody writes to a name such as `saqbol-reports-2026.01` and reads an alias such as `saqbol-reports`.  The name is an
index at first; an index that is built later is called `saqbol-b2-reports-2026.01` and takes over both as aliases.
Nothing is lost on the way: what is written while an index is built lands in the old one, which is then closed to
writers for the moment in which the rest is copied; they wait (`streams.elastic`) and go on in the new one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from elasticsearch import ApiError, Elasticsearch, NotFoundError, TransportError
from elasticsearch.helpers import streaming_bulk
from msgspec import Struct

from schemas import indices

#: Documents read or written at a time, and how long a reading may rest.
PAGE: Final = 1_000
_KEEP_ALIVE: Final = "5m"

Body = dict[str, Any]


class IndexingError(Exception):
    """An index can't be built or switched to; the old one stays in use.  The message says why, and the remedy."""


class Stored(Struct, frozen=True):
    """A document as it is stored."""

    index: str
    id: str
    body: Body
    sequence: int


def indices_behind(client: Elasticsearch, alias: str) -> dict[str, str]:
    """The index behind each name that is written to, of all that an alias reads; {} if there is none."""
    try:
        return {indices.written_as(index): index for index in sorted(client.indices.get_alias(name=alias))}
    except NotFoundError:
        return {}


def documents(client: Elasticsearch, index: str, query: Body | None = None, *, source: bool = True) -> Iterator[Stored]:
    """All documents of an index or alias as they are at this moment, whatever is written meanwhile.

    Without `source` their bodies are empty.
    """
    point = client.open_point_in_time(index=index, keep_alive=_KEEP_ALIVE)["id"]
    after: list[Any] | None = None
    try:
        while True:
            page = client.search(
                pit={"id": point, "keep_alive": _KEEP_ALIVE},
                query=query,
                sort=["_shard_doc"],
                search_after=after,
                size=PAGE,
                source=source,
                seq_no_primary_term=True,
                track_total_hits=False,
            )["hits"]["hits"]
            for hit in page:
                yield Stored(hit["_index"], hit["_id"], hit.get("_source", {}), hit["_seq_no"])
            if len(page) < PAGE:
                return
            after = page[-1]["sort"]
    finally:
        client.close_point_in_time(id=point)


def with_ids(client: Elasticsearch, index: str, ids: Iterable[str]) -> dict[str, Stored]:
    """The documents with these ids, by id; no more than a page of them."""
    wanted = list(ids)
    found = client.search(
        index=index,
        query={"ids": {"values": wanted}},
        size=len(wanted),
        seq_no_primary_term=True,
        ignore_unavailable=True,
    )
    return {
        hit["_id"]: Stored(hit["_index"], hit["_id"], hit["_source"], hit["_seq_no"]) for hit in found["hits"]["hits"]
    }


class Build:
    """New indices for everything that one alias reads; nothing is seen of them before `switch`."""

    def __init__(self, client: Elasticsearch, alias: str) -> None:
        """Raises IndexingError if an earlier build was left unfinished and can't be put away."""
        self.alias = alias
        self._client = client
        self.old = indices_behind(client, alias)
        self.new: dict[str, str] = {}
        self.refused: dict[str, str] = {}
        self._actions: list[Body] = []
        self._marks = {name: self._newest(index) for name, index in self.old.items()}
        self._blocked: list[str] = []

    def put(self, name: str, doc_id: str, body: Body) -> None:
        """Write a document to the new index of a name that is written to."""
        self._add({"_op_type": "index", "_index": self._index(name), "_id": doc_id, "_source": body})

    def drop(self, doc_id: str) -> None:
        """Take a document out of all new indices."""
        self._flush()
        for index in self.new.values():
            self._add({"_op_type": "delete", "_index": index, "_id": doc_id})

    def missing(self) -> Iterator[Stored]:
        """Documents that the old indices had when this began, and the new ones lack."""
        self._settled()
        for name, index in self.old.items():
            page: list[Stored] = []
            for document in documents(self._client, index, {"range": {"_seq_no": {"lte": self._marks[name]}}}):
                page.append(document)
                if len(page) == PAGE:
                    yield from self._lacking(page)
                    page = []
            yield from self._lacking(page)

    def switch(self, changed: Callable[[Stored], Body], gone: Callable[[], Iterable[str]] | None = None) -> None:
        """Copy what was written meanwhile, and let the new indices take over all names at once.

        changed: the new body of a document that was written to an old index since this build began
        gone:    ids of documents that were deleted since then; by default all that the old indices don't have

        Raises IndexingError; then the old indices are in use as before.
        """
        try:
            for name, index in self.old.items():
                self._client.indices.add_block(index=index, block="write")
                self._blocked.append(index)
                self._client.indices.refresh(index=index)
                self._index(name)
                for document in documents(self._client, index, {"range": {"_seq_no": {"gt": self._marks[name]}}}):
                    self.put(name, document.id, changed(document))
            for doc_id in list(gone() if gone else self._surplus()):
                self.drop(doc_id)
            self._settled()
            if self.refused:
                some = "; ".join(f"{name}: {why}" for name, why in list(self.refused.items())[:3])
                raise IndexingError(f"{self.alias}: {len(self.refused)} documents are refused ({some})")
            self._client.indices.update_aliases(actions=list(self._switching()))
            self._blocked = []
        except (ApiError, TransportError) as error:
            raise IndexingError(f"{self.alias}: Elasticsearch refuses to switch: {error}") from error

    def abandon(self) -> None:
        """Put everything back: no new index, and the old ones open to writers.  After a switch this does nothing."""
        for index in self._blocked:
            self._client.indices.put_settings(index=index, settings={"index.blocks.write": None})
        used = set(indices_behind(self._client, self.alias).values())
        for index in set(self.new.values()) - used:
            self._client.indices.delete(index=index, ignore_unavailable=True)

    def _switching(self) -> Iterator[Body]:
        for name, index in self.new.items():
            if name in self.old:
                yield {"remove_index": {"index": self.old[name]}}
            yield {"add": {"index": index, "alias": name}}
            yield {"add": {"index": index, "alias": self.alias}}

    def _index(self, name: str) -> str:
        """The new index of a name, made when it is first needed."""
        if name not in self.new:
            index = indices.next_build(self.old.get(name, name))
            self._client.indices.delete(index=index, ignore_unavailable=True)  # of a build that died
            content = indices.composed(self.alias)
            self._client.indices.create(index=index, settings=content["settings"], mappings=content["mappings"])
            self.new[name] = index
        return self.new[name]

    def _newest(self, index: str) -> int:
        """The newest sequence number of an index whose writes are all visible; -1 if it is empty."""
        self._client.indices.put_settings(index=index, settings={"index.blocks.write": None})  # of a build that died
        self._client.indices.refresh(index=index)
        hits = self._client.search(
            index=index, sort=[{"_seq_no": "desc"}], size=1, source=False, seq_no_primary_term=True
        )["hits"]["hits"]
        return int(hits[0]["_seq_no"]) if hits else -1

    def _lacking(self, page: list[Stored]) -> Iterator[Stored]:
        if page:
            name = indices.written_as(page[0].index)
            known = with_ids(self._client, self.new[name], [d.id for d in page]) if name in self.new else {}
            yield from (document for document in page if document.id not in known)

    def _surplus(self) -> Iterator[str]:
        """Ids that only the new indices have."""
        self._settled()
        for name, index in self.new.items():
            ids: list[str] = []
            for document in documents(self._client, index, source=False):
                ids.append(document.id)
                if len(ids) == PAGE:
                    yield from set(ids) - set(with_ids(self._client, self.old[name], ids))
                    ids = []
            if ids:
                yield from set(ids) - set(with_ids(self._client, self.old[name], ids))

    def _settled(self) -> None:
        self._flush()
        if self.new:
            self._client.indices.refresh(index=list(self.new.values()))

    def _add(self, action: Body) -> None:
        self._actions.append(action)
        if len(self._actions) >= PAGE:
            self._flush()

    def _flush(self) -> None:
        actions, self._actions = self._actions, []
        for ok, item in streaming_bulk(self._client, actions, raise_on_error=False):
            operation, result = next(iter(item.items()))
            if not ok and operation != "delete":
                self.refused[result["_id"]] = result.get("error", {}).get("type", "unknown")
