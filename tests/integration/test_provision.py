"""Provisioning against real servers: everything the first time, nothing the second, and no harm.

Its own stack, with Elasticsearch's security on and nothing provisioned before.
"""

from __future__ import annotations

import contextlib
import copy
import logging
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from elasticsearch import AuthenticationException, AuthorizationException, Elasticsearch
from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, ConfigResourceType

from deploy import handout
from deploy.home import CHECKOUT
from deploy.indexing import documents
from deploy.migrate import migrate
from deploy.provision import ProvisionError, provision
from deploy.retention import Policy, delete, expired
from deploy.stack.local import ANY_PORTS, Stack, running
from schemas import indices, topics
from schemas.documents import report_document
from schemas.reference import official_numbers
from streams.tables import TABLES
from tests.full_events import full_report

ELASTIC = ("elastic", "first-password-of-elastic")
ENVIRONMENT = {variable: f"password-of-{user}" for user, (variable, _) in handout.ACCOUNTS.items()}
NOW = datetime(2026, 1, 14, tzinfo=UTC)
FIRST: list[str] = []

log = logging.getLogger(__name__)


@pytest.fixture(scope="module")
def secured(stack_cache: Path) -> Iterator[Stack]:
    home = Path(tempfile.mkdtemp(prefix="saqbol-secured-"))
    home.chmod(0o755)
    with running(Stack(home, cache=stack_cache, ports=ANY_PORTS, password=ELASTIC[1]), log.info) as stack:
        add_accounts(stack)
        FIRST.extend(run(stack))
        yield stack
    shutil.rmtree(home)


def add_accounts(stack: Stack) -> None:
    """Put roles and accounts where Elasticsearch's image has them, and wait until it has noticed."""
    folder = stack.home / "handout"
    others = {name: secrets.token_hex(32) for name in handout.FILES.values()}
    handout.hand_out(folder, others | ENVIRONMENT)
    config = stack.home / "elasticsearch" / "config"
    for file in (CHECKOUT / "deploy/images/roles.yml", *(folder / "elasticsearch").iterdir()):
        shutil.copyfile(file, config / file.name)
    deadline = time.monotonic() + 30
    with Elasticsearch(stack.elasticsearch_url, basic_auth=login("saqbol_provisioner")) as client:
        while time.monotonic() < deadline:
            with contextlib.suppress(AuthenticationException, AuthorizationException):
                client.cluster.health()
                return
            time.sleep(0.2)
    pytest.fail("Elasticsearch did not take the accounts")


def login(name: str) -> tuple[str, str]:
    return name, f"password-of-{name}"


def run(stack: Stack, now: datetime = NOW, *, dry_run: bool = False) -> list[str]:
    account = login("saqbol_provisioner")
    return provision(stack.bootstrap_servers, stack.elasticsearch_url, login=account, now=now, dry_run=dry_run)


@pytest.fixture
def kafka(secured: Stack) -> Iterator[KafkaAdminClient]:
    with closing(KafkaAdminClient(bootstrap_servers=secured.bootstrap_servers)) as client:
        yield client


@pytest.fixture
def client(secured: Stack) -> Iterator[Elasticsearch]:
    with Elasticsearch(secured.elasticsearch_url, basic_auth=ELASTIC) as client:
        yield client


def as_user(client: Elasticsearch, name: str) -> Elasticsearch:
    return client.options(basic_auth=login(name))


@pytest.mark.usefixtures("secured")
def test_first_time_makes_everything() -> None:
    assert {line.split()[1] for line in FIRST if line.startswith("topic")} == {
        *topics.topics(),
        *(table.changelog for table in TABLES),
    }
    assert sum(line.startswith("index template") for line in FIRST) == len(indices.TEMPLATES)
    assert "index saqbol-reports-2026.01 created" in FIRST


def test_every_official_number_is_known_as_official(client: Elasticsearch) -> None:
    found = client.search(index=indices.NUMBERS, query={"term": {"state": "official"}}, size=1000)["hits"]["hits"]
    assert {hit["_id"] for hit in found} == set(official_numbers())
    document = next(hit["_source"] for hit in found if hit["_id"] == "1414")
    assert document["impersonated"] is False
    assert document["owner"]["ru"]
    assert document["reasons"]["kk"]


def test_what_workers_wrote_about_an_official_number_stays(secured: Stack, client: Elasticsearch) -> None:
    client.update(index=indices.NUMBERS_INDEX, id="1414", doc={"impersonated": True}, refresh=True)
    client.delete(index=indices.NUMBERS_INDEX, id="102", refresh=True)
    assert run(secured) == ["1 official numbers made known"]
    assert client.get(index=indices.NUMBERS_INDEX, id="1414")["_source"]["impersonated"] is True


