"""Detect: each series of distinct reporters is watched for a jump; a jump is a candidate for a wave.

Reads `fraud.signals.v1`, partitioned by the key of the series; writes `fraud.candidates.v1`.  What is erased is
forgotten in every series, and told to the waves.
"""

from __future__ import annotations

from itertools import groupby
from typing import Any

import faust
import msgspec

from schemas.erasure import Erasure
from schemas.events import Signal
from schemas.topics import CANDIDATES, SIGNALS, topics
from streams import beating
from streams.app import acknowledge, batches, confirm, keyed_table, log, owning, raw_topic
from streams.erasing import erasure_in, erasures_in, holding, tell
from streams.settings import Settings
from streams.signals import partition_of
from streams.tables import SERIES
from streams.waves import Series, load_detector, observe
from streams.waves.erasing import forget_in_series, traces
from streams.wire import decode_batch, encode_batches


def attach(app: faust.App, settings: Settings) -> None:
    """Hang the agent on `app`."""
    detector = load_detector(settings.rules)
    # Channels count without a rule as well: waves are judged against the whole traffic.
    families = {*detector.rules, "channel"}
    candidates_topic = raw_topic(app, CANDIDATES)
    series = keyed_table(app, SERIES)

    async def forget(event: Any, erasure: Erasure) -> None:
        """Forget what is erased, in the series of the event's partition."""

        def owned(key: bytes) -> bool:
            return partition_of(key.decode(), topics()[SIGNALS].partitions) == int(event.message.partition)

        with owning(event):
            for key in await holding(series, traces(erasure), owned):
                state = msgspec.msgpack.decode(series[key], type=Series)
                if forget_in_series(state, erasure):
                    series[key] = msgspec.msgpack.encode(state)
                else:
                    del series[key]

    @app.agent(raw_topic(app, SIGNALS), name="detect")
    async def detect(stream: Any) -> None:
        async for events in batches(stream):
            found = []
            for event in events:
                if (erasure := erasure_in(event)) is not None:
                    await forget(event, erasure)
                    continue
                try:
                    signals = [s for s in decode_batch(event.message.value, Signal) if _family(s) in families]
                except msgspec.MsgspecError as error:
                    log.error("skipped a message that is not ours: %s", type(error).__name__)
                    continue
                with owning(event):
                    for key, group in groupby(sorted(signals, key=lambda s: s.key), key=lambda s: s.key):
                        data = series.get(key.encode())
                        known = msgspec.msgpack.decode(data, type=Series) if data else None
                        state, candidates = observe(known, list(group), detector)
                        series[key.encode()] = msgspec.msgpack.encode(state)
                        found += candidates
            await confirm([candidates_topic.send(value=data) for data in encode_batches(found)])
            await confirm(tell(candidates_topic, erasures_in(events)))
            await confirm(list(beating.hand_on(candidates_topic, beating.beats_in(events))))
            await series.confirmed()
            acknowledge(events)


def _family(signal: Signal) -> str:
    return signal.key.partition(":")[0]
