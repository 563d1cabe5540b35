"""What every operation of the API asks of a request: a key that may do it, plain JSON, and not too much of it."""

from __future__ import annotations

from typing import Any

import limits
from litestar import Request

from producers.gateway import metrics
from producers.gateway.problems import ProblemError
from producers.gateway.service import Gateway
from producers.integrations import Integration, Permission
from producers.problems import InvalidError, SubmissionError

ApiRequest = Request[Any, Any, Any]


def authorise(request: ApiRequest, permission: Permission | None) -> tuple[Gateway, Integration]:
    """The gateway, and the integration that the key belongs to, if it may do that; None: any integration.

    Raises the problem 401 or 403.
    """
    gateway: Gateway = request.app.state.gateway
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    integration = gateway.integrations.by_key(key.strip()) if scheme.lower() == "bearer" else None
    if integration is None:
        metrics.REFUSED.labels("unauthorised").inc()
        raise ProblemError(
            401,
            "unauthorised",
            "Send the key of your integration as Authorization: Bearer KEY.",
            headers={"WWW-Authenticate": 'Bearer realm="reports"'},
        )
    if permission is not None and permission not in integration.may:
        metrics.REFUSED.labels("forbidden").inc()
        raise ProblemError(
            403, "forbidden", f"It lacks the permission {permission.value}; whoever gave you the key can grant it."
        )
    return gateway, integration


def check_media_type(request: ApiRequest) -> None:
    """Raise the problem 415 unless the body is plain JSON."""
    media_type, parameters = request.content_type
    charset = parameters.get("charset", "utf-8").lower()
    encoding = request.headers.get("content-encoding", "identity").lower()
    if media_type != "application/json" or charset not in {"utf-8", "utf8"} or encoding != "identity":
        metrics.REFUSED.labels("media-type").inc()
        raise ProblemError(415, "media-type", "Send Content-Type: application/json in UTF-8, uncompressed.")


def spend(gateway: Gateway, integration: Integration, cost: int, purpose: str = "") -> None:
    """Count against the integration's rate, for each purpose apart.  Raises the problem 429."""
    take(gateway, integration.rate, f"{purpose}{integration.source}", cost)


def take(gateway: Gateway, rate: str, key: str, cost: int = 1) -> None:
    """Count `cost` against a rate such as `6000/minute`.  Raises the problem 429."""
    wait = gateway.rates.take(limits.parse(rate), key, cost)
    if wait is not None:
        metrics.REFUSED.labels("too-many").inc(cost)
        raise ProblemError(
            429,
            "too-many",
            f"Your integration may do {rate}; send the same again later.",
            headers={"Retry-After": str(wait)},
        )


def refusal(error: SubmissionError) -> ProblemError:
    """The problem of a submission that can't be taken: 400 if it is not JSON, else 422."""
    invalid = isinstance(error, InvalidError)
    reason = "invalid" if invalid else "malformed"
    metrics.REFUSED.labels(reason).inc()
    return ProblemError(
        422 if invalid else 400,
        reason,
        "See errors for each wrong field and its remedy.",
        errors=error.problems,
    )
