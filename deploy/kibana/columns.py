"""Columns of Lens: what a panel counts, and by what.  Each function gives the JSON of one column, or of a formula's.

Kibana rebuilds nothing from a formula's text: its parts have to be written out, so both come from one expression.
"""

from __future__ import annotations

from typing import Any, Final

from msgspec import Struct

Column = dict[str, Any]

#: Formats of a column's values.
WHOLE: Final = {"id": "number", "params": {"decimals": 0}}
ONE_DECIMAL: Final = {"id": "number", "params": {"decimals": 1}}
PERCENT: Final = {"id": "percent", "params": {"decimals": 1}}
_RECORDS: Final = "___records___"


def kql(text: str = "") -> dict[str, str]:
    """A query in Kibana's language."""
    return {"query": text, "language": "kuery"}


def count(label: str = "", where: str = "", *, last: str = "", shift: str = "") -> Column:
    """How many documents; `where` is KQL, `last` only those of that time up to the end, `shift` as long ago."""
    return _measure(label, "count", _RECORDS, {"emptyAsNull": False}, where, last=last, shift=shift)


def unique(label: str, field: str, where: str = "") -> Column:
    """How many different values (cardinality, an estimate above some thousands)."""
    return _measure(label, "unique_count", field, {"emptyAsNull": False}, where)


def total(label: str, field: str, where: str = "") -> Column:
    """The sum of a field."""
    return _measure(label, "sum", field, {"emptyAsNull": False, "format": WHOLE}, where)


def percentile(label: str, field: str, percent: int, number_format: dict[str, Any] = ONE_DECIMAL) -> Column:
    """A percentile of a field; the 50th is its median."""
    return _measure(label, "percentile", field, {"percentile": percent, "format": number_format})


def earliest(label: str, field: str) -> Column:
    """The first time in a date field."""
    return _measure(label, "min", field, {}) | {"dataType": "date"}


def latest(label: str, field: str) -> Column:
    """The last time in a date field."""
    return _measure(label, "max", field, {}) | {"dataType": "date"}


def histogram(label: str, field: str, interval: str = "auto") -> Column:
    """Documents by time."""
    params = {"interval": interval, "includeEmptyRows": True, "dropPartials": False}
    return _column(label, "date", "date_histogram", field, params, bucketed=True, scale="interval")


def terms(label: str, field: str, size: int, order_by: str) -> Column:
    """Documents by the values of a field, the most first by the column with the id `order_by`."""
    params = {
        "size": size,
        "orderBy": {"type": "column", "columnId": order_by},
        "orderDirection": "desc",
        "otherBucket": False,
        "missingBucket": False,
        "parentFormat": {"id": "terms"},
    }
    return _column(label, "string", "terms", field, params, bucketed=True, scale="ordinal")


def _measure(
    label: str, operation: str, field: str, params: dict[str, Any], where: str = "", *, last: str = "", shift: str = ""
) -> Column:
    column = _column(label, "number", operation, field, params)
    if where:
        column["filter"] = kql(where)
    if shift:
        column["timeShift"] = shift
    if last:
        column["reducedTimeRange"] = last
    return column


def _column(
    label: str,
    kind: str,
    operation: str,
    field: str,
    params: dict[str, Any],
    *,
    bucketed: bool = False,
    scale: str = "ratio",
) -> Column:
    return {
        "label": label,
        "customLabel": True,
        "dataType": kind,
        "operationType": operation,
        "isBucketed": bucketed,
        "scale": scale,
        "sourceField": field,
        "params": params,
    }


class Expression(Struct, frozen=True):
    """What a formula computes: its text, its operands as columns, and its tree over their places.

    A tree is the place of an operand, a constant as a float, or (name of a function, arguments).
    """

    text: str
    operands: tuple[Column, ...]
    tree: Any

    def __add__(self, other: Expression | float) -> Expression:
        return self._joined("add", "+", other)

    def __sub__(self, other: Expression | float) -> Expression:
        return self._joined("subtract", "-", other)

    def __truediv__(self, other: Expression | float) -> Expression:
        return self._joined("divide", "/", other)

    def _joined(self, name: str, sign: str, other: Expression | float) -> Expression:
        if not isinstance(other, Expression):
            return Expression(f"({self.text}) {sign} {other:g}", self.operands, (name, [self.tree, float(other)]))
        tree = (name, [self.tree, _moved(other.tree, len(self.operands))])
        return Expression(f"({self.text}) {sign} ({other.text})", (*self.operands, *other.operands), tree)


def value(column: Column) -> Expression:
    """A column as the operand of a formula."""
    operation, field = column["operationType"], column["sourceField"]
    arguments = [] if field == _RECORDS else [field]
    for name, key in (("kql", "filter"), ("reducedTimeRange", "reducedTimeRange"), ("shift", "timeShift")):
        if key in column:
            said = column[key]["query"] if name == "kql" else column[key]
            arguments.append(f"{name}='{said}'")
    params = {key: item for key, item in column["params"].items() if key != "format"}
    return Expression(f"{operation}({', '.join(arguments)})", ({**column, "params": params},), 0)


def formula(
    identity: str, label: str, expression: Expression, number_format: dict[str, Any] = WHOLE
) -> dict[str, Column]:
    """The columns of a formula by id: its hidden parts and, the last, the visible one with the id `identity`."""
    part = f"Part of {label}"
    places = [f"{identity}X{place}" for place in range(len(expression.operands))]
    columns: dict[str, Column] = {
        place: {**operand, "label": part} for place, operand in zip(places, expression.operands, strict=True)
    }
    result = places[0]
    if not isinstance(expression.tree, int):
        result = f"{identity}X{len(places)}"
        columns[result] = {
            "label": part,
            "customLabel": True,
            "dataType": "number",
            "operationType": "math",
            "isBucketed": False,
            "scale": "ratio",
            "references": places,
            "params": {"tinymathAst": _ast(expression.tree, places, expression.text)},
        }
    columns[identity] = {
        "label": label,
        "customLabel": True,
        "dataType": "number",
        "operationType": "formula",
        "isBucketed": False,
        "scale": "ratio",
        "params": {"formula": expression.text, "isFormulaBroken": False, "format": number_format},
        "references": [result],
    }
    return columns


def _moved(tree: Any, by: int) -> Any:
    """The tree with its operands' places moved, as they are behind those of another expression."""
    if isinstance(tree, tuple):
        return tree[0], [_moved(item, by) for item in tree[1]]
    return tree + by if isinstance(tree, int) else tree


def _ast(tree: Any, places: list[str], text: str) -> Any:
    """The tree as Kibana's tinymath writes it."""
    if isinstance(tree, int):
        return places[tree]
    if isinstance(tree, float):
        return int(tree) if tree.is_integer() else tree
    name, arguments = tree
    return {
        "type": "function",
        "name": name,
        "args": [_ast(argument, places, text) for argument in arguments],
        "location": {"min": 0, "max": len(text)},
        "text": text,
    }
