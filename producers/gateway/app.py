"""The gateway as an ASGI application."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from litestar import Litestar
from litestar.datastructures import State
from litestar.plugins.prometheus import PrometheusConfig, PrometheusController

from producers.gateway import api, assets, health, metrics, numbers, openapi, prevention, whoami
from producers.gateway.batches import MAX_BATCH, MAX_BATCH_BYTES
from producers.gateway.form import handlers
from producers.gateway.leaflets import handlers as leaflets
from producers.gateway.problems import EXCEPTION_HANDLERS
from producers.gateway.service import Gateway

PROMETHEUS = PrometheusConfig(app_name="gateway", prefix="saqbol_gateway_http", group_path=True)


class MetricsController(PrometheusController):
    """Metrics in Prometheus' text format."""

    path = "/metrics"
    include_in_schema = False


def create_app(gateway: Gateway, public_url: str = "") -> Litestar:
    """The application around one `Gateway`, whose connections live as long as the application."""

    @asynccontextmanager
    async def lifespan(_: Litestar) -> AsyncIterator[None]:
        metrics.KAFKA_READY.set_function(lambda: gateway.publisher.ready)
        gateway.publisher.start()
        try:
            yield
        finally:
            await gateway.publisher.close()
            await gateway.index.close()

    return Litestar(
        route_handlers=[
            handlers.router,
            leaflets.router,
            api.router,
            numbers.router,
            prevention.router,
            whoami.router,
            health.router,
            assets.router,
            MetricsController,
        ],
        lifespan=[lifespan],
        state=State(
            {"gateway": gateway, "public_url": public_url, "door": handlers.Door(gateway.hasher.derive("challenge"))}
        ),
        middleware=[PROMETHEUS.middleware],
        before_send=[assets.add_security_headers],
        exception_handlers=EXCEPTION_HANDLERS,
        logging_config=None,
        openapi_config=openapi.config(api.MAX_REPORT_BYTES, MAX_BATCH_BYTES, MAX_BATCH),
    )
