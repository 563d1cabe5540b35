"""YAML files read as typed data, with errors that name the file, the line and what is wrong."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec
import yaml

T = TypeVar("T")

_STEP: Final = re.compile(r"\.(\w+)|\[(\d+|\.\.\.)\]")
_FIELD: Final = re.compile(r"unknown field `([^`]+)`")


class RuleError(ValueError):
    """A file of rules or of a calibration is wrong; the message names file, line, what is wrong and the remedy."""


def read(path: Path, kind: type[T]) -> T:
    """Content of a YAML file as `kind`.  Raises `RuleError` naming the line of the first error."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise RuleError(f"{path}: there is no such file") from None
    except UnicodeDecodeError as error:
        raise RuleError(f"{path}: not UTF-8 ({error.reason} at byte {error.start}); save it as UTF-8") from None
    except OSError as error:  # a folder, or nothing that we may read
        raise RuleError(f"{path}: can't be read: {error.strerror}; name a file that this account may read") from None
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        content = yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise RuleError(f"{path}:{mark.line + 1 if mark else 1}: not YAML: {error.problem or error.context}") from None
    except (yaml.YAMLError, ValueError) as error:  # a control character; a date that is none
        raise RuleError(f"{path}: not YAML: {error}") from None
    if root is None:
        raise RuleError(f"{path}:1: the file is empty")
    _refuse_duplicates(root, path)
    try:
        return msgspec.convert(content, kind)
    except msgspec.ValidationError as error:
        message, _, where = str(error).partition(" - at ")
        place = f"{path}:{line_of(root, message, where)}"
        raise RuleError(f"{place}: {message}{_named(where)}{_remedy(kind, where)}") from None


def line_of(root: yaml.Node, message: str, where: str) -> int:
    """Line, from 1, of the place that msgspec calls `where`, e.g. `$.rules[3].budget`; `message` may name a field."""
    node = root
    for name, index in _STEP.findall(where.rpartition("key in")[2]):
        found: yaml.Node | None = None
        if name and isinstance(node, yaml.MappingNode):
            found = next((value for key, value in node.value if key.value == name), None)
        elif index.isdigit() and isinstance(node, yaml.SequenceNode):
            found = node.value[int(index)]
        if found is None:
            break
        node = found
    field = _FIELD.search(message)
    if field and isinstance(node, yaml.MappingNode):
        node = next((key for key, _ in node.value if key.value == field.group(1)), node)
    return int(node.start_mark.line) + 1


def line_of_item(path: Path, name: str, index: int) -> int:
    """Line, from 1, of item `index` of the list called `name` at the top of a file that `read` accepted."""
    root = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    return 1 if root is None else line_of(root, "", f"`$.{name}[{index}]`")


def _named(where: str) -> str:
    place = where.strip("`").removeprefix("$").removeprefix(".")
    return f" (in {place})" if place else ""


def _remedy(kind: Any, where: str) -> str:
    """What would be right at the place that msgspec calls `where`, as far as the types say."""
    schema = msgspec.json.schema(kind)

    def resolved(part: Any) -> Any:
        """What a reference leads to; of an optional part what it holds when it is there."""
        while "anyOf" in part or "$ref" in part:
            if "anyOf" in part:
                part = next((one for one in part["anyOf"] if one.get("type") != "null"), {})
            else:
                part = schema["$defs"][part["$ref"].rpartition("/")[2]]
        return part

    part = resolved(schema)
    for name, index in [] if "key in" in where else _STEP.findall(where):
        inner = part.get("items") if index else part.get("properties", {}).get(name)
        part = resolved(inner or {})
    if "enum" in part:
        return f"; one of {', '.join(map(str, part['enum']))}"
    if part.get("format") == "date":
        return "; a date such as 2026-03-31"
    return f"; {part['description']}" if "pattern" in part and "description" in part else ""


def _refuse_duplicates(node: Any, path: Path) -> None:
    if isinstance(node, yaml.MappingNode):
        seen: dict[str, int] = {}
        for key, value in node.value:
            line = key.start_mark.line + 1
            if key.value in seen:
                raise RuleError(f"{path}:{line}: {key.value!r} stands on line {seen[key.value]} already; keep one")
            seen[key.value] = line
            _refuse_duplicates(value, path)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            _refuse_duplicates(item, path)
