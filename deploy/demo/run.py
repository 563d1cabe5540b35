"""The demo: starts everything in a data folder of its own, replays the story, and shows what the system made of it.

The folder is made anew at every start, so that each demo begins with an empty system and can be judged; downloads are
shared with `./saqbol up`, which keeps its data.
"""

from __future__ import annotations

import asyncio
import fcntl
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Final

from elasticsearch import ApiError, TransportError
from kafka.errors import KafkaError
from rich.console import Console
from rich.markup import escape

from deploy import pipeline
from deploy.demo import broken, decisions, people, prevention, verdict
from deploy.demo.author import OFFICIAL, Part
from deploy.demo.display import Display
from deploy.demo.receiver import Receiver
from deploy.demo.replay import ReplayError, Sent, send_batches, send_singly, send_warnings
from deploy.demo.scenario import scenario
from deploy.demo.story import Story, compose
from deploy.demo.summary import Result, show, show_next
from deploy.demo.watch import Watch
from deploy.home import CHECKOUT, data_home
from deploy.provision import provision
from deploy.stack.errors import StackError
from deploy.stack.local import Stack
from deploy.supervisor import Service, Supervisor
from deploy.supervisor import run as supervise
from producers import integrations, reporters
from producers.integrations import Permission
from streams.urgent import URGENT

SEED: Final = 1
#: The series that the story makes jump.
WAVE: Final = f"official:{OFFICIAL}|medical-appointment"
#: The whole story comes in at once, and not at the pace that an integration may send at otherwise.
RATE: Final = "1000000/minute"
#: How long the background may take to be indexed, and the rest to be done (seconds).
BACKGROUND_WITHIN: Final = 300.0
REST_WITHIN: Final = 90.0
_POLL: Final = 0.5


