"""The local stack, for real: it answers, keeps its data, stays on loopback and leaves nothing behind."""

from __future__ import annotations

import json
import urllib.request

from kafka import KafkaAdminClient

from deploy.stack.local import Stack


def test_both_servers_answer(stack: Stack) -> None:
    client = KafkaAdminClient(bootstrap_servers=stack.bootstrap_servers)
    try:
        assert client.list_topics() == []
    finally:
        client.close()
    with urllib.request.urlopen(f"{stack.elasticsearch_url}/_cluster/health") as reply:
        assert json.load(reply)["status"] == "green"
