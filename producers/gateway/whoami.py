"""`GET /v1/integration`: whose key this is and what it may do, so that a mistake shows before anything is sent."""

from __future__ import annotations

from typing import Final

from litestar import Router, get
from msgspec import Struct

from producers.gateway.openapi import problem_responses
from producers.gateway.requests import ApiRequest, authorise
from producers.integrations import Permission
from schemas.events import Channel


class KnownIntegration(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An integration: the source and channel of what it sends, what it may do, and what completes its reports."""

    source: str
    channel: Channel
    may: list[Permission]
    rate: str
    area_code: str | None = None
    region: str | None = None
    district: str | None = None


@get(
    "/v1/integration",
    operation_id="showIntegration",
    summary="Whose key is this?",
    tags=["integration"],
    security=[{"key": []}],
    responses=problem_responses((401, "unauthorised")),
)
async def show_integration(request: ApiRequest) -> KnownIntegration:
    """The integration that the key belongs to."""
    _, integration = authorise(request, None)
    return KnownIntegration(
        source=integration.source,
        channel=integration.channel,
        may=sorted(integration.may),
        rate=integration.rate,
        area_code=integration.area_code,
        region=integration.region,
        district=integration.district,
    )


router: Final = Router(path="/", route_handlers=[show_integration])