class _Demo:
    def __init__(self, stack: Stack, services: list[Service], display: Display, receiver: Receiver, once: bool) -> None:
        self._stack, self._services, self._display = stack, services, display
        self._receiver, self._once = receiver, once
        self._sent = Sent()
        self.problems: list[str] = ["the demo did not get to its end"]

    async def run(self, supervisor: Supervisor) -> None:
        """Everything from the start of the servers to the summary; then wait for Ctrl-C, unless `once`."""
        now = datetime.now(UTC)
        composing = asyncio.create_task(asyncio.to_thread(compose, SEED, now, f"{now:%Y%m%dT%H%M%S}"))
        keys = await self._start(supervisor)
        story = await composing
        warnings = await asyncio.to_thread(prevention.compose, SEED, now, f"{now:%Y%m%dT%H%M%S}")
        watch = await asyncio.to_thread(Watch, self._stack.bootstrap_servers, self._stack.elasticsearch_url)
        try:
            self.problems = await self._replay(story, warnings, keys, watch)
            result = await asyncio.to_thread(self._result, story, watch)
            self.problems += await asyncio.to_thread(self._judge, watch)
        finally:
            await asyncio.to_thread(watch.close)
        self._display.clear_bars()
        show(self._display.console, result)
        self._conclude()
        if not self._once:
            show_next(
                self._display.console,
                gateway=pipeline.gateway_url(self._stack),
                elasticsearch=self._stack.elasticsearch_url,
                receiver=self._receiver.url,
                key=keys["telegram-bot"],
                home=_short(self._stack.home),
                desk=pipeline.desk_url(self._stack),
                password=self._password,
            )
            await asyncio.Event().wait()

    async def _start(self, supervisor: Supervisor) -> dict[str, str]:
        """Servers, topics and indices, workers and gateway.  Returns the API keys by source."""
        display, stack, home = self._display, self._stack, self._stack.home
        with display.step("starting Kafka and Elasticsearch"):
            await supervisor.start(*(_announced(service, display.say) for service in self._services))
        with display.step("creating topics, templates and indices"):
            await asyncio.to_thread(provision, stack.bootstrap_servers, stack.elasticsearch_url)
        secrets = home / "secrets"
        key_file, entries = secrets / "hmac-key", secrets / "integrations.yaml"
        reporters.create_key(key_file)
        may = (Permission.REPORT, Permission.PREVENTION, Permission.LOOK_UP)
        keys = integrations.create(entries, [one.origin() for one in scenario().integrations], RATE, may)
        mamlyut = next(one for one in scenario().integrations if one.district)
        self._password = await asyncio.to_thread(people.hire, pipeline.staff_file(home), mamlyut.origin())
        environment = {
            "SAQBOL_HMAC_KEY_FILE": str(key_file),
            "SAQBOL_INTEGRATIONS_FILE": str(entries),
            # Whoever is on call in earnest on this machine must not be told of an invented wave.
            "SAQBOL_ONCALL": str(CHECKOUT / "deploy" / "oncall.yaml"),
            "SAQBOL_ONCALL_URL": self._receiver.apprise_url,
            "SAQBOL_RULES": str(CHECKOUT / "deploy" / "alerts"),
        }
        with display.step("starting the workers, the gateway and the desk"):
            services = pipeline.services(stack, environment)
            await supervisor.start(*(_announced(service, display.say) for service in services))
        return keys

    async def _replay(
        self, story: Story, warnings: list[prevention.Given], keys: dict[str, str], watch: Watch
    ) -> list[str]:
        """Send the story and wait until it is through.  Returns what did not get through in time."""
        display, gateway = self._display, pipeline.gateway_url(self._stack)
        sudden = (Part.WAVE, Part.CASE)
        background = [item for item in story.items if item.part not in sudden]
        wave = [item for item in story.items if item.part in sudden]
        wanted = len({(item.source, item.submission.source_ref) for item in background})
        display.say(f"four weeks of reports: {len(background)} submissions, {wanted} different reports")

        def sent() -> None:
            display.bar("sent and acknowledged", len(self._sent.accepted), wanted)

        sent()
        sending = asyncio.create_task(send_batches(gateway, keys, background, self._sent, sent))
        try:
            indexed = await self._until_indexed(watch, len(background), wanted, sending)
        finally:
            sending.cancel()
        display.say(f"{len(self._sent.accepted)} reports accepted, {self._sent.retried} retries recognised")
        await send_warnings(
            gateway, keys, warnings, lambda taken: display.bar("warning calls and visits", taken, len(warnings))
        )
        found = [] if indexed else [f"not all of the background was indexed within {BACKGROUND_WITHIN:g} s"]
        now = datetime.now(UTC)
        await asyncio.to_thread(
            decisions.publish,
            self._stack.bootstrap_servers,
            records=broken.records(now, f"{now:%Y%m%dT%H%M%S}"),
            verdicts=decisions.verdicts(story.cast, now),
        )
        display.clear_bars()
        display.say("now: people are called from 1414")

        def arriving() -> None:
            display.bar("the wave and the case", len(self._sent.accepted) - wanted, len(wave))

        await send_singly(gateway, keys, wave, self._sent, arriving)
        with display.step("waiting until every stage is done"):
            lag = await self._until_done(watch)
        found += await self._answer_urgent(watch)
        late = {stage: count for stage, count in lag.items() if count}
        found += [f"stage {stage} still had {count} records to do" for stage, count in late.items()]
        return found + [f"refused by the gateway: {one}" for one in self._sent.refused]

    async def _answer_urgent(self, watch: Watch) -> list[str]:
        """The person on call answers the urgent case from the phone; the wave waits for the viewer."""
        urgent = list({a.id: a for a in await asyncio.to_thread(watch.alerts) if a.family == URGENT}.values())
        links = [people.link_in(self._receiver.pages, alert.id) for alert in urgent]
        if not urgent or None in links:
            return ["no page about the urgent case that could be answered"]
        answered = urgent[:-1] or urgent
        taps = await asyncio.gather(*(people.tap(link) for link in links[: len(answered)] if link))
        if any(status != HTTPStatus.OK for status in taps):
            return [f"an urgent case could not be acknowledged by its link: {taps}"]
        closings = decisions.closings([alert.id for alert in answered], datetime.now(UTC))
        await asyncio.to_thread(decisions.publish, self._stack.bootstrap_servers, decisions=closings)
        self._display.say(f"the person on call acknowledged {len(answered)} urgent cases from the phone")
        return []

    async def _until_indexed(self, watch: Watch, records: int, reports: int, sending: asyncio.Task[None]) -> bool:
        """Show how far the stages are until everything sent is indexed.  Raises what `sending` raised."""
        until = time.monotonic() + BACKGROUND_WITHIN
        while time.monotonic() < until:
            refined, indexed = await asyncio.gather(asyncio.to_thread(watch.refined), asyncio.to_thread(watch.indexed))
            self._display.bar("refined", refined, records)
            self._display.bar("searchable in Elasticsearch", indexed, reports)
            if sending.done():
                sending.result()
                if indexed >= len(self._sent.accepted):
                    self._display.bar("refined", records, records)
                    return True
            await asyncio.sleep(_POLL)
        return False

    async def _until_done(self, watch: Watch) -> dict[str, int]:
        """Wait until no stage has anything to do.  Returns what each had at last."""
        until = time.monotonic() + REST_WITHIN
        while True:
            # Stages are looked at in the order of a report's way: one with nothing to do has passed all on before.
            lag = await asyncio.to_thread(watch.lag)
            if not any(lag.values()) or time.monotonic() > until:
                return lag
            await asyncio.sleep(_POLL)

    def _result(self, story: Story, watch: Watch) -> Result:
        watch.refresh()
        alert = verdict.first_alert(watch.alerts(), WAVE)
        pages = list(self._receiver.pages)
        first = verdict.page_of(alert, pages)
        begun = verdict.deciding_moment(self._sent.accepted, alert, first) if alert and first else None
        roles = ("official", "suspected", "innocent")
        return Result(
            by_source=watch.counts("source"),
            by_scheme=watch.counts("schemes"),
            by_region=watch.counts("region"),
            cast=story.cast,
            numbers={role: watch.number(getattr(story.cast, role)) for role in roles},
            pages=sorted(pages, key=lambda page: page is not first),
            delay=first.clock - begun if first and begun is not None else None,
            accepted=len(self._sent.accepted),
            retried=self._sent.retried,
            seconds=self._display.seconds,
        )

    def _judge(self, watch: Watch) -> list[str]:
        found = verdict.problems(self._sent.accepted, watch.copies(), watch.alerts(), list(self._receiver.pages), WAVE)
        rejected = watch.rejected()
        if sum(one.get("source") in broken.SOURCES for one in rejected) != len(broken.SOURCES) * broken.COUNT:
            found.append("not every record of a broken publisher was rejected")
        strange = [one for one in rejected if one.get("source") not in broken.SOURCES]
        return found + [f"rejected: {one['reason']}: {one['detail']}" for one in strange]

    def _conclude(self) -> None:
        console = self._display.console
        for problem in self.problems:
            console.print("[bold red]✗[/]", escape(problem), highlight=False)
        if not self.problems:
            console.print(
                f"[bold green]✓[/] Каждое принятое сообщение ({len(self._sent.accepted)}) лежит в Elasticsearch ровно "
                "один раз; о волне дежурный узнал один раз; кроме неё и срочных случаев его ничто не беспокоило.",
                highlight=False,
            )


