"""Who is told: the people on call, from a file; secrets come from the environment."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final

from msgspec import Meta, Struct

from schemas.reference import ReferenceDataError, load
from streams.wording import Locale

_VARIABLE: Final = re.compile(r"\$\{([A-Z][A-Z0-9_]*)\}")


class Person(Struct, frozen=True, forbid_unknown_fields=True):
    """One person on call: the language to write in, and Apprise URLs; `${NAME}` is taken from the environment."""

    name: Annotated[str, Meta(min_length=1, max_length=100)]
    language: Locale
    targets: Annotated[list[str], Meta(min_length=1)]


class OnCall(Struct, frozen=True, forbid_unknown_fields=True):
    """Content of `oncall.yaml`."""

    people: Annotated[list[Person], Meta(min_length=1)]


def load_oncall(path: Path, environment: Mapping[str, str]) -> OnCall:
    """The people on call with all secrets filled in.

    Raises ReferenceDataError naming the file and what is missing: a field, or a variable of the environment.
    """

    def fill(target: str) -> str:
        missing = [name for name in _VARIABLE.findall(target) if name not in environment]
        if missing:
            raise ReferenceDataError(f"{path.name}: set {' and '.join(missing)} in the environment of notify")
        return _VARIABLE.sub(lambda match: environment[match.group(1)], target)

    content = load(path, OnCall)
    return OnCall([Person(p.name, p.language, [fill(target) for target in p.targets]) for p in content.people])
