"""What people read, in their language: an alert, and why a number is judged as it is.  Pure; the texts are data."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Final, Literal
from zoneinfo import ZoneInfo

from msgspec import Struct

from schemas.events import AffectedGroup, Alert
from schemas.reference import Words, load, official_numbers, regions, schemes
from streams.reputation import Assessment, State

Locale = Literal["ru", "kk", "en"]
LOCALES: Final[tuple[Locale, ...]] = ("ru", "kk", "en")
#: Kazakhstan has one time zone since 2024.
ZONE: Final = ZoneInfo("Asia/Almaty")
#: Regions and groups named in an alert, and excerpts quoted.
MAX_NAMED: Final = 4
MAX_EXCERPTS: Final = 2


class Texts(Struct, frozen=True, forbid_unknown_fields=True):
    """Content of `texts.yaml`: texts by name, in three languages."""

    alert: dict[str, Words]
    groups: dict[AffectedGroup, Words]
    number: dict[str, Words]


@cache
def texts() -> Texts:
    """All texts.  Raises ReferenceDataError."""
    return load(Path(__file__).parent / "texts.yaml", Texts)


def in_language(words: Words, locale: Locale) -> str:
    """The text in one language."""
    return str(getattr(words, locale))


def alert_message(alert: Alert, locale: Locale) -> tuple[str, str]:
    """(title, body) of the page for an alert, fit for a lock screen: what, how many against the usual, where, harm."""
    if alert.family == "channel":
        return _silence_message(alert, locale)
    scheme = schemes().get(alert.schemes[0]) if alert.schemes else None
    name = in_language(scheme.name, locale) if scheme else _alert_text("unknown_scheme", locale)
    title = _alert_text(f"title_{_kind(alert)}", locale, number=alert.number or "", scheme=name)
    lines = [_alert_text("count", locale, **_figures(alert, locale))]
    if alert.official:
        lines.append(_alert_text("spoofed", locale))
    if alert.family == "campaign":
        accused = [
            (key.removeprefix("number:"), count) for key, count in alert.keys.items() if key.startswith("number:")
        ]
        lines.append(_alert_text("numbers", locale, numbers=_counted(accused)))
    if alert.regions:
        named = ((_region(code, locale), count) for code, count in alert.regions.items())
        lines.append(_alert_text("where", locale, regions=_counted(named)))
    if alert.groups:
        named = ((in_language(texts().groups[AffectedGroup(g)], locale), n) for g, n in alert.groups.items())
        lines.append(_alert_text("who", locale, groups=_counted(named)))
    if alert.victims:
        lines.append(_alert_text("harm", locale, victims=alert.victims, loss=money(alert.loss_kzt)))
    else:
        lines.append(_alert_text("no_harm", locale))
    lines += [_alert_text("excerpt", locale, excerpt=excerpt) for excerpt in alert.excerpts[:MAX_EXCERPTS]]
    if scheme:
        lines.append(_alert_text("advice", locale, advice=in_language(scheme.advice, locale)))
    lines.append(_footer(alert, locale))
    return title, "\n".join(lines)


def _silence_message(alert: Alert, locale: Locale) -> tuple[str, str]:
    title = _alert_text("title_channel", locale, source=alert.key.partition(":")[2])
    return title, "\n".join([_alert_text("silent", locale, **_figures(alert, locale)), _footer(alert, locale)])


def _kind(alert: Alert) -> str:
    if alert.official:
        return "official"
    if alert.family in ("number", "campaign"):
        return alert.family
    return "other"


def _figures(alert: Alert, locale: Locale) -> dict[str, object]:
    return {
        "observed": alert.observed,
        "window": _duration(alert.window_seconds, locale),
        "expected": _decimal(alert.expected, locale),
    }


def _footer(alert: Alert, locale: Locale) -> str:
    return _alert_text("footer", locale, id=alert.id[:8], at=_moment(alert.detected_at))


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
        ("harm", told.victims),
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


def _alert_text(name: str, locale: Locale, **values: object) -> str:
    return in_language(texts().alert[name], locale).format(**values)


def _region(code: str, locale: Locale) -> str:
    region = regions().get(code)
    return in_language(region.name, locale) if region else code


def _counted(named: Iterable[tuple[str, int]]) -> str:
    shown = [f"{name} {count}" for name, count in named]
    return ", ".join(shown[:MAX_NAMED]) + (" …" if len(shown) > MAX_NAMED else "")


def _duration(seconds: int, locale: Locale) -> str:
    """Days and hours, or hours and minutes, e.g. `2 ч 25 мин`; what is below a minute counts as one."""
    days, hours, minutes = seconds // 86_400, seconds // 3_600 % 24, seconds // 60 % 60
    parts = {"days": days, "hours": hours} if days else {"hours": hours, "minutes": minutes}
    shown = [_alert_text(name, locale, n=n) for name, n in parts.items() if n]
    return " ".join(shown) or _alert_text("minutes", locale, n=1)


def _decimal(value: float, locale: Locale) -> str:
    text = f"{value:.1f}" if value >= 0.1 else f"{value:.2f}"
    return text if locale == "en" else text.replace(".", ",")


def _moment(at: datetime) -> str:
    return at.astimezone(ZONE).strftime("%d.%m.%Y %H:%M")


def _day(at: datetime | None) -> str:
    return at.astimezone(ZONE).strftime("%d.%m.%Y") if at else ""
