"""`syncline up`: everything on one machine, until it is told to end.

A Prefect server with its page on loopback, the deployments of the configuration, a worker that runs
them, and the receiver of webhooks where the configuration has one. What it starts, it ends: on
Ctrl-C or SIGTERM runs at work are cancelled first, so that they give their leases back; if it is
killed, the kernel ends the others after it.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

import httpx

from deployments.local import HOST, Child, NotUp, child, free_port, server, worker
from syncline import endpoints
from syncline.config import Config, find, load
from syncline.observability import SystemClock

if TYPE_CHECKING:
    from prefect.client.schemas.objects import FlowRun

    from deployments.deploy import Deployed

WATCH_SECONDS = 1.0
CANCEL_SECONDS = 20.0
RUN_SECONDS = 15 * 60.0

AT_ONCE = 2
"""Runs at the same time: each costs 3 to 4 seconds of CPU to start, and about 110 MB."""

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Ran:
    """How a run of a sync ended in Prefect: `state` is the type, `name` what an admin sees."""

    sync: str
    run: str
    state: str
    name: str
    message: str
    url: str


async def up(
    configuration: Path | None = None,
    *,
    port: int | None = None,
    home: Path | None = None,
    at_once: int = AT_ONCE,
    once: bool = False,
    say: Say = print,
) -> Sequence[Ran]:
    """Run until SIGINT or SIGTERM; with `once`, run each sync once, say how, and end.

    `home` keeps Prefect's database and logs: `.syncline/prefect` beside the configuration, unless
    told otherwise. Raises ConfigError, and NotUp where something does not start, dies or is up.
    """
    configuration = (configuration or find()).absolute()
    config = load(configuration)
    home = (home or config.folder / ".syncline" / "prefect").absolute()
    ran: Sequence[Ran] = ()
    with until_told():
        async with prefect(
            config, configuration, home, port=port, at_once=at_once, schedules=not once, say=say
        ) as one:
            if once:
                ran = await one.run(*config.syncs)
            else:
                async with receiver(config, configuration, home, say) as more:
                    say("Ctrl-C ends everything.")
                    await replace(one, children=(*one.children, *more)).watch()
    return ran


@asynccontextmanager
async def receiver(
    config: Config, configuration: Path, home: Path, say: Say
) -> AsyncIterator[Sequence[Child]]:
    """The receiver of webhooks, while the block runs; nobody where there is nothing to receive."""
    named = any(endpoints.named(config, name) for name in config.connections)
    if config.webhooks is None or not named:
        yield ()
        return
    argv = [sys.executable, "-m", "syncline", "webhooks", "serve", "--config", str(configuration)]
    async with child("webhooks", argv, os.environ, home) as started:
        say(f"Webhooks: port {config.webhooks.port} of {HOST}; log: {started.log}")
        yield (started,)


@dataclass(frozen=True, slots=True)
class Prefect:
    """A Prefect of our own at work: its port, and the server and the worker."""

    port: int
    children: Sequence[Child]

    @property
    def page(self) -> str:
        """Where its runs, summaries and deployments are to be seen."""
        return f"http://{HOST}:{self.port}"

    async def run(self, *syncs: str) -> list[Ran]:
        """Run these syncs once, and say how each ended."""
        return await _each_once(syncs, self.port, self.children)

    async def resume(self) -> None:
        """Let the schedules make runs."""
        await _scheduled(True)

    async def watch(self) -> None:
        """Never returns. Raises NotUp when the server or the worker ends."""
        while True:
            _alive(self.children)
            await asyncio.sleep(WATCH_SECONDS)


@asynccontextmanager
async def prefect(
    config: Config,
    configuration: Path,
    home: Path,
    *,
    port: int | None = None,
    at_once: int = AT_ONCE,
    schedules: bool = True,
    paused: bool = False,
    say: Say = print,
) -> AsyncIterator[Prefect]:
    """A server and a worker that have the configuration's deployments, while the block runs.

    `schedules`: whether the server has a scheduler at all; `paused`: no schedule makes a run before
    `resume`. Runs at work are cancelled where the block is. Raises NotUp.
    """
    os.environ["DO_NOT_TRACK"] = "1"
    with _only_one(home):
        port = free_port(port)
        say("Starting Prefect; this takes 10 to 20 seconds …")
        async with server(home, port, schedules=schedules) as serving:
            with talking_to(port):
                from deployments.deploy import POOL, deploy

                await _forget_the_past(everything=not schedules)
                say(_told(await deploy(config, configuration=configuration)))
                if paused:
                    # Before there is a worker: one that was scheduled already would be at work.
                    await _scheduled(False)
                async with worker(home, port, POOL, at_once) as hand, _cancelled_when_told():
                    one = Prefect(port, (serving, hand))
                    say(f"Runs, summaries and deployments: {one.page}")
                    say(f"Logs: {serving.log} and {hand.log}")
                    yield one


async def _scheduled(wanted: bool) -> None:
    from prefect.client.orchestration import get_client

    async with get_client() as client:
        for one in await client.read_deployments():
            await (client.resume_deployment if wanted else client.pause_deployment)(one.id)


@contextmanager
def _only_one(home: Path) -> Iterator[None]:
    """Two servers on one database would spoil it."""
    home.mkdir(parents=True, exist_ok=True)
    with (home / "up.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise NotUp(
                f"`syncline up` is at work in {home} already. End that one first."
            ) from None
        yield


@contextmanager
def until_told() -> Iterator[None]:
    """The first SIGINT or SIGTERM cancels the block; while it ends, more of them do nothing."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None
    told = False

    def end() -> None:
        nonlocal told
        if not told:
            told = True
            task.cancel()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, end)
    try:
        yield
    except asyncio.CancelledError:
        if not told:
            raise
        task.uncancel()
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)


