"""What series and waves forget of reports that are erased.  Pure, and the same again changes nothing.

Counts of people stay as they were told; who they were, and what they said, goes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

import msgspec

from schemas.erasure import Erasure
from schemas.events import Alert
from streams.waves.alerts import alert_of
from streams.waves.campaigns import Campaigns, Member
from streams.waves.rules import Detector
from streams.waves.series import CHANNEL_SKETCH, SKETCH, Bucket, Evidence, Series, reporter_hash, sketch_size

#: Why an alert is published anew.
ERASED = "erased"


def traces(erasure: Erasure) -> list[bytes]:
    """What of an erasure can be found in the bytes of a stored series."""
    names = [*erasure.report_ids, *([erasure.reporter] if erasure.reporter else [])]
    packed = [msgspec.msgpack.encode(reporter_hash(name)) for name in names]
    return [*packed, *(report_id.encode() for report_id in erasure.report_ids)]


def forget_in_series(series: Series, erasure: Erasure) -> bool:
    """Forget reports and reporter in a series.  Returns whether anything is left in it.

    A channel counts reports and who made them, any other series reporters.  In a full sketch, whose hashes say how many
    there are, the hash gives way to one that is nobody's.
    """
    size = sketch_size(series.key)
    reports = {reporter_hash(report_id) for report_id in erasure.report_ids}
    person = {reporter_hash(erasure.reporter)} if erasure.reporter else set()
    counted = reports if size == CHANNEL_SKETCH else person
    for buckets in (series.hours, series.days, series.received):
        for number, bucket in list(buckets.items()):
            for sort in ("identified", "anonymous", "imported"):
                setattr(bucket, sort, _without(getattr(bucket, sort), counted, size))
            bucket.people = _without(bucket.people, person, SKETCH)
            if bucket == Bucket():
                del buckets[number]
    series.evidence = _kept(series.evidence, erasure.report_ids)
    return bool(series.days or series.hours or series.received or series.evidence)


def forget_in_campaigns(campaigns: Campaigns, erasure: Erasure, detector: Detector) -> list[Alert]:
    """Forget reports in all waves.  Returns the alerts of those that named one, as they are now; they page nobody."""
    ids = set(erasure.report_ids)
    alerts = []
    rules = {rule.id: rule for some in detector.rules.values() for rule in some}
    for wave in campaigns.waves:
        named = [item for item in wave.evidence if item.report_id in ids]
        wave.members = {key: _member_without(member, ids) for key, member in wave.members.items()}
        wave.evidence = _kept(wave.evidence, ids)
        wave.decided_by = None if wave.decided_by in ids else wave.decided_by
        if named and wave.rule in rules:
            alerts.append(alert_of(wave, rules[wave.rule], ERASED, paged=False, first=[]))
    for rising in campaigns.rising.values():
        rising.recent = {
            key: msgspec.structs.replace(
                stir, member=_member_without(stir.member, ids), evidence=_kept(stir.evidence, ids)
            )
            for key, stir in rising.recent.items()
        }
    return alerts


def _without(hashes: list[int], erased: Collection[int], size: int) -> list[int]:
    if not any(value in erased for value in hashes):
        return hashes
    if len(hashes) < size:
        return [value for value in hashes if value not in erased]
    between = zip([0, *hashes], hashes, [*hashes[1:], hashes[-1] + 2], strict=False)
    return [(before + after) // 2 if value in erased else value for before, value, after in between]


def _member_without(member: Member, ids: Collection[str]) -> Member:
    if not any(report_id in ids for report_id in member.report_ids):
        return member
    return msgspec.structs.replace(member, report_ids=[i for i in member.report_ids if i not in ids])


def _kept(evidence: Iterable[Evidence], ids: Collection[str]) -> list[Evidence]:
    return [item for item in evidence if item.report_id not in ids]
