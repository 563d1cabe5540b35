"""The desk's client of the gateway, against something that is none."""

from __future__ import annotations

from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from producers.desk.gateway import GatewayAwayError, GatewayClient


@pytest.mark.parametrize("status", [200, 422])
async def test_what_is_no_gateway_counts_as_away(tmp_path: Path, status: int) -> None:
    async def page(_: web.Request) -> web.Response:
        return web.Response(status=status, text="<html>maintenance</html>", content_type="text/html")

    (tmp_path / "desk").write_text("key\n", encoding="ascii")
    app = web.Application()
    app.router.add_post("/v1/prevention", page)
    async with TestServer(app, host="127.0.0.1") as server:
        client = GatewayClient(str(server.make_url("")), tmp_path)
        client.start()
        try:
            with pytest.raises(GatewayAwayError):
                await client.post("desk", "/v1/prevention", {})
        finally:
            await client.close()
