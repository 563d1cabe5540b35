"""Batches: the good items are taken together, the bad ones named by their index."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Annotated, Any, Final, TypeVar

import msgspec
from litestar import Response
from msgspec import Meta, Struct

from producers.gateway import metrics
from producers.gateway.problems import ProblemError, RefusedItem
from producers.gateway.requests import refusal
from producers.problems import FieldProblem, MalformedError, SubmissionError
from schemas.events import ReportId

#: Limits of a batch.
MAX_BATCH_BYTES: Final = 1_572_864
MAX_BATCH: Final = 500
#: Items of a batch that are read before other requests get their turn.
_FAIR_SHARE: Final = 20

T = TypeVar("T")


class AcceptedItem(Struct, frozen=True, kw_only=True):
    """An item of a batch that is in the log: its index in the batch, from 0."""

    index: int
    id: ReportId


class BatchResult(Struct, frozen=True, kw_only=True):
    """What became of a batch: every item is either accepted or refused."""

    accepted: list[AcceptedItem]
    refused: list[RefusedItem]


class Batch:
    """The form of a batch: an object whose only field, `name`, is a list of items."""

    def __init__(self, name: str) -> None:
        items = Annotated[list[msgspec.Raw], Meta(min_length=1, max_length=MAX_BATCH)]
        self._name = name
        self._decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(
            msgspec.defstruct("Batch", [(name, items)], forbid_unknown_fields=True)
        )

    def items(self, body: bytes) -> list[msgspec.Raw]:
        """The undecoded items of a batch.  Raises the problem 400 or 422."""
        try:
            found: list[msgspec.Raw] = getattr(self._decoder.decode(body), self._name)
            return found
        except msgspec.ValidationError:
            metrics.REFUSED.labels("invalid").inc()
            problem = FieldProblem(
                field=f"/{self._name}",
                problem=f"must be a list of 1 to {MAX_BATCH} items, and the only field",
                remedy=f'send {{"{self._name}": [...]}}',
            )
            raise ProblemError(422, "invalid", "The batch has the wrong form.", errors=[problem]) from None
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise refusal(MalformedError()) from None


async def sort_out(
    items: list[msgspec.Raw], read: Callable[[msgspec.Raw], T]
) -> tuple[list[tuple[int, T]], list[RefusedItem]]:
    """What `read` makes of the good items, with their index, and the refused ones.

    Raises the problem 422 if none is good.
    """
    taken: list[tuple[int, T]] = []
    refused: list[RefusedItem] = []
    for index, raw in enumerate(items):
        if index % _FAIR_SHARE == 0:
            await asyncio.sleep(0)
        try:
            taken.append((index, read(raw)))
        except SubmissionError as error:
            refused.append(RefusedItem(index=index, errors=list(error.problems)))
    metrics.REFUSED.labels("invalid").inc(len(refused))
    if not taken:
        raise ProblemError(422, "invalid", "Nothing in the batch can be taken.", refused=refused)
    return taken, refused


def result(accepted: list[tuple[int, str]], refused: list[RefusedItem]) -> Response[BatchResult]:
    """The answer to a batch, from the indices and ids of what was acknowledged."""
    items = [AcceptedItem(index=index, id=identity) for index, identity in accepted]
    return Response(BatchResult(accepted=items, refused=refused), status_code=202)
