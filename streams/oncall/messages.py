"""What the people on call read: fit for a lock screen, the most important first.  Pure; the texts are data."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import cache, partial
from pathlib import Path
from typing import Final

from schemas.events import AffectedGroup, Alert
from schemas.local_time import ZONE
from schemas.reference import Words, districts, load, regions, schemes
from streams.oncall import links
from streams.oncall.excerpts import anonymised
from streams.oncall.links import Links
from streams.oncall.state import Item, Message
from streams.signals import NUMBER, shorten
from streams.urgent import URGENT
from streams.wording import Locale, in_language, money
from streams.wording import texts as common_texts

#: Characters of a title: what a lock screen shows of it.
MAX_TITLE: Final = 60
#: Characters of a body; Telegram takes 4096, with the title.
MAX_BODY: Final = 3_500
#: The same where a service takes short messages only: five parts of an SMS, two of them for the link.
MAX_BRIEF: Final = 330
#: With fewer days of history, the usual is what was shipped rather than what was seen, and the message says so.
ENOUGH_DAYS: Final = 14
#: Regions, groups and numbers named in a message, and excerpts quoted.
MAX_NAMED: Final = 4
MAX_EXCERPTS: Final = 2
#: A scheme's or a bank's name keeps at least this much of a title.
_MIN_NAME: Final = 12

NOTHING: Final = Links()


@cache
def texts() -> dict[str, Words]:
    """All texts by name.  Raises ReferenceDataError."""
    return load(Path(__file__).parent / "texts.yaml", dict[str, Words])


def say(name: str, locale: Locale, **values: object) -> str:
    """One text in a language, its places filled."""
    return in_language(texts()[name], locale).format(**values)


def message_text(
    message: Message, locale: Locale, now: datetime, addresses: Links = NOTHING, *, brief: bool = False
) -> tuple[str, str]:
    """(title, body) of a message as it is sent at `now`, with the links that `addresses` allow.

    `brief`: for an SMS, only the most important line, the first link, and the id.
    """
    if message.kind == "heartbeat":
        return say("title_heartbeat", locale), f"{say('heartbeat', locale)}\n{message.id}"
    if message.kind == "digest":
        return _digest(message, locale, now, addresses, brief=brief)
    item = message.items[0]
    title, lines = alert_text(item.alert, locale)
    lines = lines[:1] if brief else lines
    if item.changes:
        # The same title as before, so that what sorts messages by it keeps them together.
        lines.insert(0, say("update", locale, changes="; ".join(say(change, locale) for change in item.changes)))
    lines += _links(item, message.person, locale, now, addresses)[: 1 if brief else None]
    lines.append(_number(item) if brief else _footer(item, locale))
    return title, "\n".join(lines)


def title_of(alert: Alert, locale: Locale) -> str:
    """An alert in at most MAX_TITLE characters."""
    if alert.family == URGENT:
        return _fit("title_urgent", locale, "facts", ", ".join(_urgent_facts(alert)))
    if alert.family == "channel":
        return _fit("title_channel", locale, "source", alert.key.partition(":")[2])
    region = next(iter(alert.regions), None)
    if alert.family == "region" and region:
        return _fit("title_region", locale, "region", _region(region, locale))
    name = "title_official" if alert.official else f"title_{alert.family}"
    if name not in texts() or (alert.family == "scheme-region" and not region):
        name = "title_other"
    known = {"number": alert.number or "", "region": _region(region, locale) if region else ""}
    return _fit(name, locale, "scheme", _scheme_name(alert, locale), **known)


def alert_text(alert: Alert, locale: Locale, *, excerpts: int = MAX_EXCERPTS) -> tuple[str, list[str]]:
    """(title, lines) of what is told of an alert by itself, without what has changed and without links."""
    title = title_of(alert, locale)
    if alert.family == "channel":
        return title, [_silent(alert, locale)]
    lines = _urgent_lines(alert, locale) if alert.family == URGENT else _wave_lines(alert, locale)
    for excerpt in alert.excerpts[:excerpts]:
        lines.append(say("excerpt", locale, excerpt=anonymised(excerpt, partial(masked_word, locale=locale))))
    scheme = schemes().get(alert.schemes[0]) if alert.schemes else None
    if scheme and alert.family != URGENT:
        lines.append(say("advice", locale, advice=in_language(scheme.advice, locale)))
    return title, lines


def masked_word(kind: str, locale: Locale) -> str:
    """The reader's word for a kind of what is masked; the kind itself if it is none of ours."""
    return say(f"masked_{kind}", locale) if f"masked_{kind}" in texts() else kind


def _wave_lines(alert: Alert, locale: Locale) -> list[str]:
    lines = [_summary(alert, locale)]
    if alert.known_days is not None and alert.known_days < ENOUGH_DAYS:
        lines.append(say("prior", locale, days=max(0, int(alert.known_days))))
    if alert.official:
        lines.append(say("spoofed", locale))
    accused = _accused(alert)
    if alert.family == "campaign" or len(accused) > 1:
        lines.append(say("numbers", locale, numbers=_counted(accused)))
    if alert.groups:
        groups = common_texts().groups
        named = ((in_language(groups[AffectedGroup(group)], locale), n) for group, n in alert.groups.items())
        lines.append(say("who", locale, groups=_counted(named)))
    return lines


