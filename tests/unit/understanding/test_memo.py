"""What is known of words is found once, and never grows without bound."""

from __future__ import annotations

import pytest

from streams.understanding import memo
from streams.understanding.memo import Memo


def test_a_word_seen_again_is_not_found_anew() -> None:
    found: list[str] = []
    known = Memo(lambda word: (found.append(word), word.upper())[1])
    assert list(map(known.__getitem__, ["код", "смс", "код"])) == ["КОД", "СМС", "КОД"]
    assert found == ["код", "смс"]


def test_a_full_memo_begins_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memo, "SIZE", 3)
    known = Memo(str.upper)
    for number in range(100):
        assert known[f"слово{number}"] == f"СЛОВО{number}"
        assert len(known) <= 3


def test_what_is_too_long_to_be_a_word_is_found_anew_each_time() -> None:
    known = Memo(str.upper)
    word = "а" * (memo.LONGEST + 1)
    assert known[word] == known[word] == word.upper()
    assert not known
