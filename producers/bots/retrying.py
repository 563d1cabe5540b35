"""Trying again, later and later."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

T = TypeVar("T")

#: Seconds between attempts of something that a person waits for.
PAUSES: Final = (0.5, 1.0, 2.0, 4.0, 8.0)
#: A messenger that wants us to wait longer than this has our answer given up.
LONGEST_WAIT: Final = 60.0


async def persist(
    attempt: Callable[[], Awaitable[T]],
    wait: Callable[[Exception], float | None],
    pauses: tuple[float, ...] = PAUSES,
) -> T:
    """What `attempt` gives, tried once and once more after each pause, as long as `wait` says that it is worth it.

    `wait` returns, for what an attempt raised, the least seconds to wait before the next one (0: just the pause), or
    None if no attempt will help.  Raises what the last attempt raised.
    """
    for pause in pauses:
        try:
            return await attempt()
        except Exception as error:
            least = wait(error)
            if least is None or least > LONGEST_WAIT:
                raise
            await asyncio.sleep(max(pause, least))
    return await attempt()
