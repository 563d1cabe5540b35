"""New schemes: reports that no scheme explains, put together by the words they share, as they come.

A report's *sketch* is the set of its telling stems: no function words, nothing that any fraud report may say
(`rules/common_words.yaml`).  A cluster is what its members' sketches have in common.  A report joins the cluster it
resembles most, or founds one; the id of a cluster comes from its founder's sketch: the same log gives the same ids.

Resemblance is the cosine between the sketch and the shares of the cluster's members that use each stem, both weighted
by inverse document frequency among unexplained reports (Salton and Buckley 1988); one pass over the stream with a
threshold is leader clustering (Hartigan 1975).  No clock and no I/O: the time is an argument, the state is a value that
can be stored.  Everything is bounded, so the state of a year is as large as that of a month.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache
from typing import Final

import msgspec
from msgspec import Struct

from schemas.events import EnrichedReport, Stance
from streams.understanding import rulebook
from streams.understanding.patterns import Lexicon
from streams.understanding.text import Words, fold

#: A cluster that nobody joined for so long is forgotten.
IDLE: Final = timedelta(days=30)
MAX_CLUSTERS: Final = 500
MAX_STEMS: Final = 40  # of a sketch and of a cluster
MAX_VOCABULARY: Final = 20_000
MAX_REMEMBERED: Final = 10_000  # reports whose cluster is remembered, so that a repeated one changes nothing
#: Fewer telling stems say too little to put a report anywhere.
MIN_STEMS: Final = 4
#: A report joins at this cosine and at least so many shared stems: chosen on the evaluation's development stories.
MIN_RESEMBLANCE: Final = 0.18
MIN_SHARED: Final = 2
#: Letters of a stem: enough to tell words apart, few enough to lose Russian and Kazakh endings.
STEM: Final = 4
SHORTEST: Final = 3
#: The only scheme that leaves a story unexplained.
OTHER: Final = "other-fraud"


class Cluster(Struct):
    """How many reports it has, how many of them use each stem, a word for each stem, and when the last one came."""

    size: int
    stems: dict[str, int]
    words: dict[str, str]
    last: datetime


class Clusters(Struct):
    """The state: clusters by id, how many unexplained reports used each stem, and the cluster of recent reports."""

    clusters: dict[str, Cluster] = {}
    reports: int = 0
    frequency: dict[str, int] = {}
    remembered: dict[str, str] = {}


def is_unexplained(enriched: EnrichedReport) -> bool:
    """Whether a report is told as something that happened or goes round, and no scheme explains it."""
    report = enriched.report
    return (
        not report.synthetic
        and enriched.stance is not Stance.QUESTION
        and all(tag.code == OTHER for tag in enriched.schemes)
        and len(sketch(report.text)) >= MIN_STEMS
    )


def with_pattern(state: Clusters, enriched: EnrichedReport) -> EnrichedReport:
    """`enriched` with the id of its cluster as `pattern`, if it is unexplained; `state` has learned it afterwards."""
    if not is_unexplained(enriched):
        return enriched
    pattern = assign(state, enriched.report.id, enriched.report.text, enriched.report.received_at)
    return msgspec.structs.replace(enriched, pattern=pattern)


def assign(state: Clusters, report_id: str, text: str, received_at: datetime) -> str | None:
    """The cluster of a text, which `state` learns; None if the text has too few telling words.

    A report that was seen lately gets the same answer again, and changes nothing.
    """
    known = state.remembered.get(report_id)
    if known is not None:
        return known
    stems = sketch(text)
    if len(stems) < MIN_STEMS:
        return None
    _forget(state, received_at)
    best = _nearest(state, stems)
    if best is None:
        best = _pattern_id(stems)
        state.clusters.setdefault(best, Cluster(0, {}, {}, received_at))
    _join(state.clusters[best], stems, received_at)
    state.reports += 1
    for stem in stems:
        state.frequency[stem] = state.frequency.get(stem, 0) + 1
    if len(state.frequency) > MAX_VOCABULARY:
        state.frequency = {stem: n for stem, n in state.frequency.items() if n > 1}
    state.remembered[report_id] = best
    if len(state.remembered) > MAX_REMEMBERED:
        del state.remembered[next(iter(state.remembered))]
    return best


def words_of(state: Clusters, pattern: str, count: int = 6) -> list[str]:
    """The words by which a cluster is shown: those that most of its members use, rarest elsewhere first."""
    cluster = state.clusters.get(pattern)
    if cluster is None:
        return []
    weight = {stem: n * _rarity(state, stem) for stem, n in cluster.stems.items()}
    return [cluster.words[stem] for stem in sorted(weight, key=lambda s: (-weight[s], s))[:count]]


def sketch(text: str) -> dict[str, str]:
    """The telling stems of a text, each with the first word that has it, in the order of the text."""
    found: dict[str, str] = {}
    folded = fold(text)
    words = Words(folded)
    for index, word in enumerate(words.texts):
        if len(word) >= SHORTEST and word.isalpha() and word[:STEM] not in found and not _is_common(word):
            start, end = words.spans[index]
            found[word[:STEM]] = folded[start:end]
            if len(found) == MAX_STEMS:
                break
    return found


def _nearest(state: Clusters, stems: Mapping[str, str]) -> str | None:
    best, best_key = None, (MIN_RESEMBLANCE, 0, "")
    own = math.sqrt(sum(_rarity(state, s) ** 2 for s in stems))
    for pattern, cluster in state.clusters.items():
        shared = [s for s in stems if s in cluster.stems]
        if len(shared) < MIN_SHARED:
            continue
        product = sum(_rarity(state, s) ** 2 * cluster.stems[s] for s in shared)
        length = math.sqrt(sum((_rarity(state, s) * n) ** 2 for s, n in cluster.stems.items()))
        key = (product / (own * length), cluster.size, pattern)
        if key >= best_key:
            best, best_key = pattern, key
    return best


def _rarity(state: Clusters, stem: str) -> float:
    return 1 + math.log((state.reports + 1) / (state.frequency.get(stem, 0) + 1))


def _join(cluster: Cluster, stems: Mapping[str, str], received_at: datetime) -> None:
    cluster.size += 1
    cluster.last = max(cluster.last, received_at)
    for stem, word in stems.items():
        cluster.stems[stem] = cluster.stems.get(stem, 0) + 1
        cluster.words.setdefault(stem, word)
    if len(cluster.stems) > MAX_STEMS:
        kept = sorted(cluster.stems, key=lambda s: (-cluster.stems[s], s))[:MAX_STEMS]
        cluster.stems = {s: cluster.stems[s] for s in kept}
        cluster.words = {s: cluster.words[s] for s in kept}


def _forget(state: Clusters, now: datetime) -> None:
    """Drops clusters that are idle, and the longest idle one when there are too many."""
    for pattern in [p for p, c in state.clusters.items() if c.last < now - IDLE]:
        del state.clusters[pattern]
    if len(state.clusters) >= MAX_CLUSTERS:
        del state.clusters[min(state.clusters, key=lambda p: (state.clusters[p].size > 1, state.clusters[p].last, p))]


def _pattern_id(stems: Mapping[str, str]) -> str:
    return hashlib.sha256(" ".join(sorted(stems)).encode()).hexdigest()[:12]


@cache
def _common() -> Lexicon:
    return Lexicon({"common": rulebook.common_words()})


def _is_common(word: str) -> bool:
    return bool(_common().knows(word))
