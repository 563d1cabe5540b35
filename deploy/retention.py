"""Retention: which monthly indices are past their time, and their deletion.

A month that has begun less than so many whole months ago stays; nothing but whole months is ever deleted, and nothing
that the policy does not name.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final, Literal

from elasticsearch import Elasticsearch
from msgspec import Meta, Struct

from deploy.indexing import indices_behind
from schemas import indices
from schemas.reference import load

FILE: Final = Path(__file__).parent / "retention.yaml"

Monthly = Literal["saqbol-reports", "saqbol-rejected", "saqbol-audit"]


class Policy(Struct, frozen=True, forbid_unknown_fields=True):
    """Content of `retention.yaml`: whole months that are kept before the current one, by alias."""

    months: dict[Monthly, Annotated[int, Meta(ge=1, le=120)]]


class Expired(Struct, frozen=True):
    """An index past its time."""

    alias: str
    index: str
    month: str
    documents: int


def load_policy(path: Path = FILE) -> Policy:
    """The policy in a file.  Raises schemas.reference.ReferenceDataError naming what is wrong."""
    return load(path, Policy)


def is_expired(month: str, kept: int, now: datetime) -> bool:
    """Whether a month (`2026.01`) lies more than `kept` whole months before the month of `now` (aware, UTC counts)."""
    year, number = map(int, month.split("."))
    today = now.astimezone(UTC)
    return (today.year * 12 + today.month) - (year * 12 + number) > kept


def expired(client: Elasticsearch, policy: Policy, now: datetime) -> list[Expired]:
    """The indices past their time, by alias and month."""
    found = []
    for alias, kept in _by_alias(policy).items():
        for name, index in indices_behind(client, alias).items():
            month = indices.month_of(name)
            if month is not None and is_expired(month, kept, now):
                found.append(Expired(alias, index, month, int(client.count(index=index)["count"])))
    return found


def delete(client: Elasticsearch, past: list[Expired]) -> None:
    """Delete these indices."""
    for item in past:
        client.indices.delete(index=item.index)


def _by_alias(policy: Policy) -> Mapping[str, int]:
    return {str(alias): kept for alias, kept in policy.months.items()}