def _short(home: Path) -> str:
    """The folder as one writes it in the checkout."""
    return str(home.relative_to(CHECKOUT) if home.is_relative_to(CHECKOUT) else home)


def demo(console: Console, once: bool) -> int:
    """Run the demo.  Returns the exit code: 0 if everything was as it should be, or Ctrl-C ended it, else 1.

    Raises StackError, StartError or ProvisionError when something can't be started.
    """
    home = data_home() / "demo"
    with _renewed(home), Receiver() as receiver, Display(console) as display:
        stack = Stack(home, cache=data_home() / "cache")
        try:
            services = stack.prepare(display.say)
            running = _Demo(stack, services, display, receiver, once)
            ended_by = supervise(running.run, display.say)
        except (ReplayError, ApiError, TransportError, KafkaError) as error:
            console.print("[bold red]✗[/]", escape(f"{error or type(error).__name__}"), highlight=False)
            return 1
        finally:
            stack.release()
        if ended_by is not None:
            display.say("stopped")
            return 128 + ended_by if once else 0
        return 1 if running.problems else 0


@contextmanager
def _renewed(home: Path) -> Iterator[None]:
    """The data folder, empty, and ours alone.  Raises StackError if another demo runs."""
    home.parent.mkdir(parents=True, exist_ok=True)
    with home.with_suffix(".lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StackError(f"Another demo runs in {home}: end it first") from None
        try:
            shutil.rmtree(home)
        except FileNotFoundError:
            pass
        except OSError as error:
            raise StackError(
                f"{error.filename} can't be removed: {error.strerror}.  The demo begins with an empty folder; remove "
                f"{home} as the user who ran the last demo"
            ) from error
        yield


def _announced(service: Service, say: Callable[[str], None]) -> Service:
    """The service, with a line when it is ready for the first time."""
    ready = service.ready
    if ready is None:
        return service
    said: list[bool] = []

    async def announce() -> bool:
        answers = await ready()
        if answers and not said:
            said.append(True)
            say(f"{service.name} is ready")
        return answers

    return replace(service, ready=announce)
