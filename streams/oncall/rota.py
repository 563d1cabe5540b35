"""Who is on call: `deploy/oncall.yaml`, read and checked here, and who is told about what at a moment.

The first rota of the file that fits the alert (its region, severity and route) and has a shift on duty counts.  The
last resort is a rota that fits everything; the file is refused unless such rotas leave no minute of the week empty.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from functools import cached_property
from pathlib import Path
from typing import Annotated, Final, Literal

import yaml
from msgspec import Meta, Struct
from msgspec.structs import replace

from schemas.events import Alert, RegionCode
from schemas.local_time import ZONE
from schemas.reference import regions
from streams.urgent import HEARTBEAT
from streams.waves.located import RuleError, line_of, read
from streams.waves.rules import Severity
from streams.wording import Locale

Account = Annotated[
    str,
    Meta(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$", description="account of a person, in small letters, as in the desk"),
]
Name = Annotated[
    str,
    Meta(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$", description="a name of at most 32 small letters, digits and hyphens"),
]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Hours = Annotated[
    str,
    Meta(
        pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]-(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$",
        description="from-until in Asia/Almaty, e.g. 09:00-18:00; past midnight if it ends before it begins",
    ),
]
Minutes = Annotated[int, Meta(ge=1, le=1_440)]

#: Weekdays as `date.weekday` counts them.
WEEKDAYS: Final[tuple[Weekday, ...]] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY: Final = 24 * 60
_VARIABLE: Final = re.compile(r"\$\{([A-Z][A-Z0-9_]*)\}")
_MALFORMED: Final = re.compile(r"\$\{(?![A-Z][A-Z0-9_]*\})")


class Target(Struct, frozen=True, forbid_unknown_fields=True):
    """One way to a person: a name for the log, and an Apprise URL; `${NAME}` is taken from the environment."""

    name: Name
    url: Annotated[str, Meta(min_length=1)]


class Person(Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody who can be told: the account of the desk, the language to write in, and ways in the order of trying."""

    account: Account
    name: Annotated[str, Meta(min_length=1, max_length=100)]
    language: Locale
    targets: Annotated[list[Target], Meta(min_length=1)]


class Shift(Struct, frozen=True, forbid_unknown_fields=True):
    """When whom: `people` in the order of being told, then `head`.

    `days` and the dates are those on which the hours begin; both dates are included.  Absent: always.
    """

    people: Annotated[list[Account], Meta(min_length=1)]
    head: Account | None = None
    days: list[Weekday] = []
    hours: Hours | None = None
    since: date | None = None
    until: date | None = None


class Rota(Struct, frozen=True, forbid_unknown_fields=True):
    """Who answers for which alerts; an empty list admits everything.  `routes` are those of the alert rules."""

    id: Name
    shifts: Annotated[list[Shift], Meta(min_length=1)]
    regions: list[RegionCode] = []
    severities: list[Severity] = []
    routes: list[Name] = []

    @property
    def for_everything(self) -> bool:
        """Whether it fits every alert."""
        return not (self.regions or self.severities or self.routes)


class QuietHours(Struct, frozen=True, forbid_unknown_fields=True):
    """Hours in which alerts of some severities wait."""

    hours: Hours
    severities: Annotated[list[Severity], Meta(min_length=1)]


class Digest(Struct, frozen=True, forbid_unknown_fields=True):
    """After `after` messages to one person within `within_minutes`, more are collected into one.

    They wait for `collect_seconds` from the first of them.
    """

    after: Annotated[int, Meta(ge=1, le=50)]
    within_minutes: Minutes
    collect_seconds: Annotated[int, Meta(ge=1, le=600)]


class Beats(Struct, frozen=True, forbid_unknown_fields=True):
    """Where heartbeats are delivered to, so that the way out is proven too."""

    targets: Annotated[list[Target], Meta(min_length=1)]
    language: Locale = "ru"


class OnCall(Struct, frozen=True, forbid_unknown_fields=True, dict=True):
    """Content of `oncall.yaml`.

    `escalate_after` are minutes without an answer, by severity, after which the next person is told.
    """

    people: Annotated[list[Person], Meta(min_length=1)]
    rotas: Annotated[list[Rota], Meta(min_length=1)]
    escalate_after: dict[Severity, Minutes]
    digest: Digest
    quiet_hours: QuietHours | None = None
    heartbeat: Beats | None = None

    @cached_property
    def by_account(self) -> dict[str, Person]:
        """Everybody by account; the heartbeat's targets are nobody's, under `heartbeat`."""
        beats = self.heartbeat
        nobody = [Person(HEARTBEAT, HEARTBEAT, beats.language, beats.targets)] if beats else []
        return {person.account: person for person in [*self.people, *nobody]}


