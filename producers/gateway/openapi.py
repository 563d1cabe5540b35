"""The OpenAPI description of the API, and the page at /docs that shows it without fetching anything from elsewhere.

Litestar writes the paths and answers; the bodies come from the event types themselves, because the handlers decode
them on their own in order to name every wrong field.
"""

from __future__ import annotations

import importlib.resources
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec
from litestar import MediaType, Request
from litestar.openapi import OpenAPIConfig, ResponseSpec
from litestar.openapi.plugins import JsonRenderPlugin, OpenAPIRenderPlugin
from litestar.openapi.spec import (
    Components,
    Example,
    OpenAPIMediaType,
    Operation,
    Reference,
    RequestBody,
    SecurityScheme,
)
from litestar.openapi.spec.base import BaseSchemaObject

from producers.gateway.problems import PROBLEM_JSON, TITLES, ProblemDetails
from schemas.events import CONTRACT_VERSION, ReportSubmission

_SCHEMAS: Final = "#/components/schemas/"

EXAMPLE: Final[dict[str, Any]] = {
    "source_ref": "call-2026-01-14-0017",
    "medium": "call",
    "text": "Позвонили с 1414, представились поликлиникой, записывали на приём и просили продиктовать код из СМС.",
    "contacts": [{"value": "1414"}, {"value": "2-15-65", "role": "own"}],
    "happened_at": "2026-01-14T09:30:00+05:00",
    "region": "KZ-33",
    "outcome": "attempt",
    "affected_group": "elderly",
    "reporter": "+7 705 000 00 00",
}
_EXAMPLE_SHORT: Final[dict[str, Any]] = {"source_ref": "call-0018", "text": "Әжеме «полиция» хабарласып, код сұрады."}

_DESCRIPTION: Final = """\
Reports of phone and internet fraud, from the systems of call-centres, banks, bots and web sites.

**Key.** Each integration has a key of its own, sent as `Authorization: Bearer KEY`.  It decides the source and the
channel of a report, which therefore can't be forged.

**Retry safely.** Choose `source_ref` as your own id of the report.  The same `source_ref` always gets the same id and
counts once, however often it is sent: after 429, 503 or a broken connection simply send the same again.

**202 means kept.** The answer comes once Kafka has acknowledged the report on all in-sync replicas.

**Secrets.** One-time codes, card numbers, IIN, IBAN and passwords are masked before anything is stored; `reporter` is
replaced by a keyed hash; a `source_ref` that holds a phone or card number is replaced by a keyed hash as well.  Control
characters other than tab and line feed are removed.

**Limits.** A report: {report_bytes:,} bytes.  A batch: {batch:,} reports and {batch_bytes:,} bytes.  Times: at most 10
minutes ahead of ours, at most 5 years ago.

**Errors** are problem details (RFC 9457): `errors` names every wrong field as a JSON Pointer, with a remedy.
"""


@dataclass
class Verbatim(BaseSchemaObject):
    """A JSON Schema that is put into the document as it is."""

    value: dict[str, Any]

    def to_schema(self) -> dict[str, Any]:
        return self.value


def _body(schema: str, **examples: Any) -> RequestBody:
    named = {name: Example(summary=name.replace("_", " "), value=value) for name, value in examples.items()}
    media_type = OpenAPIMediaType(schema=Reference(ref=_SCHEMAS + schema), examples=dict(named))
    return RequestBody(required=True, content={"application/json": media_type})


@dataclass
class ReportOperation(Operation):
    """The operation of one report."""

    def __post_init__(self) -> None:
        self.request_body = _body("ReportSubmission", full=EXAMPLE, shortest=_EXAMPLE_SHORT)


@dataclass
class BatchOperation(Operation):
    """The operation of a batch."""

    def __post_init__(self) -> None:
        self.request_body = _body("ReportBatch", two_reports={"reports": [EXAMPLE, _EXAMPLE_SHORT]})


def problem_responses(*reasons: tuple[int, str]) -> dict[int, ResponseSpec]:
    """What the document says about errors, from pairs (status, reason)."""
    return {
        status: ResponseSpec(
            ProblemDetails, generate_examples=False, description=TITLES[reason], media_type=PROBLEM_JSON
        )
        for status, reason in reasons
    }


class DocsPage(OpenAPIRenderPlugin):
    """Swagger UI from the installed package `swagger-ui-py`; our page and its script keep to the content policy."""

    def __init__(self) -> None:
        super().__init__(path="/", media_type=MediaType.HTML)

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:  # noqa: ARG002
        return _PAGE


_PAGE: Final = b"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>SaqBol: API for reports</title>
<link rel="icon" href="/static/icon.svg">
<link rel="stylesheet" href="/static/swagger-ui.css">
<main id="docs"><noscript>The description of the API: <a href="/docs/openapi.json">openapi.json</a></noscript></main>
<script src="/static/swagger-ui-bundle.js"></script>
<script src="/static/docs.js"></script>
</html>
"""


def swagger_files() -> dict[str, Path]:
    """The files of Swagger UI that the page needs, by name."""
    folder = importlib.resources.files("swagger_ui") / "static"
    return {name: Path(str(folder / name)) for name in ("swagger-ui.css", "swagger-ui-bundle.js")}


def config(max_report_bytes: int, max_batch_bytes: int, max_batch: int) -> OpenAPIConfig:
    """The document's configuration, which states the limits given."""
    (_, schemas) = msgspec.json.schema_components([ReportSubmission], ref_template=_SCHEMAS + "{name}")
    schemas["ReportBatch"] = {
        "title": "ReportBatch",
        "type": "object",
        "additionalProperties": False,
        "required": ["reports"],
        "properties": {
            "reports": {
                "type": "array",
                "minItems": 1,
                "maxItems": max_batch,
                "items": {"$ref": _SCHEMAS + "ReportSubmission"},
            }
        },
    }
    verbatim: Any = {name: Verbatim(schema) for name, schema in schemas.items()}
    return OpenAPIConfig(
        title="SaqBol: API for reports",
        version=f"{CONTRACT_VERSION}.0",
        description=_DESCRIPTION.format(report_bytes=max_report_bytes, batch_bytes=max_batch_bytes, batch=max_batch),
        path="/docs",
        render_plugins=[DocsPage(), JsonRenderPlugin(path="/openapi.json")],
        components=Components(
            schemas=verbatim,
            security_schemes={
                "key": SecurityScheme(type="http", scheme="bearer", description="the key of your integration")
            },
        ),
        use_handler_docstrings=True,
    )
