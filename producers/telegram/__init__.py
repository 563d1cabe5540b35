"""The Telegram bot: `python -m producers.telegram`.  Set up: docs/telegram.md."""

import os

# python-telegram-bot gives times as timedelta from its next major version on, and warns until one asks for it
os.environ.setdefault("PTB_TIMEDELTA", "true")
