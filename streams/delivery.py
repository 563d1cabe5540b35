"""Messages to people through Apprise, each in a thread of its own: one dead service delays nobody else's message."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import apprise

#: Deliveries at the same time; a service that hangs is given up by Apprise after its own timeouts (some seconds).
AT_ONCE: Final = 32
#: Longest wait for one delivery (seconds); what comes later counts as not delivered, and is tried again.
WITHIN: Final = 30.0

_ASSET: Final = apprise.AppriseAsset(app_id="SaqBol", app_desc="SaqBol", async_mode=False)


class Messenger:
    """Sends messages to Apprise URLs."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="delivery")

    async def deliver(self, url: str, title: str, body: str) -> bool:
        """Whether the service behind `url` took the message."""
        sending = asyncio.get_running_loop().run_in_executor(self._threads, _notify, url, title, body)
        try:
            return await asyncio.wait_for(sending, WITHIN)
        except TimeoutError:
            return False

    def close(self) -> None:
        """Let go of the threads; what is on its way may still arrive."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def is_known(url: str) -> bool:
    """Whether Apprise knows what to do with a URL."""
    return bool(apprise.Apprise(asset=_ASSET).add(url))


def _notify(url: str, title: str, body: str) -> bool:
    service = apprise.Apprise(asset=_ASSET)
    if not service.add(url):
        return False
    return bool(service.notify(title=title, body=body, body_format=apprise.NotifyFormat.TEXT))
