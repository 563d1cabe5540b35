"""The gateway's API as the import uses it: whose key it is, and batches of reports, tried again while it is away."""

from __future__ import annotations

from typing import Any, Final

import msgspec
import urllib3
from msgspec import Struct

from producers.problems import FieldProblem

#: Items and bytes of a batch; the gateway takes 500 and 1.5 MB.
MAX_ITEMS: Final = 500
MAX_BYTES: Final = 1_400_000
#: How often one batch is tried: with these pauses and those that the gateway asks for, some ten minutes.
ATTEMPTS: Final = 45
_LONGEST_PAUSE: Final = 15.0
_TIMEOUT: Final = urllib3.Timeout(connect=5.0, read=60.0)
#: Answers that say "later": too much at once, Kafka away, a proxy whose gateway is away.
_LATER: Final = frozenset({429, 502, 503, 504})


class GatewayError(Exception):
    """The gateway can't be used; the message says why and what to do."""


class _Refused(Struct):
    index: int
    errors: list[FieldProblem]


class _Answer(Struct):
    """What a batch is answered with: 202, or the problem 422."""

    accepted: list[Any] = []
    refused: list[_Refused] = []
    detail: str = ""


class _Known(Struct):
    source: str
    may: list[str]


class GatewayClient:
    """Sends batches to one gateway with one key."""

    def __init__(self, url: str, key: str) -> None:
        """`url` of the gateway, such as http://127.0.0.1:8080; `key` of an integration that may report."""
        self._url = url.rstrip("/")
        retries = urllib3.Retry(
            total=ATTEMPTS,
            redirect=0,
            backoff_factor=0.5,
            backoff_max=_LONGEST_PAUSE,
            status_forcelist=_LATER,
            allowed_methods=None,  # the same batch again makes no second report
            raise_on_status=False,
        )
        headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        self._pool = urllib3.PoolManager(retries=retries, timeout=_TIMEOUT, headers=headers)

    def check(self, source: str) -> None:
        """Raise GatewayError unless the key is that of `source`, and it may report."""
        status, body = self._request("GET", "/v1/integration", b"")
        if status != 200:
            raise _unusable(status, body)
        known = msgspec.json.decode(body, type=_Known)
        if known.source != source:
            raise GatewayError(f"the key belongs to the integration {known.source}, not to {source}")
        if "report" not in known.may:
            raise GatewayError(f"the integration {source} may not report; ./saqbol integrations grants it")

    def send(self, items: list[bytes]) -> dict[int, list[FieldProblem]]:
        """Send submissions (JSON) as one batch: what is wrong with each refused one, by its index.

        Returns once the others are kept.  Raises GatewayError.
        """
        status, body = self._request("POST", "/v1/reports/batch", b'{"reports":[' + b",".join(items) + b"]}")
        if status not in {202, 422}:
            raise _unusable(status, body)
        answer = msgspec.json.decode(body, type=_Answer)
        if len(answer.accepted) + len(answer.refused) != len(items):
            raise GatewayError(f"the gateway answered {status} to something else: {answer.detail}")
        return {refused.index: refused.errors for refused in answer.refused}

    def _request(self, method: str, path: str, body: bytes) -> tuple[int, bytes]:
        try:
            response = self._pool.request(method, self._url + path, body=body or None)
        except urllib3.exceptions.HTTPError as error:
            raise GatewayError(
                f"the gateway at {self._url} does not answer ({type(error).__name__}); start the import again later"
            ) from error
        return response.status, response.data


def _unusable(status: int, body: bytes) -> GatewayError:
    try:
        detail = msgspec.json.decode(body, type=_Answer).detail
    except msgspec.DecodeError:
        detail = ""
    return GatewayError(f"the gateway answered {status}: {detail or 'is this the address of a gateway?'}")
