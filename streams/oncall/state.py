"""What casework remembers, what happens to it, and what it wants done."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Final, Literal

import msgspec
from msgspec import Struct, field

from schemas.cases import Case, Decision, Step
from schemas.events import Alert
from streams.oncall.rota import Target

#: Steps kept of one case: the first ones, which say how it began, and the newest.
FIRST_STEPS: Final = 20
MAX_STEPS: Final = 200
#: Versions of an alert that are recognised when they are read again; older ones by their time.
MAX_VERSIONS: Final = 32


class Page(Struct, kw_only=True, omit_defaults=True):
    """One message to one person, not delivered yet.

    `number` is that of the case's message: `id` is the same after a crash.  It is tried at `due` by way `way` of the
    person, after `attempt` tries in vain.  `changes` are what an update is about; the page about the alert has none.
    """

    number: int
    person: str
    due: datetime
    changes: list[str] = []
    way: int = 0
    attempt: int = 0


class CaseState(Struct, kw_only=True, omit_defaults=True):
    """One alert and what was done about it.

    `case` is what others see.  `asked` are the persons told so far, in this round; `reached` those that a message got
    to.  `next_at` is when to go on if nobody answers.  `early` are decisions that were read before their alert.
    `versions` are those of the alert, digest and change.  `paged` has the number of each person's page: who is asked
    again gets the same one.
    """

    case: Case
    alert: Alert | None = None
    versions: list[tuple[str, str]] = []
    pages: list[Page] = []
    numbered: int = 0
    paged: dict[str, int] = {}
    asked: list[str] = []
    reached: list[str] = []
    next_at: datetime | None = None
    over: bool = False
    early: list[Decision] = []

    @property
    def id(self) -> str:
        """The alert's id."""
        return self.case.alert_id

    def message_id(self, page: Page) -> str:
        """The id that a page carries, however often it is sent."""
        return f"{self.case.alert_id}/{page.number}"

    def page_of(self, message: Message, item: Item) -> Page | None:
        """The page that a message was made of; None if it is no longer wanted."""
        return next((one for one in self.pages if one.number == item.number and one.person == message.person), None)

    def knows(self, alert: Alert) -> bool:
        """Whether this version of the alert was read before."""
        return any(version == _digest(alert) for version, _ in self.versions)

    def add_version(self, alert: Alert) -> None:
        """Remember this version of the alert, which was just read."""
        self.versions = [*self.versions[1 - MAX_VERSIONS :], (_digest(alert), alert.change)]

    def changes_since(self, told: Alert) -> list[str]:
        """The changes of the versions that came after the one that a message told."""
        names = [version for version, _ in self.versions]
        digest = _digest(told)
        later = self.versions[names.index(digest) + 1 :] if digest in names else []
        return list(dict.fromkeys(change for _, change in later))

    def note(self, step: Step) -> None:
        """Record a step; of too many the oldest but the first ones go."""
        steps = self.case.steps
        steps.append(step)
        if len(steps) > MAX_STEPS:
            del steps[FIRST_STEPS]


class Silence(Struct, frozen=True, kw_only=True):
    """A series that a person keeps quiet: `key` is an alert's key, or the part of it before the bar."""

    key: str
    until: datetime
    by: str
    reason: str


class Work(Struct, kw_only=True):
    """Everything: cases by alert id, silences by the id of their decision."""

    cases: dict[str, CaseState] = field(default_factory=dict)
    silences: dict[str, Silence] = field(default_factory=dict)


class AlertSeen(Struct, frozen=True):
    """A version of an alert was read."""

    alert: Alert


class Decided(Struct, frozen=True):
    """A decision was read."""

    decision: Decision


class Delivered(Struct, frozen=True):
    """A message was taken by a service."""

    message: Message


class Failed(Struct, frozen=True):
    """A service did not take a message."""

    message: Message


class TimePassed(Struct, frozen=True):
    """Time passed."""


Event = AlertSeen | Decided | Delivered | Failed | TimePassed


class Item(Struct, frozen=True):
    """What a message says about one alert: `number` of the case's message, and the changes that it is about."""

    alert: Alert
    number: int
    changes: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """The id of the case's message, as in `CaseState.message_id`."""
        return f"{self.alert.id}/{self.number}"


class Message(Struct, frozen=True, kw_only=True):
    """A message to send: `id` is the same when it is repeated after a crash; several items are a digest."""

    id: str
    person: str
    target: Target
    items: tuple[Item, ...]
    kind: Literal["page", "update", "digest", "heartbeat"]

    @property
    def thread(self) -> str | None:
        """The alert's id, which its page and its updates have in common; None where there are several."""
        return self.items[0].alert.id if len(self.items) == 1 else None


def _digest(alert: Alert) -> str:
    return hashlib.sha256(msgspec.json.encode(alert)).hexdigest()[:12]
