"""Wave detection: pure functions from signals to alerts, the same in the stream, in `backtest` and in the tests.

Two stages, so that it runs partitioned by key over any number of workers with the same result as over one:

1. `observe(series, signals, detector)` for each series key, by whoever owns the key: what was counted (candidates);
2. `fold(campaigns, candidates, now, detector)` by one owner, who judges it: alerts, one a wave.  A `Folder` does the
   same for one batch after the other.

No function has a clock: "now" is `received_at` of the signals, and what `fold` is told.
"""

from streams.waves.campaigns import Campaigns
from streams.waves.folding import Folder, fold
from streams.waves.rules import Detector, RuleError, load_detector
from streams.waves.scan import Candidate, observe, scan
from streams.waves.series import Series, add, expired

__all__ = [
    "Campaigns",
    "Candidate",
    "Detector",
    "Folder",
    "RuleError",
    "Series",
    "add",
    "expired",
    "fold",
    "load_detector",
    "observe",
    "scan",
]
