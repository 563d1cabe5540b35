"""Warnings given: `POST /v1/prevention` and `POST /v1/prevention/batch`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from litestar import Response, Router, post
from msgspec import Raw, Struct

from producers.gateway import metrics
from producers.gateway.batches import MAX_BATCH_BYTES, Batch, BatchResult, result, sort_out
from producers.gateway.openapi import SUBMISSION_PROBLEMS, PreventionBatchOperation, PreventionOperation
from producers.gateway.requests import ApiRequest, authorise, check_media_type, refusal, spend
from producers.gateway.service import Gateway, count_masked, read_body
from producers.integrations import Integration, Permission
from producers.prevention import PreventionIntake, read_prevention
from producers.problems import SubmissionError
from schemas import topics
from schemas.events import ReportId

#: A record at its longest, all escaped, is some 3 kB.
MAX_PREVENTION_BYTES: Final = 16_384


class AcceptedPrevention(Struct, frozen=True, kw_only=True):
    """A warning given that is in the log.  The same (source, source_ref) always gets the same id."""

    id: ReportId
    status: str = "accepted"
    recorded_at: datetime


_BATCH: Final = Batch("prevention")


@post(
    "/",
    status_code=202,
    request_max_body_size=MAX_PREVENTION_BYTES,
    operation_class=PreventionOperation,
    operation_id="submitPrevention",
    summary="Record one warning given",
    response_description="The record is in the log; the same source_ref gets the same id however often it is sent",
    responses=SUBMISSION_PROBLEMS,
)
async def submit_prevention(request: ApiRequest) -> Response[AcceptedPrevention]:
    """A call, a visit, a talk, leaflets or a video: where, for whom, and how many listened.

    Nothing that names or reaches a person who was warned is kept.
    """
    gateway, integration = authorise(request, Permission.PREVENTION)
    check_media_type(request)
    body = await read_body(request)
    spend(gateway, integration, 1)
    try:
        intake = _read(gateway, integration, body)
    except SubmissionError as error:
        raise refusal(error) from None
    await _publish(gateway, [intake])
    record = intake.prevention
    return Response(AcceptedPrevention(id=record.id, recorded_at=record.recorded_at), status_code=202)


@post(
    "/batch",
    status_code=202,
    request_max_body_size=MAX_BATCH_BYTES,
    operation_class=PreventionBatchOperation,
    operation_id="submitPreventionBatch",
    summary="Record up to 500 warnings given",
    response_description="At least one record is in the log; each refused one is named with all that is wrong",
    responses=SUBMISSION_PROBLEMS,
)
async def submit_prevention_batch(request: ApiRequest) -> Response[BatchResult]:
    """The good records are accepted together, the bad ones named by their index, as with reports."""
    gateway, integration = authorise(request, Permission.PREVENTION)
    check_media_type(request)
    items = _BATCH.items(await read_body(request))
    spend(gateway, integration, len(items))
    taken, refused = await sort_out(items, lambda raw: _read(gateway, integration, raw))
    await _publish(gateway, [intake for _, intake in taken])
    return result([(index, intake.prevention.id) for index, intake in taken], refused)


def _read(gateway: Gateway, integration: Integration, raw: bytes | Raw) -> PreventionIntake:
    return read_prevention(raw, integration.origin(), datetime.now(UTC), gateway.hasher)


async def _publish(gateway: Gateway, intakes: list[PreventionIntake]) -> None:
    """Return once all are acknowledged, or raise the problem 503."""
    await gateway.write([intake.prevention for intake in intakes], topics.PREVENTION)
    for intake in intakes:
        metrics.WARNINGS.labels(intake.prevention.source).inc()
        count_masked(intake.masked)


router: Final = Router(
    path="/v1/prevention",
    route_handlers=[submit_prevention, submit_prevention_batch],
    tags=["prevention"],
    security=[{"key": []}],
)
