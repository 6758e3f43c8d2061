"""A pass as an admin watches it: five Prefect tasks over one pass, then a state that says it all.

The pass itself is handed from task to task in memory. Nothing is cached, persisted or tried again:
what a pass must remember is in the store, and the next pass heals whatever this one left open.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from contextlib import AsyncExitStack
from datetime import timedelta
from functools import wraps
from pathlib import Path
from typing import Any, TypeAlias

from prefect import Task, get_run_logger, task
from prefect.cache_policies import NO_CACHE
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import State, StateType
from prefect.runtime import flow_run
from prefect.states import Completed, Failed

from flows.artifacts import optional, progress_shown, show
from flows.blocks import RESOLVERS
from flows.request import PassRequest
from flows.summary import Summary, brief, headline
from syncline.config import ConfigError
from syncline.engine.passes import Environment, Options, Pass, open_pass
from syncline.engine.report import Report
from syncline.engine.spec import Sync
from syncline.hub import Hub, open_hub
from syncline.sdk.errors import ConnectorError
from syncline.sdk.redaction import RedactingFilter, redact
from syncline.store.errors import LeaseHeld, StoreError

KNOWN = (StoreError, ConnectorError)
"""Errors whose text says all that an operator needs; any other is logged with its traceback."""

ASK_AGAIN = 5.0
"""Seconds between two looks at a lease that somebody else holds."""

Work: TypeAlias = Callable[[Pass], Awaitable[State]]
Step: TypeAlias = Task[[Pass], Coroutine[Any, Any, State]]


class StepFailed(Exception):
    """A step ended with an error that is told already; what the pass committed stands."""


def step(name: str) -> Callable[[Work], Step]:
    """Make a Prefect task of one step of a pass. Its errors become a state, without secrets."""

    def made(work: Work) -> Step:
        @wraps(work)
        async def told(one: Pass) -> State:
            try:
                return await work(one)
            except Exception as error:
                return Failed(message=message_of(error))

        plainly = task(name=name, task_run_name=name, cache_policy=NO_CACHE, persist_result=False)
        return plainly(told)

    return made


@step("settle")
async def settle(one: Pass) -> State:
    """Close by evidence what an earlier pass left open."""
    await one.settle()
    return Completed()


@step("observe")
async def observe(one: Pass) -> State:
    """Read what changed on every side."""
    await one.observe()
    for side, found in sorted(one.observed.items()):
        get_run_logger().info("%s: %d records read, %d new", side, found.read, found.new)
    for side, reason in one.context.stopped.items():
        get_run_logger().error("%s cannot be used: %s", side, redact(reason))
    return Completed()


@step("judge")
async def judge(one: Pass) -> State:
    """Let the guards look at everything that would be done."""
    await one.judge()
    for guard in one.refused:
        get_run_logger().warning("Refused by guard %s: %s", guard.name, redact(guard.reason))
    return Completed()


@step("carry out")
async def carry_out(one: Pass) -> State:
    """Decide and apply, batch by batch, with a progress artifact."""
    expected = sum(found.new for found in one.observed.values())
    async with progress_shown(expected, one.context.clock) as progress:
        await one.carry_out(progress)
    return Completed()


@step("report")
async def report(one: Pass) -> State:
    """Write the run down and show what it came to."""
    found = await one.finish()
    await show(await Summary.of(one, found))
    return Completed(data=found)


async def run_pass(request: PassRequest, patience: timedelta = timedelta(0)) -> State:
    """One pass, from the configuration to the state that tells an admin what it came to.

    While somebody else works on the sync this waits for `patience`, then ends as Skipped: nothing
    is wrong then and nothing was done, which is what Prefect's grey Cancelled says in its lists.
    """
    protect_run_logs()
    try:
        async with open_hub(Path(request.configuration), resolvers=RESOLVERS) as hub:
            sync = await hub.sync(request.sync)
            await _tag(tags_of(sync.name, sync.sides))
            found = await _steps(await hub.environment(sync), sync, request.options(), patience)
            await _note_health(hub, found)
            await _name(found)
            return state_of(found)
    except LeaseHeld as held:
        return State(type=StateType.CANCELLED, name="Skipped", message=str(held))
    except StepFailed as error:
        return Failed(message=str(error))
    except Exception as error:
        return Failed(message=message_of(error))


async def _steps(env: Environment, sync: Sync, options: Options, patience: timedelta) -> Report:
    async with AsyncExitStack() as stack:
        one = await _entered(stack, env, sync, options, patience)
        for one_step in (settle, observe, judge, carry_out, report):
            state = await one_step(one)
            if state.is_failed():
                raise StepFailed(state.message)
        found: Report = await state.aresult()
        return found


async def _entered(
    stack: AsyncExitStack, env: Environment, sync: Sync, options: Options, patience: timedelta
) -> Pass:
    give_up = env.clock.monotonic() + patience.total_seconds()
    while True:
        try:
            return await stack.enter_async_context(open_pass(env, sync, options))
        except LeaseHeld as held:
            if env.clock.monotonic() >= give_up:
                raise
            get_run_logger().info("Waiting: %s", held)
        await env.clock.sleep(ASK_AGAIN)


def state_of(found: Report) -> State:
    """The final state: its name and message are what an admin sees in the list of runs."""
    message = redact(headline(found))
    if found.state == "failed":
        return Failed(message=message)
    names = {"attention": "Attention", "refused": "Refused"}
    return Completed(name=names.get(found.state, "Completed"), message=message)


def message_of(error: Exception) -> str:
    """An error for people, without secrets; one that nobody foresaw is logged with its trace."""
    if isinstance(error, ConfigError):
        # By value only: that `token: ${env:JIRA_TOKEN}` is missing is the very thing to be told.
        return redact.by_value(str(error))
    if isinstance(error, KNOWN):
        return redact(str(error))
    get_run_logger().error(redact(traceback.format_exc()))
    return redact(f"{type(error).__name__}: {error}")


def tags_of(sync: str, sides: Iterable[str]) -> list[str]:
    """What runs of a sync are found by in Prefect."""
    return ["syncline", f"sync:{sync}", *(f"connection:{side}" for side in sides)]


async def _tag(wanted: list[str]) -> None:
    """Tag this run, unless its deployment has."""
    known = flow_run.tags
    if not set(wanted) <= set(known):
        with optional():
            async with get_client() as client:
                await client.update_flow_run(flow_run.id, tags=sorted({*known, *wanted}))


async def _name(found: Report) -> None:
    """Add what a run came to to its name: lists of runs show no more than that."""
    came_to = brief(found)
    if came_to:
        with optional():
            async with get_client() as client:
                await client.update_flow_run(flow_run.id, name=f"{flow_run.name} · {came_to}")


async def _note_health(hub: Hub, found: Report) -> None:
    """What the pass found out about its connections, for `syncline status`."""
    connections = await hub.connections()
    for side in hub.config.side_names(found.sync):
        await connections.note_health(side, found.stopped.get(side, ""))


def protect_run_logs() -> None:
    """Mask secrets in everything that Prefect is told by its run loggers."""
    for name in ("prefect.flow_runs", "prefect.task_runs"):
        found = logging.getLogger(name)
        if not any(isinstance(one, RedactingFilter) for one in found.filters):
            found.addFilter(RedactingFilter())