def test_again_changes_nothing(secured: Stack) -> None:
    assert run(secured) == []


def test_topics_are_as_declared(kafka: KafkaAdminClient) -> None:
    described = {t["name"]: t for t in kafka.describe_topics(list(topics.topics()))}
    resources = [ConfigResource(ConfigResourceType.TOPIC, name) for name in topics.topics()]
    configs = kafka.describe_configs(resources)["topic"]
    for name, topic in topics.topics().items():
        assert len(described[name]["partitions"]) == topic.partitions
        for key, value in topic.config(1).items():
            assert configs[name].get(key, {"value": value})["value"] == value


def test_next_month_adds_its_indices_only(secured: Stack) -> None:
    february = datetime(2026, 2, 1, tzinfo=UTC)
    assert [line for line in run(secured, february) if line.startswith("index")] == [
        f"index {alias}-2026.02 created" for alias in (indices.REPORTS, indices.REJECTED, indices.AUDIT)
    ]


def test_a_changed_setting_is_put_back_and_said(kafka: KafkaAdminClient, secured: Stack) -> None:
    kafka.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topics.ALERTS, {"max.message.bytes": "2000000"})])
    wait_for(kafka, topics.ALERTS, "max.message.bytes", "2000000")
    assert run(secured) == [f"topic {topics.ALERTS} changed: max.message.bytes 2000000 → 1048576"]
    wait_for(kafka, topics.ALERTS, "max.message.bytes", "1048576")


def test_a_longer_retention_is_not_cut(kafka: KafkaAdminClient, secured: Stack) -> None:
    kafka.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topics.REJECTED, {"retention.ms": "-1"})])
    wait_for(kafka, topics.REJECTED, "retention.ms", "-1")
    with pytest.raises(ProvisionError, match=r"fraud\.reports\.rejected\.v1 would lose messages: retention\.ms -1"):
        run(secured)
    declared = topics.topics()[topics.REJECTED].config(1)["retention.ms"]
    kafka.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topics.REJECTED, {"retention.ms": declared})])
    wait_for(kafka, topics.REJECTED, "retention.ms", declared)
    assert run(secured) == []


def wait_for(kafka: KafkaAdminClient, topic: str, key: str, value: str) -> None:
    """Brokers take over a setting a moment after they have confirmed it."""
    resource = ConfigResource(ConfigResourceType.TOPIC, topic)
    for _ in range(100):
        if kafka.describe_configs([resource], config_filter="all")["topic"][topic][key]["value"] == value:
            return
    pytest.fail(f"{topic}: {key} did not become {value}")


