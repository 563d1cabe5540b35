"""The AsyncAPI 3 document of the topics, from `topics.yaml`, the event types and `examples.yaml`.

https://www.asyncapi.com/docs/reference/specification/v3.0.0
"""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any, Final

import msgspec
import yaml

from schemas import events
from schemas.topics import FILE, Topic, Topics, event_type, topics

EXAMPLES: Final = Path(__file__).parent / "examples.yaml"

#: Version of the Kafka bindings, https://github.com/asyncapi/bindings/tree/master/kafka
_BINDINGS: Final = "0.5.0"

_DESCRIPTION: Final = """\
Reports of phone and internet fraud in Kazakhstan, from the channels that take them in to the alert.

`fraud.reports.v1` is the public contract: one report a message, keyed by its id. The contract grows by optional fields
only; readers tolerate fields they don't know. All other topics are between our own agents and may change.

**Security.** Publish through the HTTP gateway, or with `ReportProducer`, which masks one-time codes, card numbers, IIN,
IBAN and passwords before it sends. The local stack listens on loopback without authentication. In production the
brokers take TLS connections of known clients only, and `x-writers` and `x-readers` of each channel are its ACLs.
`fraud.reports.undecodable.v1` may hold secrets and is closed to all but the operator.
"""


class _Dumper(yaml.SafeDumper):
    """Writes texts of several lines as such, and nothing as an alias."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
        return True


_Dumper.add_representer(
    str,
    lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None),
)


def document() -> str:
    """The document as YAML."""
    parts = msgspec.convert(yaml.safe_load(FILE.read_text(encoding="utf-8")), Topics).parts
    declared = list(topics().values())
    kinds = list(dict.fromkeys(kind for topic in declared if (kind := event_type(topic)) is not None))
    content = {
        "asyncapi": "3.0.0",
        "info": {
            "title": "SaqBol",
            "version": f"{events.CONTRACT_VERSION}.0.0",
            "description": _DESCRIPTION,
            "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
        },
        "defaultContentType": "application/json",
        "servers": {
            "local": {"host": "127.0.0.1:9092", "protocol": "kafka", "description": "the local stack, loopback only"}
        },
        "channels": {_id(topic): _channel(topic) for topic in declared},
        "operations": _operations(declared, parts),
        "components": {
            "messages": {_id(topic): _message(topic) for topic in declared},
            "schemas": _schemas(kinds),
        },
    }
    return yaml.dump(content, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)


def example(kind: type[msgspec.Struct]) -> Any:
    """The example of an event type in `examples.yaml`, read through the type, as JSON has it; None if there is none."""
    content = yaml.safe_load(EXAMPLES.read_text(encoding="utf-8")).get(kind.__name__)
    if content is None:
        return None
    event = msgspec.convert(content, kind, strict=False)
    report = event if isinstance(event, events.Report) else getattr(event, "report", None)
    if report is not None:
        report.id = events.report_id(report.source, report.source_ref)
    return msgspec.to_builtins(event)


def _id(topic: Topic) -> str:
    """Short name of a topic's channel: `fraud.reports.enriched.v1` is `reports-enriched`."""
    return "-".join(topic.name.split(".")[1:-1])


def _message_name(topic: Topic) -> str:
    kind = event_type(topic)
    return f"{kind.__name__ if kind else 'Bytes'}{'Batch' if topic.batched else ''}"


def _channel(topic: Topic) -> dict[str, Any]:
    return {
        "address": topic.name,
        "title": _id(topic),
        "description": topic.purpose,
        "servers": [{"$ref": "#/servers/local"}],
        "messages": {_message_name(topic): {"$ref": f"#/components/messages/{_id(topic)}"}},
        "bindings": {
            "kafka": {
                "topic": topic.name,
                "partitions": topic.partitions,
                "topicConfiguration": _topic_configuration(topic),
                "bindingVersion": _BINDINGS,
            }
        },
        "x-key": topic.key,
        "x-writers": topic.writers,
        "x-readers": topic.readers,
        "x-restricted": topic.restricted,
    }


def _topic_configuration(topic: Topic) -> dict[str, Any]:
    config = topic.config(1)
    return {
        "cleanup.policy": list(topic.cleanup),
        "retention.ms": int(config["retention.ms"]),
        "max.message.bytes": topic.max_message_bytes,
    }


def _operations(declared: list[Topic], parts: dict[str, str]) -> dict[str, Any]:
    """One operation for each part and topic: what it sends, what it receives."""
    found: dict[str, Any] = {}
    for part, does in parts.items():
        for action, role in (("receive", "readers"), ("send", "writers")):
            for topic in declared:
                if part in getattr(topic, role):
                    found[f"{part}-{action}-{_id(topic)}"] = {
                        "action": action,
                        "channel": {"$ref": f"#/channels/{_id(topic)}"},
                        "summary": f"{part} {action}s: {topic.name}",
                        "description": does,
                        "tags": [{"name": part}],
                    }
    return found


def _message(topic: Topic) -> dict[str, Any]:
    kind = event_type(topic)
    binding = {"key": {"type": "string", "description": topic.key}, "bindingVersion": _BINDINGS}
    if kind is None:
        return {
            "name": _message_name(topic),
            "title": "Bytes that are not an event",
            "contentType": "application/octet-stream",
            "bindings": {"kafka": binding},
        }
    reference = {"$ref": f"#/components/schemas/{kind.__name__}"}
    summary = inspect.cleandoc(kind.__doc__ or "").split("\n\n")[0].replace("\n", " ")
    message: dict[str, Any] = {
        "name": _message_name(topic),
        "title": f"{kind.__name__}, a batch of them" if topic.batched else kind.__name__,
        "summary": " ".join(summary.split()),
        "payload": {"type": "array", "items": reference} if topic.batched else reference,
    }
    if (payload := example(kind)) is not None:
        message["examples"] = [{"payload": [payload] if topic.batched else payload}]
    if not topic.batched:
        message["bindings"] = {"kafka": binding}
    return message


def _schemas(kinds: list[type[msgspec.Struct]]) -> dict[str, Any]:
    """The schemas of the event types and of what they are made of."""
    _, components = msgspec.json.schema_components(kinds, ref_template="#/components/schemas/{name}")
    return dict(sorted(components.items()))
