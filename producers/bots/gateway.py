"""The gateway's API as a bot needs it: look numbers up, and hand over a report."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Final
from urllib.parse import quote

import httpx
import msgspec

from producers.lookup import KnownNumber
from schemas.events import ReportSubmission

log: Final = logging.getLogger(__name__)

#: A person waits for the answer: a look-up that takes longer is done without.
LOOK_UP_TIMEOUT: Final = 3.0
#: The gateway answers once Kafka has the report, or refuses within this time (seconds).
SUBMIT_TIMEOUT: Final = 30.0
_ACCEPTED: Final = 202
#: Answers that say "later": too many, or something is away.
_LATER: Final = {408, 429}

_known: Final = msgspec.json.Decoder(KnownNumber)


class AwayError(Exception):
    """The gateway can't take the report now: try again, after `wait` seconds if it said so."""

    def __init__(self, wait: float | None = None) -> None:
        super().__init__("the gateway is away")
        self.wait = wait


class RefusedError(Exception):
    """The gateway won't take the report as it is; the message says why, without a word of the report."""


class GatewayClient:
    """The gateway at one address, with the key of one integration."""

    def __init__(self, url: str, key: str) -> None:
        # not through a proxy: the gateway is ours, on this machine or in this network
        self._http = httpx.AsyncClient(base_url=url, headers={"Authorization": f"Bearer {key}"}, trust_env=False)

    async def close(self) -> None:
        """Let go of the connections."""
        await self._http.aclose()

    async def ready(self) -> bool:
        """Whether the gateway can take reports."""
        try:
            return (await self._http.get("/health/ready", timeout=LOOK_UP_TIMEOUT)).status_code == httpx.codes.OK
        except httpx.HTTPError:
            return False

    async def look_up(self, values: Sequence[str]) -> list[KnownNumber] | None:
        """What is known of numbers, in the given order; None if that can't be told now."""
        try:
            async with asyncio.timeout(LOOK_UP_TIMEOUT):
                return await asyncio.gather(*(self._look_up(value) for value in values))
        except (TimeoutError, httpx.HTTPError, msgspec.DecodeError) as error:
            log.warning("numbers can't be looked up: %s", _cause(error))
            return None

    async def submit(self, report: ReportSubmission) -> str:
        """Hand over a report; returns its id once the log has it.  Raises AwayError or RefusedError."""
        headers = {"Content-Type": "application/json"}
        try:
            body = msgspec.json.encode(report)
            reply = await self._http.post("/v1/reports", content=body, headers=headers, timeout=SUBMIT_TIMEOUT)
        except httpx.HTTPError as error:
            log.warning("the gateway can't be reached: %s", _cause(error))
            raise AwayError from None
        if reply.status_code == _ACCEPTED:
            return str(reply.json()["id"])
        if reply.status_code >= httpx.codes.INTERNAL_SERVER_ERROR or reply.status_code in _LATER:
            raise AwayError(_seconds(reply.headers.get("retry-after")))
        raise RefusedError(f"{reply.status_code} {_fields(reply)}")

    async def _look_up(self, value: str) -> KnownNumber:
        reply = await self._http.get(f"/v1/numbers/{quote(value, safe='')}", timeout=LOOK_UP_TIMEOUT)
        reply.raise_for_status()
        return _known.decode(reply.content)


def _cause(error: Exception) -> str:
    """What went wrong, without the address, which holds the number."""
    if isinstance(error, httpx.HTTPStatusError):
        return f"status {error.response.status_code}"
    return type(error).__name__


def _seconds(header: str | None) -> float | None:
    return float(header) if header and header.isdecimal() else None


def _fields(reply: httpx.Response) -> str:
    """The wrong fields that a refusal names: the gateway never repeats a value."""
    try:
        return "; ".join(f"{error['field']} {error['problem']}" for error in reply.json().get("errors", ()))
    except (ValueError, KeyError, TypeError, AttributeError):
        return ""
