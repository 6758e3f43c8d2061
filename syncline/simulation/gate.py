"""Where everything a hub does to the world passes, one step after the other.

A step is a transaction of the store or a request to a tool: the boundaries at which a process can
be stopped or can die and it makes a difference. A gate counts them, lets through as many as are
allowed, and kills its hub at a step that was named beforehand.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from syncline.sdk import permit

Mode = Literal["before", "after", "torn"]
"""Before the step; after it took effect and before anything was heard of it; in the middle of a
request for several records (`torn`; any other step is then not done at all)."""


class Died(BaseException):
    """The process ended here; what was not committed or sent is as if it had never been."""


@dataclass(frozen=True, slots=True)
class Crash:
    """Death at the step number `at`, counted from 1, or at the next step of that name; `items` of a
    torn request were applied."""

    at: int | str
    mode: Mode
    items: int = 1


class Gate:
    """A hub's way to the world. Without a crash or an allowance it lets everything through.

    `listener` is told of each step as it happens: what it is, and whether it changes a tool.
    """

    def __init__(self, listener: Callable[[str, bool], None] | None = None) -> None:
        self.steps = 0
        self.dead = False
        self.crash: Crash | None = None
        self._allowed: int | None = None
        self._until: str | None = None
        self._queue: list[asyncio.Future[None]] = []
        self._listener = listener
        self._torn = False

    @property
    def blocked(self) -> bool:
        """Whether somebody stands at the gate and may not go on."""
        return bool(self._queue)

    def allow(self, steps: int | None, until: str | None = None) -> None:
        """Let so many more steps pass, or as many as come; none after one called `until`."""
        self._allowed = None if steps is None else self.steps + steps
        self._until = until
        self._wake()

    def die(self) -> None:
        """Nothing passes any more: who stands here, and who comes, ends with `Died`."""
        self.dead = True
        self._wake()

    async def enter(self, what: str, *, writes: bool = False) -> None:
        """Wait for one's turn; what follows until `leave`, without an await, is one step.

        A step that `writes` needs leave, as such a request does everywhere; where asking takes
        steps of its own, one stands in line again.
        """
        await self._turn()
        while writes:
            before = self.steps
            await permit.confirm()
            if self.steps == before:
                break
            await self._turn()
        self.steps += 1
        if what == self._until:
            self._allowed = self.steps
        if self.crash is not None and self.crash.at == what:
            self.crash = replace(self.crash, at=self.steps)
        if self._listener is not None:
            self._listener(what, writes)
        due = self._due()
        self._torn = due and self.crash is not None and self.crash.mode == "torn" and writes
        if due and not self._torn and self.crash is not None and self.crash.mode != "after":
            self.die()
            raise Died

    async def _turn(self) -> None:
        while not self.dead and self._allowed is not None and self.steps >= self._allowed:
            turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._queue.append(turn)
            await turn
        if self.dead:
            raise Died

    def torn(self, applied: int) -> int:
        """How many of a request's records are applied before the hub dies in the middle of it."""
        return min(applied, self.crash.items) if self._torn and self.crash else applied

    def leave(self) -> None:
        """The step took effect; raises `Died` where the hub does not live to hear of it."""
        if self._due():
            self.die()
            raise Died

    def _due(self) -> bool:
        return self.crash is not None and self.steps == self.crash.at

    def _wake(self) -> None:
        waiting, self._queue = self._queue, []
        for turn in waiting:
            if not turn.done():
                turn.set_result(None)
