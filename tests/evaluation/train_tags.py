"""Trains the model beside the rules, writes its weights, and prints what it is worth.

Run: python -m tests.evaluation.train_tags [--dry]

Trained on `tags-dev`, `tags-own`, one half of `tags-train`, `tags-blind2`, `-3`, `-5` and `-6`, and the phrases of the
demo.
Measured on what the measured weights never saw: `tags-own` and that half by cross-validation, each blind set and the
phrases by weights made without that set, `tags-heldout`, and real texts where their folder lies beside the checkout.
The other half of `tags-train` is not scored here: what is looked at while settings are chosen says little about texts
never seen.  `--dry` writes nothing.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any, Final, TypeAlias

import msgspec
import numpy as np
from msgspec import Struct
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from deploy.demo.grammar import phrases
from schemas import reference
from schemas.events import Language
from streams.understanding import model, schemes
from streams.understanding.model import CONCEPT, FRAUD, GIVEN, Model, Weights
from streams.understanding.reading import reader
from tests.evaluation.scoring import TagScores, half, read

SHARED: Final = Path(__file__).parents[3] / "shared" / "data" / "fraud-texts.jsonl"
_FOLDS: Final = 4
#: Sets of independent authors, once blind, now trained on; each is measured by weights made without it.
_BLIND: Final = ("tags-blind2", "tags-blind3", "tags-blind5", "tags-blind6")
#: Strength of the L2 penalty; steps of the optimiser, and in each of them.
_PENALTY: Final = 0.5
_NEWTON: Final = 8
_CONJUGATE: Final = 20
#: In how many texts a feature has to occur; the smallest weight that is kept, of the largest of its label.
_LEAST: Final = 2
_SMALLEST: Final = 0.5 / 127
#: What a given scheme counts for the demands, against 1 for a word; what a phrase of the demo counts.
_GIVEN: Final = 2.0
_PHRASE: Final = 0.4
_BYTE: Final = 127

_Floats: TypeAlias = NDArray[np.float32]


class Example(Struct):
    """A labelled case with its features; `demands` is None where nobody said what was demanded."""

    case: dict[str, Any]
    features: frozenset[str]
    schemes: frozenset[str]
    demands: frozenset[str] | None
    weight: float = 1.0


def examples(cases: Iterable[dict[str, Any]], weight: float = 1.0) -> list[Example]:
    """Labelled cases made ready."""
    return [
        Example(
            case,
            frozenset(model.features(reader().read(case["text"]))),
            frozenset(case["schemes"]),
            None if case["demands"] is None else frozenset(case["demands"]),
            weight,
        )
        for case in cases
    ]


def told() -> list[dict[str, Any]]:
    """The phrases of the demo as labelled cases: claims with a demand, speech, messages, warnings, harmless texts."""
    random = Random(1)
    cases: list[dict[str, Any]] = []
    for language, called in ((Language.RU, "Позвонили, "), (Language.KK, "")):
        rules = phrases(language).rules
        for name, alternatives in rules.items():
            kind, *path = name.split(".")
            for phrase in alternatives:
                if kind == "schemes" and path[1] == "claims":
                    spoken = (r.split(".")[-1] for r in rules if r.startswith(f"schemes.{path[0]}."))
                    code = random.choice(sorted({code for code in spoken if f"demands.{code}" in rules}))
                    text = f"{called}{phrase}, {random.choice(rules[f'demands.{code}'])}"
                    cases.append(_case(text, [path[0]], [code]))
                elif kind == "schemes":
                    cases.append(_case(phrase, [path[0]], path[2:] or None))
                elif kind in {"question", "complaint"}:
                    cases.append(_case(phrase, [], []))
    return [case for case in cases if len(case["text"]) > 20]


def _case(phrase: str, told: list[str], demanded: list[str] | None) -> dict[str, Any]:
    """A phrase without the places that the demo fills in."""
    text = re.sub(r"\{[^}]*\}", "", re.sub(r"<([^<>|]*)\|[^<>]*>", r"\1", phrase)).strip()
    return {"text": text, "schemes": told, "demands": demanded, "is_fraud": bool(told)}


def train(known: Sequence[Example]) -> Weights:
    """Logistic regressions, one a label, with an L2 penalty (on the bias too: rarity is no counter-evidence)."""
    codes, demands = list(reference.schemes()), list(reference.demands())
    counts = Counter(feature for one in known for feature in one.features)
    names = [*sorted(f for f, count in counts.items() if count >= _LEAST), *(GIVEN + code for code in codes)]
    column = {name: index for index, name in enumerate(names)}
    x = _Sparse(
        [
            {column[f]: 1.0 for f in one.features if f in column}
            | {column[GIVEN + code]: _GIVEN for code in one.schemes}
            | {len(names): 1.0}
            for one in known
        ],
        len(names) + 1,
    )
    labels = [*codes, *demands, FRAUD]
    y = np.array([[c in one.schemes | (one.demands or set()) for c in labels] for one in known], np.float32)
    y[:, -1] = [bool(one.schemes) for one in known]
    counted = np.repeat(np.array([[one.weight] for one in known], np.float32), len(labels), axis=1)
    counted[[one.demands is None for one in known], len(codes) : -1] = 0
    free = np.ones((len(names) + 1, len(labels)), np.float32)
    free[len(names) - len(codes) : -1, [*range(len(codes)), -1]] = 0  # only demands may know the schemes
    fitted = _fit(x, y, counted, free)
    fitted[len(names) - len(codes) : -1] *= _GIVEN
    return _packed(fitted, names, labels)


class _Sparse:
    """A matrix that is mostly zeros, by the non-zero values of each row; every row has at least one."""

    def __init__(self, rows: Sequence[Mapping[int, float]], width: int) -> None:
        self.width: Final = width
        self._column = np.array([column for row in rows for column in row])
        self._value = np.array([value for row in rows for value in row.values()], np.float32)[:, None]
        lengths = np.array([len(row) for row in rows])
        self._starts = np.cumsum(lengths) - lengths
        order = np.argsort(self._column, kind="stable")
        self._row, self._turned = np.repeat(np.arange(len(rows)), lengths)[order], self._value[order]
        self._columns, self._column_starts = np.unique(self._column[order], return_index=True)

    def times(self, dense: _Floats) -> _Floats:
        """The product with a matrix."""
        return np.add.reduceat(dense[self._column] * self._value, self._starts, axis=0)

    def transposed_times(self, dense: _Floats) -> _Floats:
        """The product of its transpose with a matrix."""
        product = np.zeros((self.width, dense.shape[1]), np.float32)
        product[self._columns] = np.add.reduceat(dense[self._row] * self._turned, self._column_starts, axis=0)
        return product


def _fit(x: _Sparse, y: _Floats, counted: _Floats, free: _Floats) -> _Floats:
    """Newton's method, its systems solved by conjugate gradients (Lin, Weng and Keerthi 2008), all labels at once."""
    weights = np.zeros((x.width, y.shape[1]), np.float32)
    for _ in range(_NEWTON):
        sure = 1 / (1 + np.exp(-x.times(weights)))
        left = (x.transposed_times((sure - y) * counted) + _PENALTY * weights) * free
        curved = sure * (1 - sure) * counted
        step, along, size = np.zeros_like(weights), left.copy(), (left**2).sum(axis=0)
        for _ in range(_CONJUGATE):
            turned = (x.transposed_times(curved * x.times(along)) + _PENALTY * along) * free
            length = size / np.maximum((along * turned).sum(axis=0), 1e-20)
            step += length * along
            left -= length * turned
            before, size = size, (left**2).sum(axis=0)
            along = left + size / np.maximum(before, 1e-20) * along
        weights -= step
    return weights


