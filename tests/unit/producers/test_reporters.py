"""Reporters: one form and one hash for one person."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from producers.reporters import ReporterHasher, ReporterKeyError, create_key, holds_phone, load_key, normalise
from schemas.events import Channel

HASHER = ReporterHasher(b"k" * 32)


@pytest.mark.parametrize(
    "spelling",
    [
        "87051234567",
        "+77051234567",
        "77051234567",
        "7051234567",
        "+7 (705) 123-45-67",
        "8 705 123 45 67",
        "8\u00a0705\u00a0123\u201345\u201367",
        "٨٧٠٥١٢٣٤٥٦٧",
        "８７０５１２３４５６７",
    ],
)
def test_a_phone_has_one_form(spelling: str) -> None:
    assert normalise(spelling, Channel.HOTLINE) == "+77051234567"


@pytest.mark.parametrize(
    ("given", "channel", "form"),
    [
        ("7051234567", Channel.TELEGRAM, "telegram:7051234567"),
        ("87051234567", Channel.TELEGRAM, "+77051234567"),
        ("123456", Channel.TELEGRAM, "telegram:123456"),
        ("123456", Channel.HOTLINE, "hotline:123456"),
        ("User.Name", Channel.WEB, "web:user.name"),
        ("+4915112345678", Channel.WHATSAPP, "+4915112345678"),
        ("89123456789", Channel.HOTLINE, "+79123456789"),
        ("9123456789", Channel.HOTLINE, "hotline:9123456789"),
    ],
)
def test_other_forms(given: str, channel: Channel, form: str) -> None:
    assert normalise(given, channel) == form


def test_the_hash_depends_on_the_key_and_the_person_only() -> None:
    value = HASHER.reporter("+77051234567")
    assert re.fullmatch("[0-9a-f]{32}", value)
    assert value == HASHER.reporter("+77051234567")
    assert len({value, HASHER.reporter("+77051234568"), ReporterHasher(b"x" * 32).reporter("+77051234567")}) == 3


def test_purposes_do_not_mix() -> None:
    assert HASHER.reference("a", "bc") != HASHER.reference("ab", "c")
    assert HASHER.reporter("x") not in HASHER.reference("x", "x")
    assert len({HASHER.derive("a"), HASHER.derive("b"), b"k" * 32}) == 3


@pytest.mark.parametrize(
    ("identifier", "holds"),
    [
        ("+77051234567", True),
        ("wa-87051234567-1", True),
        ("7051234567", True),
        ("8 705 123 45 67", True),
        ("Иванова, 8-705-123-45-67", True),
        ("+7 (705) 123-45-67", True),
        ("8 (71541) 2-15-65", True),
        ("1768383000123", False),
        ("7-2026-01-14-1", False),
        ("0f4a8e1c-7051-4234-8567-705123456789", False),
        ("message-42", False),
        ("8f14e45fceea167a5a36dedd4bea2543", False),
        ("dd57ca52cdc67051234567d278d412c3", False),
    ],
)
def test_a_phone_inside_an_identifier_is_found(identifier: str, holds: bool) -> None:
    assert holds_phone(identifier) is holds


def test_the_reporters_own_phone_is_found_however_embedded() -> None:
    assert holds_phone("msg77051234567x", "+77051234567")
    assert holds_phone("8705-123-4567", "+77051234567")
    assert not holds_phone("msg77051234568x", "+77051234567")


def test_the_key_file(tmp_path: Path) -> None:
    path = tmp_path / "secrets" / "hmac.key"
    create_key(path)
    assert path.stat().st_mode & 0o777 == 0o600
    before = path.read_bytes()
    create_key(path)
    assert path.read_bytes() == before
    assert load_key(path).reporter("x") == load_key(path).reporter("x")


def test_a_bad_key_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ReporterKeyError, match=r"none\.key"):
        load_key(tmp_path / "none.key")
    short = tmp_path / "short.key"
    short.write_text("1234\n")
    with pytest.raises(ReporterKeyError, match=r"short\.key.*32"):
        load_key(short)
