"""Provisioning: topics, index templates, text analysis, the current indices, official numbers, all from `schemas`.

Everything is looked at before anything is changed, so that a refusal leaves both servers as they were.  Run again, it
changes nothing.  What would lose or corrupt data is refused, with what to do instead:

- another number of partitions (a key would get a second owner, and a tombstone would miss the report it erases),
- a shorter retention or another clean-up of a topic that holds messages,
- another type of a field that an index already has, or another version of its mapping.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final

from elasticsearch import ApiError, Elasticsearch, NotFoundError, TransportError
from elasticsearch.helpers import bulk
from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, ConfigResourceType
from kafka.errors import KafkaError, TopicAlreadyExistsError
from msgspec import Struct

from deploy import prevention_plan
from schemas import indices
from schemas.documents import Document
from schemas.reference import official_numbers
from schemas.topics import Topic, topics
from streams.known import known_document
from streams.reputation import Facts
from streams.tables import TABLES

#: How long a server may take to answer (seconds).
TIMEOUT: Final = 30
#: What Elasticsearch answers if a document exists already.
CONFLICT: Final = 409


class ProvisionError(Exception):
    """Provisioning can't go on; the message says what is wrong and what to do."""


class Change(Struct, frozen=True):
    """One change that is due: what a person is told, and how it is made."""

    said: str
    make: Callable[[], object]


def provision(
    bootstrap_servers: str,
    elasticsearch_url: str,
    *,
    replication: int = 1,
    login: tuple[str, str] | None = None,
    now: datetime | None = None,
    dry_run: bool = False,
) -> list[str]:
    """Bring Kafka and Elasticsearch to what `schemas` says.  Returns what was changed, a line each; [] if nothing.

    bootstrap_servers: host:port, separated by commas
    replication:       copies of each topic: 1 on one broker, 3 in production
    login:             user and password for Elasticsearch; None where its security is off
    now:               the moment whose monthly indices are made (default: the present)
    dry_run:           change nothing, and return what would be changed

    Raises ProvisionError.
    """
    try:
        kafka = KafkaAdminClient(
            bootstrap_servers=bootstrap_servers.split(","),
            client_id="saqbol-provision",
            bootstrap_timeout_ms=TIMEOUT * 1000,
        )
    except (KafkaError, OSError) as error:
        raise ProvisionError(f"Kafka does not answer at {bootstrap_servers}: {type(error).__name__}") from error
    moment = now or datetime.now(UTC)
    try:
        with Elasticsearch(elasticsearch_url, basic_auth=login, request_timeout=TIMEOUT) as client:
            changes = [
                *_topic_changes(kafka, replication),
                *_changelog_changes(kafka, replication),
                *_template_changes(client),
                *_index_changes(client, moment),
                *_number_changes(client, moment),
                *_plan_changes(client, moment),
            ]
            for change in [] if dry_run else changes:
                change.make()
    except KafkaError as error:
        raise ProvisionError(f"Kafka refused: {type(error).__name__}: {error}") from error
    except TransportError as error:
        raise ProvisionError(f"Elasticsearch does not answer at {elasticsearch_url}: {error.message}") from error
    except ApiError as error:
        raise ProvisionError(_explained(error)) from error
    finally:
        kafka.close()
    return [change.said for change in changes]


def _topic_changes(kafka: KafkaAdminClient, replication: int) -> Iterator[Change]:
    """Topics that are missing, and settings that differ.  Raises ProvisionError for what would do harm."""
    declared = topics()
    existing = set(kafka.list_topics())
    known = [name for name in declared if name in existing]
    partitions = {topic["name"]: len(topic["partitions"]) for topic in kafka.describe_topics(known)} if known else {}
    configs = _topic_configs(kafka, known) if known else {}
    for topic in declared.values():
        wanted = topic.config(replication)
        if topic.name not in existing:
            make = partial(_create_topic, kafka, topic.name, topic.partitions, replication, wanted)
            yield Change(f"topic {topic.name} created", make)
            continue
        _refuse_harm(topic, partitions[topic.name], configs[topic.name])
        yield from _setting_changes(kafka, topic.name, configs[topic.name], wanted)


