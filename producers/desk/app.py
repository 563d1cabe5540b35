"""The desk as an ASGI application."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from litestar import Litestar
from litestar.datastructures import State
from litestar.types import Message, Scope

from producers.desk import health, links, login
from producers.desk.access import from_our_pages, known_host, signed_in
from producers.desk.errors import EXCEPTION_HANDLERS
from producers.desk.pages import PAGES
from producers.desk.service import Desk
from producers.web import assets


async def _headers(message: Message, _: Scope) -> None:
    """Hook before an answer is sent."""
    assets.add_security_headers(message)


def create_app(desk: Desk) -> Litestar:
    """The application around one `Desk`, whose connections live as long as the application."""

    @asynccontextmanager
    async def lifespan(_: Litestar) -> AsyncIterator[None]:
        await desk.start()
        tasks = [asyncio.create_task(page.work(desk)) for page in PAGES if page.work]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await desk.close()

    own = assets.files_in(Path(__file__).with_name("static"))
    return Litestar(
        route_handlers=[
            login.router,
            health.router,
            links.router,
            assets.static_router(assets.SHARED | own),
            *(page.router() for page in PAGES),
        ],
        guards=[known_host, signed_in, from_our_pages],
        lifespan=[lifespan],
        state=State({"desk": desk, "pages": PAGES}),
        before_send=[_headers],
        exception_handlers=EXCEPTION_HANDLERS,
        logging_config=None,
        openapi_config=None,
    )