class Duty(Struct, frozen=True):
    """Who is told now: the rota that fits, and accounts in the order of being told."""

    rota: str
    people: tuple[str, ...]


def who(oncall: OnCall, at: datetime, region: str | None = None, severity: str = "high", route: str = "") -> Duty:
    """Whom to tell at `at` (aware) about an alert of that region (None: of the whole country), severity and route."""
    local = at.astimezone(ZONE)
    for rota in oncall.rotas:
        fits = (
            (not rota.regions or region in rota.regions)
            and (not rota.severities or severity in rota.severities)
            and (not rota.routes or route in rota.routes)
        )
        on_duty = [shift for shift in rota.shifts if _on_duty(shift, local)] if fits else []
        if on_duty:
            heads = [shift.head for shift in on_duty if shift.head]
            people = [account for shift in on_duty for account in shift.people]
            return Duty(rota.id, tuple(dict.fromkeys([*(one for one in people if one not in heads), *heads])))
    return Duty("", ())


def region_of(alert: Alert) -> str | None:
    """The region that answers for an alert: the one that most of its located reports come from, or None."""
    total = sum(alert.regions.values())
    return next((code for code, count in alert.regions.items() if 2 * count > total), None)


def quiet_until(oncall: OnCall, severity: str, at: datetime) -> datetime | None:
    """When the quiet hours end in which an alert of that severity waits at `at`; None if it need not wait."""
    quiet = oncall.quiet_hours
    if quiet is None or severity not in quiet.severities:
        return None
    local = at.astimezone(ZONE)
    start, end = _minutes(quiet.hours)
    for back in (0, 1):
        midnight = datetime.combine(local.date() - timedelta(days=back), time(), ZONE)
        if midnight + timedelta(minutes=start) <= local < midnight + timedelta(minutes=end):
            return midnight + timedelta(minutes=end)
    return None


def load_oncall(path: Path, environment: Mapping[str, str]) -> OnCall:
    """The people on call with all secrets filled in.

    Raises RuleError naming the file, the line and what is wrong, or the variable that the environment lacks.
    """
    oncall = read_oncall(path)
    if missing := [name for name in variables(oncall) if not environment.get(name)]:
        raise RuleError(f"{path}: set {' and '.join(missing)} in the environment of notify")

    def all_filled(targets: Iterable[Target]) -> list[Target]:
        return [replace(target, url=filled(target.url, environment)) for target in targets]

    people = [replace(person, targets=all_filled(person.targets)) for person in oncall.people]
    beats = oncall.heartbeat and replace(oncall.heartbeat, targets=all_filled(oncall.heartbeat.targets))
    return replace(oncall, people=people, heartbeat=beats)


def variables(oncall: OnCall) -> list[str]:
    """Names of the variables that the targets take from the environment."""
    targets = [target for person in oncall.by_account.values() for target in person.targets]
    return list(dict.fromkeys(name for target in targets for name in _VARIABLE.findall(target.url)))


def filled(url: str, environment: Mapping[str, str]) -> str | None:
    """The URL of a target with its variables filled in; None if the environment lacks one."""
    if not all(environment.get(name) for name in _VARIABLE.findall(url)):
        return None
    return _VARIABLE.sub(lambda found: environment[found.group(1)], url)


def read_oncall(path: Path) -> OnCall:
    """The file as it stands, checked.  Raises RuleError naming the file, the line, what is wrong and the remedy."""
    oncall = read(path, OnCall)
    for where, problem in _problems(oncall):
        root = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
        raise RuleError(f"{path}:{line_of(root, '', f'`$.{where}`') if root else 1}: {problem}")
    return oncall


