"""From an update of Telegram's Bot API to an event of the conversation.  Pure.

Only private chats are read: in a group the bot would hear what is not meant for it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from telegram import Message, MessageEntity, Update
from telegram.constants import ChatType, MessageOriginType

from producers.bots.messages import Attachment, Event
from producers.bots.references import Naming
from producers.intake import clean
from schemas.events import Medium
from streams.understanding.secrets import mask
from streams.wording import LOCALES, Locale

#: Updates that are asked for.
ALLOWED: Final = ("message", "callback_query")
#: Separates the parts of a tap's handle: the tap's id, its message's id, its message's text.
HANDLE: Final = "\x1f"

_ROUND: Final = {MessageOriginType.CHAT, MessageOriginType.CHANNEL}
_ATTACHMENTS: Final = {
    Attachment.VOICE: ("voice", "audio"),
    Attachment.PICTURE: ("photo", "video", "video_note", "animation", "story"),
    Attachment.PLACE: ("location", "venue"),
    Attachment.OTHER: ("document", "sticker", "poll", "dice", "game", "invoice", "checklist", "paid_media"),
}


def read_update(update: Update, naming: Naming, now: datetime) -> Event | None:
    """The event in an update that came in at `now` (aware), None if there is nothing to answer.

    Nothing: an edit, a group, a member that left.
    """
    if update.message:
        return _message(update.message, naming)
    return _tap(update, naming, now)


def _message(message: Message, naming: Naming) -> Event | None:
    if message.chat.type != ChatType.PRIVATE:
        return None
    chat = str(message.chat.id)
    told = mask(clean(_words(message)))
    contact, sender = message.contact, message.from_user
    own = contact is not None and sender is not None and contact.user_id == sender.id
    attachment = Attachment.OWN_CONTACT if own else _attachment(message)
    numbers = (_number(contact.phone_number),) if contact and not own else ()
    if not (told.text.strip() or numbers or attachment):
        return None
    origin = message.forward_origin
    alone = message.media_group_id and not told.text
    return Event(
        ref=naming.message(chat, f"album {message.media_group_id}" if alone else str(message.message_id)),
        chat=chat,
        at=message.date,
        text=told.text,
        numbers=numbers,
        attachment=attachment,
        forwarded=origin is not None,
        passed_on=origin is not None and origin.type in _ROUND,
        medium=Medium.TELEGRAM if origin else Medium.OTHER,
        spoken=_locale(sender.language_code) if sender else None,
        hidden=bool(told.kinds),
    )


def _tap(update: Update, naming: Naming, now: datetime) -> Event | None:
    query = update.callback_query
    if query is None or query.message is None or query.message.chat.type != ChatType.PRIVATE or not query.data:
        return None
    chat = str(query.message.chat.id)
    text = query.message.text if isinstance(query.message, Message) else None
    return Event(
        ref=naming.message(chat, "tap", query.id),
        chat=chat,
        at=now,
        choice=query.data,
        handle=HANDLE.join((query.id, str(query.message.message_id), text or "")),
        spoken=_locale(query.from_user.language_code),
    )


def _words(message: Message) -> str:
    """The text or caption, and below it where the links that hide behind words lead."""
    text = message.text or message.caption or ""
    entities = (*message.entities, *message.caption_entities)
    hidden = [e.url for e in entities if e.type == MessageEntity.TEXT_LINK and e.url]
    return "\n".join((text, *hidden))


def _attachment(message: Message) -> Attachment | None:
    for attachment, fields in _ATTACHMENTS.items():
        if any(getattr(message, field, None) for field in fields):
            return attachment
    return None


def _number(phone: str) -> str:
    """The number of a contact card: Telegram leaves the plus out for some."""
    return phone if phone.startswith("+") or not phone.isdecimal() or len(phone) < 11 else f"+{phone}"


def _locale(code: str | None) -> Locale | None:
    return next((locale for locale in LOCALES if (code or "").startswith(locale)), None)
