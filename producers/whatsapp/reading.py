"""From what the Cloud API's webhook brings to events of the conversation.  Pure.

The types name what is read and tolerate the rest: Meta adds fields often.  Delivery statuses and everything that is not
a message to our phone give no event.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

import msgspec
from msgspec import Struct, field

from producers.bots.messages import Attachment, Event
from producers.bots.references import Naming
from producers.intake import clean
from schemas.events import Medium
from streams.understanding.secrets import mask

log: Final = logging.getLogger(__name__)

#: What can't be read, by the type of its message; any type that is not named is `other`.
_ATTACHMENTS: Final = {
    "audio": Attachment.VOICE,
    "image": Attachment.PICTURE,
    "video": Attachment.PICTURE,
    "location": Attachment.PLACE,
}
#: Types that call for no answer.
_SILENT: Final = {"reaction", "system"}
#: Somebody opens the chat for the first time.
_WELCOME: Final = "request_welcome"


class _Text(Struct):
    body: str = ""


class _Caption(Struct):
    caption: str = ""


class _Button(Struct):
    text: str = ""


class _Chosen(Struct):
    id: str = ""


class _Interactive(Struct):
    button_reply: _Chosen | None = None
    list_reply: _Chosen | None = None


class _Phone(Struct):
    phone: str = ""
    wa_id: str = ""


class _Card(Struct):
    phones: list[_Phone] = []


class _Context(Struct):
    forwarded: bool = False
    frequently_forwarded: bool = False


class _Message(Struct):
    id: str
    timestamp: str
    type: str
    sender: str = field(name="from", default="")
    from_user_id: str = ""
    group_id: str = ""
    text: _Text | None = None
    button: _Button | None = None
    interactive: _Interactive | None = None
    contacts: list[_Card] = []
    context: _Context | None = None
    image: _Caption | None = None
    video: _Caption | None = None
    document: _Caption | None = None


class _Metadata(Struct):
    phone_number_id: str = ""


class _Value(Struct):
    metadata: _Metadata = field(default_factory=_Metadata)
    messages: list[msgspec.Raw] = []


class _Change(Struct):
    field: str = ""
    value: msgspec.Raw = msgspec.Raw(b"{}")


class _Entry(Struct):
    changes: list[_Change] = []


class _Notification(Struct):
    object: str = ""
    entry: list[_Entry] = []


_notification: Final = msgspec.json.Decoder(_Notification)
_value: Final = msgspec.json.Decoder(_Value)
_message: Final = msgspec.json.Decoder(_Message)


def read_notification(body: bytes, phone_id: str, naming: Naming) -> list[Event]:
    """The events in a notification, in order; a message that can't be read is named in the log and left out.

    Raises msgspec.DecodeError (or UnicodeDecodeError) if the body is no notification at all.
    """
    return list(_events(_notification.decode(body), phone_id, naming))


def _events(notification: _Notification, phone_id: str, naming: Naming) -> Iterator[Event]:
    changes = (change for entry in notification.entry for change in entry.changes if change.field == "messages")
    for change in changes:
        try:
            value = _value.decode(change.value)
        except msgspec.DecodeError as error:
            log.warning("a notification can't be read: %s", type(error).__name__)
            continue
        if value.metadata.phone_number_id != phone_id:
            continue
        for raw in value.messages:
            try:
                event = _event(_message.decode(raw), naming)
            except (msgspec.DecodeError, ValueError, OverflowError, OSError) as error:
                log.warning("a message can't be read: %s", type(error).__name__)
                continue
            if event:
                yield event


def _event(message: _Message, naming: Naming) -> Event | None:
    """The event in a message.  Raises ValueError, OverflowError or OSError if its time is none."""
    chat = f"+{message.sender}" if message.sender.isdecimal() else message.sender or message.from_user_id
    if not chat or not message.id or message.group_id or message.type in _SILENT:
        return None
    phones = [phone for card in message.contacts for phone in card.phones]
    others = [phone for phone in phones if not (message.sender and phone.wa_id == message.sender)]
    told = mask(clean(_words(message)), [chat] if message.sender else [])
    chosen = message.interactive and (message.interactive.button_reply or message.interactive.list_reply)
    readable = told.text.strip() or others or chosen
    context = message.context or _Context()
    return Event(
        ref=naming.message(message.id),
        chat=chat,
        at=datetime.fromtimestamp(int(message.timestamp), UTC),
        text=told.text,
        numbers=tuple(filter(None, (_number(phone) for phone in others))),
        choice=chosen.id if chosen else "",
        attachment=_attachment(message, own=bool(phones) and not others)
        if _attached(message) or not readable
        else None,
        forwarded=context.forwarded or context.frequently_forwarded,
        passed_on=context.frequently_forwarded,
        medium=Medium.WHATSAPP if context.forwarded or context.frequently_forwarded else Medium.OTHER,
        hidden=bool(told.kinds),
    )


def _words(message: _Message) -> str:
    if message.type == _WELCOME:
        return "/start"
    if message.text:
        return message.text.body
    if message.button:
        return message.button.text
    return next((media.caption for media in (message.image, message.video, message.document) if media), "")


def _attached(message: _Message) -> bool:
    return message.type in _ATTACHMENTS or message.type == "document"


def _attachment(message: _Message, *, own: bool) -> Attachment:
    return Attachment.OWN_CONTACT if own else _ATTACHMENTS.get(message.type, Attachment.OTHER)


def _number(phone: _Phone) -> str:
    """The number of a contact card, by its WhatsApp account where it has one: that is the whole number."""
    return f"+{phone.wa_id}" if phone.wa_id.isdecimal() else phone.phone
