"""A small linear model beside the rules: it weighs all of a text's words, also where no rule has a phrase for them.

One logistic regression for each scheme and demand, and one for whether fraud is told at all, over what can be shown to
a reader: the stems of a text's words (their first letters) and the concepts that the rules found in it.  Demands are
judged with the schemes that were given.  The weights are in `weights.json`, made by `python -m
tests.evaluation.train_tags`; how rules and model are put together is told in `schemes`.

A text costs one addition for each of its features: the weights of a feature are packed into one integer, a lane of 32
bits for each label, so that adding two integers adds all labels.
"""

from __future__ import annotations

import base64
import math
import struct
from collections.abc import Iterable
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from streams.understanding.memo import Memo
from streams.understanding.patterns import Match
from streams.understanding.reading import Reading

WEIGHTS: Final = Path(__file__).with_name("weights.json")
#: Name of the regression that says whether a text tells of fraud.
FRAUD: Final = "fraud"
#: Letters of a stem, and of the longer one that long words have as well.
STEM: Final = 5
LONG_STEM: Final = 8
#: How many pieces of evidence a label has; words as short as "из" weigh, but show nothing.
MAX_EVIDENCE: Final = 4
_TELLING: Final = 3
#: Marks that no word has: of a longer stem, of a concept, and of a scheme that was given.
LONG: Final = "-"
CONCEPT: Final = "#"
GIVEN: Final = "="
#: Weights are bytes; this much is added to each, so that no lane is ever negative.
_SHIFT: Final = 128
_LANE: Final = 4  # bytes


class Weights(Struct, frozen=True):
    """Content of weights.json: a byte for each feature and label (base64), and what makes log-odds of their sum."""

    labels: list[str]
    scale: list[float]
    bias: list[float]
    features: dict[str, str]


class Weighed(Struct, frozen=True):
    """The weights of some features added up, in lanes, and how many features they are."""

    lanes: int
    features: int

    def plus(self, other: Weighed) -> Weighed:
        """Both together, if they have no feature in common."""
        return Weighed(self.lanes + other.lanes, self.features + other.features)


class Model:
    """Weights made ready to judge texts."""

    def __init__(self, weights: Weights) -> None:
        self.labels: Final = tuple(weights.labels)
        self._of_label = {
            label: (place, weights.scale[place], weights.bias[place]) for place, label in enumerate(weights.labels)
        }
        self._lanes = struct.Struct(f"<{len(self.labels)}I")
        self._numbers = {name: number for number, name in enumerate(weights.features)}
        self._rows = [base64.b64decode(row) for row in weights.features.values()]
        self._packed = [_pack(row) for row in self._rows]
        self._of_concept = {
            name.removeprefix(CONCEPT): number for name, number in self._numbers.items() if name.startswith(CONCEPT)
        }
        self._known_stems = Memo(self._learn)

    def read(self, reading: Reading) -> Weighed:
        """What the features of a text weigh together; the stems of a word met before cost one look-up."""
        features = set(chain.from_iterable(map(self._known_stems.__getitem__, reading.words.texts)))
        features.update([self._of_concept[name] for name in reading.found if name in self._of_concept])
        return Weighed(sum(map(self._packed.__getitem__, features)), len(features))

    def _learn(self, word: str) -> tuple[int, ...]:
        """The numbers of the features that a word has."""
        return tuple(self._numbers[stem] for stem in _stems(word) if stem in self._numbers)

    def weigh(self, features: Iterable[str]) -> Weighed:
        """What these features weigh together; those unknown to the model say nothing."""
        rows = [self._packed[self._numbers[name]] for name in features if name in self._numbers]
        return Weighed(sum(rows), len(rows))

    def log_odds(self, weighed: Weighed, labels: Iterable[str] | None = None) -> dict[str, float]:
        """The log-odds of `labels` (default: all) for a text whose features weigh so much."""
        lanes = self._lanes.unpack(weighed.lanes.to_bytes(self._lanes.size, "little"))
        shift = _SHIFT * weighed.features
        return {
            label: (lanes[place] - shift) * scale + bias
            for label in labels or self.labels
            for place, scale, bias in (self._of_label[label],)
        }

    def evidence(self, reading: Reading, label: str) -> list[Match]:
        """The words that weighed most for a label, heaviest first."""
        place = self.labels.index(label)
        shown: dict[int, Match] = {}
        for index, word in enumerate(reading.words.texts):
            for number in self._known_stems[word] if len(word) >= _TELLING else ():
                shown.setdefault(number, Match(index, index))
        shown.update(
            (number, reading.found[name][0]) for name, number in self._of_concept.items() if name in reading.found
        )
        weighed = [
            (weight, -match.first, match)
            for number, match in shown.items()
            if (weight := self._rows[number][place] - _SHIFT) > 0
        ]
        return list(dict.fromkeys(match for _, _, match in sorted(weighed, reverse=True)))[:MAX_EVIDENCE]


def features(reading: Reading) -> dict[str, Match]:
    """The features of a text, the stems of its words and its concepts, each with the first words that gave it."""
    found: dict[str, Match] = {}
    for index, word in enumerate(reading.words.texts):
        for stem in _stems(word):
            found.setdefault(stem, Match(index, index))
    for concept, matches in reading.found.items():
        found[CONCEPT + concept] = matches[0]
    return found


def _stems(word: str) -> tuple[str, ...]:
    if word.isdigit():
        return ()
    return (word[:STEM], word[:LONG_STEM] + LONG) if len(word) >= LONG_STEM else (word[:STEM],)


def probability(log_odds: float) -> float:
    """The probability of log-odds."""
    return 0.5 * (1 + math.tanh(log_odds / 2))


@cache
def model() -> Model:
    """The shipped model, read once."""
    return Model(msgspec.json.decode(WEIGHTS.read_bytes(), type=Weights))


def _pack(row: bytes) -> int:
    """One integer with a lane for each byte."""
    lanes = bytearray(_LANE * len(row))
    lanes[::_LANE] = row
    return int.from_bytes(lanes, "little")
