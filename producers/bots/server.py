"""A bot as a web server: its webhook, and whether it is well."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Final

import uvicorn
from litestar import Litestar, Request, Response, Router, get
from litestar.datastructures import State
from litestar.types import ControllerRouterHandler

from producers.bots.engine import Engine
from producers.bots.gateway import GatewayClient
from producers.bots.settings import BotSettings
from producers.gateway.access import with_access_log
from producers.gateway.problems import EXCEPTION_HANDLERS

#: The longest body of a webhook; what messengers send is a few kB, some hundred at most.
MAX_BODY: Final = 1_048_576


class Health:
    """What `/health/ready` asks: the gateway, and whether the bot's messenger answers."""

    def __init__(self, gateway: GatewayClient, engine: Engine, messenger: Callable[[], bool]) -> None:
        self.gateway, self.engine, self.messenger = gateway, engine, messenger

    async def state(self) -> dict[str, Any]:
        """Each part's state by name, and how many reports wait for the gateway or for an answer."""
        return {
            "gateway": "reachable" if await self.gateway.ready() else "away",
            "messenger": "reachable" if self.messenger() else "away",
            "waiting": self.engine.pending,
        }


@get("/live", include_in_schema=False)
async def live() -> dict[str, str]:
    """200 while the process answers at all: restart it if not."""
    return {"status": "alive"}


@get("/ready", include_in_schema=False)
async def ready(request: Request[Any, Any, Any]) -> Response[dict[str, Any]]:
    """200 while messages come and reports go, else 503 with what is away; what came in meanwhile is kept."""
    parts = await request.app.state.health.state()
    well = "away" not in parts.values()
    return Response({"status": "ready" if well else "not ready", **parts}, status_code=200 if well else 503)


def create_app(
    handlers: Sequence[ControllerRouterHandler],
    work: Callable[[], AbstractAsyncContextManager[None]],
    state: dict[str, Any],
) -> Litestar:
    """The application: `handlers` of the webhook, health, and `work` for as long as it lives."""

    @asynccontextmanager
    async def lifespan(_: Litestar) -> AsyncIterator[None]:
        async with work():
            yield

    return Litestar(
        route_handlers=[*handlers, Router(path="/health", route_handlers=[live, ready])],
        lifespan=[lifespan],
        state=State(state),
        exception_handlers=EXCEPTION_HANDLERS,
        request_max_body_size=MAX_BODY,
        logging_config=None,
        openapi_config=None,
    )


async def serve(app: Litestar, settings: BotSettings, stop: asyncio.Event) -> None:
    """Serve until SIGTERM or SIGINT, or until `stop` is set."""
    config = uvicorn.Config(
        with_access_log(app),
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=10,
    )
    server = uvicorn.Server(config)

    async def watch() -> None:
        await stop.wait()
        server.should_exit = True

    watching = asyncio.create_task(watch())
    try:
        await server.serve()
    finally:
        watching.cancel()
