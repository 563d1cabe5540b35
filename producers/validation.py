"""From bytes to a `ReportSubmission`: decoded fast, and once more in full when something is wrong.

msgspec decodes and validates in about a microsecond but stops at the first error.  A refused body is therefore
checked again against the JSON Schema generated from the same type, which finds every wrong field.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any, Final

import jsonschema
import jsonschema.validators
import msgspec
from jsonschema.exceptions import ValidationError as SchemaError
from jsonschema.protocols import Validator

from producers.problems import FieldProblem, InvalidError, MalformedError
from schemas.events import ReportSubmission, Timestamp, json_schema

#: Names of unknown fields are repeated only if they look like a name: a key may be a card number too.
_PLAIN_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z_.-]{0,63}[0-9]{0,3}")

_TYPE_NAMES: Final = {
    "string": "a text",
    "integer": "a whole number",
    "boolean": "true or false",
    "array": "a list",
    "object": "an object",
    "null": "null",
}

#: (problem, remedy) of the keywords of JSON Schema that limit a size.
_LIMITS: Final = {
    "maxLength": ("is too long", "send at most {:,} characters"),
    "minLength": ("is too short", "send at least {:,} characters"),
    "maxItems": ("has too many items", "send at most {:,}"),
    "minimum": ("is too small", "send at least {:,}"),
    "maximum": ("is too large", "send at most {:,}"),
}

_decoder: Final = msgspec.json.Decoder(ReportSubmission)


def decode_submission(raw: bytes | msgspec.Raw) -> ReportSubmission:
    """The submission in `raw` (JSON, UTF-8).

    Raises MalformedError if it is not JSON, InvalidError with every wrong field if it breaks the contract.
    """
    try:
        return _decoder.decode(raw)
    except msgspec.ValidationError as error:
        raise _all_problems(raw, error) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise MalformedError from None


def encode_submission(submission: ReportSubmission | Mapping[str, Any]) -> bytes:
    """A submission as JSON, from its struct or from a mapping of JSON-like values (times may be `datetime`).

    Raises MalformedError if it has no such form, e.g. because a text holds half of a surrogate pair.
    """
    try:
        return msgspec.json.encode(submission)
    except (TypeError, ValueError, RecursionError):
        raise MalformedError from None


def _all_problems(raw: bytes | msgspec.Raw, first: msgspec.ValidationError) -> InvalidError:
    """Every wrong field of a body that msgspec refused with `first`, and the rest of it."""
    place = _pointer_of(str(first))
    fallback = FieldProblem(
        field=place, problem="has a wrong value", remedy="see the contract for what this field may hold"
    )
    try:
        body = msgspec.json.decode(raw)
    except msgspec.ValidationError:  # a number that no type can hold
        return InvalidError([fallback])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise MalformedError from None
    found = {p.field: p for p in _walk(_validator().iter_errors(body))}
    found = found or {place: fallback}  # JSON Schema is the laxer of the two, e.g. about integers beyond 64 bits
    return InvalidError(found.values(), _rest(body, found))


def _rest(body: object, wrong: Iterable[str]) -> ReportSubmission | None:
    """What a body says beside its wrong fields, so that rules across fields can be checked as well."""
    if not isinstance(body, dict):
        return None
    bad = {place.split("/")[1] for place in wrong if place}
    fields = {name: value for name, value in body.items() if name in ReportSubmission.__struct_fields__}
    good = {name: value for name, value in fields.items() if name not in bad}
    if "text" in fields and "text" not in good:
        good["text"] = "?"  # it said something
    if "contacts" in fields and "contacts" not in good:
        good["contacts"] = [{"value": "?"}]
    try:
        return msgspec.convert({"source_ref": "?", **good}, ReportSubmission)
    except msgspec.ValidationError:
        return None


def _walk(errors: Iterable[SchemaError]) -> Iterator[FieldProblem]:
    for error in errors:
        rule: Any = error.validator_value
        schema: Any = error.schema
        instance: Any = error.instance
        match error.validator:
            case "anyOf":  # an optional field: what its own type says, not the null beside it
                yield from _walk(e for e in error.context or () if e.schema_path[0] == 0)
            case "required":
                for name in sorted(set(rule) - set(instance)):
                    yield FieldProblem(
                        field=pointer([*error.absolute_path, name]),
                        problem="is missing",
                        remedy="this field must be sent",
                    )
            case "additionalProperties":
                known = set(schema["properties"])
                for name in sorted(set(instance) - known):
                    where = name if _PLAIN_NAME.fullmatch(name) else "(unknown)"
                    yield FieldProblem(
                        field=pointer([*error.absolute_path, where]),
                        problem="is not a field of the contract",
                        remedy=f"leave it out; known fields are {', '.join(sorted(known))}",
                    )
            case _:
                problem, remedy = _explain(str(error.validator), rule, schema.get("description", ""))
                yield FieldProblem(field=pointer(error.absolute_path), problem=problem, remedy=remedy)


def _explain(keyword: str, rule: Any, description: str) -> tuple[str, str]:
    """(problem, remedy) of one violated keyword of JSON Schema, in plain words."""
    if keyword == "type":
        return f"must be {_TYPE_NAMES[rule]}", f"send {_TYPE_NAMES[rule]}"
    if keyword == "enum":
        return "is none of the known values", f"send one of {', '.join(map(str, rule))}"
    if keyword == "format":
        return "is not a date and time with a time zone", f"send {description}"
    if keyword == "pattern":
        return "has a wrong form", f"send {description} ({rule})"
    problem, remedy = _LIMITS[keyword]
    return problem, remedy.format(rule)


def pointer(path: Iterable[str | int]) -> str:
    """JSON Pointer (RFC 6901) of a path."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)


def _pointer_of(message: str) -> str:
    """JSON Pointer of the place that a message of msgspec names (`… - at `$.contacts[0].value``)."""
    _, _, place = message.rpartition(" - at `$")
    return pointer(re.findall(r"[A-Za-z_]+|[0-9]+", place))


@cache
def _validator() -> Validator:
    """Validator of ReportSubmission whose notion of a date-time and of an integer is msgspec's."""
    checker = jsonschema.FormatChecker(formats=())

    def is_timestamp(value: object) -> bool:
        if isinstance(value, str):
            msgspec.convert(value, Timestamp)
        return True

    checker.checks("date-time", raises=msgspec.ValidationError)(is_timestamp)
    base = jsonschema.Draft202012Validator
    types = base.TYPE_CHECKER.redefine("integer", lambda _, value: type(value) is int)
    strict: type[Validator] = jsonschema.validators.extend(base, type_checker=types)  # type: ignore[no-untyped-call]
    return strict(json_schema(ReportSubmission), format_checker=checker)
