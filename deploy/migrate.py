"""Moving documents to the current version of their mapping, without loss and while others write."""

from __future__ import annotations

from collections.abc import Callable

from elasticsearch import Elasticsearch

from deploy.indexing import Build, IndexingError, Stored, documents
from schemas import indices
from schemas.indices.migrations import migrated


def outdated(client: Elasticsearch, alias: str) -> list[str]:
    """The indices of an alias that have another version of the mapping, or another text analysis, than the template."""
    wanted = indices.composed(alias)
    found = client.indices.get(index=alias, ignore_unavailable=True, allow_no_indices=True)
    return sorted(
        index
        for index, content in found.items()
        if indices.version_of(content) != wanted["mappings"]["_meta"]["version"]
        or _plain(content["settings"]["index"].get("analysis")) != _plain(wanted["settings"]["index"]["analysis"])
    )


def migrate(client: Elasticsearch, alias: str, say: Callable[[str], None]) -> int:
    """Copy every document of an alias into an index with the template's mapping, then switch.  Returns their number.

    Raises deploy.indexing.IndexingError; then everything is as it was before.
    """
    build = Build(client, alias)
    versions = {index: indices.version_of(client.indices.get(index=index)[index]) for index in build.old.values()}
    newest = int(indices.templates()[alias]["version"])
    if newer := [index for index, version in versions.items() if version > newest]:
        raise IndexingError(f"{newer[0]} has version {versions[newer[0]]} of its mapping, this code knows {newest}")

    def changed(document: Stored) -> dict[str, object]:
        return migrated(alias, document.body, versions[document.index])

    count = 0
    try:
        for name, index in build.old.items():
            for document in documents(client, index):
                build.put(name, document.id, changed(document))
                count += 1
            say(f"{index}: copied")
        build.switch(changed)
    finally:
        build.abandon()
    return count


def _plain(value: object) -> object:
    """Settings to compare: Elasticsearch returns every value as a string."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return str(value).lower()