def _topic_configs(kafka: KafkaAdminClient, names: list[str]) -> dict[str, dict[str, str]]:
    """All settings of these topics, defaults included, as the broker reports them."""
    resources = [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
    described = kafka.describe_configs(resources, config_filter="all")["topic"]
    return {name: {key: entry["value"] for key, entry in described[name].items()} for name in names}


def _refuse_harm(topic: Topic, partitions: int, config: dict[str, str]) -> None:
    if partitions != topic.partitions:
        raise ProvisionError(
            f"topic {topic.name} has {partitions} partitions, topics.yaml says {topic.partitions}: refused, because "
            "keys would change their partition and with it their owner. Declare a new version of the topic and copy."
        )
    wanted = topic.config(1)
    shorter = _longest(int(wanted["retention.ms"])) < _longest(int(config["retention.ms"]))
    policies = [set(policy.split(",")) for policy in (wanted["cleanup.policy"], config["cleanup.policy"])]
    if shorter or policies[0] != policies[1]:
        raise ProvisionError(
            f"topic {topic.name} would lose messages: retention.ms {config['retention.ms']} → "
            f"{wanted['retention.ms']}, cleanup.policy {config['cleanup.policy']} → {wanted['cleanup.policy']}: "
            "refused. If that is meant, set it with kafka-configs.sh and provision again."
        )


def _longest(retention_ms: int) -> float:
    """Retention to compare: -1 is for ever."""
    return float("inf") if retention_ms < 0 else retention_ms


def _changelog_changes(kafka: KafkaAdminClient, replication: int) -> Iterator[Change]:
    """Changelog topics of the workers' tables that are missing, and settings that differ."""
    existing = set(kafka.list_topics())
    known = [table.changelog for table in TABLES if table.changelog in existing]
    configs = _topic_configs(kafka, known) if known else {}
    for table in TABLES:
        wanted = table.changelog_config | {"min.insync.replicas": str(max(1, replication - 1))}
        if table.changelog not in existing:
            make = partial(_create_topic, kafka, table.changelog, table.partitions, replication, wanted)
            yield Change(f"topic {table.changelog} created", make)
        else:
            yield from _setting_changes(kafka, table.changelog, configs[table.changelog], wanted)


def _setting_changes(
    kafka: KafkaAdminClient, topic: str, has: dict[str, str], wanted: dict[str, str]
) -> Iterator[Change]:
    different = {key: value for key, value in wanted.items() if has[key] != value}
    if different:
        said = ", ".join(f"{key} {has[key]} → {value}" for key, value in different.items())
        yield Change(f"topic {topic} changed: {said}", partial(_alter_topic, kafka, topic, different))


def _create_topic(
    kafka: KafkaAdminClient, name: str, partitions: int, replication: int, config: dict[str, str]
) -> None:
    wanted = {"num_partitions": partitions, "replication_factor": replication, "configs": config}
    try:
        kafka.create_topics({name: wanted}, wait_for_metadata=True)
    except TopicAlreadyExistsError:  # somebody provisions at the same time, from the same file
        kafka.wait_for_topics([name])


def _alter_topic(kafka: KafkaAdminClient, name: str, values: dict[str, str]) -> None:
    result = kafka.alter_configs([ConfigResource(ConfigResourceType.TOPIC, name, values)])["topic"][name]
    if result != "OK":
        raise ProvisionError(f"topic {name}: Kafka refused the settings {', '.join(values)}: {result}")


def _template_changes(client: Elasticsearch) -> Iterator[Change]:
    """The component template and the index templates that are missing or of another content."""
    name, body = indices.ANALYSIS, _marked(indices.analysis())
    if _mark(client.cluster.get_component_template, name, "component_templates", "component_template") != _mark_of(
        body
    ):
        yield Change(
            f"component template {name} put",
            partial(client.cluster.put_component_template, name=name, **_arguments(body)),
        )
    for name, content in indices.templates().items():
        body = _marked(content)
        if _mark(client.indices.get_index_template, name, "index_templates", "index_template") != _mark_of(body):
            yield Change(
                f"index template {name} put",
                partial(client.indices.put_index_template, name=name, **_arguments(body)),
            )


def _marked(template: dict[str, Any]) -> dict[str, Any]:
    """The template with a digest of its content in `_meta`: Elasticsearch returns templates in another form."""
    digest = hashlib.sha256(json.dumps(template, sort_keys=True).encode()).hexdigest()
    return {**template, "_meta": {**template["_meta"], "sha256": digest}}


def _mark_of(template: dict[str, Any]) -> str | None:
    mark = template.get("_meta", {}).get("sha256")
    return mark if isinstance(mark, str) else None


def _mark(get: Callable[..., Any], name: str, many: str, one: str) -> str | None:
    """Digest of a template that Elasticsearch has, None if it has none."""
    try:
        return _mark_of(get(name=name)[many][0][one])
    except NotFoundError:
        return None


def _arguments(template: dict[str, Any]) -> dict[str, Any]:
    """A template as arguments of the client, whose `_meta` is called `meta`."""
    return {"meta" if key == "_meta" else key: value for key, value in template.items()}


def _index_changes(client: Elasticsearch, now: datetime) -> Iterator[Change]:
    """The current index of each kind, and fields that older ones lack.  Raises ProvisionError for other types."""
    current = indices.current_indices(now)
    for alias, template in indices.templates().items():
        wanted = template["template"]["mappings"]["properties"]
        (pattern,) = template["index_patterns"]
        existing = client.indices.get(index=pattern)
        for index, content in sorted(existing.items()):
            properties = content["mappings"].get("properties", {})
            _refuse_other_version(alias, index, indices.version_of(content), template["version"])
            _refuse_other_types(alias, index, indices.fields(properties), indices.fields(wanted))
            if properties != wanted:
                missing = sorted(set(indices.fields(wanted)) - set(indices.fields(properties)))
                yield Change(
                    f"index {index}: fields {', '.join(missing) or 'changed'}",
                    partial(client.indices.put_mapping, index=index, properties=wanted),
                )
            if alias not in content["aliases"]:
                yield Change(
                    f"index {index}: alias {alias}",
                    partial(client.indices.put_alias, index=index, name=alias),
                )
        if current[alias] not in map(indices.written_as, existing):
            yield Change(f"index {current[alias]} created", partial(_create_index, client, current[alias]))


def _refuse_other_version(alias: str, index: str, has: int, wanted: int) -> None:
    if has < wanted:
        raise ProvisionError(
            f"index {index} has version {has} of its mapping, the template is version {wanted}: refused, because its "
            f"documents have to be copied. Run `./saqbol migrate {alias}`, which loses nothing, then provision again."
        )
    if has > wanted:
        raise ProvisionError(
            f"index {index} has version {has} of its mapping, this code knows version {wanted}: refused, because it "
            "would take back what a newer SaqBol did. Provision with that one."
        )


def _refuse_other_types(alias: str, index: str, has: dict[str, str], wanted: dict[str, str]) -> None:
    other = [f"{name} is {has[name]}, not {kind}" for name, kind in wanted.items() if has.get(name, kind) != kind]
    other += [f"{name} is unknown to the template" for name in has if name not in wanted]
    if other:
        raise ProvisionError(
            f"index {index} has another mapping ({'; '.join(other)}): refused, because a field's type can't change in "
            f"place. Give the template a new version, and run `./saqbol migrate {alias}`."
        )


def _create_index(client: Elasticsearch, index: str) -> None:
    try:
        client.indices.create(index=index)
    except ApiError as error:
        if error.error != "resource_already_exists_exception":
            raise


def _number_changes(client: Elasticsearch, now: datetime) -> Iterator[Change]:
    """Documents of official numbers that have none yet: whoever looks one up learns that it is official."""
    numbers = list(official_numbers())
    found = client.mget(index=indices.NUMBERS_INDEX, ids=numbers, source=False)["docs"]
    missing = [number for number, answer in zip(numbers, found, strict=True) if not answer.get("found")]
    if missing:
        yield Change(
            f"{len(missing)} official numbers made known",
            partial(_create_documents, client, [known_document(number, Facts(), now) for number in missing]),
        )


def _plan_changes(client: Elasticsearch, now: datetime) -> Iterator[Change]:
    """Weeks of the prevention plan that are missing or not what the reference data says."""
    if documents := prevention_plan.due(client, now):
        yield Change(f"{len(documents)} weeks of the prevention plan set", partial(_put_documents, client, documents))


def _put_documents(client: Elasticsearch, documents: list[Document]) -> None:
    bulk(client, [{"_index": d.index, "_id": d.id, "_source": d.body} for d in documents], refresh=True)


def _create_documents(client: Elasticsearch, documents: list[Document]) -> None:
    """Create documents; one that a worker has written meanwhile knows more and stays."""
    actions = [{"_op_type": "create", "_index": d.index, "_id": d.id, "_source": d.body} for d in documents]
    _, failed = bulk(client, actions, raise_on_error=False, refresh=True)
    errors = failed if isinstance(failed, list) else []
    refused = [error for item in errors if (error := item["create"])["status"] != CONFLICT]
    if refused:
        raise ProvisionError(f"Elasticsearch refused official numbers: {json.dumps(refused[0])[:500]}")


def _explained(error: ApiError) -> str:
    """What a person can do about an answer of Elasticsearch."""
    if error.meta.status in (401, 403):
        return f"Elasticsearch refuses this user ({error.meta.status}); provisioning needs the role saqbol_provisioner"
    said = json.dumps(error.body, ensure_ascii=False) if isinstance(error.body, dict) else str(error)
    if "hunspell" in said:
        return (
            "Elasticsearch lacks a dictionary: put them into its configuration on every node with "
            f"`python -m deploy.dictionaries CONFIG/hunspell` and start it again ({said[:300]})"
        )
    return f"Elasticsearch refused: {said[:500]}"
