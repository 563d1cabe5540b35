"""`python -m producers.heartbeat`: does an alert still get from a report to the person on call?

Every few minutes a synthetic report goes through the gateway, becomes an alert that counts nowhere, and is delivered
like any other (see `heartbeat` in deploy/oncall.yaml).  If its id does not come through in time, the fallback way is
told, past everything that may be broken, and says which hop it is; and again when it is mended.

SAQBOL_GATEWAY_URL, SAQBOL_KAFKA      where to send, and where to look
SAQBOL_HEARTBEAT_KEY (or _KEY_FILE)   API key of the integration `heartbeat`
SAQBOL_HEARTBEAT_URLS                 Apprise URLs of the fallback way, separated by blanks
SAQBOL_HEARTBEAT_MINUTES              time between two beats, 5 by default
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, Literal

import msgspec
from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError
from msgspec import Struct

from producers.bots.gateway import AwayError, GatewayClient, RefusedError
from producers.kafka import CONNECT_TIMEOUT_MS
from schemas.cases import Case, StepKind
from schemas.events import Alert, ReportSubmission
from schemas.topics import ALERTS, CASES
from streams.delivery import Messenger
from streams.oncall.messages import say
from streams.urgent import HEARTBEAT_ALERT

log: Final = logging.getLogger("saqbol.heartbeat")

Hop = Literal["gateway", "alerts", "delivery"]

#: How long a beat may take from the first try to the delivered message.
WITHIN: Final = timedelta(minutes=2)
#: While it stays broken, the fallback way is told this often.
AGAIN: Final = timedelta(hours=1)
_TRY_EVERY: Final = 5.0
_POLL_MS: Final = 500


class Settings(Struct, frozen=True, kw_only=True):
    """Settings of the heartbeat, each from a variable of the environment (see above)."""

    gateway: str
    kafka: str
    key: str
    fallback: tuple[str, ...]
    every: timedelta


class Pulse(Struct, frozen=True, kw_only=True):
    """What the fallback way was told last, if it is broken: the hop, and when."""

    broken: Hop | None = None
    told_at: datetime | None = None


def next_pulse(pulse: Pulse, broken: Hop | None, now: datetime) -> tuple[Pulse, bool]:
    """What to remember after a beat that ended at `broken` (None: it came through), and whether to speak of it."""
    if broken is None:
        return Pulse(), pulse.broken is not None
    if pulse.told_at is not None and pulse.broken == broken and now < pulse.told_at + AGAIN:
        return pulse, False
    return Pulse(broken=broken, told_at=now), True


def wording(broken: Hop | None) -> tuple[str, str]:
    """(title, body) for the fallback way, in Russian and Kazakh: nobody knows who reads it."""
    title = " · ".join(say("mended" if broken is None else "broken", locale) for locale in ("ru", "kk"))
    return title, "" if broken is None else "\n".join(say(f"hop_{broken}", locale) for locale in ("ru", "kk"))


class Sightings:
    """What was seen of a beat on the topics behind the gateway."""

    def __init__(self, report_id: str) -> None:
        self._report_id = report_id
        self.alerted = self.delivered = False

    def look(self, records: Iterable[Any]) -> None:
        """Take note of records of the alerts' and the cases' topics."""
        for record in records:
            if record.key != HEARTBEAT_ALERT.encode() or not record.value:
                continue
            with suppress(msgspec.MsgspecError):
                if record.topic == ALERTS:
                    alert = msgspec.json.decode(record.value, type=Alert)
                    self.alerted |= self._report_id in alert.report_ids
                else:
                    steps = msgspec.json.decode(record.value, type=Case).steps
                    self.delivered |= any(s.kind is StepKind.SENT and s.message == self._report_id for s in steps)

    @property
    def hop(self) -> Hop | None:
        """Where the beat is stuck behind the gateway; None if it came through."""
        if self.delivered:
            return None
        return "delivery" if self.alerted else "alerts"


async def beat(settings: Settings) -> Hop | None:
    """Send one beat and follow it.  Returns the hop that it did not pass in time, or None."""
    now = datetime.now(UTC)
    deadline = asyncio.get_running_loop().time() + WITHIN.total_seconds()
    report = ReportSubmission(source_ref=f"beat-{now.isoformat()}", text="heartbeat", synthetic=True)
    try:
        consumer = await asyncio.to_thread(_consumer, settings.kafka)
    except KafkaError as error:
        log.warning("Kafka does not answer: %s", type(error).__name__)
        return "gateway"  # which can't take a report either
    try:
        report_id = await _submit(settings, report, deadline)
        if report_id is None:
            return "gateway"
        seen = Sightings(report_id)
        while seen.hop is not None and asyncio.get_running_loop().time() < deadline:
            try:
                for records in (await asyncio.to_thread(consumer.poll, _POLL_MS)).values():
                    seen.look(records)
            except KafkaError as error:
                log.warning("Kafka does not answer: %s", type(error).__name__)
                await asyncio.sleep(1)
        return seen.hop
    finally:
        await asyncio.to_thread(consumer.close)


async def run(settings: Settings) -> None:
    """Beat until cancelled, and tell the fallback way what is broken."""
    pulse, messenger = Pulse(), Messenger()
    try:
        while True:
            begun = asyncio.get_running_loop().time()
            broken = await beat(settings)
            log.log(logging.ERROR if broken else logging.INFO, "heartbeat %s", broken or "came through")
            told, speak = next_pulse(pulse, broken, datetime.now(UTC))
            if speak:
                title, body = wording(broken)
                taken = [await messenger.deliver(url, title, body or title) for url in settings.fallback]
                if not any(taken):
                    log.error("the fallback way did not take the message either")
                    told = pulse  # say it again after the next beat
            pulse = told
            passed = asyncio.get_running_loop().time() - begun
            await asyncio.sleep(max(1.0, settings.every.total_seconds() - passed))
    finally:
        messenger.close()


def from_environment(environment: Mapping[str, str]) -> Settings:
    """The settings.  Raises ValueError naming the variable that is missing or wrong."""
    key_file = environment.get("SAQBOL_HEARTBEAT_KEY_FILE")
    key = Path(key_file).read_text(encoding="ascii") if key_file else environment.get("SAQBOL_HEARTBEAT_KEY", "")
    if not key.strip():
        raise ValueError("SAQBOL_HEARTBEAT_KEY (or _KEY_FILE) must hold the API key of the integration heartbeat")
    fallback = tuple(environment.get("SAQBOL_HEARTBEAT_URLS", "").split())
    if not fallback:
        raise ValueError("SAQBOL_HEARTBEAT_URLS must name a way to tell somebody when alerts don't get through")
    try:
        every = timedelta(minutes=float(environment.get("SAQBOL_HEARTBEAT_MINUTES") or 5))
    except ValueError:
        raise ValueError("SAQBOL_HEARTBEAT_MINUTES must be a number of minutes") from None
    return Settings(
        gateway=environment.get("SAQBOL_GATEWAY_URL") or "http://127.0.0.1:8080",
        kafka=environment.get("SAQBOL_KAFKA") or "127.0.0.1:9092",
        key=key.strip(),
        fallback=fallback,
        every=every,
    )


async def _submit(settings: Settings, report: ReportSubmission, deadline: float) -> str | None:
    """The id of the report once the gateway has taken it, or None if it does not in time."""
    gateway = GatewayClient(settings.gateway, settings.key)
    try:
        while True:
            try:
                return await gateway.submit(report)
            except RefusedError as error:
                log.warning("the gateway refuses a heartbeat: %s", error)
                return None
            except AwayError:
                if asyncio.get_running_loop().time() > deadline:
                    return None
                await asyncio.sleep(_TRY_EVERY)
    finally:
        await gateway.close()


def _consumer(servers: str) -> KafkaConsumer:
    """A consumer at the end of the alerts and the cases, so that only what comes from now on is read."""
    consumer = KafkaConsumer(
        bootstrap_servers=servers.split(","),
        client_id="saqbol-heartbeat",
        enable_auto_commit=False,
        bootstrap_timeout_ms=CONNECT_TIMEOUT_MS,
    )
    try:
        partitions = [TopicPartition(ALERTS, 0), TopicPartition(CASES, 0)]
        consumer.assign(partitions)
        consumer.seek_to_end(*partitions)
        for partition in partitions:
            consumer.position(partition)
    except BaseException:
        consumer.close()
        raise
    return consumer


async def _until_stopped(settings: Settings) -> None:
    beating = asyncio.create_task(run(settings))
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, beating.cancel)
    with suppress(asyncio.CancelledError):
        await beating


def main() -> int:
    """Run until told to stop.  Returns the exit code."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    try:
        settings = from_environment(os.environ)
    except (OSError, ValueError) as error:
        sys.stderr.write(f"saqbol heartbeat: {error}\n")
        return 2
    asyncio.run(_until_stopped(settings))
    return 0


if __name__ == "__main__":
    sys.exit(main())
