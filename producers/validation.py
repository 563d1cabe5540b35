"""From bytes to a submission: decoded fast, and once more in full when something is wrong.

msgspec decodes and validates in about a microsecond but stops at the first error.  A refused body is therefore
checked again against the JSON Schema generated from the same type, which finds every wrong field.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any, Final, Generic, TypeVar

import jsonschema
import jsonschema.validators
import msgspec
from jsonschema.exceptions import ValidationError as SchemaError
from jsonschema.protocols import Validator
from msgspec import Struct

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

T = TypeVar("T", bound=Struct)


class Contract(Generic[T]):
    """The contract of one kind of event: what its bytes have to be."""

    def __init__(self, kind: type[T], stand_ins: Mapping[str, object]) -> None:
        """`stand_ins`: values that stand for wrong fields while the rules across fields are checked."""
        self._kind = kind
        self._stand_ins = stand_ins
        self._decoder = msgspec.json.Decoder(kind)

    def decode(self, raw: bytes | msgspec.Raw) -> T:
        """The event in `raw` (JSON, UTF-8).

        Raises MalformedError if it is not JSON, InvalidError with every wrong field if it breaks the contract.
        """
        try:
            return self._decoder.decode(raw)
        except msgspec.ValidationError as error:
            raise self._all_problems(raw, error) from None
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise MalformedError from None

    def _all_problems(self, raw: bytes | msgspec.Raw, first: msgspec.ValidationError) -> InvalidError:
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
        found = {p.field: p for p in _walk(self._validator.iter_errors(body))}
        found = found or {place: fallback}  # JSON Schema is the laxer of the two, e.g. about integers beyond 64 bits
        return InvalidError(found.values(), self._rest(body, found))

    def _rest(self, body: object, wrong: Iterable[str]) -> T | None:
        """What a body says beside its wrong fields, so that rules across fields can be checked as well."""
        if not isinstance(body, dict):
            return None
        bad = {place.split("/")[1] for place in wrong if place}
        known = set(self._kind.__struct_fields__)
        good = {name: value for name, value in body.items() if name in known - bad}
        good |= {name: value for name, value in self._stand_ins.items() if name in bad}
        try:
            return msgspec.convert(good, self._kind)
        except msgspec.ValidationError:
            return None

    @cached_property
    def _validator(self) -> Validator:
        """A validator whose notion of a date-time and of an integer is msgspec's."""
        checker = jsonschema.FormatChecker(formats=())

        def is_timestamp(value: object) -> bool:
            if isinstance(value, str):
                msgspec.convert(value, Timestamp)
            return True

        checker.checks("date-time", raises=msgspec.ValidationError)(is_timestamp)
        base = jsonschema.Draft202012Validator
        types = base.TYPE_CHECKER.redefine("integer", lambda _, value: type(value) is int)
        strict: type[Validator] = jsonschema.validators.extend(base, type_checker=types)  # type: ignore[no-untyped-call]
        return strict(json_schema(self._kind), format_checker=checker)


#: What a channel sends about an incident.
REPORTS: Final = Contract(ReportSubmission, {"source_ref": "?", "text": "?", "contacts": [{"value": "?"}]})


def decode_submission(raw: bytes | msgspec.Raw) -> ReportSubmission:
    """As `Contract.decode`, of a report's submission."""
    return REPORTS.decode(raw)


def encode_submission(submission: ReportSubmission | Mapping[str, Any]) -> bytes:
    """A submission as JSON, from its struct or from a mapping of JSON-like values (times may be `datetime`).

    Raises MalformedError if it has no such form, e.g. because a text holds half of a surrogate pair.
    """
    try:
        return msgspec.json.encode(submission)
    except (TypeError, ValueError, RecursionError):
        raise MalformedError from None


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
