"""What comes from a chat and what goes back, whatever the messenger: the types that bots and conversation share."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from schemas.events import Medium
from streams.wording import Locale


class Attachment(StrEnum):
    """What was sent beside words: the bot can't read it, and says kindly what to send instead."""

    VOICE = "voice"
    PICTURE = "picture"
    PLACE = "place"
    OWN_CONTACT = "own-contact"
    OTHER = "other"


class Event(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One message or tap of a person.  Free of secrets: its text is masked before anything else happens.

    `ref` names it for ever without telling who sent it (`references.Naming`); `chat` is the address to answer to.
    `choice` is the token of a tapped button.  `forwarded`: somebody else's words; `passed_on`: words that went round,
    from a channel, a group or hand to hand.  `hidden`: something was masked.  `handle` is what the messenger needs to
    show that a tap arrived.  `wait`: seconds to wait, said to the first of too many messages.
    """

    ref: str
    chat: str
    at: datetime
    text: str = ""
    numbers: tuple[str, ...] = ()
    choice: str = ""
    attachment: Attachment | None = None
    forwarded: bool = False
    passed_on: bool = False
    medium: Medium = Medium.OTHER
    spoken: Locale | None = None
    hidden: bool = False
    handle: str = ""
    wait: int = 0


class Option(Struct, frozen=True):
    """A button: the token that comes back when it is tapped, and its label."""

    token: str
    label: str


class Reply(Struct, frozen=True, kw_only=True):
    """A message to a person: a headline (may be empty), the text, and buttons, `columns` of them side by side."""

    text: str
    title: str = ""
    options: tuple[Option, ...] = ()
    menu: str = ""
    columns: int = 1
