"""Texts composed from hand-written pieces: rules with alternatives, filled in until no place is left.  Pure.

A rule is a list of alternatives.  In one, `{name}` is a place for a value or another rule, `{^name}` the same with a
capital letter, `<a|b>` two forms of which the person's is taken (Russian: man, woman; Kazakh: first, third person).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from random import Random
from typing import Any, Final

import msgspec
import yaml
from msgspec import Struct

from schemas.events import AffectedGroup, Language

FOLDER: Final = Path(__file__).parent / "phrases"
#: Rules within rules; deeper ones go round in a circle.
MAX_DEPTH: Final = 12

PLACE: Final = re.compile(r"\{(\^?)([a-z][a-z0-9_.-]*)\}")
_FORMS: Final = re.compile(r"<([^<>|]*)\|([^<>|]*)>")


class PhraseError(ValueError):
    """The phrases can't be used; the message names the rule and the place."""


class Person(Struct, frozen=True, forbid_unknown_fields=True):
    """To whom it happened: which of two forms is theirs, and how they are named in the cases that the phrases use."""

    form: int
    dat: str
    nom: str
    groups: list[AffectedGroup]
    acc: str = ""
    prep: str = ""
    gen: str = ""


class Phrases(Struct, frozen=True):
    """The phrases of one language: alternatives by rule name, people by their relation to the reporter."""

    rules: dict[str, list[str]]
    people: dict[str, list[Person]]


@cache
def phrases(language: Language) -> Phrases:
    """The phrases of a language (Russian or Kazakh), from every file of its folder.  Raises PhraseError."""
    rules: dict[str, list[str]] = {}
    people: dict[str, list[Person]] = {}
    for path in sorted((FOLDER / language.value).glob("*.yaml")):
        for name, content in yaml.safe_load(path.read_text(encoding="utf-8")).items():
            if name == "people":
                people = msgspec.convert(content, dict[str, list[Person]])
                continue
            for rule, alternatives in _flat(name, content):
                if rule in rules:
                    raise PhraseError(f"{path.name}: the rule {rule} is given twice")
                rules[rule] = alternatives
    return Phrases(rules, people)


def _flat(name: str, content: Any) -> list[tuple[str, list[str]]]:
    if isinstance(content, list):
        return [(name, [str(alternative) for alternative in content])]
    return [pair for key, part in content.items() for pair in _flat(f"{name}.{key}", part)]


def tell(
    words: Phrases,
    template: str,
    random: Random,
    *,
    values: Mapping[str, str],
    person: Person,
    aliases: Mapping[str, str] | None = None,
) -> str:
    """The template with every place filled: by a value, a form of the person (`who.…`) or an alternative of a rule.

    `aliases` lead a place to a rule of another name, such as `claim` to the claims of one scheme.  Values are taken as
    they are.  Raises PhraseError for a place that nothing fills.
    """
    aliases = aliases or {}

    def fill(name: str, depth: int) -> str:
        if name in values:
            return values[name]
        if name.startswith("who."):
            return str(getattr(person, name.removeprefix("who.")))
        target = aliases.get(name, name)
        if target not in words.rules or depth > MAX_DEPTH:
            raise PhraseError(f"nothing fills the place {{{name}}} in: {template}")
        return expand(random.choice(words.rules[target]), depth + 1)

    def expand(template: str, depth: int) -> str:
        def place(match: re.Match[str]) -> str:
            text = fill(match[2], depth)
            return capitalised(text) if match[1] else text

        return PLACE.sub(place, _FORMS.sub(lambda match: match[1 + person.form], template))

    return expand(template, 0)


def capitalised(text: str) -> str:
    """The text with its first character in upper case, the rest as it is."""
    return text[:1].upper() + text[1:]


#: Kazakh letters and what people type without a Kazakh keyboard.
_BARE: Final = str.maketrans("әғқңөұүһіӘҒҚҢӨҰҮҺІ", "агкноуухиАГКНОУУХИ")


def bare(text: str) -> str:
    """Kazakh as typed on a Russian keyboard."""
    return text.translate(_BARE)


def careless(text: str, random: Random) -> str:
    """A message as typed in a hurry: no capital at the start, no full stop at the end, fewer commas."""
    text = text[:1].lower() + text[1:]
    if random.random() < 0.5:
        text = text.replace(", ", " ", 1)
    return text.removesuffix(".")
