"""Notify: each new wave is told to the people on call, once; a message that can't be delivered is tried again.

Reads `fraud.alerts.v1`.  A delivery is remembered after the service took the message: a crash in between repeats the
message (with the same alert id in it) rather than lose it.
"""

from __future__ import annotations

import asyncio
import os
from datetime import UTC, datetime
from typing import Any, Final

import apprise
import faust
import msgspec

from schemas.events import Alert, AlertStatus
from schemas.topics import ALERTS
from streams.app import acknowledge, batches, keyed_table, log, owning, raw_topic
from streams.oncall.rota import Person, load_oncall
from streams.settings import Settings
from streams.tables import TOLD
from streams.wording import alert_message

#: Pauses between attempts to deliver (seconds): doubled up to the longest.
FIRST_PAUSE: Final = 1.0
LONGEST_PAUSE: Final = 60.0


def attach(app: faust.App, settings: Settings) -> None:
    """Hang the agent on `app`."""
    oncall = load_oncall(settings.oncall, os.environ)
    told = keyed_table(app, TOLD)

    @app.agent(raw_topic(app, ALERTS), name="notify")
    async def notify(stream: Any) -> None:
        async for events in batches(stream):
            for event in events:
                alert = _decode(event.message.value)
                if alert is None or alert.status is not AlertStatus.OPEN or not alert.page:
                    continue
                key = alert.id.encode()
                with owning(event):
                    if told.get(key) is not None:
                        continue
                    await asyncio.gather(*[_tell(person, alert) for person in oncall.people])
                    told[key] = datetime.now(UTC).isoformat().encode()
                await told.confirmed()
            acknowledge(events)


async def _tell(person: Person, alert: Alert) -> None:
    """Deliver to every target of one person, waiting as long as a service is away."""
    title, body = alert_message(alert, person.language)
    for number, target in enumerate(person.targets):
        service = apprise.Apprise()
        if not service.add(target):
            log.error(
                "target %d of %s is no URL that Apprise knows; alert %s not sent there", number, person.name, alert.id
            )
            continue
        pause = FIRST_PAUSE
        while not await service.async_notify(title=title, body=body):
            log.warning("alert %s not delivered to %s, next try in %.0f s", alert.id, person.name, pause)
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)
        log.info("alert %s delivered to %s", alert.id, person.name)


def _decode(value: bytes | None) -> Alert | None:
    try:
        return msgspec.json.decode(value, type=Alert) if value else None
    except msgspec.MsgspecError as error:
        log.error("skipped an alert that is not ours: %s", type(error).__name__)
        return None
