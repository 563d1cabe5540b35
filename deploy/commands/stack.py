"""`./saqbol stack`: Kafka and Elasticsearch alone, for development and tests."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from deploy.commands._terminal import ElasticsearchPort, KafkaPort, plain_errors, sayer
from deploy.home import data_home
from deploy.stack.local import Ports, Stack
from deploy.supervisor import Supervisor, run


def stack(
    kafka_port: KafkaPort = None,
    elasticsearch_port: ElasticsearchPort = None,
    once: Annotated[bool, typer.Option("--once", help="End as soon as both answer.")] = False,
) -> None:
    """Start Kafka and Elasticsearch and stay until Ctrl-C."""
    say = sayer()
    local = Stack(data_home(), ports=Ports(kafka=kafka_port, elasticsearch=elasticsearch_port))

    async def body(supervisor: Supervisor) -> None:
        await supervisor.start(*services)
        say(f"Kafka          {local.bootstrap_servers}")
        say(f"Elasticsearch  {local.elasticsearch_url}")
        if not once:
            say(f"data and logs in {local.home}; Ctrl-C ends both")
            await asyncio.Event().wait()

    with plain_errors():
        try:
            services = local.prepare(say)
            run(body, say)
        finally:
            local.release()
    say("stopped")
