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
#: A service whose messages are shorter than this (characters) gets the brief form: an SMS, mostly.
BRIEF: Final = 1_000

#: What Apprise calls mail.
MAIL: Final = "mailto"

_ASSET: Final = apprise.AppriseAsset(app_id="SaqBol", app_desc="SaqBol", async_mode=False)


class Messenger:
    """Sends messages to Apprise URLs."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="delivery")
        # Apprise imports its 170 services at the first URL: a second or more, which no message should wait for.
        is_known("json://127.0.0.1")

    async def deliver(self, url: str, title: str, body: str, thread: str | None = None) -> bool:
        """Whether the service behind `url` took the message; those of one `thread` belong together."""
        sending = asyncio.get_running_loop().run_in_executor(self._threads, _notify, url, title, body, thread)
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


def is_brief(url: str) -> bool:
    """Whether the service behind a URL takes short messages only."""
    service = apprise.Apprise(asset=_ASSET)
    service.add(url)
    return any(plugin.body_maxlen < BRIEF for plugin in service)


def _notify(url: str, title: str, body: str, thread: str | None) -> bool:
    service = apprise.Apprise(asset=_ASSET)
    if not service.add(url):
        return False
    for plugin in service:
        if thread and plugin.protocol == MAIL:  # mail programs keep together what refers to the same message
            plugin.headers["References"] = f"<{thread}@saqbol>"  # type: ignore[attr-defined]
    return bool(service.notify(title=title, body=body, body_format=apprise.NotifyFormat.TEXT))
