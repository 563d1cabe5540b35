"""The model beside the rules: its weights fit its labels, its evidence stands in the text, and it bears any text."""

from __future__ import annotations

import base64

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import reference
from streams.understanding import model, schemes
from streams.understanding.model import FRAUD, Model, Weights
from streams.understanding.reading import Firing, Reader, reader

#: A story for which no rule fires.
_TOLD = "За посылку с подарками из Турции попросили внести таможенный сбор 95 000. Внёс, никакой посылки."


def _weights() -> Weights:
    return msgspec.json.decode(model.WEIGHTS.read_bytes(), type=Weights)


def test_weights_fit_the_labels_and_are_small() -> None:
    weights = _weights()
    assert weights.labels == [*reference.schemes(), *reference.demands(), FRAUD]
    assert len(weights.scale) == len(weights.bias) == len(weights.labels)
    assert {len(base64.b64decode(row)) for row in weights.features.values()} == {len(weights.labels)}
    assert model.WEIGHTS.stat().st_size < 1_000_000


def _row(*weights: int) -> str:
    return base64.b64encode(bytes(128 + weight for weight in weights)).decode()


def _odds(judge: Model, *features: str) -> dict[str, float]:
    return judge.log_odds(judge.weigh(features))


def test_log_odds_are_the_bias_and_the_weights_of_the_features_known() -> None:
    weights = Weights(["a", "b"], [0.5, 0.1], [-1.0, 2.0], {"код": _row(4, -128), "банк": _row(-2, 127)})
    judge = Model(weights)
    assert _odds(judge) == {"a": -1.0, "b": 2.0}
    assert _odds(judge, "код", "unknown") == {"a": 1.0, "b": pytest.approx(2 - 12.8)}
    assert _odds(judge, "код", "банк") == {"a": 0.0, "b": pytest.approx(1.9)}


def test_many_features_do_not_spill_into_the_next_label() -> None:
    rows = {str(number): _row(127, -128) for number in range(10_000)}
    judge = Model(Weights(["a", "b"], [1.0, 1.0], [0.0, 0.0], rows))
    assert _odds(judge, *rows) == {"a": 1_270_000.0, "b": -1_280_000.0}


def test_evidence_stands_in_the_text_heaviest_first() -> None:
    reading = reader().read("Банк просит код, код из банка")
    judge = Model(Weights(["a"], [1.0], [0.0], {"код": _row(9), "банк": _row(3), "проси": _row(-5)}))
    assert [reading.quote(match) for match in judge.evidence(reading, "a")] == ["код", "Банк"]


def test_the_model_is_heard_where_no_rule_fires() -> None:
    explanation = schemes.explain(_TOLD)
    tags = schemes.tags_of(explanation)
    assert [t.code for t in tags.schemes] == ["delivery"]
    assert not explanation.schemes["delivery"].firings
    assert all(quote in _TOLD for t in (*tags.schemes, *tags.demands) for quote in t.evidence)
    assert all(t.evidence for t in (*tags.schemes, *tags.demands))


def test_rules_tip_the_balance_where_the_model_is_in_doubt() -> None:
    labels = _weights().labels
    bias = [schemes.FRAUD_FROM - 0.1 if label == FRAUD else 0.0 for label in labels]
    in_doubt = Model(Weights(labels, [1.0] * len(labels), bias, {}))
    explanation = schemes.explain("Позвонили из поликлиники, просят код из СМС", in_doubt)
    assert explanation.schemes["medical-appointment"].log_odds >= schemes.POINT
    assert "medical-appointment" in explanation.given


def test_one_rule_of_most_points_decides_alone_and_several_small_ones_do_not(monkeypatch: pytest.MonkeyPatch) -> None:
    """What `docs/tags.md` promises for a new story: the model knows none of its words and speaks against it."""
    labels = _weights().labels
    bias = [-2.6 if label == FRAUD else -5.0 for label in labels]
    against = Model(Weights(labels, [1.0] * len(labels), bias, {}))

    def given(*worth: float) -> frozenset[str]:
        firings = [Firing("charity", f"rule {number}", points, ()) for number, points in enumerate(worth)]
        monkeypatch.setattr(
            Reader, "fire", lambda rules, labels, _: {"charity": firings} if labels is rules.book.schemes else {}
        )
        return schemes.explain("Продают места в очереди на звёзды", against).given

    assert given(schemes.MOST_POINTS) == {"charity"}
    assert given(*[1.0] * 3) == frozenset()


@given(st.text(max_size=300))
def test_any_text_is_borne(text: str) -> None:
    reading = reader().read(text)
    judge = model.model()
    assert judge.read(reading) == judge.weigh(model.features(reading))
    odds = judge.log_odds(judge.read(reading))
    assert all(0 <= model.probability(sure) <= 1 for sure in odds.values())
    assert all(reading.quote(match) in text for match in judge.evidence(reading, FRAUD))
