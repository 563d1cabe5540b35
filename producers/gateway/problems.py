"""Errors as RFC 9457 problem details, with every wrong field named; nothing that was sent is ever repeated."""

from __future__ import annotations

import logging
import math
import traceback
from collections.abc import Sequence
from typing import Any, Final

from litestar import Request, Response
from litestar.exceptions import HTTPException
from litestar.status_codes import HTTP_413_REQUEST_ENTITY_TOO_LARGE
from msgspec import UNSET, Struct, UnsetType, to_builtins

from producers.problems import FieldProblem

log: Final = logging.getLogger(__name__)

PROBLEM_JSON: Final = "application/problem+json"
_TYPE: Final = "urn:saqbol:problem:"
#: Bytes of a refused body that are received and thrown away, so that the client gets to read why; of a longer body, or
#: one of unknown length, the connection is closed.
MAX_DISCARDED: Final = 16_777_216


class RefusedItem(Struct, frozen=True, kw_only=True):
    """One item of a batch that was not taken: its index from 0, and everything that is wrong with it."""

    index: int
    errors: list[FieldProblem]


class ProblemDetails(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An error (RFC 9457).  `errors` names each wrong field, `refused` each wrong item of a batch."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[FieldProblem] | UnsetType = UNSET
    refused: list[RefusedItem] | UnsetType = UNSET
    challenge: dict[str, Any] | UnsetType = UNSET


class ProblemError(HTTPException):
    """An error that is answered as problem details; `reason` is its short name, as in the metrics."""

    def __init__(
        self,
        status: int,
        reason: str,
        detail: str,
        *,
        errors: Sequence[FieldProblem] = (),
        refused: Sequence[RefusedItem] = (),
        challenge: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(detail=detail, status_code=status, headers=headers)
        self.reason = reason
        self.problem = ProblemDetails(
            type=_TYPE + reason,
            title=TITLES[reason],
            status=status,
            detail=detail,
            errors=list(errors) or UNSET,
            refused=list(refused) or UNSET,
            challenge=challenge or UNSET,
        )


#: Every reason that a request can be refused for, and its title; also the values of the metric's label.
TITLES: Final = {
    "malformed": "The body is not JSON",
    "invalid": "What was sent breaks the contract",
    "unauthorised": "The API key is missing or unknown",
    "not-a-number": "This is no number",
    "forbidden": "Your integration may not do this",
    "not-found": "There is nothing here",
    "method-not-allowed": "This address does not take this method",
    "too-large": "The body is too large",
    "media-type": "The body has the wrong type of media",
    "too-many": "Too much at once",
    "challenge-required": "A proof of work is needed",
    "cross-site": "The form was sent from another site",
    "log-away": "Nothing can be taken at the moment",
    "index-away": "Numbers can't be looked up at the moment",
    "bad-request": "The request can't be understood",
    "internal": "Something went wrong here",
}

#: What Litestar itself raises: (reason, detail) by status.
_OF_STATUS: Final = {
    404: ("not-found", "Check the address; the API is described at /docs."),
    405: ("method-not-allowed", "See the header Allow for the methods that this address takes."),
    413: ("too-large", "Send less at once; the limits are stated at /docs."),
    415: ("media-type", "Send Content-Type: application/json."),
}


def respond(error: ProblemError) -> Response[Any]:
    """The response of a problem."""
    return Response(
        to_builtins(error.problem),
        status_code=error.status_code,
        headers=error.headers,
        media_type=PROBLEM_JSON,
    )


def on_problem(_: Request[Any, Any, Any], error: ProblemError) -> Response[Any]:
    """Exception handler of what this gateway raises."""
    return respond(error)


def on_http_exception(request: Request[Any, Any, Any], error: HTTPException) -> Response[Any]:
    """Exception handler of what Litestar raises: our words, since its own may repeat what was sent."""
    if error.status_code >= 500:
        return on_exception(request, error)
    reason, detail = _OF_STATUS.get(error.status_code, ("bad-request", "Check the request against /docs."))
    headers = dict(error.headers or {})
    if error.status_code == HTTP_413_REQUEST_ENTITY_TOO_LARGE and (request.content_length or math.inf) > MAX_DISCARDED:
        headers["Connection"] = "close"
    return respond(ProblemError(error.status_code, reason, detail, headers=headers))


def on_exception(_: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """Exception handler of everything else: where it happened goes to the log, what was in it nowhere."""
    frames = traceback.extract_tb(error.__traceback__)
    log.error(
        "unexpected %s at %s", type(error).__name__, " < ".join(f"{f.filename}:{f.lineno}" for f in reversed(frames))
    )
    return respond(ProblemError(500, "internal", "This was noticed; send the same again later."))


EXCEPTION_HANDLERS: Final[Any] = {
    ProblemError: on_problem,
    HTTPException: on_http_exception,
    Exception: on_exception,
}
