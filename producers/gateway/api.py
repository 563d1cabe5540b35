"""The HTTP API of integrations: `POST /v1/reports` and `POST /v1/reports/batch`."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Annotated, Final

import msgspec
from litestar import Response, Router, post
from msgspec import Meta, Struct

from producers.gateway import metrics
from producers.gateway.openapi import BatchOperation, ReportOperation, problem_responses
from producers.gateway.problems import ProblemError, RefusedItem
from producers.gateway.requests import ApiRequest, authorise, check_media_type, refusal, spend
from producers.gateway.service import read_body
from producers.intake import Intake
from producers.integrations import Permission
from producers.problems import FieldProblem, MalformedError, SubmissionError
from schemas.events import ReportId

#: Limits of a request.  A single report at its longest, all escaped, is some 130 kB.
MAX_REPORT_BYTES: Final = 262_144
MAX_BATCH_BYTES: Final = 1_572_864
MAX_BATCH: Final = 500
#: Reports of a batch that are read before other requests get their turn.
_FAIR_SHARE: Final = 20


class AcceptedReport(Struct, frozen=True, kw_only=True):
    """A report that is in the log.  The same (source, source_ref) always gets the same id."""

    id: ReportId
    status: str = "accepted"
    received_at: datetime


class AcceptedItem(Struct, frozen=True, kw_only=True):
    """An item of a batch that is in the log: its index in the batch, from 0."""

    index: int
    id: ReportId


class BatchResult(Struct, frozen=True, kw_only=True):
    """What became of a batch: every item is either accepted or refused."""

    accepted: list[AcceptedItem]
    refused: list[RefusedItem]


class _Batch(Struct, forbid_unknown_fields=True):
    reports: Annotated[list[msgspec.Raw], Meta(min_length=1, max_length=MAX_BATCH)]


_batch_decoder: Final = msgspec.json.Decoder(_Batch)


#: What both operations may answer when they refuse.
_PROBLEMS: Final = problem_responses(
    (400, "malformed"),
    (401, "unauthorised"),
    (403, "forbidden"),
    (413, "too-large"),
    (415, "media-type"),
    (422, "invalid"),
    (429, "too-many"),
    (503, "log-away"),
)


@post(
    "/",
    status_code=202,
    request_max_body_size=MAX_REPORT_BYTES,
    operation_class=ReportOperation,
    operation_id="submitReport",
    summary="Send one report",
    response_description="The report is in the log; the same source_ref gets the same id however often it is sent",
    responses=_PROBLEMS,
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
    responses=_PROBLEMS,
)
async def submit_batch(request: ApiRequest) -> Response[BatchResult]:
    """The good reports are accepted together, the bad ones named by their index.

    202 as soon as one report was accepted; 422 if none can be taken; 503 if Kafka did not acknowledge all of the good
    ones: then none of them is promised, and sending the same batch again makes no second report.
    """
    gateway, integration = authorise(request, Permission.REPORT)
    check_media_type(request)
    items = _items(await read_body(request))
    spend(gateway, integration, len(items))
    origin = integration.origin()
    taken: list[tuple[int, Intake]] = []
    refused: list[RefusedItem] = []
    for index, raw in enumerate(items):
        if index % _FAIR_SHARE == 0:
            await asyncio.sleep(0)
        try:
            taken.append((index, gateway.intake(raw, origin)))
        except SubmissionError as error:
            refused.append(RefusedItem(index=index, errors=list(error.problems)))
    metrics.REFUSED.labels("invalid").inc(len(refused))
    if not taken:
        raise ProblemError(422, "invalid", "No report of the batch can be taken.", refused=refused)
    await gateway.publish([intake for _, intake in taken])
    accepted = [AcceptedItem(index=index, id=intake.report.id) for index, intake in taken]
    return Response(BatchResult(accepted=accepted, refused=refused), status_code=202)


def _items(body: bytes) -> list[msgspec.Raw]:
    """The undecoded items of a batch.  Raises the problem 400 or 422."""
    try:
        return _batch_decoder.decode(body).reports
    except msgspec.ValidationError:
        metrics.REFUSED.labels("invalid").inc()
        problem = FieldProblem(
            field="/reports",
            problem=f"must be a list of 1 to {MAX_BATCH} reports, and the only field",
            remedy='send {"reports": [...]}',
        )
        raise ProblemError(422, "invalid", "The batch has the wrong form.", errors=[problem]) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise refusal(MalformedError()) from None


router: Final = Router(
    path="/v1/reports", route_handlers=[submit_report, submit_batch], tags=["reports"], security=[{"key": []}]
)
