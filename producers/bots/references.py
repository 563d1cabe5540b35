"""Names for chats and messages that tell nobody whose they are.

Chat ids and phones are few enough to try them all, so a plain hash would hide nobody: the bot's own secret keys it.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Final

#: Letters only: what looks like a number would be masked on its way.
_LETTERS: Final = str.maketrans("0123456789abcdef", "abcdefghijklmnop")
_LENGTH: Final = 32


class Naming:
    """Makes names with one secret; with the same secret the same thing always gets the same name."""

    def __init__(self, secret: str, prefix: str) -> None:
        """`secret`: the bot's own, e.g. its token.  `prefix` begins each message's name, e.g. `tg`."""
        self._key = secret.encode()
        self._prefix = prefix

    def message(self, *parts: str) -> str:
        """Name of a message, from what identifies it in its messenger; used as the report's `source_ref`."""
        return f"{self._prefix}-{self._name('message', *parts)}"

    def chat(self, chat: str) -> str:
        """Name of a chat, under which what must be remembered of it is kept."""
        return self._name("chat", chat)

    def _name(self, *parts: str) -> str:
        digest = hmac.new(self._key, "\x1f".join(parts).encode(), hashlib.sha256).hexdigest()
        return digest[:_LENGTH].translate(_LETTERS)
