"""A real Kafka for one machine: broker and KRaft controller in one process, on loopback only."""

from __future__ import annotations

import asyncio
import base64
import shutil
import socket
import subprocess
import uuid
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from deploy.home import HOST
from deploy.stack import java
from deploy.stack.artifacts import Say
from deploy.stack.errors import StackError
from deploy.supervisor import Service, tied

_LOGGING: Final = Path(__file__).with_name("kafka-log4j2.properties")
_FORMAT_TIMEOUT: Final = 120
_HEAP: Final = "512m"

#: Everything is on one node, so every internal topic has one replica; few partitions, because each costs files and
#: milliseconds.  Topics are created by provisioning: a misspelt name shall be an error, not a new topic.
_SETTINGS: Final = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.listener.names": "CONTROLLER",
    "inter.broker.listener.name": "PLAINTEXT",
    "auto.create.topics.enable": "false",
    "group.initial.rebalance.delay.ms": "0",
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "8",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "transaction.state.log.num.partitions": "8",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
}


def service(home: Path, jars: Iterable[Path], *, port: int, controller_port: int, say: Say) -> Service:
    """Kafka as a service to supervise: storage formatted, configuration written.

    `home` is the data folder.  The ports may differ from start to start: the voters are configured, not stored, and the
    advertised listener follows.  Raises StackError.
    """
    folder = home / "kafka"
    data = folder / "data"
    folder.mkdir(parents=True, exist_ok=True)
    classpath = folder / "classpath"  # a JVM's argument file: 46 paths would fill the process list
    classpath.write_text('-cp "' + ":".join(str(jar) for jar in jars) + '"\n', encoding="utf-8")
    command = [
        str(java.java_home() / "bin" / "java"),
        *java.COMMON_OPTIONS,
        f"-Xmx{_HEAP}",
        f"-Dlog4j2.configurationFile={_LOGGING}",
        f"@{classpath}",
    ]
    if not data.exists():
        say("formatting Kafka's storage")
        _format(folder, data, command)
    properties = _write_properties(folder / "server.properties", data, port, controller_port)
    return Service(
        name="kafka",
        command=[*command, "kafka.Kafka", str(properties)],
        log=home / "logs" / "kafka.log",
        ready=lambda: asyncio.to_thread(_answers, port, _cluster_id(data)),
    )


def _write_properties(path: Path, data: Path, port: int, controller_port: int) -> Path:
    settings = {
        **_SETTINGS,
        "listeners": f"PLAINTEXT://{HOST}:{port},CONTROLLER://{HOST}:{controller_port}",
        "advertised.listeners": f"PLAINTEXT://{HOST}:{port}",
        "controller.quorum.voters": f"1@{HOST}:{controller_port}",
        "log.dirs": str(data),
    }
    path.write_text("".join(f"{name}={value}\n" for name, value in settings.items()), encoding="utf-8")
    return path


def _format(folder: Path, data: Path, command: list[str]) -> None:
    # formatted beside its place and then renamed: a data folder that exists is whole, even after an interruption
    unfinished = folder / "data.unfinished"
    shutil.rmtree(unfinished, ignore_errors=True)
    properties = _write_properties(folder / "format.properties", unfinished, 9092, 9093)
    random = uuid.uuid4().bytes
    # Kafka writes ids in base64, where the first bit of a byte can make a leading "-", which it takes for an option
    cluster_id = base64.urlsafe_b64encode(bytes([random[0] & 0x7F]) + random[1:]).decode().rstrip("=")
    arguments = ["kafka.tools.StorageTool", "format", "-t", cluster_id, "-c", str(properties)]
    result = subprocess.run(
        tied([*command, *arguments]), capture_output=True, text=True, timeout=_FORMAT_TIMEOUT, check=False
    )
    if result.returncode:
        raise StackError(f"Formatting Kafka's storage at {data} failed:\n{result.stdout}{result.stderr}")
    unfinished.rename(data)


def _cluster_id(data: Path) -> str:
    """What StorageTool wrote down as the cluster's identity."""
    for line in (data / "meta.properties").read_text(encoding="utf-8").splitlines():
        if line.startswith("cluster.id="):
            return line.removeprefix("cluster.id=").strip()
    raise StackError(
        f"{data}/meta.properties names no cluster: Kafka's storage is damaged; delete {data} to start anew"
    )


def _answers(port: int, cluster_id: str) -> bool:
    """Whether a broker answers there, and it is ours: not one that took the port a moment earlier."""
    from kafka import KafkaAdminClient  # noqa: PLC0415 - only a start needs it
    from kafka.errors import KafkaError  # noqa: PLC0415

    try:
        # only when something listens: a client that can't connect leaves its sockets open
        socket.create_connection((HOST, port), timeout=1).close()
        client = KafkaAdminClient(bootstrap_servers=f"{HOST}:{port}", request_timeout_ms=2000)
    except (KafkaError, OSError):
        return False
    try:
        return bool(client.describe_cluster()["cluster_id"] == cluster_id)
    except (KafkaError, OSError):
        return False
    finally:
        client.close()
