"""A hub of the simulation: the real engine on the real store, behind a gate."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Concatenate, ParamSpec, TypeAlias, TypeVar

from syncline.engine.passes import Environment, Options, open_pass
from syncline.engine.report import Report
from syncline.engine.spec import Sync
from syncline.engine.undone import Extent
from syncline.sdk.clock import Clock
from syncline.simulation.connector import MemoryConnector
from syncline.simulation.gate import Crash, Died, Gate
from syncline.store.database import Database
from syncline.store.errors import LeaseHeld, LeaseLost
from syncline.store.store import Fence, Store, Tx
from syncline.undoing import Asked, Undone, undo_in

P = ParamSpec("P")
T = TypeVar("T")

Outcome: TypeAlias = Report | Undone | BaseException | None
"""What a pass or an undo came to; None: it only planned."""

SECRET = b"s" * 32
PATIENCE = 200
"""Turns of the event loop after which everybody who can stand at the gate does."""


class GatedStore(Store):
    """A store whose every transaction is a step at a gate."""

    gate: Gate
    took: Callable[[], None]

    async def _run(
        self,
        write: bool,
        fence: Fence | None,
        fn: Callable[Concatenate[Tx, P], T],
        /,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        await self.gate.enter(f"store {fn.__name__}")
        result = await super()._run(write, fence, fn, *args, **kwargs)
        if fn.__name__ == "_take":
            self.took()
        self.gate.leave()
        return result


@dataclass(slots=True)
class Work:
    """One pass that a hub is at, or was at."""

    task: asyncio.Task[Report | Undone | None]
    plan: bool


@dataclass(slots=True)
class Hub:
    """One process that runs passes of a sync; when it dies, another takes its place.

    `ended` collects what its passes came to: a report, or the exception that ended it.
    """

    name: str
    database: Database
    clock: Clock
    connect: Callable[[Gate], Mapping[str, MemoryConnector]]
    new_id: Callable[[], str]
    listener: Callable[[str, str, bool], None]
    took: Callable[[str], None]
    ended: Callable[[str, Outcome], None]
    gate: Gate = field(default_factory=Gate)
    work: Work | None = None
    outcome: Outcome = None

    async def run(
        self,
        sync: Sync,
        options: Options,
        *,
        steps: int | None = None,
        until: str | None = None,
        crash: Crash | None = None,
        plan: bool = False,
        undo: str | None = None,
    ) -> None:
        """Go on with the pass that stands still, or begin one; until the steps are used up."""
        if self.work is None:
            self._begin(sync, options, plan, undo)
        if crash is not None:
            at = crash.at if isinstance(crash.at, str) else self.gate.steps + crash.at
            self.gate.crash = Crash(at, crash.mode, crash.items)
        self.gate.allow(steps, until)
        assert self.work is not None
        task = self.work.task
        quiet = 0
        while not task.done() and quiet < PATIENCE:
            before = self.gate.steps
            await asyncio.sleep(0)
            quiet = quiet + 1 if self.gate.blocked and self.gate.steps == before else 0
        if task.done():
            await self._end()
        self.gate.crash = None

    async def stop(self) -> None:
        """The process ends where it stands."""
        self.gate.die()
        if self.work is not None:
            self.work.task.cancel()
            await self._end()

    def _begin(self, sync: Sync, options: Options, plan: bool, undo: str | None) -> None:
        self.gate = Gate(lambda what, writes: self.listener(self.name, what, writes))
        store = GatedStore(self.database, "w", self.clock, None)
        store.gate = self.gate
        store.took = lambda: self.took(self.name)
        environment = Environment(
            store=store,
            clock=self.clock,
            new_id=self.new_id,
            secret=SECRET,
            holder=self.name,
            connectors=self.connect(self.gate),
        )
        task: asyncio.Task[Report | Undone | None]
        if undo is not None:
            task = asyncio.create_task(_undo(environment, sync, undo))
        elif plan:
            task = asyncio.create_task(_plan(environment, sync, options))
        else:
            task = asyncio.create_task(_pass(environment, sync, options))
        self.work = Work(task, plan)

    async def _end(self) -> None:
        """Take the result of the pass; a hub that died leaves nothing behind."""
        assert self.work is not None
        task, self.work = self.work.task, None
        try:
            self.outcome = await task
        except BaseException as error:
            self.outcome = error
        self.gate.die()
        self.ended(self.name, self.outcome)


async def _pass(environment: Environment, sync: Sync, options: Options) -> Report:
    async with open_pass(environment, sync, options) as one:
        await one.settle()
        await one.observe()
        await one.judge()
        await one.carry_out()
        return await one.finish()


async def _undo(environment: Environment, sync: Sync, run: str) -> Undone:
    return await undo_in(
        environment, sync, Asked(Extent(run=run), by="ops"), lambda step, done: None
    )


async def _plan(environment: Environment, sync: Sync, options: Options) -> None:
    async with open_pass(environment, sync, options) as one:
        await one.observe()
        await one.judge()
        await one.preview()


def causes(error: BaseException) -> list[BaseException]:
    """What is at the bottom of an error that may be a group of groups."""
    if isinstance(error, BaseExceptionGroup):
        return [cause for part in error.exceptions for cause in causes(part)]
    return [error]


def natural(error: BaseException) -> bool:
    """Whether a pass may end like this: it was killed, or another hub has or took the lease."""
    return all(
        isinstance(cause, Died | LeaseHeld | LeaseLost | asyncio.CancelledError)
        for cause in causes(error)
    )


def described(outcome: Outcome) -> dict[str, Any]:
    """What a trace keeps of the end of a pass."""
    if isinstance(outcome, Report):
        counts = {name: n for name, n in sorted(outcome.counts.items()) if n}
        return {"state": outcome.state, **counts, "refused": list(outcome.refused)}
    if outcome is None:
        return {"state": "planned"}
    if isinstance(outcome, Undone):
        return {"state": outcome.state, "undone": len(outcome.plan.actions)}
    return {"state": "/".join(sorted({type(cause).__name__ for cause in causes(outcome)}))}
