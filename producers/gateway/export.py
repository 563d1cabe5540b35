"""The list of bad numbers for partners: `GET /v1/numbers`.

The entry in the audit log is acknowledged before the first number leaves, as with a look-up.  An index that goes away
in the middle breaks the connection off, so that nobody takes half a list for the whole.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Annotated, Final

from elasticsearch import AsyncElasticsearch
from litestar import MediaType, get
from litestar.params import Parameter
from litestar.response import Stream

from producers import audit, listing
from producers.gateway import metrics
from producers.gateway.openapi import ExportOperation, problem_responses
from producers.gateway.problems import ProblemError
from producers.gateway.requests import ApiRequest, authorise, take
from producers.gateway.service import index_needed
from producers.integrations import Permission
from producers.listing import LISTED, NOTICE, Page
from producers.problems import FieldProblem
from producers.web.languages import preferred
from schemas.audit import AuditAction
from streams.reputation import State

#: Lists that an integration may fetch.
EXPORT_RATE: Final = "12/hour"
_CSV: Final = "text/csv"
_LANGUAGES: Final = ("en", "ru", "kk")


@get(
    "/",
    operation_class=ExportOperation,
    operation_id="exportNumbers",
    summary="Fetch the list of suspected and confirmed numbers",
    response_description="The list, as JSON or CSV",
    responses=problem_responses(
        (400, "bad-request"),
        (401, "unauthorised"),
        (403, "forbidden"),
        (422, "invalid"),
        (429, "too-many"),
        (503, "index-away"),
    ),
)
async def export_numbers(
    request: ApiRequest,
    states: Annotated[  # noqa: ARG001 - declared for the document; the query is read as it was sent
        str | None, Parameter(query="state", description="`suspected`, `confirmed`, or both, separated by a comma")
    ] = None,
    form: Annotated[  # noqa: ARG001
        str | None, Parameter(query="format", description="`csv` or `json`; without it the header Accept decides")
    ] = None,
) -> Stream:
    """Currently suspected numbers (by default), confirmed ones, or both; never official ones.

    **A calling number can be spoofed, and its owner may know nothing of it; the list must not be used to block
    official numbers.**  It says so itself, and when it was made: fetch it anew rather than keep it.
    """
    gateway, integration = authorise(request, Permission.EXPORT)
    wanted = _states(request)
    as_csv = _is_csv(request)
    take(gateway, EXPORT_RATE, f"export:{integration.source}")
    now = datetime.now(UTC)
    with index_needed():
        first = await listing.read_page(gateway.index, wanted, now)
    subject = ",".join(wanted)
    await gateway.audit(
        audit.entry(AuditAction.EXPORT, integration.source, "gateway", now, subject=subject, results=first.total)
    )
    metrics.EXPORTED.labels(integration.source).inc(first.total)
    pages = _pages(gateway.index, wanted, now, first)
    headers = {"Cache-Control": "no-store", "Vary": "Accept, Accept-Language"}
    if not as_csv:
        return Stream(listing.as_json(pages, wanted, now), media_type=MediaType.JSON, headers=headers)
    notice: str = getattr(NOTICE, preferred(request.headers.get("accept-language", ""), _LANGUAGES))
    headers["Content-Disposition"] = f'attachment; filename="saqbol-numbers-{now:%Y%m%dT%H%MZ}.csv"'
    return Stream(listing.as_csv(pages, now, notice), media_type=_CSV, headers=headers)


async def _pages(index: AsyncElasticsearch, states: list[State], now: datetime, first: Page) -> AsyncIterator[Page]:
    page = first
    yield page
    while page.after is not None:
        page = await listing.read_page(index, states, now, page.after)
        yield page


def _states(request: ApiRequest) -> list[State]:
    """The states asked for.  Raises the problem 422."""
    given = [name for value in request.query_params.getall("state", ["suspected"]) for name in value.split(",")]
    known = {state.value: state for state in LISTED}
    if not all(name in known for name in given):
        raise _wrong("/state", "names a state that is not listed", f"send {' or '.join(known)}, or both")
    return list(dict.fromkeys(known[name] for name in given))


def _is_csv(request: ApiRequest) -> bool:
    """Whether the list shall be CSV.  Raises the problem 422."""
    given = request.query_params.get("format")
    if given is None:
        return _CSV in request.headers.get("accept", "")
    if given not in {"csv", "json"}:
        raise _wrong("/format", "is no format of the list", "send csv or json")
    return bool(given == "csv")


def _wrong(field: str, problem: str, remedy: str) -> ProblemError:
    metrics.REFUSED.labels("invalid").inc()
    wrong = FieldProblem(field=field, problem=problem, remedy=remedy)
    return ProblemError(422, "invalid", "Nothing was listed.", errors=[wrong])