@contextmanager
def talking_to(port: int) -> Iterator[None]:
    """In this block Prefect's client talks to our server, whatever the environment says."""
    from prefect.settings import PREFECT_API_KEY, PREFECT_API_URL, temporary_settings

    url = f"http://{HOST}:{port}/api"
    with temporary_settings(updates={PREFECT_API_URL: url}, restore_defaults={PREFECT_API_KEY}):
        yield


async def _forget_the_past(*, everything: bool) -> None:
    """Close what an earlier server left: it ended, so its runs have, and what was due is past.

    With `everything` also drop what is due later: nothing then runs but what is asked for.
    """
    from prefect.client.orchestration import get_client
    from prefect.states import Crashed

    async with get_client() as client:
        for run in await _runs("RUNNING", "PENDING", "CANCELLING"):
            message = "Syncline was ended while this ran. The next run takes over."
            await client.set_flow_run_state(run.id, Crashed(message=message), force=True)
        for run in await _runs("SCHEDULED", late=not everything):
            await client.delete_flow_run(run.id)


async def _runs(*states: str, late: bool = False) -> list[FlowRun]:
    """Runs in these states; with `late` those that should have begun by now."""
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.filters import (
        FlowRunFilter,
        FlowRunFilterExpectedStartTime,
        FlowRunFilterState,
        FlowRunFilterStateType,
    )
    from prefect.client.schemas.objects import StateType

    now = SystemClock().now()
    types = FlowRunFilterStateType(any_=[StateType(one) for one in states])
    due = FlowRunFilterExpectedStartTime.model_validate({"before_": now}) if late else None
    wanted = FlowRunFilter(state=FlowRunFilterState(type=types), expected_start_time=due)
    found: list[FlowRun] = []
    async with get_client() as client:
        while page := await client.read_flow_runs(flow_run_filter=wanted, offset=len(found)):
            found += page
    return found


@asynccontextmanager
async def _cancelled_when_told() -> AsyncIterator[None]:
    """Runs at work are cancelled when the block is: a worker would kill them and say nothing."""
    from prefect.client.orchestration import get_client
    from prefect.states import Cancelling

    try:
        yield
    except asyncio.CancelledError:
        with suppress(httpx.HTTPError, TimeoutError):
            async with asyncio.timeout(CANCEL_SECONDS), get_client() as client:
                for run in await _runs("RUNNING", "PENDING"):
                    await client.set_flow_run_state(run.id, Cancelling())
                while await _runs("RUNNING", "PENDING", "CANCELLING"):
                    await asyncio.sleep(WATCH_SECONDS)
        raise


def _alive(children: Sequence[Child]) -> None:
    for one in children:
        if reason := one.ended():
            raise NotUp(reason)


async def _each_once(syncs: Sequence[str], port: int, children: Sequence[Child]) -> list[Ran]:
    from prefect.deployments import arun_deployment

    started = {}
    for name in syncs:
        run = await arun_deployment(f"sync/{name}", timeout=0, as_subflow=False)
        started[name] = run.id
    ended = {name: await _ended(id_, children) for name, id_ in started.items()}
    return [_ran(name, run, port) for name, run in ended.items()]


async def _ended(id_: UUID, children: Sequence[Child]) -> FlowRun:
    from prefect.client.orchestration import get_client

    async with asyncio.timeout(RUN_SECONDS), get_client() as client:
        while True:
            run = await client.read_flow_run(id_)
            if run.state is not None and run.state.is_final():
                return run
            _alive(children)
            await asyncio.sleep(WATCH_SECONDS)


def _ran(name: str, run: FlowRun, port: int) -> Ran:
    state = run.state
    assert state is not None
    url = f"http://{HOST}:{port}/runs/flow-run/{run.id}"
    return Ran(name, run.name, state.type.value, state.name or "", state.message or "", url)


def _told(done: Deployed) -> str:
    """What deploying came to, in a line."""
    parts = [
        f"{len(names)} {word}"
        for word, names in (
            ("created", done.created),
            ("updated", done.updated),
            ("unchanged", done.unchanged),
            ("pruned", done.pruned),
            ("kept switched off", done.kept_off),
        )
        if names
    ]
    return f"Deployments: {', '.join(parts) or 'none'}."
