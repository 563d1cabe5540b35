"""Telegram's Bot API as the engine's channel, by python-telegram-bot."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from html import escape
from typing import Any, Final

from telegram import Bot, BotCommand, InlineKeyboardButton, InlineKeyboardMarkup, LinkPreviewOptions
from telegram.constants import ParseMode
from telegram.error import BadRequest, Forbidden, InvalidToken, NetworkError, RetryAfter, TelegramError

from producers.bots.engine import ChannelError
from producers.bots.messages import Event, Option, Reply
from producers.bots.retrying import persist
from producers.bots.wording import LANGUAGES, texts
from producers.telegram.reading import HANDLE

log: Final = logging.getLogger(__name__)

#: Commands of the menu, in its order.
_COMMANDS: Final = ("check", "help", "lang", "start")
_NO_PREVIEW: Final = LinkPreviewOptions(is_disabled=True)


class TelegramChannel:
    """Sends replies through one bot."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot

    async def send(self, chat: str, reply: Reply) -> None:
        """Deliver a reply.  Raises ChannelError: the person blocked the bot, or Telegram stays away."""
        await _tried(
            lambda: self._bot.send_message(
                chat_id=int(chat),
                text=rendered(reply),
                parse_mode=ParseMode.HTML,
                reply_markup=keyboard(reply),
                link_preview_options=_NO_PREVIEW,
            )
        )

    async def acknowledge(self, event: Event, label: str) -> None:
        """Stop the button's waiting sign, and put what was chosen in the place of the buttons.  Raises ChannelError."""
        tap, message, text = event.handle.split(HANDLE, 2)
        try:
            await self._bot.answer_callback_query(tap)
        except TelegramError as error:  # such as: too old, when the sign has stopped by itself
            log.warning("a tap could not be acknowledged: %s", type(error).__name__)
        if label and text:
            shown = f"{escape(text)}\n\n✓ <b>{escape(label)}</b>"
            edit = self._bot.edit_message_text
            try:
                await _tried(
                    lambda: edit(shown, chat_id=int(event.chat), message_id=int(message), parse_mode=ParseMode.HTML)
                )
            except ChannelError as error:
                log.info("an answered question stays as it was: %s", error)

    async def introduce(self) -> None:
        """Tell Telegram the commands of the menu, in each language.  Raises telegram.error.TelegramError."""
        for locale in (None, *LANGUAGES):
            words = texts(locale or LANGUAGES[0])
            commands = [BotCommand(name, words[f"command_{name}"]) for name in _COMMANDS]
            await self._bot.set_my_commands(commands, language_code=locale)


def rendered(reply: Reply) -> str:
    """A reply as Telegram's HTML."""
    title = f"<b>{escape(reply.title)}</b>\n\n" if reply.title else ""
    return title + escape(reply.text, quote=False)


def keyboard(reply: Reply) -> InlineKeyboardMarkup | None:
    """The buttons of a reply, in rows."""
    if not reply.options:
        return None
    width = reply.columns
    rows = [reply.options[first : first + width] for first in range(0, len(reply.options), width)]
    return InlineKeyboardMarkup([[_button(option) for option in row] for row in rows])


def _button(option: Option) -> InlineKeyboardButton:
    return InlineKeyboardButton(option.label, callback_data=option.token)


async def _tried(attempt: Callable[[], Awaitable[Any]]) -> None:
    """Do something with retries.  Raises ChannelError, which names the kind of error alone."""
    try:
        await persist(attempt, _wait)
    except TelegramError as error:
        raise ChannelError(type(error).__name__) from None


def asked_to_wait(error: Exception) -> float:
    """Seconds that Telegram asked us to wait, 0 if it did not."""
    if not isinstance(error, RetryAfter):
        return 0.0
    after = error.retry_after
    return float(after) if isinstance(after, int) else after.total_seconds()


def _wait(error: Exception) -> float | None:
    """Least seconds to wait before another attempt, None where none will help."""
    hopeless = isinstance(error, (BadRequest, Forbidden, InvalidToken))
    worth_it = isinstance(error, (NetworkError, RetryAfter)) and not hopeless
    return asked_to_wait(error) if worth_it else None
