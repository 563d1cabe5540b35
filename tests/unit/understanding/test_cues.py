"""The notation of cues, and that the files that use it fit their schema."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from streams.understanding import cues
from streams.understanding.cues import Cue, after, before
from streams.understanding.folding import fold

FILES = sorted(cues.RULES.glob("*.yaml"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_files_fit_the_schema_and_compile(path: Path) -> None:
    schema = json.loads((cues.RULES / "cues.schema.json").read_text(encoding="utf-8"))
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert list(Draft202012Validator(schema).iter_errors(content)) == []
    assert set(cues.load(path.stem)) == set(content)


@pytest.mark.parametrize(
    ("phrase", "text", "fits"),
    [
        ("(с|от)", "звонили с ", True),
        ("(с|от)", "вес ", False),
        ("звон*", "звонили: ", True),
        ("*звон*", "перезвонила ", True),
        ("звон*", "перезвонила ", False),
        ("смс* .. (с|от)", "смс пришло мне вчера с ", True),
        ("смс* .. (с|от)", "смс пришло. Звонили с ", False),
        ("номер* [телефона]", "номер ", True),
        ("номер* [телефона]", "номер телефона ", True),
        ("номер* [телефона]", "номер дома ", False),
        ("(для связи|мой) номер", "для связи номер ", True),
        ("нөмір*", "нөмірі ", True),
        ("нөмір*", "номири ", True),
        ("тел.", "тел. ", True),
    ],
)
def test_phrases_before(phrase: str, text: str, fits: bool) -> None:
    folded = fold(text)
    matched = Cue(where="before", words=[phrase]).pattern().match(before(folded, len(folded)))
    assert bool(matched) is fits


@pytest.mark.parametrize(
    ("phrase", "text", "fits"),
    [
        ("-(тен|нан) .. кел*", "-тен код келді", True),
        ("-(тен|нан) .. кел*", "тен маған келді", True),
        ("-(тен|нан) .. кел*", ", тен келді", False),
        ("тенге", " тенге", True),
        ("тенге", ". Тенге", False),
        ("год*", " года", True),
        ("раз", " разговор", False),
    ],
)
def test_phrases_after(phrase: str, text: str, fits: bool) -> None:
    matched = Cue(where="after", words=[phrase]).pattern().match(after(fold(text), 0))
    assert bool(matched) is fits


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Звoнили c нoмера", "звонили c номера"),
        ("kaspiге, BCCтен", "kaspiге, bccтен"),
        ("Қызылорда — ЁЛКА", "кызылорда - елка"),
        ("８７０５ ٨٧", "8705 87"),
        ("8-7О5", "8-705"),
        ("[card] [own]", "\uffff" * 6 + " [own]"),
    ],
)
def test_folding(text: str, folded: str) -> None:
    assert fold(text) == folded


@given(st.text(max_size=300))
def test_folding_keeps_the_length(text: str) -> None:
    assert len(fold(text)) == len(text)
    assert fold(fold(text)) == fold(text)
