"""The HTTP API of integrations: `POST /v1/reports` and `POST /v1/reports/batch`."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from litestar import Response, Router, post
from msgspec import Struct

from producers.gateway.batches import MAX_BATCH_BYTES, Batch, BatchResult, result, sort_out
from producers.gateway.openapi import SUBMISSION_PROBLEMS, BatchOperation, ReportOperation
from producers.gateway.requests import ApiRequest, authorise, check_media_type, refusal, spend
from producers.gateway.service import read_body
from producers.integrations import Permission
from producers.problems import SubmissionError
from schemas.events import ReportId

#: A single report at its longest, all escaped, is some 130 kB.
MAX_REPORT_BYTES: Final = 262_144


class AcceptedReport(Struct, frozen=True, kw_only=True):
    """A report that is in the log.  The same (source, source_ref) always gets the same id."""

    id: ReportId
    status: str = "accepted"
    received_at: datetime


_BATCH: Final = Batch("reports")


@post(
    "/",
    status_code=202,
    request_max_body_size=MAX_REPORT_BYTES,
    operation_class=ReportOperation,
    operation_id="submitReport",
    summary="Send one report",
    response_description="The report is in the log; the same source_ref gets the same id however often it is sent",
    responses=SUBMISSION_PROBLEMS,
)
async def submit_report(request: ApiRequest) -> Response[AcceptedReport]:
    """Answered once Kafka has acknowledged the report on all in-sync replicas."""
    gateway, integration = authorise(request, Permission.REPORT)
    check_media_type(request)
    body = await read_body(request)
    spend(gateway, integration, 1)
    try:
        intake = gateway.intake(body, integration.origin())
    except SubmissionError as error:
        raise refusal(error) from None
    await gateway.publish([intake])
    report = intake.report
    return Response(AcceptedReport(id=report.id, received_at=report.received_at), status_code=202)


@post(
    "/batch",
    status_code=202,
    request_max_body_size=MAX_BATCH_BYTES,
    operation_class=BatchOperation,
    operation_id="submitBatch",
    summary="Send up to 500 reports",
    response_description="At least one report is in the log; each refused one is named with all that is wrong",
    responses=SUBMISSION_PROBLEMS,
)
async def submit_batch(request: ApiRequest) -> Response[BatchResult]:
    """The good reports are accepted together, the bad ones named by their index.

    202 as soon as one report was accepted; 422 if none can be taken; 503 if Kafka did not acknowledge all of the good
    ones: then none of them is promised, and sending the same batch again makes no second report.
    """
    gateway, integration = authorise(request, Permission.REPORT)
    check_media_type(request)
    items = _BATCH.items(await read_body(request))
    spend(gateway, integration, len(items))
    origin = integration.origin()
    taken, refused = await sort_out(items, lambda raw: gateway.intake(raw, origin))
    await gateway.publish([intake for _, intake in taken])
    return result([(index, intake.report.id) for index, intake in taken], refused)


router: Final = Router(
    path="/v1/reports", route_handlers=[submit_report, submit_batch], tags=["reports"], security=[{"key": []}]
)
