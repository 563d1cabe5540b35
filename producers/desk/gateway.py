"""Sends what operators save through the gateway, which alone hashes reporters and writes reports."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any, Final, TypeVar

import aiohttp
import msgspec

from producers.problems import FieldProblem

log: Final = logging.getLogger(__name__)

T = TypeVar("T")

#: Seconds that the gateway may take: it answers once Kafka has acknowledged.
TIMEOUT: Final = 20.0


class GatewayAwayError(Exception):
    """The gateway did not take it now: send the same again later."""


class GatewayRefusedError(Exception):
    """The gateway will never take it as it is; `problems` name the wrong fields, never a value."""

    def __init__(self, problems: list[FieldProblem]) -> None:
        super().__init__("; ".join(f"{p.field} {p.problem}" for p in problems))
        self.problems = problems


class _Refusal(msgspec.Struct):
    errors: list[FieldProblem] = []


class GatewayClient:
    """Speaks to one gateway; `keys` is the folder with the API key of each source, in a file by the source's name."""

    def __init__(self, url: str, keys: Path) -> None:
        self._url, self._keys = url.rstrip("/"), keys

    def start(self) -> None:
        """To be called in the event loop that serves."""
        self._http = aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=TIMEOUT), cookie_jar=aiohttp.DummyCookieJar()
        )

    async def close(self) -> None:
        """Let go of the connections."""
        await self._http.close()

    async def post(self, source: str, path: str, body: Any) -> dict[str, Any]:
        """The gateway's answer to `body` (sent as JSON to `path`) from the integration `source`.

        Raises GatewayAwayError or GatewayRefusedError.
        """
        headers = {"Authorization": f"Bearer {self._key(source)}", "Content-Type": "application/json"}
        try:
            async with self._http.post(self._url + path, data=msgspec.json.encode(body), headers=headers) as answer:
                content = await answer.read()
        except (aiohttp.ClientError, TimeoutError) as error:
            log.warning("the gateway does not answer: %s", type(error).__name__)
            raise GatewayAwayError from error
        if answer.status in {400, 422}:
            raise GatewayRefusedError(_decoded(content, _Refusal).errors)
        if answer.status >= 300:
            log.error("the gateway answers %d to %s; is the key of %s right?", answer.status, path, source)
            raise GatewayAwayError
        return _decoded(content, dict[str, Any])

    def _key(self, source: str) -> str:
        try:
            return (self._keys / source).read_text(encoding="ascii").strip()
        except OSError as error:
            log.error("no key for the source %s: put it in %s", source, self._keys / source)
            raise GatewayAwayError from error


def _decoded(content: bytes, kind: type[T]) -> T:
    """Raises GatewayAwayError for what no gateway of ours says."""
    try:
        return msgspec.json.decode(content, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError):
        log.error("what answers at the gateway's address is no gateway")
        raise GatewayAwayError from None
