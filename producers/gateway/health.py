"""Whether the gateway is alive, and whether it can take reports."""

from __future__ import annotations

from typing import Any, Final

from litestar import Request, Response, Router, get
from litestar.openapi import ResponseSpec

from producers.gateway.publisher import RETRY_AFTER


@get("/live", operation_id="live", summary="Is the process alive?")
async def live() -> dict[str, str]:
    """200 while the process answers at all: restart it if not."""
    return {"status": "alive"}


@get(
    "/ready",
    operation_id="ready",
    summary="Can reports be taken?",
    responses={503: ResponseSpec(dict[str, str], generate_examples=False, description="Kafka is away")},
)
async def ready(request: Request[Any, Any, Any]) -> Response[dict[str, str]]:
    """200 while reports can be taken, else 503: send no traffic here then."""
    if request.app.state.gateway.publisher.ready:
        return Response({"status": "ready", "kafka": "reachable"})
    return Response(
        {"status": "not ready", "kafka": "away"}, status_code=503, headers={"Retry-After": str(RETRY_AFTER)}
    )


router: Final = Router(path="/health", route_handlers=[live, ready], tags=["health"])
