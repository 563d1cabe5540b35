"""Writes `schemas/generated`: a JSON Schema of each event and data file, and the AsyncAPI document of the topics.

    python -m schemas.generate           write them
    python -m schemas.generate --check   exit 1 and name the files that are not current

The sources are the types in `schemas.events` and its neighbours, `schemas.reference`, `schemas.topics`,
`producers.integrations` and `producers.desk.staff`.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, Final

import msgspec

from deploy.fields import Field
from deploy.retention import Policy
from producers.desk.staff import StaffFile
from producers.files.mapping import ImportMapping
from producers.integrations import IntegrationsFile
from schemas import asyncapi, audit, cases, events, prevention, reference
from schemas.topics import Topics
from streams.oncall.rota import OnCall

FOLDER: Final = Path(__file__).parent / "generated"

#: Events that get a schema of their own: what a channel sends, and what travels on a topic.
EVENTS: Final[tuple[type[msgspec.Struct], ...]] = (
    events.ReportSubmission,
    events.Report,
    events.EnrichedReport,
    events.RejectedReport,
    events.Signal,
    events.Verdict,
    events.Alert,
    prevention.PreventionSubmission,
    prevention.Prevention,
    cases.Decision,
    cases.Case,
    audit.AuditEntry,
)


def documents() -> dict[str, str]:
    """Every generated file: its name and its content."""
    files: dict[str, Any] = {f"events/{kind.__name__}": kind for kind in EVENTS}
    files |= {f"reference/{Path(name).stem}": kind for name, kind in reference.FILES.items()}
    files |= {
        "oncall": OnCall,
        "topics": Topics,
        "integrations": IntegrationsFile,
        "import-mapping": ImportMapping,
        "staff": StaffFile,
        "retention": Policy,
        "fields": dict[str, dict[str, Field]],
    }
    found = {f"{name}.schema.json": _schema(name.rpartition("/")[2], kind) for name, kind in files.items()}
    return found | {"asyncapi.yaml": asyncapi.document()}


def _schema(title: str, kind: Any) -> str:
    """JSON Schema (2020-12) of a type, as text."""
    content = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": title, **msgspec.json.schema(kind)}
    return json.dumps(content, ensure_ascii=False, indent=2) + "\n"


def stale() -> list[str]:
    """Names of the files that are missing, differ, or should not be there."""
    wanted = documents()
    present = {str(path.relative_to(FOLDER)): path for path in FOLDER.rglob("*") if path.is_file()}
    differ = [name for name in wanted if name not in present or present[name].read_text("utf-8") != wanted[name]]
    return sorted([*differ, *(present.keys() - wanted.keys())])


def write() -> list[str]:
    """Write what is stale and delete what should not be there.  Returns the names."""
    wanted, names = documents(), stale()
    for name in names:
        path = FOLDER / name
        if name in wanted:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(wanted[name], encoding="utf-8")
        else:
            path.unlink()
    return names


if __name__ == "__main__":
    if sys.argv[1:] not in ([], ["--check"]):
        sys.exit("usage: python -m schemas.generate [--check]")
    if "--check" in sys.argv:
        if old := stale():
            sys.exit(f"not current: {', '.join(old)}; run python -m schemas.generate and commit")
    else:
        sys.stdout.writelines(f"wrote {name}\n" for name in write())
