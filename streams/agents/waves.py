"""Waves: candidates of series that show the same campaign are folded into one wave, announced once.

Reads `fraud.candidates.v1` (one partition: one owner); writes `fraud.alerts.v1`, keyed by the alert's id.  An alert
that names an erased report is published anew without it.
"""

from __future__ import annotations

from typing import Any, Final

import faust
import msgspec

from schemas.topics import ALERTS, CANDIDATES
from streams import beating
from streams.app import acknowledge, batches, confirm, keyed_table, log, owning, raw_topic
from streams.erasing import erasures_in
from streams.settings import Settings
from streams.tables import WAVES
from streams.waves import Campaigns, Candidate, fold, load_detector
from streams.waves.erasing import forget_in_campaigns
from streams.wire import decode_batch

#: How often waves are looked at when nothing comes in (seconds).
TICK: Final = 60.0

_STATE: Final = b"campaigns"


def attach(app: faust.App, settings: Settings) -> None:
    """Hang the agent on `app`."""
    detector = load_detector(settings.rules)
    alerts_topic, candidates_topic = raw_topic(app, ALERTS), raw_topic(app, CANDIDATES)
    waves = keyed_table(app, WAVES)

    @app.agent(raw_topic(app, CANDIDATES), name="waves")
    async def fold_candidates(stream: Any) -> None:
        async for events in batches(stream):
            candidates = []
            for event in events:
                try:
                    candidates += decode_batch(event.message.value, Candidate)
                except msgspec.MsgspecError as error:
                    log.error("skipped a message that is not ours: %s", type(error).__name__)
            # The log's own time, so that a replay folds at the same moments: of the candidates, or of a tick.
            now = max((c.at for c in candidates), default=int(events[-1].message.timestamp))
            with owning(events[-1]):
                data = waves.get(_STATE)
                known = msgspec.msgpack.decode(data, type=Campaigns) if data else None
                state, alerts = fold(known, candidates, now, detector)
                for erasure in erasures_in(events):
                    alerts += forget_in_campaigns(state, erasure, detector)
                for alert in alerts:
                    log.info("wave %s: %s %s %s", alert.id, alert.key, alert.status, alert.change)
                # Alerts before the state that remembers them: a crash in between repeats them under the same ids.
                await confirm([alerts_topic.send(key=a.id.encode(), value=msgspec.json.encode(a)) for a in alerts])
                await confirm(list(beating.publish(alerts_topic, beating.beats_in(events))))
                waves[_STATE] = msgspec.msgpack.encode(state)
            await waves.confirmed()
            acknowledge(events)

    @app.timer(interval=TICK, on_leader=False)  # type: ignore[untyped-decorator]
    async def tick() -> None:
        """Time passes without candidates too: waves end, channels fall silent."""
        await confirm([candidates_topic.send(value=b"[]")])