def _packed(fitted: _Floats, names: Sequence[str], labels: list[str]) -> Weights:
    """The weights as bytes; features whose every weight is next to nothing are left out."""
    largest = np.maximum(np.abs(fitted[:-1]).max(axis=0), 1e-6)
    rows = np.rint(fitted[:-1] / largest * _BYTE).astype(int)
    kept = np.abs(fitted[:-1] / largest).max(axis=1) >= _SMALLEST
    return Weights(
        labels=labels,
        scale=[round(float(one) / _BYTE, 6) for one in largest],
        bias=[round(float(one), 4) for one in fitted[-1]],
        features={
            name: base64.b64encode(bytes((row + 128).tolist())).decode()
            for name, row, keep in zip(names, rows, kept, strict=True)
            if keep
        },
    )


def write(weights: Weights, path: Path = model.WEIGHTS) -> None:
    """Writes weights as JSON, a line for each feature."""
    path.write_bytes(msgspec.json.format(msgspec.json.encode(weights), indent=0) + b"\n")


def fold(case: dict[str, Any]) -> int:
    """The part of the cross-validation in which a case is measured."""
    return hashlib.sha256(case["text"].encode()).digest()[0] % _FOLDS


def silent() -> Model:
    """A model without a word: a label is given from one point of its rules, the likeliest scheme from half a point."""
    labels = [*reference.schemes(), *reference.demands(), FRAUD]
    bias = {
        **dict.fromkeys(reference.schemes(), schemes.SCHEME_FROM - 0.99 * schemes.POINT),
        **dict.fromkeys(reference.demands(), schemes.DEMAND_FROM - 0.99 * schemes.DEMAND_POINT),
        FRAUD: schemes.FRAUD_FROM - schemes.SCHEME_SHARE * (schemes.SCHEME_FROM - 0.5 * schemes.POINT),
    }
    return Model(Weights(labels, [1.0] * len(labels), [bias[label] for label in labels], {}))


