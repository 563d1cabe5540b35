"""What kind of file it is, and its fingerprint: one look at every byte.

UTF-8 is recognised by being valid to the last byte; what is not is Windows-1251, the encoding of old Russian programs,
unless it begins as UTF-16.  KZ-1048, its variant with Kazakh letters, can't be told from it and must be named.
"""

from __future__ import annotations

import codecs
import hashlib
from pathlib import Path
from typing import Final

from msgspec import Struct

_CHUNK: Final = 1_048_576
_ZIP: Final = b"PK\x03\x04"
_OLD_EXCEL: Final = b"\xd0\xcf\x11\xe0"
#: Python's names of encodings, by the names that people and mappings use.
_PYTHON_NAMES: Final = {"utf-8": "utf-8-sig", "windows-1251": "cp1251", "kz-1048": "kz1048"}
_USUAL_NAMES: Final = {"utf-8-sig": "UTF-8", "cp1251": "Windows-1251", "kz1048": "KZ-1048"}
#: So many letters of two bytes before the first wrong one don't come about by chance in Windows-1251.
_SURELY_UTF8: Final = 100


class EncodingError(ValueError):
    """The file is of a kind that can't be read; the message says what to do."""


class Nature(Struct, frozen=True):
    """What a file is: its SHA-256, whether it is an XLSX file, and the encoding of a text file (Python's name)."""

    digest: str
    is_xlsx: bool
    encoding: str


def examine(path: Path, encoding: str | None = None) -> Nature:
    """Look at the whole file once; `encoding` is believed if it is given.  Raises EncodingError, or OSError."""
    digest = hashlib.sha256()
    decoder = codecs.getincrementaldecoder("utf-8")()
    wide = position = 0
    broken_at: int | None = None
    with path.open("rb") as file:
        start = file.read(4)
        file.seek(0)
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
            if broken_at is None:
                try:
                    text = decoder.decode(chunk)
                except UnicodeDecodeError as error:
                    broken_at = position + error.start
                    wide += _wide(error.object[: error.start].decode("utf-8"))
                else:
                    wide += _wide(text) if wide <= _SURELY_UTF8 else 0
            position += len(chunk)
    if start == _ZIP:
        return Nature(digest.hexdigest(), True, "")
    if start == _OLD_EXCEL:
        raise EncodingError("this is a file of an old Excel; save it as XLSX or CSV")
    if broken_at is None and decoder.getstate()[0]:
        broken_at = position
    return Nature(digest.hexdigest(), False, _python_name(encoding) or _detected(start, broken_at, wide))


def _wide(text: str) -> int:
    """Letters that take more than one byte."""
    return sum(letter > "\x7f" for letter in text) if not text.isascii() else 0


def _detected(start: bytes, broken_at: int | None, wide: int) -> str:
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if broken_at is None:
        return "utf-8-sig"
    if wide > _SURELY_UTF8:
        raise EncodingError(
            f"the file is UTF-8 up to byte {broken_at:,} and damaged there; mend it, or name the encoding"
        )
    return "cp1251"


def _python_name(encoding: str | None) -> str | None:
    return _PYTHON_NAMES.get(encoding or "", encoding)


def usual_name(encoding: str) -> str:
    """An encoding as people call it, from Python's name: UTF-8, Windows-1251."""
    return _USUAL_NAMES.get(encoding, encoding.upper())
