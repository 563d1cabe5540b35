"""The rules as data: reads `rules/*.yaml`, checks them, and says file and line of what is wrong.

An analyst edits the YAML only.  What an entry may contain is in `rules/rules.schema.json`; how words are written is
told by `streams/understanding/patterns.py`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec
import yaml
from jsonschema import Draft202012Validator, ValidationError
from msgspec import Struct, field

FOLDER: Final = Path(__file__).parent / "rules"
CONCEPT_FILES: Final = "concepts/*.yaml"
NOT_TYPOS: Final = "not_typos.yaml"
COMMON_WORDS: Final = "common_words.yaml"

Within = str | int


class RuleError(ValueError):
    """A rule file is wrong; the message names file, line, what is wrong and the remedy."""


class Together(Struct, frozen=True):
    """Operands that have to be found together."""

    all: tuple[str, ...]
    within: Within = "sentence"
    ordered: bool = False


class Concept(Struct, frozen=True):
    """What some words mean: phrases, or other concepts together; not where a concept of `except_` covers them."""

    phrases: tuple[str, ...] = ()
    near: tuple[Together, ...] = ()
    except_: tuple[str, ...] = field(default=(), name="except")
    negatable: bool = False


class Rule(Struct, frozen=True):
    """Operands that, found together and none of the others with them, speak for a label by `points`."""

    name: str
    all: tuple[str, ...]
    none: tuple[str, ...] = ()
    within: Within = "text"
    ordered: bool = False
    points: float = 1.0


class Label(Struct, frozen=True):
    """A scheme, a demand or a stance with the rules that speak for or against it."""

    code: str
    rules: tuple[Rule, ...]


class Rulebook(NamedTuple):
    """All rules; `concepts` in an order in which each comes after those it is made of."""

    concepts: dict[str, Concept]
    schemes: list[Label]
    demands: list[Label]
    stance: list[Label]
    not_typos: list[str]


class _Lines(NamedTuple):
    """A YAML file: its content, and the line of each place in it."""

    name: str
    content: Any
    lines: dict[tuple[str | int, ...], int]

    def error(self, path: Sequence[str | int], message: str) -> RuleError:
        place = tuple(path)
        while place not in self.lines:
            place = place[:-1]
        return RuleError(f"{self.name}, line {self.lines[place]}: {message}")


def load(folder: Path = FOLDER) -> Rulebook:
    """All rules below `folder`.  Raises RuleError, which names file and line."""
    concepts: dict[str, Concept] = {}
    places: dict[str, tuple[_Lines, tuple[str | int, ...]]] = {}
    for path in sorted(folder.glob(CONCEPT_FILES)):
        file = _read(path, folder, "concepts")
        for name, content in file.content.items():
            if name in concepts:
                raise file.error((name,), f"concept {name!r} is defined in {places[name][0].name} too; keep one")
            concepts[name] = msgspec.convert(content, Concept)
            places[name] = (file, (name,))
    for name, concept in concepts.items():
        file, place = places[name]
        for index, together in enumerate(concept.near):
            _check(together.all, concepts, (), file, (*place, "near", index, "all"))
        _check(concept.except_, concepts, (), file, (*place, "except"))
        for index, phrase in enumerate(concept.phrases):
            parts = phrase.split()
            if parts[0] == ".." or parts[-1] == "..":
                raise file.error((*place, "phrases", index), f"phrase {phrase!r} begins or ends with '..': drop it")
    made_of = {n: [*c.except_, *(o for t in c.near for g in t.all for o in operands(g))] for n, c in concepts.items()}
    try:
        order = list(TopologicalSorter(made_of).static_order())
    except CycleError as error:
        file, place = places[error.args[1][0]]
        raise file.error(place, f"concepts are made of each other: {' → '.join(error.args[1])}") from error
    schemes = _labels(folder / "schemes.yaml", folder, concepts, ())
    codes = tuple(label.code for label in schemes)
    demands = _labels(folder / "demands.yaml", folder, concepts, codes)
    stance = _labels(folder / "stance.yaml", folder, concepts, codes)
    not_typos = _read(folder / NOT_TYPOS, folder, "not-typos").content
    return Rulebook({name: concepts[name] for name in order}, schemes, demands, stance, list(not_typos))


@cache
def rulebook() -> Rulebook:
    """The shipped rules, read once."""
    return load()


def common_words() -> list[str]:
    """Words that tell no story apart (`rules/common_words.yaml`)."""
    return [word for group in _read(FOLDER / COMMON_WORDS, FOLDER, "common-words").content for word in group]


def operands(group: str) -> list[str]:
    """The concepts of an operand such as `a|!b`, without their signs; `=code` gives none."""
    return [part.lstrip("!") for part in group.split("|") if not part.startswith("=")]


def _labels(path: Path, folder: Path, concepts: dict[str, Concept], codes: tuple[str, ...]) -> list[Label]:
    file = _read(path, folder, "labels")
    labels: list[Label] = []
    for number, content in enumerate(file.content):
        label = msgspec.convert(content, Label)
        if label.code in {known.code for known in labels}:
            raise file.error((number, "code"), f"{label.code!r} occurs twice; put its rules under one entry")
        earlier = ("any", *codes, *(known.code for known in labels))
        names: set[str] = set()
        for index, rule in enumerate(label.rules):
            if rule.name in names:
                raise file.error((number, "rules", index), f"two rules of {label.code!r} are named {rule.name!r}")
            names.add(rule.name)
            for key, groups in (("all", rule.all), ("none", rule.none)):
                _check(groups, concepts, earlier, file, (number, "rules", index, key))
        labels.append(label)
    return labels


def _check(
    groups: Sequence[str],
    concepts: dict[str, Concept],
    codes: Sequence[str],
    file: _Lines,
    place: tuple[str | int, ...],
) -> None:
    """Raises RuleError for an operand that names no concept, negates one that can't be, or a code not tagged before."""
    for index, group in enumerate(groups):
        for part in group.split("|"):
            name = part.lstrip("!=")
            if part.startswith("="):
                if name not in codes:
                    raise file.error((*place, index), f"{part!r}: no earlier entry has the code {name!r}")
            elif name not in concepts:
                raise file.error((*place, index), f"unknown concept {name!r}: define it in {CONCEPT_FILES}")
            elif part.startswith("!") and not concepts[name].negatable:
                raise file.error((*place, index), f"{part!r}: give the concept {name!r} 'negatable: true' first")


