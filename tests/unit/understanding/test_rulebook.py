"""Rules are data that an analyst edits: a mistake is told with file and line."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from schemas import reference
from streams.understanding.reading import NEGATION_AFTER, NEGATION_BEFORE, Reader
from streams.understanding.rulebook import FOLDER, RuleError, load, operands, rulebook


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the shipped rules that a test may spoil."""
    return Path(shutil.copytree(FOLDER, tmp_path / "rules"))


def _append(path: Path, text: str) -> int:
    """Adds `text` to a file; the line its first line becomes."""
    lines = path.read_text(encoding="utf-8").rstrip("\n").count("\n") + 2
    path.write_text(path.read_text(encoding="utf-8").rstrip("\n") + "\n" + text, encoding="utf-8")
    return lines


def test_every_scheme_demand_and_stance_has_rules() -> None:
    book = rulebook()
    assert {label.code for label in book.schemes} == set(reference.schemes())
    assert {label.code for label in book.demands} == set(reference.demands())
    assert {label.code for label in book.stance} == {"warning", "question"}
    assert {NEGATION_BEFORE, NEGATION_AFTER} <= set(book.concepts)


def test_no_concept_is_defined_in_vain() -> None:
    book = rulebook()
    used = {NEGATION_BEFORE, NEGATION_AFTER}
    for concept in book.concepts.values():
        used.update(concept.except_, *(operands(group) for together in concept.near for group in together.all))
    for label in (*book.schemes, *book.demands, *book.stance):
        for rule in label.rules:
            used.update(*(operands(group) for group in (*rule.all, *rule.none)))
    assert set(book.concepts) <= used


def test_concepts_come_after_what_they_are_made_of(folder: Path) -> None:
    _append(
        folder / "concepts" / "fraud.yaml", "aa-first:\n  near: [{all: [zz-last, bank]}]\nzz-last:\n  phrases: [икс]\n"
    )
    names = list(load(folder).concepts)
    assert names.index("zz-last") < names.index("aa-first")


def test_an_added_rule_works_at_once(folder: Path) -> None:
    _append(folder / "concepts" / "stories.yaml", "unicorn:\n  phrases: [единорог*]\n")
    demands = folder / "demands.yaml"
    _append(demands, "- code: unicorn-fee\n  rules:\n    - {name: a fee for unicorns, all: [unicorn, money]}\n")
    reader = Reader(book := load(folder))
    fired = reader.fire(book.demands, reader.read("За единорога просят 5000 тенге"))
    assert [f.rule for f in fired["unicorn-fee"]] == ["a fee for unicorns"]


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        ("demands.yaml", "- code: x\n  rules:\n    - {name: a, all: [nothing]}\n", "{line}: unknown concept 'nothing'"),
        ("demands.yaml", "- code: sms-code\n  rules:\n    - {name: a, all: [bank]}\n", "'sms-code' occurs twice"),
        (
            "demands.yaml",
            "- code: x\n  rules:\n    - {name: a, all: ['!bank']}\n",
            "give the concept 'bank' 'negatable: true'",
        ),
        (
            "demands.yaml",
            "- code: x\n  rules:\n    - {name: a, all: [=nobody]}\n",
            "no earlier entry has the code 'nobody'",
        ),
        ("demands.yaml", "- code: x\n  rules:\n    - {name: a, every: [bank]}\n", "line"),
        ("demands.yaml", "- code: x\n  rules: [\n", "not YAML"),
        ("concepts/fraud.yaml", "x:\n  phrases: [Банк]\n", "'Банк' is not written as it must be"),
        ("concepts/fraud.yaml", "x:\n  phrases: [ба*нк]\n", "'ба*нк' is not written as it must be"),
        ("concepts/fraud.yaml", "x:\n  phrases: [банк, банк]\n", "банк: written twice"),
        ("concepts/fraud.yaml", "x:\n  phrases: [банк ..]\n", "begins or ends with '..'"),
        ("concepts/fraud.yaml", "x:\n  near: [{all: [y]}]\ny:\n  near: [{all: [x]}]\n", "made of each other"),
        ("concepts/fraud.yaml", "bank:\n  phrases: [банк]\n", "defined in"),
        ("concepts/fraud.yaml", "x:\n  phrases: [а]\nx:\n  phrases: [б]\n", "'x' occurs twice"),
    ],
)
def test_a_mistake_is_named_with_file_and_line(folder: Path, file: str, text: str, message: str) -> None:
    line = _append(folder / file, text)
    with pytest.raises(RuleError) as caught:
        load(folder)
    said = str(caught.value)
    assert message.format(line=f"line {line + 2}") in said
    assert said.startswith(f"{file}, line ") or "fraud.yaml" in said
    told = int(said.split("line ")[1].split(":", maxsplit=1)[0])
    assert told >= line or "defined in" in message


def test_an_empty_file_is_named(folder: Path) -> None:
    (folder / "stance.yaml").write_text("# nothing\n", encoding="utf-8")
    with pytest.raises(RuleError, match=r"stance\.yaml, line 1: the file is empty"):
        load(folder)
