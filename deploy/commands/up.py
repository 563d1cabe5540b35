"""`./saqbol up`: everything on this machine, from Kafka to the gateway."""

from __future__ import annotations

import asyncio
from pathlib import Path

from deploy import pipeline
from deploy.commands._terminal import DeskPort, ElasticsearchPort, GatewayPort, KafkaPort, plain_errors, sayer
from deploy.home import data_home
from deploy.provision import provision
from deploy.stack.local import Ports, Stack
from deploy.supervisor import Supervisor, run
from producers.intake import Origin
from producers.integrations import Permission
from schemas.events import Channel

#: The integration that a new data folder starts with; it may do everything.
_FIRST = Origin(source="local-test", channel=Channel.PARTNER)


def up(
    kafka_port: KafkaPort = None,
    elasticsearch_port: ElasticsearchPort = None,
    gateway_port: GatewayPort = None,
    desk_port: DeskPort = None,
) -> None:
    """Start the stack, topics and indices, the workers and the gateway; stay until Ctrl-C."""
    say = sayer()
    ports = Ports(kafka=kafka_port, elasticsearch=elasticsearch_port, gateway=gateway_port, desk=desk_port)
    stack = Stack(data_home(), ports=ports)

    async def body(supervisor: Supervisor) -> None:
        await supervisor.start(*services)
        for change in await asyncio.to_thread(provision, stack.bootstrap_servers, stack.elasticsearch_url):
            say(change)
        key = _first_key(stack.home)
        await supervisor.start(*pipeline.services(stack, {}))
        say(f"Kafka          {stack.bootstrap_servers}")
        say(f"Elasticsearch  {stack.elasticsearch_url}")
        say(f"gateway        {pipeline.gateway_url(stack)} (web form; API documentation at /docs)")
        say(f"API key        in {key}")
        if pipeline.staff_file(stack.home).exists():
            say(f"desk           {pipeline.desk_url(stack)}")
        else:
            say("no desk yet: ./saqbol staff add --help says how somebody gets to log in; then start again")
        if not pipeline.somebody_on_call({}):
            names = " or ".join(pipeline.ONCALL_VARIABLES)
            say(f"nobody is on call: waves are detected, and no one is told; set {names}")
        say(f"data and logs in {stack.home}; Ctrl-C ends everything")
        await asyncio.Event().wait()

    with plain_errors():
        try:
            services = stack.prepare(say)
            run(body, say)
        finally:
            stack.release()
    say("stopped")


def _first_key(home: Path) -> Path:
    """The file with an API key of the first integration, made together with it."""
    path = home / "secrets" / "api-key"
    if not (path.exists() and pipeline.has_secrets(home)):
        key = pipeline.write_secrets(home, [_FIRST], list(Permission))[_FIRST.source]
        path.touch(mode=0o600)
        path.write_text(key + "\n", encoding="ascii")
    return path
