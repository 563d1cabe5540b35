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
    OpenAPIResponse,
    OpenAPIType,
    Operation,
    Reference,
    RequestBody,
    Schema,
    SecurityScheme,
)
from litestar.openapi.spec.base import BaseSchemaObject

from producers.gateway import examples
from producers.gateway.problems import PROBLEM_JSON, TITLES, ProblemDetails
from producers.listing import LISTED
from schemas.events import CONTRACT_VERSION, ReportSubmission
from schemas.prevention import PreventionSubmission
from schemas.reference import Words

_SCHEMAS: Final = "#/components/schemas/"

_LIST_SCHEMA: Final[dict[str, Any]] = {
    "title": "NumberList",
    "type": "object",
    "required": ["made_at", "notice", "states", "numbers"],
    "properties": {
        "made_at": {"type": "string", "format": "date-time"},
        "notice": {"$ref": _SCHEMAS + "Words", "description": "to be shown beside the list, by language"},
        "states": {"type": "array", "items": {"enum": [state.value for state in LISTED]}},
        "numbers": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["number", "kind", "state", "reporters", "schemes", "regions"],
                "properties": {
                    "number": {"type": "string"},
                    "kind": {"type": "string"},
                    "state": {"enum": [state.value for state in LISTED]},
                    "reporters": {"type": "integer", "description": "distinct identified people"},
                    "schemes": {"type": "array", "items": {"type": "string"}},
                    "regions": {"type": "array", "items": {"type": "string"}},
                    "first_seen": {"type": "string", "format": "date-time"},
                    "last_seen": {"type": "string", "format": "date-time"},
                    "until": {"type": "string", "format": "date-time", "description": "unless it is reported again"},
                },
            },
        },
    },
}

_DESCRIPTION: Final = """\
Reports of phone and internet fraud, from the systems of call-centres, banks, bots and web sites; what is known of a
number; warnings given.

**Key.** Each integration has a key of its own, sent as `Authorization: Bearer KEY`.  It decides the source and the
channel of a report, which therefore can't be forged, and what the integration may do: `GET /v1/integration` tells.

**Numbers.** One report alone never makes a number suspected, and an official number never is: it is `impersonated`.
Any calling number can be spoofed.  Every look-up and every list is entered in an audit log before it is answered.

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


def _examples(**examples: Any) -> dict[str, Example | Reference]:
    return {name: Example(summary=name.replace("_", " "), value=value) for name, value in examples.items()}


def _body(schema: str, **examples: Any) -> RequestBody:
    media_type = OpenAPIMediaType(schema=Reference(ref=_SCHEMAS + schema), examples=_examples(**examples))
    return RequestBody(required=True, content={"application/json": media_type})


@dataclass
class ReportOperation(Operation):
    """The operation of one report."""

    def __post_init__(self) -> None:
        self.request_body = _body("ReportSubmission", full=examples.REPORT, shortest=examples.SHORT_REPORT)


@dataclass
class BatchOperation(Operation):
    """The operation of a batch."""

    def __post_init__(self) -> None:
        self.request_body = _body("ReportBatch", two_reports={"reports": [examples.REPORT, examples.SHORT_REPORT]})


@dataclass
class PreventionOperation(Operation):
    """The operation of one warning given."""

    def __post_init__(self) -> None:
        self.request_body = _body(
            "PreventionSubmission", talk=examples.PREVENTION, call_that_nobody_answered=examples.NOT_REACHED
        )


@dataclass
class PreventionBatchOperation(Operation):
    """The operation of a batch of warnings given."""

    def __post_init__(self) -> None:
        self.request_body = _body(
            "PreventionBatch", two_records={"prevention": [examples.PREVENTION, examples.NOT_REACHED]}
        )


@dataclass
class LookUpOperation(Operation):
    """The operation of a look-up."""

    def __post_init__(self) -> None:
        content = _content_of(self)
        content["application/json"].examples = _examples(**examples.KNOWN_NUMBERS)


@dataclass
class ExportOperation(Operation):
    """The operation of the list."""

    def __post_init__(self) -> None:
        content = _content_of(self)
        content.clear()
        content["application/json"] = OpenAPIMediaType(
            schema=Reference(ref=_SCHEMAS + "NumberList"), examples=_examples(list=examples.LIST)
        )
        content["text/csv"] = OpenAPIMediaType(
            schema=Schema(type=OpenAPIType.STRING), examples=_examples(list=examples.LIST_CSV)
        )


def _content_of(operation: Operation) -> dict[str, OpenAPIMediaType]:
    """What the operation answers with 200, by type of media."""
    answer = (operation.responses or {})["200"]
    if not isinstance(answer, OpenAPIResponse) or answer.content is None:
        raise TypeError("the operation answers nothing")
    return answer.content


def problem_responses(*reasons: tuple[int, str]) -> dict[int, ResponseSpec]:
    """What the document says about errors, from pairs (status, reason)."""
    return {
        status: ResponseSpec(
            ProblemDetails, generate_examples=False, description=TITLES[reason], media_type=PROBLEM_JSON
        )
        for status, reason in reasons
    }


#: What every operation that takes submissions may answer when it refuses.
SUBMISSION_PROBLEMS: Final = problem_responses(
    (400, "malformed"),
    (401, "unauthorised"),
    (403, "forbidden"),
    (413, "too-large"),
    (415, "media-type"),
    (422, "invalid"),
    (429, "too-many"),
    (503, "log-away"),
)


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


def _batch(title: str, field: str, item: str, most: int) -> dict[str, Any]:
    """Schema of a batch."""
    items = {"type": "array", "minItems": 1, "maxItems": most, "items": {"$ref": _SCHEMAS + item}}
    return {
        "title": title,
        "type": "object",
        "additionalProperties": False,
        "required": [field],
        "properties": {field: items},
    }


def config(max_report_bytes: int, max_batch_bytes: int, max_batch: int) -> OpenAPIConfig:
    """The document's configuration, which states the limits given."""
    (_, schemas) = msgspec.json.schema_components(
        [ReportSubmission, PreventionSubmission, Words], ref_template=_SCHEMAS + "{name}"
    )
    schemas["ReportBatch"] = _batch("ReportBatch", "reports", "ReportSubmission", max_batch)
    schemas["PreventionBatch"] = _batch("PreventionBatch", "prevention", "PreventionSubmission", max_batch)
    schemas["NumberList"] = _LIST_SCHEMA
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
