"""Whether the desk is alive."""

from __future__ import annotations

from typing import Final

from litestar import Router, get


@get("/live", include_in_schema=False, opt={"public": True})
async def live() -> dict[str, str]:
    """200 while the process answers at all."""
    return {"status": "alive"}


router: Final = Router(path="/health", route_handlers=[live])
