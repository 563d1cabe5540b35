"""Sending: what the gateway can't take now is sent again, what it refuses is told."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from deploy.demo import replay
from deploy.demo.replay import ReplayError, Sent, send_batches, send_singly
from deploy.demo.story import Story

Handler = Callable[[web.Request], Awaitable[web.Response]]


@asynccontextmanager
async def gateway(handler: Handler) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_post("/{path:.*}", handler)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def keys_of(story: Story) -> dict[str, str]:
    return {item.source: f"key of {item.source}" for item in story.items}


async def test_each_integration_sends_under_its_key_and_nothing_is_left_out(story: Story) -> None:
    seen: Counter[str] = Counter()

    async def take(request: web.Request) -> web.Response:
        source = request.headers["Authorization"].removeprefix("Bearer key of ")
        reports = (await request.json())["reports"]
        seen.update(f"{source} {report['source_ref']}" for report in reports)
        accepted = [{"index": index, "id": f"{source} {report['source_ref']}"} for index, report in enumerate(reports)]
        return web.json_response({"accepted": accepted, "refused": []}, status=202)

    sent, steps = Sent(), []
    async with gateway(take) as url:
        await send_batches(url, keys_of(story), story.items, sent, lambda: steps.append(len(sent.accepted)))
    assert seen == Counter(f"{item.source} {item.submission.source_ref}" for item in story.items)
    assert set(sent.accepted) == set(seen)
    assert sent.retried == len(story.items) - len(seen)
    assert steps == sorted(steps)
    assert steps[-1] == len(seen)


async def test_waits_as_told_and_sends_again(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replay, "PACE", 0.0)
    answers = iter([(503, "0.01"), (429, "0.02"), (202, "")])
    moments: list[float] = []

    async def take(_: web.Request) -> web.Response:
        moments.append(asyncio.get_running_loop().time())
        status, wait = next(answers)
        return web.json_response({"id": "one"}, status=status, headers={"Retry-After": wait} if wait else {})

    sent = Sent()
    async with gateway(take) as url:
        await send_singly(url, keys_of(story), story.items[:1], sent, lambda: None)
    assert list(sent.accepted) == ["one"]
    assert moments[1] - moments[0] >= 0.01
    assert moments[2] - moments[1] >= 0.02


async def test_a_refused_report_is_told_with_its_field(story: Story) -> None:
    async def take(_: web.Request) -> web.Response:
        error = {"field": "/region", "problem": "is unknown", "remedy": "send KZ-33"}
        return web.json_response({"accepted": [], "refused": [{"index": 0, "errors": [error]}]}, status=202)

    sent = Sent()
    item = story.items[0]
    async with gateway(take) as url:
        await send_batches(url, keys_of(story), [item], sent, lambda: None)
    assert sent.refused == [f"{item.source} {item.submission.source_ref}: /region is unknown"]


async def test_another_answer_ends_the_replay(story: Story) -> None:
    async def refuse(_: web.Request) -> web.Response:
        return web.Response(status=401, text="who are you?")

    async with gateway(refuse) as url:
        with pytest.raises(ReplayError, match="answered 401: who are you"):
            await send_batches(url, keys_of(story), story.items[:3], Sent(), lambda: None)


async def test_a_gateway_that_is_not_there(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replay, "ATTEMPTS", 1)
    with pytest.raises(ReplayError, match="could not take a report in 1 attempts"):
        await send_singly("http://127.0.0.1:9", keys_of(story), story.items[:1], Sent(), lambda: None)
