"""The time zone of Kazakhstan: days and weeks are counted in it, and people are told times in it."""

from __future__ import annotations

from typing import Final
from zoneinfo import ZoneInfo

#: One zone for the whole country since 1 March 2024 (UTC+5).
ZONE: Final = ZoneInfo("Asia/Almaty")
