"""What people read, in their language: why a number is judged as it is.  Pure; the texts are data."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Final, Literal

from msgspec import Struct

from schemas.events import AffectedGroup
from schemas.local_time import ZONE
from schemas.reference import Words, load, official_numbers
from streams.reputation import Assessment, State

Locale = Literal["ru", "kk", "en"]
LOCALES: Final[tuple[Locale, ...]] = ("ru", "kk", "en")
#: Kazakhstan has one time zone since 2024.


class Texts(Struct, frozen=True, forbid_unknown_fields=True):
    """Content of `texts.yaml`: texts by name, in three languages."""

    groups: dict[AffectedGroup, Words]
    number: dict[str, Words]


@cache
def texts() -> Texts:
    """All texts.  Raises ReferenceDataError."""
    return load(Path(__file__).parent / "texts.yaml", Texts)


def in_language(words: Words, locale: Locale) -> str:
    """The text in one language."""
    return str(getattr(words, locale))


def number_reasons(number: str, told: Assessment, locale: Locale) -> list[str]:
    """Why a number is judged as it is: whole sentences, the most important first."""
    entry = official_numbers().get(number)
    owner = in_language(entry.owner, locale) if entry else ""
    values: dict[str, object] = {
        "owner": owner,
        "reporters": told.reporters,
        "weight": told.weight,
        "questions": told.questions,
        "victims": told.victims,
        "loss": money(told.loss_kzt),
        "appeals": told.appeals,
        "day": _day(told.last_seen),
    }
    shown: list[tuple[str, object]] = [
        (told.state.value, True),
        ("impersonated", told.impersonated),
        ("doubted", told.doubted),
        ("reporters", told.reporters),
        ("anonymous", told.anonymous and told.state is not State.OFFICIAL),
        ("questions", told.questions),
        ("harm" if told.loss_kzt else "victims", told.victims),
        ("last_seen", told.last_seen),
        ("appeals", told.appeals),
    ]
    lines = [in_language(texts().number[name], locale).format(**values) for name, wanted in shown if wanted]
    if told.verdict is not None:
        words = texts().number["verdict"]
        lines.append(in_language(words, locale).format(day=_day(told.verdict.at), reason=told.verdict.reason))
    return lines


def money(tenge: int) -> str:
    """A sum in tenge with groups of three digits, e.g. `1 250 000 ₸` (no-break spaces)."""
    return f"{tenge:,}".replace(",", "\N{NO-BREAK SPACE}") + "\N{NO-BREAK SPACE}₸"


def _day(at: datetime | None) -> str:
    return at.astimezone(ZONE).strftime("%d.%m.%Y") if at else ""
