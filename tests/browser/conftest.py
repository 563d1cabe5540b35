"""The web form and the desk in a real Chromium, against a gateway on a real Kafka."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from deploy.provision import provision
from deploy.stack.local import Stack
from tests.desk_process import Desk, desk_running
from tests.gateway_process import Broker, Gateway, broker_running, gateway_running

#: Chromium talks to nobody but the page, and starts without a profile, a sandbox of its own or a screen.
_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PHONE = (360, 740)
DESKTOP = (1280, 900)

_addresses = (f"10.2.{n // 250}.{n % 250 + 1}" for n in itertools.count())

OpenPage = Callable[..., Page]


@pytest.fixture(scope="package")
def broker(stack_cache: Path) -> Iterator[Broker]:
    with broker_running(stack_cache) as running:
        yield running


@pytest.fixture(scope="package")
def gateway(broker: Broker) -> Iterator[Gateway]:
    with gateway_running(broker.bootstrap_servers) as running:
        running.wait_until_ready()
        yield running


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    executable = shutil.which("chromium") or shutil.which("chromium-browser")
    if executable is None:
        pytest.skip("no Chromium on this machine (Debian: apt-get install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=_ARGUMENTS)
        yield browser
        browser.close()


@contextmanager
def fresh_pages(chromium: Browser, base_url: str) -> Iterator[OpenPage]:
    """Opens a path in a fresh browser with an address of its own; an error in one of them fails the test."""
    contexts: list[BrowserContext] = []
    errors: list[str] = []

    def open_(path: str, size: tuple[int, int] = DESKTOP, *, script: bool = True, language: str = "ru-RU") -> Page:
        context = chromium.new_context(
            base_url=base_url,
            viewport={"width": size[0], "height": size[1]},
            java_script_enabled=script,
            locale=language,
            timezone_id="Asia/Almaty",
            extra_http_headers={"X-Forwarded-For": next(_addresses)},
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(30_000)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda message: errors.append(message.text) if "Content Security" in message.text else None)
        page.goto(path)
        return page

    yield open_
    for context in contexts:
        context.close()
    assert errors == []


@pytest.fixture
def open_page(chromium: Browser, gateway: Gateway) -> Iterator[OpenPage]:
    """Opens a path of the gateway."""
    with fresh_pages(chromium, gateway.url) as open_:
        yield open_


@pytest.fixture(scope="package")
def desk_gateway(stack: Stack) -> Iterator[Gateway]:
    """A gateway beside an Elasticsearch, as a desk needs it."""
    provision(stack.bootstrap_servers, stack.elasticsearch_url)
    with gateway_running(stack.bootstrap_servers, elasticsearch=stack.elasticsearch_url) as running:
        running.wait_until_ready()
        yield running


@pytest.fixture(scope="package")
def desk(stack: Stack, desk_gateway: Gateway) -> Iterator[Desk]:
    with desk_running(stack, desk_gateway) as running:
        yield running


@pytest.fixture
def open_desk(chromium: Browser, desk: Desk) -> Iterator[OpenPage]:
    """Opens a path of the desk; nobody is logged in yet."""
    with fresh_pages(chromium, desk.url) as open_:
        yield open_