def _summary(alert: Alert, locale: Locale) -> str:
    """How many against the usual, where, and the harm: one line, because a lock screen shows little below the title."""
    said = [say("count", locale, **_figures(alert, locale))]
    if alert.regions:
        named = ((_region(code, locale), count) for code, count in alert.regions.items())
        said.append(say("where", locale, regions=_counted(named)))
    if alert.victims:
        said.append(say("harm", locale, victims=alert.victims, loss=money(alert.loss_kzt)))
    else:
        said.append(say("no_harm", locale))
    return " ".join(said)


def _silent(alert: Alert, locale: Locale) -> str:
    return say("silent", locale, **_figures(alert, locale))


def _urgent_lines(alert: Alert, locale: Locale) -> list[str]:
    district = districts().get(alert.district or "")
    place = [in_language(district.name, locale) if district else alert.district or ""]
    place += [_region(code, locale) for code in alert.regions]
    numbers = [number for number, _ in _accused(alert)][:MAX_NAMED]
    told = [
        ("bank", "bank", alert.bank),
        ("loss", "loss", money(alert.loss_kzt) if alert.loss_kzt else ""),
        ("where", "regions", ", ".join(part for part in place if part)),
        ("numbers", "numbers", ", ".join(numbers)),
    ]
    lines = [say("stop_it", locale), say("moved_at", locale, at=_moment(alert.started_at))]
    return lines + [say(name, locale, **{field: value}) for name, field, value in told if value]


def _urgent_facts(alert: Alert) -> list[str]:
    facts = [_clock(alert.started_at), alert.bank or "", money(alert.loss_kzt) if alert.loss_kzt else ""]
    return [fact for fact in facts if fact]


def _digest(message: Message, locale: Locale, now: datetime, addresses: Links, *, brief: bool) -> tuple[str, str]:
    """Several alerts in one message: a paragraph each while there is room, and how many more there are."""
    paragraphs: list[str] = []
    for item in message.items:
        alert = item.alert
        lines = [title_of(alert, locale)]
        if item.changes:
            lines.append(say("update", locale, changes="; ".join(say(change, locale) for change in item.changes)))
        if not brief:
            lines.append(_summary(alert, locale) if alert.family != "channel" else _silent(alert, locale))
        lines += _links(item, message.person, locale, now, addresses, only=("acknowledge",))
        lines.append(_number(item) if brief else _footer(item, locale))
        if paragraphs and sum(map(len, paragraphs)) + len("\n".join(lines)) > (MAX_BRIEF if brief else MAX_BODY):
            break
        paragraphs.append("\n".join(lines))
    left = len(message.items) - len(paragraphs)
    if left:
        paragraphs.append(say("more", locale, n=left))
    first = title_of(message.items[0].alert, locale)
    return _fit("title_digest", locale, "first", first, n=len(message.items)), "\n\n".join(paragraphs)


def _links(
    item: Item,
    person: str,
    locale: Locale,
    now: datetime,
    addresses: Links,
    only: tuple[str, ...] = ("acknowledge", "evidence", "dashboard"),
) -> list[str]:
    urls = {
        "acknowledge": links.acknowledge_url(addresses, item.alert.id, person, item.number, now),
        "evidence": links.evidence_url(addresses, item.alert.id),
        "dashboard": links.dashboard_url(addresses, item.alert, locale),
    }
    return [say(name, locale, url=urls[name]) for name in only if urls[name]]


def _footer(item: Item, locale: Locale) -> str:
    return say("footer", locale, id=_number(item), at=_moment(item.alert.detected_at))


def _number(item: Item) -> str:
    """What names a message: it is the same when the message is repeated."""
    return f"{item.alert.id[:8]}-{item.number}"


def _fit(name: str, locale: Locale, field: str, value: str, **values: object) -> str:
    """A title whose `field` is cut so that the whole fits."""
    room = MAX_TITLE - len(say(name, locale, **{field: ""}, **values))
    return say(name, locale, **{field: shorten(value, max(room, _MIN_NAME))}, **values)


def _scheme_name(alert: Alert, locale: Locale) -> str:
    scheme = schemes().get(alert.schemes[0]) if alert.schemes else None
    return in_language(scheme.name, locale) if scheme else say("unknown_scheme", locale)


def _accused(alert: Alert) -> list[tuple[str, int]]:
    return [(key.removeprefix(NUMBER), count) for key, count in alert.keys.items() if key.startswith(NUMBER)]


def _figures(alert: Alert, locale: Locale) -> dict[str, object]:
    return {
        "observed": alert.observed,
        "window": _duration(alert.window_seconds, locale),
        "expected": _decimal(alert.expected, locale) if alert.expected >= 1 else say("below_one", locale),
    }


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
    shown = [say(name, locale, n=n) for name, n in parts.items() if n]
    return " ".join(shown) or say("minutes", locale, n=1)


def _decimal(value: float, locale: Locale) -> str:
    text = f"{value:.1f}".removesuffix(".0")
    return text if locale == "en" else text.replace(".", ",")


def _moment(at: datetime) -> str:
    return at.astimezone(ZONE).strftime("%d.%m.%Y %H:%M")


def _clock(at: datetime) -> str:
    return at.astimezone(ZONE).strftime("%d.%m %H:%M")