def compare(title: str, table: Table, parts: Sequence[tuple[Weights, Sequence[Example]]]) -> None:
    """Adds rules alone and rules with model on some texts, each part of them by weights that never saw it."""
    alone, both = TagScores(), TagScores()
    for weights, cases in parts:
        for judge, scores in ((silent(), alone), (Model(weights), both)):
            for one in cases:
                tags = schemes.tags_of(schemes.explain(one.case["text"], judge))
                scores.add(one.case, {t.code for t in tags.schemes}, {t.code for t in tags.demands})
    for name, scores in (("rules", alone), ("rules and model", both)):
        table.add_row(
            title if name == "rules" else "",
            name,
            *(f"{share:.3f}" for field in ("schemes", "demands") for share in scores.shares(field)),
            f"{scores.tagged} of {scores.innocent}",
        )
    table.add_section()


def main() -> None:
    """Trains, measures, prints, and writes the weights."""
    own = examples([*read("tags-own"), *(case for case in read("tags-train") if half(case) == 0)])
    base, composed = examples(read("tags-dev")), examples(told(), _PHRASE)
    blind = {name: examples(read(name)) for name in _BLIND}
    authors = [one for cases in blind.values() for one in cases]
    weights = train([*own, *base, *authors, *composed])
    folds = [
        (
            train([one for one in own if fold(one.case) != number] + base + authors + composed),
            [one for one in own if fold(one.case) == number],
        )
        for number in range(_FOLDS)
    ]
    table = Table(title="Rules alone, and with the model; P, R, F1 of schemes, then of demands")
    for column in ("texts", "by", "P", "R", "F1", "P", "R", "F1", "innocent tagged"):
        table.add_column(column)
    compare("tags-own, half of tags-train", table, folds)
    for name, cases in blind.items():
        rest = [one for other in _BLIND if other != name for one in blind[other]]
        compare(name, table, [(train([*own, *base, *rest, *composed]), cases)])
    compare("phrases of the demo", table, [(train([*own, *base, *authors]), composed)])
    compare("tags-heldout", table, [(weights, examples(read("tags-heldout")))])
    if SHARED.exists():
        real = [json.loads(line) for line in SHARED.read_text(encoding="utf-8").splitlines()]
        compare("real texts", table, [(weights, examples(real))])
    console = Console(width=140)
    console.print(table)
    concepts = sum(feature.startswith(CONCEPT) for feature in weights.features)
    console.print(f"{len(weights.features)} features; {concepts} of them concepts")
    if "--dry" not in sys.argv:
        write(weights)


if __name__ == "__main__":
    main()
