"""Did the demo show what it promises?  Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from deploy.demo.receiver import Page
from schemas.events import Alert
from streams.urgent import URGENT

#: Of many ids of one kind, so many are named.
NAMED: Final = 5


def problems(
    accepted: Mapping[str, float], copies: Mapping[str, int], alerts: Sequence[Alert], pages: Sequence[Page], wave: str
) -> list[str]:
    """What is wrong, a sentence each; empty if every promise was kept.

    accepted: ids that were answered with 202 -> when
    copies:   how often each report is in Elasticsearch, by id
    alerts:   every message of the alert topic
    pages:    what the person on call got
    wave:     key of the series that must alarm, once; of the rest only urgent cases may, which are no waves
    """
    found = []
    missing = [one for one in accepted if one not in copies]
    if missing:
        found.append(f"{len(missing)} accepted reports are not in Elasticsearch: {_named(missing)}")
    double = [one for one, count in copies.items() if count > 1]
    if double:
        found.append(f"{len(double)} reports are in Elasticsearch more than once: {_named(double)}")
    strange = [one for one in copies if one not in accepted]
    if strange:
        found.append(f"{len(strange)} reports are in Elasticsearch that were never accepted: {_named(strange)}")
    return found + _wrong_alerts(alerts, pages, wave)


def first_alert(alerts: Sequence[Alert], wave: str) -> Alert | None:
    """The message by which the wave was first announced."""
    return next((alert for alert in alerts if wave in (alert.key, *alert.keys)), None)


def page_of(alert: Alert | None, pages: Sequence[Page]) -> Page | None:
    """The page by which the person on call learned of an alert first, or None."""
    return next((page for page in pages if alert is not None and alert.id[:8] in page.text), None)


def deciding_moment(accepted: Mapping[str, float], alert: Alert, page: Page) -> float | None:
    """When (time.monotonic) the report was accepted that made the alarm, or None if that can't be told.

    It is the one that the alert names, else the last accepted of those that the first announcement rests on.
    """
    named = [alert.decided_by] if alert.decided_by else alert.report_ids
    moments = [accepted[one] for one in named if one in accepted and accepted[one] <= page.clock]
    return max(moments, default=None)


def _wrong_alerts(alerts: Sequence[Alert], pages: Sequence[Page], wave: str) -> list[str]:
    found = []
    expected = first_alert(alerts, wave)
    urgent = {alert.id[:8] for alert in alerts if alert.family == URGENT}
    alerts = [alert for alert in alerts if alert.family != URGENT]
    pages = [page for page in pages if not any(one in page.text for one in urgent)]
    if expected is None:
        found.append(f"the wave {wave} was not detected")
    others = {alert.id: alert for alert in alerts if expected is None or alert.id != expected.id}
    found += [f"an alert that should not be: {alert.key}, score {alert.score:g}" for alert in others.values()]
    ours = [page for page in pages if expected is not None and expected.id[:8] in page.text]
    if expected is not None and len(ours) != 1:
        found.append(f"the wave's alert {expected.id[:8]} reached the person on call {len(ours)} times instead of once")
    rest = Counter(page.title for page in pages if page not in ours)
    found += [f"a page that should not be ({count} times): {title}" for title, count in rest.items()]
    return found


def _named(ids: Sequence[str]) -> str:
    return ", ".join(ids[:NAMED]) + (" …" if len(ids) > NAMED else "")
