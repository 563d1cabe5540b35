"""Proof of work for busy times: ALTCHA (https://altcha.org/docs/v2/), solved by the page's own script.

The browser must find a counter whose PBKDF2 key begins with a given prefix, some hundred tries of about a millisecond.
A person does not notice; somebody who wants to send ten thousand reports needs hours of computing.
"""

from __future__ import annotations

import secrets
import time
from typing import Any, Final

import altcha

_ALGORITHM: Final = "PBKDF2/SHA-256"
#: Iterations of PBKDF2 for one try, and how many tries the solution lies away.
_COST: Final = 4_000
_MIN_TRIES: Final = 100
_MAX_TRIES: Final = 500
#: Seconds within which a solution is taken, once.
LIFETIME: Final = 600


class Challenges:
    """Makes challenges and accepts each solution once.  The memory of used ones is this process's own."""

    def __init__(self, key: bytes) -> None:
        """`key` signs the challenges; every gateway process must have the same one."""
        self._key = key.hex()
        self._used: dict[str, float] = {}

    def new(self) -> dict[str, Any]:
        """A fresh challenge, as the page's script expects it."""
        challenge = altcha.create_challenge(
            _ALGORITHM,
            _COST,
            counter=_MIN_TRIES + secrets.randbelow(_MAX_TRIES - _MIN_TRIES),
            expires_at=int(time.time()) + LIFETIME,
            hmac_secret=self._key,
            hmac_key_secret=self._key + "key",
        )
        return dict(challenge.to_dict())

    def accept(self, solution: str) -> bool:
        """Whether this is the right solution (base64 of JSON) of a challenge of ours that was not used before."""
        now = time.time()
        self._used = {nonce: expires for nonce, expires in self._used.items() if expires > now}
        result = altcha.verify_solution(solution, self._key, hmac_key_secret=self._key + "key")
        if not result.verified:
            return False
        nonce = str(altcha.Payload.from_base64(solution).challenge.parameters.nonce)
        if nonce in self._used:
            return False
        self._used[nonce] = now + LIFETIME
        return True
