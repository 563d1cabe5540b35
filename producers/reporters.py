"""Who reported, without knowing who: a keyed hash of the reporter's phone or chat id (HMAC-SHA256, RFC 2104).

Numbers are few enough to try them all, so a plain hash would hide nobody: only the key does.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
import unicodedata
from pathlib import Path
from typing import Final

from schemas.events import Channel

KEY_BYTES: Final = 32
_HASH_DIGITS: Final = 32
_SEPARATORS: Final = re.compile(r"[\s().\-‐-―]+")
_INTERNATIONAL: Final = re.compile(r"\+[1-9][0-9]{7,14}")
_NATIONAL: Final = re.compile(r"[78][0-9]{10}|[67][0-9]{9}")
#: A number of Kazakhstan inside an identifier, e.g. `wa-77051234567-3` or `8 (705) 123-45-67`; digits amid letters are
#: part of a random id.
_SEPARATED: Final = r"[\s().\-‐-―]{0,2}"
_PHONE_INSIDE: Final = re.compile(
    rf"(?<![0-9A-Za-z])(?:(?:\+?7|8){_SEPARATED})?7[0-9]{{2}}(?:{_SEPARATED}[0-9]){{7}}(?![0-9A-Za-z])"
)


class ReporterKeyError(ValueError):
    """The key file is missing, unreadable or too short; the message names the file and the remedy."""


def normalise(reporter: str, channel: Channel) -> str:
    """One form for one person: `+` and digits for a phone in whatever spelling, else `channel:id`.

    A national number has 10 digits, after the trunk prefix 8 or the country code 7 on 11.  Ten digits alone are a phone
    except from Telegram, whose chat ids look the same.  The rule is written out instead of asking a library of
    numbering plans: a hash must not change because such a library learns of a new range.
    """
    folded = unicodedata.normalize("NFKC", reporter).casefold()
    digits = _SEPARATORS.sub("", "".join(str(unicodedata.decimal(c, c)) for c in folded))
    if _INTERNATIONAL.fullmatch(digits):
        return digits
    if _NATIONAL.fullmatch(digits) and (len(digits) == 11 or channel is not Channel.TELEGRAM):
        return "+7" + digits[-10:]
    return f"{channel.value}:{folded.strip()}"


def holds_phone(identifier: str, own: str | None = None) -> bool:
    """Whether an identifier contains a subscriber's number, or the reporter's `own` phone (E.164) however embedded."""
    digits = re.sub(r"[^0-9]", "", identifier)
    return _PHONE_INSIDE.search(identifier) is not None or (own is not None and own[-10:] in digits)


class ReporterHasher:
    """Hashes with one secret key; the same key must be used for as long as reporters are to be told apart."""

    def __init__(self, key: bytes) -> None:
        """`key`: at least 32 random bytes.  Raises ReporterKeyError if it is shorter."""
        if len(key) < KEY_BYTES:
            raise ReporterKeyError(f"a key of {len(key)} bytes is too short; use at least {KEY_BYTES} random bytes")
        self._key = key

    def reporter(self, normal: str) -> str:
        """32 hexadecimal digits that stand for the person (`ReporterHash`), from the form that `normalise` gives."""
        return self._digest("reporter", normal)

    def reference(self, source: str, source_ref: str) -> str:
        """A stand-in for a source_ref that holds a phone or a secret: the same one for every retry."""
        return "h-" + self._digest("source-ref", f"{source}\x1f{source_ref}")

    def derive(self, purpose: str) -> bytes:
        """A key for another purpose, independent of what the hashes use (32 bytes)."""
        return hmac.digest(self._key, f"derive\x1f{purpose}".encode(), hashlib.sha256)

    def _digest(self, purpose: str, value: str) -> str:
        text = f"{purpose}\x1f{value}".encode("utf-8", "surrogatepass")
        return hmac.new(self._key, text, hashlib.sha256).hexdigest()[:_HASH_DIGITS]


def load_key(path: Path) -> ReporterHasher:
    """The hasher whose key is in a file.  Raises ReporterKeyError."""
    try:
        key = path.read_bytes().strip()
    except OSError as error:
        raise ReporterKeyError(f"{path}: {error.strerror}; create it with 32 random bytes in hexadecimal") from error
    try:
        return ReporterHasher(key)
    except ReporterKeyError as error:
        raise ReporterKeyError(f"{path}: {error}") from error


def create_key(path: Path) -> None:
    """Write a fresh random key to `path`, readable by its owner alone; an existing file is kept."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secrets.token_hex(KEY_BYTES) + "\n")
