"""Schemes and demands of a text: which story is told, and what the person is asked to do.

Two opinions are put together.  `rules/` holds what is known in words: concepts and, for each scheme and demand, rules
over concepts with points.  `model` weighs all the words of a text.  The log-odds of a label are those of the model and
a bonus for each point of its rules: one rule suffices where the model has no doubt, against it several are needed, and
the model is heard alone where no rule has the words.  Every tag carries the words that gave it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from schemas.events import Tag
from streams.understanding import model
from streams.understanding.patterns import Match
from streams.understanding.reading import Firing, Reading, points, reader
from streams.understanding.rulebook import Label

#: The scheme that is given only where no other is.
OTHER: Final = "other-fraud"
#: How many pieces of evidence a tag carries.
MAX_EVIDENCE: Final = 5
#: Log-odds that a point of a rule is worth, for a scheme and for a demand, and how many points count.
POINT: Final = 2.0
DEMAND_POINT: Final = 3.0
MOST_POINTS: Final = 3.0
#: What the log-odds of the likeliest scheme, its rules included, add to those of fraud being told at all.
SCHEME_SHARE: Final = 0.5
#: Log-odds from which it is held that fraud is told at all, that a scheme is or, where none is, the likeliest, and
#: that something is demanded.  Chosen by leaving out one author after the other: the best F1 that tags few innocent
#: texts; see `tests/evaluation/TAGS.md`.
FRAUD_FROM: Final = 2.25
SCHEME_FROM: Final = 0.5
LIKELIEST_FROM: Final = -3.0
DEMAND_FROM: Final = 0.0


class Tags(Struct, frozen=True):
    """What a text says: schemes and demands, each with confidence and evidence, the most certain first."""

    schemes: list[Tag]
    demands: list[Tag]


class Judgement(Struct, frozen=True):
    """What is held of a label: the rules that fired for it, the model's log-odds, and those of both together."""

    firings: Sequence[Firing]
    model: float
    log_odds: float


class Explanation(Struct, frozen=True):
    """Why a text has its tags: judgements of every label that a rule or the model names, and which labels are given.

    `fraud` are the log-odds that fraud is told at all.
    """

    reading: Reading
    judge: model.Model
    fraud: float
    schemes: dict[str, Judgement]
    demands: dict[str, Judgement]
    given: frozenset[str]

    def words(self, code: str) -> list[Match]:
        """The words that weighed most with the model for a label."""
        return self.judge.evidence(self.reading, code)


def tag(text: str) -> Tags:
    """Schemes and demands of `text` (as masked), of whatever language: the rules of all are tried together."""
    return tags_of(explain(text))


def tags_of(explanation: Explanation) -> Tags:
    """The tags that an explanation leads to."""
    return Tags(_tags(explanation, explanation.schemes), _tags(explanation, explanation.demands))


def explain(text: str, judge: model.Model | None = None) -> Explanation:
    """What rules and model (`judge`: default the shipped one) hold of `text`, and which labels are given.

    Schemes are given where fraud is told: all that are likely enough, or else the likeliest.  Demands are judged with
    the schemes given, and only where there are any: nothing is demanded in an innocent text.
    """
    judge = judge or model.model()
    rules = reader()
    reading = rules.read(text)
    weighed = judge.read(reading)
    odds = judge.log_odds(weighed, [model.FRAUD, *[label.code for label in rules.book.schemes]])
    fired = rules.fire(rules.book.schemes, reading)
    schemes = _judged(rules.book.schemes, fired, odds, POINT, LIKELIEST_FROM)
    fraud = _fraud(odds[model.FRAUD], schemes)
    told = _told(schemes) if fraud >= FRAUD_FROM else []
    demands: dict[str, Judgement] = {}
    if told:
        for code in told:
            rules.give(code, reading)
        weighed = weighed.plus(judge.weigh([model.GIVEN + code for code in told]))
        odds = judge.log_odds(weighed, [label.code for label in rules.book.demands])
        demands = _judged(rules.book.demands, rules.fire(rules.book.demands, reading), odds, DEMAND_POINT, DEMAND_FROM)
    asked = [code for code, judgement in demands.items() if judgement.log_odds >= DEMAND_FROM]
    return Explanation(reading, judge, fraud, schemes, demands, frozenset([*told, *asked]))


def _judged(
    labels: list[Label], fired: dict[str, list[Firing]], odds: dict[str, float], point: float, least: float
) -> dict[str, Judgement]:
    """Judgements of the labels that a rule names, or the model with log-odds of `least`."""
    judged: dict[str, Judgement] = {}
    for label in labels:
        code = label.code
        own = odds[code]
        if code in fired:
            judged[code] = Judgement(fired[code], own, own + point * _counted(fired[code]))
        elif own >= least:
            judged[code] = Judgement((), own, own)
    return judged


def _fraud(own: float, schemes: dict[str, Judgement]) -> float:
    """The log-odds that fraud is told: the model's own, a share of the likeliest scheme's, and a rule's of most points.

    Rules of fewer points count through their scheme only: they are about a topic, and innocent texts have topics too.
    """
    likeliest = max((judgement.log_odds for judgement in schemes.values()), default=LIKELIEST_FROM)
    decided = any(f.points >= MOST_POINTS for judgement in schemes.values() for f in judgement.firings)
    return own + SCHEME_SHARE * likeliest + (POINT * MOST_POINTS if decided else 0.0)


def _told(schemes: dict[str, Judgement]) -> list[str]:
    """The schemes that are likely enough, `other-fraud` only alone; if none is, the likeliest unless it is unlikely."""
    told = [code for code, judgement in schemes.items() if judgement.log_odds >= SCHEME_FROM]
    if told or not schemes:
        return [code for code in told if code != OTHER] or told
    best = max(schemes, key=lambda code: schemes[code].log_odds)
    return [best] if schemes[best].log_odds >= LIKELIEST_FROM else []


def _counted(firings: Sequence[Firing]) -> float:
    """The points of some firings together, as far as they count."""
    return min(max(points(firings), 0.0), MOST_POINTS)


def _tags(explanation: Explanation, judgements: dict[str, Judgement]) -> list[Tag]:
    tags = []
    for code, judgement in judgements.items():
        if code in explanation.given:
            matches = [m for f in judgement.firings if f.points > 0 for m in f.evidence] or explanation.words(code)
            quotes: dict[str, None] = {}
            for match in matches:
                quotes[explanation.reading.quote(match)] = None
                if len(quotes) == MAX_EVIDENCE:
                    break
            sure = model.probability(min(judgement.log_odds, explanation.fraud))
            tags.append(Tag(code=code, confidence=round(sure, 2), evidence=list(quotes)))
    tags.sort(key=lambda t: -t.confidence)
    return tags