def _problems(oncall: OnCall) -> Iterator[tuple[str, str]]:
    """What the types can't express: the place, and what is wrong there."""
    accounts = [person.account for person in oncall.people]
    yield from _twice(accounts, "people", "account")
    yield from _twice([rota.id for rota in oncall.rotas], "rotas", "rota")
    for index, person in enumerate(oncall.people):
        if person.account == HEARTBEAT:
            yield f"people[{index}]", f"the account {HEARTBEAT} is the heartbeat's own; choose another"
        yield from _target_problems(person.targets, f"people[{index}].targets")
    if oncall.heartbeat:
        yield from _target_problems(oncall.heartbeat.targets, "heartbeat.targets")
    for index, rota in enumerate(oncall.rotas):
        yield from _rota_problems(rota, f"rotas[{index}]", accounts)
        if any(earlier.for_everything and _gap([earlier]) is None for earlier in oncall.rotas[:index]):
            yield f"rotas[{index}]", f"nobody ever gets to rota {rota.id!r}: one above takes everything; move it up"
    lacking = [name for name in ("low", "medium", "high", "critical") if name not in oncall.escalate_after]
    if lacking:
        yield "escalate_after", f"no minutes for {' and '.join(lacking)}"
    if oncall.quiet_hours and _whole_day(oncall.quiet_hours.hours):
        yield "quiet_hours.hours", "last the whole day: what waits is never told; let them end in the morning"
    gap = _gap([rota for rota in oncall.rotas if rota.for_everything])
    if gap is not None:
        day, minute = divmod(gap, _DAY)
        moment = f"{WEEKDAYS[day]} {minute // 60:02}:{minute % 60:02}"
        yield (
            "rotas",
            f"nobody is on call on {moment} for an alert that fits no other rota; complete the shifts of a rota "
            "without regions, severities and routes (shifts with dates don't count)",
        )


def _target_problems(targets: Sequence[Target], place: str) -> Iterator[tuple[str, str]]:
    yield from _twice([target.name for target in targets], place, "target")
    for index, target in enumerate(targets):
        if _MALFORMED.search(target.url):
            yield (
                f"{place}[{index}].url",
                "what stands after ${ is no name of a variable; write it as ${MARAT_SMS}, in capital letters",
            )


def _rota_problems(rota: Rota, place: str, accounts: Sequence[str]) -> Iterator[tuple[str, str]]:
    for code in rota.regions:
        if code not in regions():
            yield f"{place}.regions", f"unknown region {code!r}; one of {', '.join(sorted(regions()))}"
    for number, shift in enumerate(rota.shifts):
        where = f"{place}.shifts[{number}]"
        for account in [*shift.people, *([shift.head] if shift.head else [])]:
            if account not in accounts:
                yield where, f"{account!r} is not among the people; one of {', '.join(sorted(accounts))}"
        if shift.since and shift.until and shift.until < shift.since:
            yield where, "ends before it begins: exchange since and until"
        if shift.hours and _whole_day(shift.hours) and shift.hours != "00:00-24:00":
            yield where, "begins when it ends; leave the hours out for the whole day"


def _twice(values: Sequence[str], place: str, what: str) -> Iterator[tuple[str, str]]:
    for index, value in enumerate(values):
        if value in values[:index]:
            yield f"{place}[{index}]", f"the {what} {value!r} stands above already; give this one another name"


def _on_duty(shift: Shift, local: datetime) -> bool:
    start, end = _minutes(shift.hours)
    for back in (0, 1):
        day = local.date() - timedelta(days=back)
        since_midnight = (local.hour * 60 + local.minute) + back * _DAY
        if (
            start <= since_midnight < end
            and (not shift.days or WEEKDAYS[day.weekday()] in shift.days)
            and (shift.since is None or shift.since <= day)
            and (shift.until is None or day <= shift.until)
        ):
            return True
    return False


def _gap(rotas: Iterable[Rota]) -> int | None:
    """The first minute of the week (from Monday) in which no undated shift of these rotas is on duty, or None."""
    free = bytearray(b"\1") * (7 * _DAY)
    for shift in (shift for rota in rotas for shift in rota.shifts if not (shift.since or shift.until)):
        start, end = _minutes(shift.hours)
        for day in range(7):
            if not shift.days or WEEKDAYS[day] in shift.days:
                for minute in range(day * _DAY + start, day * _DAY + end):
                    free[minute % len(free)] = 0
    found = free.find(1)
    return None if found < 0 else found


def _whole_day(hours: str) -> bool:
    start, end = _minutes(hours)
    return end - start == _DAY


def _minutes(hours: str | None) -> tuple[int, int]:
    """Begin and end in minutes since the midnight of the day on which the hours begin; the end may be on the next."""
    if hours is None:
        return 0, _DAY
    start, end = (int(part[:2]) * 60 + int(part[3:]) for part in hours.split("-"))
    return start, end if end > start else end + _DAY
