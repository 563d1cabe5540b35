"""One broker and one gateway for all of these tests; `test_faults` stops the broker, and the gateway has to bear it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.gateway_process import PARTNER, Broker, Gateway, broker_running, gateway_running


@pytest.fixture(scope="session")
def broker(stack_cache: Path) -> Iterator[Broker]:
    with broker_running(stack_cache) as running:
        yield running


@pytest.fixture(scope="session")
def shared_gateway(broker: Broker) -> Iterator[Gateway]:
    with gateway_running(broker.bootstrap_servers) as running:
        yield running


@pytest.fixture(scope="module")
def gateway(shared_gateway: Gateway) -> Gateway:
    shared_gateway.wait_until_ready()
    return shared_gateway


@pytest.fixture(scope="module")
def api(gateway: Gateway) -> Iterator[httpx.Client]:
    """A client with the key of the integration `mamlyut-desk`."""
    with gateway.client() as client:
        yield client


@pytest.fixture(scope="module")
def partner(gateway: Gateway) -> Iterator[httpx.Client]:
    """A client with the key of the integration that may do everything."""
    with gateway.client(PARTNER.source) as client:
        yield client