def _read(path: Path, folder: Path, kind: str) -> _Lines:
    """A file of `folder`, checked against the part `kind` of the JSON Schema."""
    name = str(path.relative_to(folder))
    try:
        loader = yaml.CSafeLoader(path.read_text(encoding="utf-8"))
        node = loader.get_single_node()
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise RuleError(f"{name}, line {line}: not YAML: {error.problem}") from error
    except OSError as error:
        raise RuleError(f"{name}: can't be read: {error.strerror}") from error
    if node is None:
        raise RuleError(f"{name}, line 1: the file is empty; delete it or add an entry")
    file = _Lines(name, loader.construct_document(node), dict(_lines(node, ())))
    wrong = sorted(_validator(kind).iter_errors(file.content), key=lambda e: [str(p) for p in e.absolute_path])
    if wrong:
        raise file.error(list(wrong[0].absolute_path), _explained(wrong[0]))
    for keys in _duplicates(node):
        raise RuleError(f"{name}, line {keys[1]}: {keys[0]!r} occurs twice")
    return file


@cache
def _validator(kind: str) -> Draft202012Validator:
    schema = json.loads((FOLDER / "rules.schema.json").read_text(encoding="utf-8"))
    return Draft202012Validator({"$ref": f"#/$defs/{kind}", "$defs": schema["$defs"]})


def _explained(error: ValidationError) -> str:
    """What is wrong, short enough to read: jsonschema quotes whole lists and patterns."""
    if error.validator == "uniqueItems":
        items: Any = error.instance
        twice = {str(item) for item in items if items.count(item) > 1}
        return f"{', '.join(sorted(twice))}: written twice; keep one"
    if error.validator == "pattern":
        schema: Any = error.schema
        return f"{error.instance!r} is not written as it must be: {schema.get('description', 'a-z, 0-9 and hyphens')}"
    return error.message


def _lines(node: yaml.Node, path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], int]]:
    """The line (from 1) of every place of a YAML document."""
    yield path, node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield from _lines(value, (*path, key.value))
            yield (*path, key.value), key.start_mark.line + 1
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            yield from _lines(value, (*path, index))


def _duplicates(node: yaml.Node) -> Iterator[tuple[str, int]]:
    """Keys that occur twice in one mapping, which YAML would silently merge, with their lines."""
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if key.value in seen:
                yield key.value, key.start_mark.line + 1
            seen.add(key.value)
            yield from _duplicates(value)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            yield from _duplicates(value)
