"""What the command line and the flows share: a configuration with its store and its connections.

    async with open_hub(path) as hub:
        report = await hub.run("escalations", Options())

Opening reads the configuration and the store, and nothing else: connectors are imported, secrets
looked up and tools asked only when a sync needs them, so that `syncline status` starts at once.
"""

from __future__ import annotations

import os
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from syncline.config import Config, ConfigError, Problem, load
from syncline.config.secrets import store_url
from syncline.observability import SystemClock, new_id
from syncline.sdk.clock import Clock
from syncline.sdk.secrets import Resolver
from syncline.store import workspaces
from syncline.store.rows import PersonRow
from syncline.store.store import Store

if TYPE_CHECKING:
    from syncline.checking import Checked
    from syncline.connecting import Connections
    from syncline.endpoints import Endpoint
    from syncline.engine.passes import Environment, Options
    from syncline.engine.report import Report
    from syncline.engine.spec import Sync
    from syncline.mapping.load import ToolMapping
    from syncline.plans import Plan
    from syncline.registry import Registry
    from syncline.rot.guard import Rot
    from syncline.undoing import Asked, Undone
    from syncline.verify.found import Verified

Progress: TypeAlias = Callable[[str, int], None]
"""Told where a pass is: the step (settle, observe, judge, carry out) and links done so far."""


def silent(step: str, done: int) -> None:
    """A progress that nobody watches."""


@asynccontextmanager
async def open_hub(
    path: Path | None = None,
    *,
    resolvers: Mapping[str, Resolver] | None = None,
    clock: Clock | None = None,
) -> AsyncIterator[Hub]:
    """The hub of a configuration, closed at the end.

    `resolvers` look up further kinds of secrets (`prefect`). Raises ConfigError or StoreError.
    """
    config = load(path)
    clock = clock or SystemClock()
    store = await Store.open(store_url(config, resolvers), config.workspace, clock)
    hub = Hub(config, store, clock, resolvers)
    try:
        yield hub
    finally:
        await hub.aclose()


class Hub:
    """A configuration at work."""

    def __init__(
        self,
        config: Config,
        store: Store,
        clock: Clock,
        resolvers: Mapping[str, Resolver] | None = None,
    ) -> None:
        self.config = config
        self.store = store
        self.clock = clock
        self.new_id = new_id
        self._resolvers = resolvers
        self._registry: Registry | None = None
        self._connections: Connections | None = None

    @property
    def registry(self) -> Registry:
        """The connectors that this configuration may use."""
        from syncline.registry import Registry

        if self._registry is None:
            self._registry = Registry(self.config.plugins)
        return self._registry

    async def secret(self) -> bytes:
        """The workspace's secret, made when it is first needed."""
        known = await self.store.read(workspaces.secret)
        if known is not None:
            return known
        fresh = bytes.fromhex(self.new_id() + self.new_id())
        return await self.store.write(workspaces.ensure, fresh, self.clock.now())

    async def connections(self) -> Connections:
        """The connections, each opened when it is first used."""
        from syncline.connecting import Connections

        if self._connections is None:
            self._connections = Connections(
                self.config,
                self.registry,
                self.store,
                self.clock,
                await self.secret(),
                self._resolvers,
            )
        return self._connections

    async def endpoints(self) -> list[Endpoint]:
        """Where tools may tell of changes. ConfigError where one is wrong, or there is none."""
        from syncline import endpoints

        key = await self.secret()
        return endpoints.opened(self.config, self.registry, key, self._resolvers)

    def webhook_problems(self) -> list[Problem]:
        """What is wrong with the secrets of webhooks, looked up."""
        from syncline import endpoints

        return endpoints.wrong(self.config, self.registry, self._resolvers)

    def mappings(self, name: str) -> dict[str, ToolMapping]:
        """The mapping of each side of a sync: the operator's own, else the shipped one.

        A side without any is left out. ConfigError for a mapping that cannot be read.
        """
        from syncline.checking import mapping_of

        found = {}
        for side in self.config.side_names(name):
            mapping = mapping_of(self.config, side, self.config.syncs[name].entity)
            if mapping is not None:
                found[side] = mapping
        return found

    async def sync(self, name: str) -> Sync:
        """A sync, compiled against what its tools really are.

        Raises ConfigError with everything that does not fit, or a tool's error.
        """
        from syncline.checking import check_unmixed
        from syncline.engine.compile import check_sides, compile_sync

        check_sides(self.config, name)
        check_unmixed(self.config, self.registry, name)
        mappings = self.mappings(name)
        connections = await self.connections()
        sides = self.config.side_names(name)
        schemas = {side: await connections.schema(side) for side in sides}
        capabilities = {
            side: connections.get(side).capabilities_of(mappings[side].record) for side in sides
        }
        return compile_sync(self.config, name, mappings, capabilities, schemas)

    async def environment(self, sync: Sync) -> Environment:
        """The ports to the world that a pass of this sync is given."""
        from syncline.engine.passes import Environment

        connections = await self.connections()
        return Environment(
            store=self.store,
            clock=self.clock,
            new_id=self.new_id,
            secret=await self.secret(),
            holder=f"{socket.gethostname()} process {os.getpid()} ({self.new_id()[:8]})",
            connectors={side: connections.get(side) for side in sync.sides},
            people=self.people(),
        )

    def people(self) -> dict[str, dict[str, PersonRow]]:
        """The people table: by connection and handle. A person without e-mail goes by name."""
        found: dict[str, dict[str, PersonRow]] = {}
        for person in self.config.people:
            known_as = (person.email or person.name).strip().lower()
            for connection, handle in person.handles.items():
                row = PersonRow(connection, handle, known_as, person.name)
                found.setdefault(connection, {})[handle] = row
        return found

    async def run(
        self, name: str, options: Options | None = None, progress: Progress = silent
    ) -> Report:
        """One pass of a sync: plan and apply."""
        from syncline import running

        return await running.run(self, name, options, progress)

    async def plan(
        self, name: str, options: Options | None = None, progress: Progress = silent
    ) -> Plan:
        """What a pass would do; nothing is sent that changes anything."""
        from syncline import running

        return await running.plan(self, name, options, progress)

    async def apply(
        self, plan: Plan, force: tuple[str, ...] = (), progress: Progress = silent
    ) -> Report:
        """Exactly a saved plan's actions. PlanStale, and nothing sent, where one has moved."""
        from syncline import running

        return await running.apply(self, plan, force, progress)

    async def verify(
        self, name: str, window: timedelta | None = None, progress: Progress = silent
    ) -> Verified:
        """How far a sync's sides agree, whatever the engine believes; edits of `window` make the
        lag. Nothing is sent that changes anything."""
        from syncline import running

        return await running.verify(self, name, window, progress)

    async def undo(self, name: str, asked: Asked, progress: Progress = silent) -> Undone:
        """Take back what was written, where the tools still show it; or say what would be."""
        from syncline import undoing

        return await undoing.undo(self, name, asked, progress)

    async def check(self) -> Checked:
        """Everything that is wrong or doubtful, in the configuration and in the real tools."""
        from syncline import checking

        return await checking.check(self)

    async def rot(self, *, fresh: bool = False, accept: bool = False) -> Rot:
        """What changed in the tools since the mappings fitted them; `accept` takes it as it is."""
        from syncline.rot import guard

        return await guard.watch(self, fresh=fresh, accept=accept)

    async def aclose(self) -> None:
        """Close the connections and the store."""
        if self._connections is not None:
            await self._connections.aclose()
        await self.store.aclose()


__all__ = ["ConfigError", "Hub", "Progress", "open_hub", "silent"]
