"""What partners ask about one number: `GET /v1/numbers/{number}`.

Every answer is entered in the audit log first, and only given once Kafka has acknowledged the entry: who could look
numbers up while the log is away could do so unseen.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Final
from urllib.parse import unquote_to_bytes

from litestar import Response, Router, get
from litestar.params import Parameter

from producers import audit
from producers.gateway import metrics
from producers.gateway.export import export_numbers
from producers.gateway.openapi import LookUpOperation, problem_responses
from producers.gateway.problems import ProblemError
from producers.gateway.requests import ApiRequest, authorise, spend
from producers.gateway.service import index_needed
from producers.integrations import Permission
from producers.lookup import KnownNumber, look_up, number_asked_for
from producers.problems import FieldProblem
from schemas.audit import AuditAction

#: Longest number, account or link that can be asked about, as in a report's contacts.
MAX_NUMBER: Final = 256
#: The part of the system in the audit log.
PART: Final = "gateway"
_PATH: Final = "/v1/numbers"
#: An answer is true for a moment, and names whom a partner asks about.
_HEADERS: Final = {"Cache-Control": "no-store"}


@get(
    "/{number:path}",
    operation_class=LookUpOperation,
    operation_id="lookUpNumber",
    summary="Look a number up",
    response_description="What is known of the number; one that nobody reported is `unknown`",
    responses=problem_responses(
        (400, "bad-request"),
        (401, "unauthorised"),
        (403, "forbidden"),
        (422, "not-a-number"),
        (429, "too-many"),
        (503, "index-away"),
    ),
)
async def look_up_number(
    request: ApiRequest,
    number: Annotated[  # noqa: ARG001 - declared for the document; the address as it was sent is read instead
        str, Parameter(description="the number in any spelling, percent-encoded, e.g. `8%20705%20123%2045%2067`")
    ],
) -> Response[KnownNumber]:
    """`suspected` or `confirmed` says that fraudsters use the number; one report alone never does.

    An official number is `official`, and `impersonated` when fraudsters hide behind it.  Any calling number can be
    spoofed: the owner of a suspected number may not know of it.  Local numbers are completed with the area code of
    your integration.
    """
    gateway, integration = authorise(request, Permission.LOOK_UP)
    spend(gateway, integration, 1, "look-up:")
    value = number_asked_for(_asked(request), integration.area_code)
    if value is None:
        metrics.REFUSED.labels("not-a-number").inc()
        raise _not_a_number()
    with index_needed():
        known = (await look_up(gateway.index, [value]))[value]
    now = datetime.now(UTC)
    await gateway.audit(audit.entry(AuditAction.LOOK_UP, integration.source, PART, now, subject=value, results=1))
    metrics.LOOK_UPS.labels(known.state.value).inc()
    return Response(known, headers=_HEADERS)


def _asked(request: ApiRequest) -> str:
    """The number as it was sent, decoded.  Raises the problem 422."""
    raw: bytes = request.scope["raw_path"]
    asked = unquote_to_bytes(raw.partition(f"{_PATH}/".encode())[2].partition(b"?")[0])
    try:
        text = asked.decode("utf-8")
    except UnicodeDecodeError:
        raise _not_a_number() from None
    if len(text) > MAX_NUMBER:
        raise _not_a_number()
    return text


def _not_a_number() -> ProblemError:
    wrong = FieldProblem(
        field="/number",
        problem="is no number, sender, account or link",
        remedy="send it percent-encoded, a local number with its area code, e.g. 8%20(71541)%202-15-65",
    )
    return ProblemError(422, "not-a-number", "Nothing was looked up.", errors=[wrong])


router: Final = Router(
    path=_PATH, route_handlers=[export_numbers, look_up_number], tags=["numbers"], security=[{"key": []}]
)
