"""Every process of ours is killed -9 in the middle of a replay, and the end is the same as without."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import httpx
import msgspec
import pytest
from elasticsearch import AsyncElasticsearch

from deploy import pipeline
from deploy.demo.author import Item
from deploy.demo.scenario import scenario
from deploy.demo.story import compose
from deploy.provision import provision
from deploy.stack.local import ANY_PORTS, Stack
from deploy.supervisor import Supervisor
from producers.reporters import create_key
from streams.settings import STAGES
from tests.phone import Phone

SEED: Final = 14
BATCH: Final = 40
#: No run takes longer (seconds); one is given up as hanging.
DEADLINE: Final = 240.0
#: What differs from run to run: clocks of gateway, indexer and reputation agent, and the name of a pattern, which is
#: made of the words of the report that came first.
CLOCKS: Final = (
    "received_at",
    "indexed_at",
    "searchable_seconds",
    "updated_at",
    "pattern",
)


class Outcome(msgspec.Struct):
    """What a run ended with."""

    accepted: set[str]
    reports: dict[str, dict[str, Any]]
    numbers: dict[str, dict[str, Any]]
    waves: list[str]
    paged: list[str]


def story(now: datetime) -> list[Item]:
    """The demo's story, thinned out to what a test has time for, with the whole wave in it."""
    items = compose(SEED, now, "faults").items
    wave = [item for item in items if item.part.value == "wave"]
    return [*[item for item in items if item.part.value != "wave"][::8], *wave]


async def replay(home: Path, cache: Path, now: datetime, *, killing: bool) -> Outcome:
    """Run everything in `home`, send the story, wait until all is quiet, and take stock."""
    phone = Phone()
    stack = Stack(home, cache=cache, ports=ANY_PORTS)
    supervisor = Supervisor(lambda _: None, backoff_first=0.2)
    with phone.running() as oncall:
        try:
            await supervisor.start(*await asyncio.to_thread(stack.prepare, lambda _: None))
            await asyncio.to_thread(provision, stack.bootstrap_servers, stack.elasticsearch_url)
            keys = pipeline.write_secrets(home, [entry.origin() for entry in scenario().integrations])
            await supervisor.start(*pipeline.services(stack, {"SAQBOL_ONCALL_URL": oncall}))
            killer = asyncio.create_task(kill_each(supervisor)) if killing else None
            accepted = await send(story(now), pipeline.gateway_url(stack), keys)
            if killer:
                await killer
            async with AsyncElasticsearch(stack.elasticsearch_url) as client:
                return await settle(client, accepted, phone)
        finally:
            await supervisor.stop()
            stack.release()


async def kill_each(supervisor: Supervisor) -> None:
    """SIGKILL to each worker and to the gateway, one after the other, each while the others work."""
    for name in (*STAGES, "gateway"):
        await asyncio.sleep(1.5)
        os.kill(supervisor.pids()[name], signal.SIGKILL)


async def send(items: list[Item], url: str, keys: dict[str, str]) -> set[str]:
    """Send as an integrator does: in batches, again and again until each is answered."""
    accepted: set[str] = set()
    async with httpx.AsyncClient(base_url=url, timeout=30) as client:
        for source in dict.fromkeys(item.source for item in items):
            own = [item.submission for item in items if item.source == source]
            for start in range(0, len(own), BATCH):
                body = msgspec.json.encode({"reports": own[start : start + BATCH]})
                accepted |= await send_batch(client, body, keys[source])
                await asyncio.sleep(0.2)
    return accepted


async def send_batch(client: httpx.AsyncClient, body: bytes, key: str) -> set[str]:
    headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
    while True:
        try:
            reply = await client.post("/v1/reports/batch", content=body, headers=headers)
        except httpx.TransportError:
            await asyncio.sleep(0.5)
            continue
        if reply.status_code in (429, 503):
            await asyncio.sleep(float(reply.headers["retry-after"]))
            continue
        assert reply.status_code == 202, reply.text
        assert not reply.json()["refused"], reply.text
        return {entry["id"] for entry in reply.json()["accepted"]}


async def settle(client: AsyncElasticsearch, accepted: set[str], phone: Phone) -> Outcome:
    """Wait until every accepted report is there and nothing changes for a while, then say what there is."""
    before: Any = None
    state: Any = None
    try:
        async with asyncio.timeout(DEADLINE):
            while True:
                await client.indices.refresh(index="saqbol-*")
                reports = await documents(client, "saqbol-reports")
                numbers = await documents(client, "saqbol-numbers")
                alerts = await documents(client, "saqbol-alerts")
                state = (len(reports), numbers, sorted(alerts), len(phone.messages))
                if accepted <= set(reports) and alerts and phone.messages and state == before:
                    return Outcome(
                        accepted,
                        reports,
                        numbers,
                        sorted(alert["key"] for alert in alerts.values() if alert["family"] != "urgent"),
                        sorted(message["title"] for message in phone.messages),
                    )
                before = state
                await asyncio.sleep(5)
    except TimeoutError:
        there = (*state[:1], len(state[1]), *state[2:]) if state else None
        pytest.fail(f"not settled: {len(accepted)} accepted; reports, numbers, alerts, messages there: {there}")


async def documents(client: AsyncElasticsearch, index: str) -> dict[str, dict[str, Any]]:
    found = await client.search(index=index, size=10_000)
    return {hit["_id"]: without_clocks(hit["_source"]) for hit in found["hits"]["hits"]}


def without_clocks(document: dict[str, Any]) -> dict[str, Any]:
    left_out = set(CLOCKS)
    fades_at = document.get("fades_at")
    faded = document.get("state") == "unknown" and document["reports"]
    if faded or (fades_at and datetime.fromisoformat(fades_at) < datetime.now(UTC) + timedelta(hours=1)):
        left_out |= {"state", "fades_at", "reasons"}  # a state that ends while the test runs is the clock's doing
    return {name: value for name, value in document.items() if name not in left_out}


def differences(some: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """The fields that differ, by document; a document that is on one side only, as a whole."""
    return {
        name: {
            field: (some.get(name, {}).get(field), other.get(name, {}).get(field))
            for field in some.get(name, {}).keys() | other.get(name, {}).keys()
            if some.get(name, {}).get(field) != other.get(name, {}).get(field)
        }
        for name in some.keys() | other.keys()
        if some.get(name) != other.get(name)
    }


@pytest.mark.timeout(600)
async def test_killing_every_process_changes_nothing(stack_cache: Path, stack_home: Path) -> None:
    now = datetime.now(UTC) - timedelta(minutes=1)
    key = stack_home / "hmac-key"
    create_key(key)
    ends = []
    for killing in (False, True):
        home = stack_home / ("disturbed" if killing else "calm")
        (home / "secrets").mkdir(mode=0o755, parents=True)
        shutil.copy(key, home / "secrets" / "hmac-key")
        ends.append(await replay(home, stack_cache, now, killing=killing))
    calm, disturbed = ends
    assert disturbed.accepted == calm.accepted
    assert differences(disturbed.reports, calm.reports) == {}
    assert differences(disturbed.numbers, calm.numbers) == {}
    assert disturbed.waves == calm.waves == ["official:1414|medical-appointment"]
    assert len([title for title in calm.paged if not title.startswith("Срочно")]) == 1
    # A message may be repeated when notify dies between sending and remembering, never lost.
    assert set(disturbed.paged) == set(calm.paged)
