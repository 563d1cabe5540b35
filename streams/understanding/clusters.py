"""New schemes: reports that no scheme explains, put together by the words they share, as they come.

A report's *sketch* is the set of its telling stems: no function words, nothing that any fraud report may say
(`rules/common_words.yaml`).  A cluster is what its members' sketches have in common.  A report joins the cluster it
resembles most, or founds one; the id of a cluster is made of its founder's most telling words: the same log gives the
same ids.

Resemblance is the cosine between the sketch and the shares of the cluster's members that use each stem, both weighted
by inverse document frequency among the reports of all clusters (Salton and Buckley 1988); one pass over the stream with
a threshold is leader clustering (Hartigan 1975).  No clock and no I/O: the time is an argument, the state is clusters
that can be stored one by one.  Everything is bounded, so the state of a year is as large as that of a month.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache
from typing import Final

from msgspec import Struct

from schemas.events import EnrichedReport, Stance
from streams.understanding import rulebook
from streams.understanding.patterns import Lexicon
from streams.understanding.schemes import OTHER
from streams.understanding.text import read

#: A cluster that nobody joined for so long is forgotten.
IDLE: Final = timedelta(days=30)
MAX_CLUSTERS: Final = 500
MAX_STEMS: Final = 40  # of a sketch and of a cluster
#: Fewer telling stems say too little to put a report anywhere.
MIN_STEMS: Final = 4
#: A report joins at this cosine and at least so many shared stems: chosen on the evaluation's development stories.
MIN_RESEMBLANCE: Final = 0.18
MIN_SHARED: Final = 2
#: Letters of a stem: enough to tell words apart, few enough to lose Russian and Kazakh endings.
STEM: Final = 4
SHORTEST: Final = 3
#: Words of its founder that a cluster's id shows.
MAX_SHOWN: Final = 3
#: A scheme explains a story from this confidence on.  Less sure is only the likeliest one where none is likely: counted
#: as an explanation it would hide 4 of the evaluation's 57 reports of new stories; not counted, 2 of 98 of known ones
#: are clustered as well.
EXPLAINS: Final = 0.45


class Cluster(Struct):
    """How many reports it has, how many of them use each stem, a word for each stem, and when the last one came."""

    size: int
    stems: dict[str, int]
    words: dict[str, str]
    last: datetime


class Clusters:
    """The state: clusters by id (the pattern), and how many of their reports use each stem."""

    def __init__(self, clusters: Mapping[str, Cluster] | None = None) -> None:
        self.clusters: dict[str, Cluster] = dict(clusters or {})
        self.reports = sum(cluster.size for cluster in self.clusters.values())
        self._frequency: Counter[str] = Counter()
        for cluster in self.clusters.values():
            self._frequency.update(cluster.stems)

    def rarity(self, stem: str) -> float:
        """Inverse document frequency of a stem."""
        return 1 + math.log((self.reports + 1) / (self._frequency[stem] + 1))

    def join(self, pattern: str, stems: Mapping[str, str], at: datetime) -> None:
        """Add a sketch to a cluster, which is founded if it is not there."""
        cluster = self._taken(pattern) or Cluster(0, {}, {}, at)
        cluster.size += 1
        cluster.last = max(cluster.last, at)
        for stem, word in stems.items():
            cluster.stems[stem] = cluster.stems.get(stem, 0) + 1
            cluster.words.setdefault(stem, word)
        if len(cluster.stems) > MAX_STEMS:
            kept = sorted(cluster.stems, key=lambda s: (-cluster.stems[s], s))[:MAX_STEMS]
            cluster.stems = {s: cluster.stems[s] for s in kept}
            cluster.words = {s: cluster.words[s] for s in kept}
        self.clusters[pattern] = cluster
        self.reports += cluster.size
        self._frequency.update(cluster.stems)

    def leave(self, pattern: str) -> Cluster | None:
        """Take one report out of a cluster.  Returns what is left: None if it was the last one, or none is there."""
        cluster = self._taken(pattern)
        if cluster is None or cluster.size <= 1:
            return None
        cluster.size -= 1
        self.clusters[pattern] = cluster
        self.reports += cluster.size
        self._frequency.update(cluster.stems)
        return cluster

    def forget(self, now: datetime) -> None:
        """Drop clusters that are idle, and the longest idle small one when there are too many."""
        for pattern in [p for p, c in self.clusters.items() if c.last < now - IDLE]:
            self._taken(pattern)
        if len(self.clusters) >= MAX_CLUSTERS:
            known = self.clusters
            self._taken(min(known, key=lambda p: (known[p].size > 1, known[p].last, p)))

    def _taken(self, pattern: str) -> Cluster | None:
        """A cluster, out of the state and its sums."""
        cluster = self.clusters.pop(pattern, None)
        if cluster is not None:
            self.reports -= cluster.size
            self._frequency.subtract(cluster.stems)
            for stem in cluster.stems:
                if not self._frequency[stem]:
                    del self._frequency[stem]
        return cluster


def is_unexplained(enriched: EnrichedReport) -> bool:
    """Whether a report is told as something that happened or goes round, and no scheme surely explains it."""
    report = enriched.report
    return (
        not report.synthetic
        and enriched.stance is not Stance.QUESTION
        and all(tag.code == OTHER or tag.confidence < EXPLAINS for tag in enriched.schemes)
        and len(sketch(report.text)) >= MIN_STEMS
    )


def assign(state: Clusters, text: str, received_at: datetime) -> str | None:
    """The pattern of a text, which `state` learns; None if the text has too few telling words."""
    stems = sketch(text)
    if len(stems) < MIN_STEMS:
        return None
    state.forget(received_at)
    pattern = _nearest(state, stems) or _pattern_id(state, stems)
    state.join(pattern, stems, received_at)
    return pattern


def sketch(text: str) -> dict[str, str]:
    """The telling stems of a text, each with the first word that has it, in the order of the text."""
    found: dict[str, str] = {}
    folded, words = read(text)
    for index, word in enumerate(words.texts):
        if len(word) >= SHORTEST and word.isalpha() and word[:STEM] not in found and not _is_common(word):
            start, end = words.span(index)
            found[word[:STEM]] = folded.text[start:end]
            if len(found) == MAX_STEMS:
                break
    return found


def _nearest(state: Clusters, stems: Mapping[str, str]) -> str | None:
    best, best_key = None, (MIN_RESEMBLANCE, 0, "")
    own = math.sqrt(sum(state.rarity(s) ** 2 for s in stems))
    for pattern, cluster in state.clusters.items():
        shared = [s for s in stems if s in cluster.stems]
        if len(shared) < MIN_SHARED:
            continue
        product = sum(state.rarity(s) ** 2 * cluster.stems[s] for s in shared)
        length = math.sqrt(sum((state.rarity(s) * n) ** 2 for s, n in cluster.stems.items()))
        key = (product / (own * length), cluster.size, pattern)
        if key >= best_key:
            best, best_key = pattern, key
    return best


def _pattern_id(state: Clusters, stems: Mapping[str, str]) -> str:
    """Readable and unique: the rarest words of the founder, and a hash of its stems."""
    telling = sorted(stems, key=lambda stem: (-state.rarity(stem), -len(stems[stem]), stem))[:MAX_SHOWN]
    words = [stems[stem] for stem in stems if stem in telling]
    return "-".join([*words, hashlib.sha256(" ".join(sorted(stems)).encode()).hexdigest()[:6]])


@cache
def _common() -> Lexicon:
    return Lexicon({"common": rulebook.common_words()})


def _is_common(word: str) -> bool:
    return bool(_common().knows(word))
