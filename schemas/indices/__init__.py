"""The indices of Elasticsearch: their names, and the templates beside this file that give them settings and mappings.

Reports, rejected records and the audit log are kept by month (UTC) of a time that no replay changes, so that every copy
of a record lands in the same index; numbers, alerts and warnings given have one index each.  Read through the aliases
below.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, Final

FOLDER: Final = Path(__file__).parent

#: Aliases to read from.
REPORTS: Final = "saqbol-reports"
NUMBERS: Final = "saqbol-numbers"
ALERTS: Final = "saqbol-alerts"
REJECTED: Final = "saqbol-rejected"
PREVENTION: Final = "saqbol-prevention"
AUDIT: Final = "saqbol-audit"

#: Indices to write to, where there is one only.
NUMBERS_INDEX: Final = "saqbol-numbers-v1"
ALERTS_INDEX: Final = "saqbol-alerts-v1"
PREVENTION_INDEX: Final = "saqbol-prevention-v1"

#: The component template that every index template is composed of.
ANALYSIS: Final = "saqbol-analysis"
#: Index template (named like the alias) and its file.
TEMPLATES: Final = {
    REPORTS: "reports.json",
    NUMBERS: "numbers.json",
    ALERTS: "alerts.json",
    REJECTED: "rejected.json",
    PREVENTION: "prevention.json",
    AUDIT: "audit.json",
}


_BUILD: Final = re.compile(r"^saqbol-b([0-9]+)-")
_MONTH: Final = re.compile(r"-([0-9]{4}\.[0-9]{2})$")


def report_index(received_at: datetime) -> str:
    """Index of a report whose first copy was received then (aware)."""
    return f"{REPORTS}-{_month(received_at)}"


def rejected_index(logged_at: datetime) -> str:
    """Index of a rejected record that the broker logged then (aware)."""
    return f"{REJECTED}-{_month(logged_at)}"


def audit_index(at: datetime) -> str:
    """Index of an entry of the audit log made then (aware)."""
    return f"{AUDIT}-{_month(at)}"


def current_indices(now: datetime) -> dict[str, str]:
    """The index that documents of `now` (aware) go to, by alias."""
    return {
        REPORTS: report_index(now),
        NUMBERS: NUMBERS_INDEX,
        ALERTS: ALERTS_INDEX,
        REJECTED: rejected_index(now),
        PREVENTION: PREVENTION_INDEX,
        AUDIT: audit_index(now),
    }


def written_as(index: str) -> str:
    """The name that documents of an index are written to: its own, or that of the index which it took the place of."""
    return _BUILD.sub("saqbol-", index)


def next_build(index: str) -> str:
    """Name of the index that is built to take the place of another one; no template applies to it."""
    build = _BUILD.match(index)
    return f"saqbol-b{int(build.group(1)) + 1 if build else 2}-{written_as(index).removeprefix('saqbol-')}"


def month_of(index: str) -> str | None:
    """The month of an index, as `2026.01`; None if it is not one of months."""
    found = _MONTH.search(index)
    return found.group(1) if found else None


def version_of(index: dict[str, Any]) -> int:
    """The version of the mapping of an index, as `GET /index` describes it."""
    return int(index["mappings"].get("_meta", {}).get("version", 1))


def composed(alias: str) -> dict[str, Any]:
    """Settings and mappings of a new index as its template would give them; no aliases."""
    template = templates()[alias]["template"]
    common = analysis()["template"]["settings"]
    settings = {**common["index"], "analysis": common["analysis"], **template["settings"]["index"]}
    return {"settings": {"index": settings}, "mappings": template["mappings"]}


@cache
def analysis() -> dict[str, Any]:
    """The component template with the settings of every index, as Elasticsearch takes it."""
    return _load("analysis.json")


@cache
def templates() -> dict[str, dict[str, Any]]:
    """The index templates by name, as Elasticsearch takes them; an index keeps the version of the template it has."""
    found = {name: _load(file) for name, file in TEMPLATES.items()}
    for content in found.values():
        content["template"]["mappings"]["_meta"] = {"version": content["version"]}
    return found


def fields(properties: dict[str, Any], prefix: str = "") -> dict[str, str]:
    """Type of every field of a mapping's `properties` by dotted path, objects opened, multi-fields left out."""
    found: dict[str, str] = {}
    for name, field in properties.items():
        if "properties" in field:
            found |= fields(field["properties"], f"{prefix}{name}.")
        else:
            found[prefix + name] = field["type"]
    return found


def _month(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y.%m")


def _load(file: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((FOLDER / file).read_text(encoding="utf-8"))
    return content