def test_other_number_of_partitions_is_refused(
    secured: Stack, kafka: KafkaAdminClient, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "topics.yaml"
    text = topics.FILE.read_text(encoding="utf-8")
    file.write_text(text.replace("partitions: 4", "partitions: 8", 1), encoding="utf-8")
    monkeypatch.setattr(topics, "FILE", file)
    topics.topics.cache_clear()
    try:
        with pytest.raises(ProvisionError, match=r"has 4 partitions, topics\.yaml says 8"):
            run(secured)
    finally:
        monkeypatch.undo()
        topics.topics.cache_clear()
    assert len(kafka.describe_topics([topics.REPORTS])[0]["partitions"]) == 4


def test_other_type_of_a_field_is_refused_before_anything_changes(secured: Stack, client: Elasticsearch) -> None:
    client.indices.delete(index="saqbol-alerts-v1")
    client.indices.put_index_template(name="spoiler", index_patterns=["saqbol-alerts-v1"], priority=1000)
    client.indices.create(index="saqbol-alerts-v1", mappings={"properties": {"id": {"type": "long"}}})
    march = datetime(2026, 3, 1, tzinfo=UTC)
    with pytest.raises(ProvisionError, match=r"saqbol-alerts-v1 has another mapping .*id is long, not keyword"):
        run(secured, march)
    assert not client.indices.exists(index="saqbol-reports-2026.03")
    client.indices.delete(index="saqbol-alerts-v1")
    client.indices.delete_index_template(name="spoiler")
    assert run(secured) == ["index saqbol-alerts-v1 created"]


def test_a_missing_field_is_added_to_older_indices(secured: Stack, client: Elasticsearch) -> None:
    template = indices.templates()[indices.NUMBERS]["template"]["mappings"]["properties"]
    older = {name: field for name, field in template.items() if name != "doubted"}
    client.indices.delete(index="saqbol-numbers-v1")
    client.indices.put_index_template(name="older", index_patterns=["saqbol-numbers-v1"], priority=1000)
    client.indices.create(
        index="saqbol-numbers-v1", mappings={"dynamic": "strict", "properties": older}, aliases={"saqbol-numbers": {}}
    )
    client.indices.delete_index_template(name="older")
    changes = run(secured)
    assert changes[0] == "index saqbol-numbers-v1: fields doubted"
    assert changes[1:] == [f"{len(official_numbers())} official numbers made known"]
    assert run(secured) == []


def test_writer_writes_reads_and_takes_away_but_deletes_no_index(client: Elasticsearch) -> None:
    document = report_document(full_report())
    writer = as_user(client, "saqbol_writer")
    for index in (document.index, "saqbol-rejected-2026.01", "saqbol-prevention-v1", "saqbol-audit-2026.01"):
        writer.index(index=index, id="x", document={"id": "x"})
    writer.index(index=document.index, id=document.id, document=document.body, refresh="wait_for")
    assert writer.search(index="saqbol-reports-*")["hits"]["total"]["value"] == 2
    writer.delete(index=document.index, id="x")
    # a month that nobody provisioned is made by the template
    writer.index(index="saqbol-reports-2025.06", id="x", document={"id": "x"})
    assert client.indices.get(index="saqbol-reports-2025.06")["saqbol-reports-2025.06"]["aliases"] == {
        "saqbol-reports": {}
    }
    for refused in (
        lambda: writer.delete(index="saqbol-audit-2026.01", id="x"),
        lambda: writer.indices.delete(index=document.index),
        lambda: writer.indices.put_settings(index=document.index, settings={"refresh_interval": "5s"}),
    ):
        with pytest.raises(AuthorizationException):
            refused()


#: Who may read what; nobody of them may write or delete anything, or look at accounts.
READERS = {
    "saqbol_analyst": {indices.REPORTS, indices.NUMBERS, indices.ALERTS, indices.REJECTED, indices.PREVENTION},
    "saqbol_oncall": {indices.REPORTS, indices.NUMBERS, indices.ALERTS, indices.PREVENTION},
    "saqbol_operator": {indices.NUMBERS, indices.ALERTS, indices.PREVENTION},
    "saqbol_auditor": {indices.AUDIT},
    "saqbol_desk": {indices.REPORTS, indices.NUMBERS, indices.ALERTS, indices.PREVENTION},
    "saqbol_gateway": {indices.NUMBERS},
}


@pytest.mark.parametrize("name", READERS)
def test_readers_read_what_they_need_and_change_nothing(client: Elasticsearch, name: str) -> None:
    reader = as_user(client, name)
    for alias in indices.TEMPLATES:
        if alias in READERS[name]:
            reader.search(index=alias, size=1)
        else:
            with pytest.raises(AuthorizationException):
                reader.search(index=alias, size=1)
    current = indices.current_indices(NOW)
    for refused in (
        lambda: reader.index(index=current[indices.REPORTS], document={"id": "x"}),
        lambda: reader.index(index=current[indices.NUMBERS], document={"value": "x"}),
        lambda: reader.delete(index=current[indices.AUDIT], id="x"),
        lambda: reader.indices.delete(index=current[indices.NUMBERS]),
        reader.security.get_user,
        lambda: reader.cluster.put_component_template(name="x", template={}),
    ):
        with pytest.raises(AuthorizationException):
            refused()


@pytest.mark.parametrize(
    ("name", "may", "may_not"),
    [
        ("saqbol_analyst", "feature_discover.all", "space_all"),
        ("saqbol_oncall", "feature_dashboard.read", "feature_dashboard.all"),
        ("saqbol_operator", "feature_dashboard.read", "feature_discover.read"),
        ("saqbol_auditor", "feature_discover.read", "feature_dashboard.read"),
    ],
)
def test_people_have_the_features_of_kibana_that_they_need(
    client: Elasticsearch, name: str, may: str, may_not: str
) -> None:
    told = as_user(client, name).security.get_user_privileges()["applications"]
    assert {(entry["application"], *entry["resources"]) for entry in told} == {("kibana-.kibana", "space:default")}
    features = {privilege for entry in told for privilege in entry["privileges"]}
    assert may in features
    assert may_not not in features


def test_steward_rebuilds_erases_and_retains(client: Elasticsearch) -> None:
    steward = as_user(client, "saqbol_steward")
    before = {document.id: document.body for document in documents(steward, indices.NUMBERS)}
    assert migrate(steward, indices.NUMBERS, print) == len(before)
    assert {document.id: document.body for document in documents(steward, indices.NUMBERS)} == before
    # whoever worked with the name or the alias goes on
    assert as_user(client, "saqbol_gateway").get(index=indices.NUMBERS_INDEX, id="1414")["found"]
    as_user(client, "saqbol_writer").update(index=indices.NUMBERS_INDEX, id="1414", doc={"questions": 1})
    assert as_user(client, "saqbol_operator").count(index=indices.NUMBERS)["count"] == len(before)
    policy = Policy({"saqbol-reports": 6})
    past = expired(steward, policy, datetime(2026, 1, 14, tzinfo=UTC))
    assert [item.index for item in past] == ["saqbol-reports-2025.06"]
    delete(steward, past)
    assert expired(steward, policy, datetime(2026, 1, 14, tzinfo=UTC)) == []
    with pytest.raises(AuthorizationException):
        steward.security.get_user()


def test_provisioning_goes_on_with_an_index_that_was_built(secured: Stack, client: Elasticsearch) -> None:
    assert list(client.indices.get_alias(name=indices.NUMBERS)) == ["saqbol-b2-numbers-v1"]
    assert run(secured) == []


def test_a_dry_run_says_what_it_would_do_and_does_nothing(secured: Stack, client: Elasticsearch) -> None:
    april = datetime(2026, 4, 1, tzinfo=UTC)
    due = run(secured, april, dry_run=True)
    assert [line for line in due if line.startswith("index")] == [
        "index saqbol-reports-2026.04 created",
        "index saqbol-rejected-2026.04 created",
        "index saqbol-audit-2026.04 created",
    ]
    assert not client.indices.exists(index="saqbol-reports-2026.04")
    assert run(secured, april) == due


def test_an_older_version_of_a_mapping_is_refused_with_the_remedy(
    secured: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    templates = copy.deepcopy(indices.templates())
    templates[indices.PREVENTION]["version"] = 2
    monkeypatch.setattr(indices, "templates", lambda: templates)
    with pytest.raises(ProvisionError, match=r"has version 1 of its mapping, .* `\./saqbol migrate saqbol-prevention`"):
        run(secured)
    templates[indices.PREVENTION]["version"] = 0
    with pytest.raises(ProvisionError, match="would take back what a newer SaqBol did"):
        run(secured)


def test_kibanas_account_has_kibanas_role(client: Elasticsearch) -> None:
    assert as_user(client, "saqbol_kibana").security.authenticate()["roles"] == ["kibana_system"]


def test_provisioner_can_not_read_reports_or_delete_an_index(client: Elasticsearch) -> None:
    provisioner = as_user(client, "saqbol_provisioner")
    with pytest.raises(AuthorizationException):
        provisioner.search(index=indices.REPORTS)
    with pytest.raises(AuthorizationException):
        provisioner.indices.delete(index="saqbol-reports-2026.01")


def test_user_without_the_role_is_told(secured: Stack) -> None:
    for account in ("saqbol_analyst", "nobody"):
        with pytest.raises(ProvisionError, match="provisioning needs the role saqbol_provisioner"):
            provision(secured.bootstrap_servers, secured.elasticsearch_url, login=login(account))


def test_absent_elasticsearch_is_named(secured: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deploy.provision.TIMEOUT", 1)
    with pytest.raises(ProvisionError, match=r"Elasticsearch does not answer at http://127\.0\.0\.1:1"):
        provision(secured.bootstrap_servers, "http://127.0.0.1:1")


def command(**environment: str) -> subprocess.CompletedProcess[str]:
    """`./saqbol provision`, in a process of its own, with a server's time to answer cut short."""
    code = "import deploy.provision as p; p.TIMEOUT = 2; from deploy.cli import main; main()"
    return subprocess.run(
        [sys.executable, "-c", code, "provision"],
        env={**os.environ, **environment},
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_command_says_that_kafka_is_absent() -> None:
    result = command(SAQBOL_KAFKA="127.0.0.1:1")
    assert result.returncode == 1
    assert result.stderr == "saqbol: Kafka does not answer at 127.0.0.1:1: KafkaTimeoutError\n"


def test_command_logs_in_and_says_what_it_changed(secured: Stack, tmp_path: Path) -> None:
    run(secured, datetime.now(UTC))
    password = tmp_path / "password"
    password.write_text(login("saqbol_provisioner")[1])
    result = command(
        SAQBOL_KAFKA=secured.bootstrap_servers,
        SAQBOL_ELASTICSEARCH=secured.elasticsearch_url,
        SAQBOL_ELASTICSEARCH_USER="saqbol_provisioner",
        SAQBOL_ELASTICSEARCH_PASSWORD_FILE=str(password),
    )
    assert (result.returncode, result.stdout) == (0, "everything is as it should be\n")
