"""Syncline's engine over a configuration that mixes the sandbox's fakes with real servers.

The command line refuses such a mix, and rightly: made-up records would get into real tools. The
servers here were made for this show, so passes are run by the engine itself, past that check, with
everything else as it is for an operator.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

from syncline.checking import mapping_of
from syncline.config import Config, load
from syncline.config.secrets import connection_config
from syncline.engine.compile import compile_sync
from syncline.engine.passes import Environment, Options, Report, open_pass
from syncline.engine.spec import Sync
from syncline.observability import SystemClock, new_id
from syncline.registry import Registry
from syncline.store.store import Store


class Hub:
    """The syncs of one configuration, by name; what they remember is kept beside it."""

    def __init__(self, environment: Environment, syncs: dict[str, Sync]) -> None:
        self._environment = environment
        self._syncs = syncs

    @classmethod
    async def open(cls, path: Path) -> Hub:
        """All connections open. Opened anew it goes on where the one before ended."""
        clock, registry, config = SystemClock(), Registry(()), load(path)
        connectors = {}
        for name, settings in config.connections.items():
            tool = registry.get(settings.connector, config.places.of(("connections", name)))
            said = connection_config(config, name, tool.config_model, None)
            connectors[name] = tool.open(name, said, clock)
        environment = Environment(
            store=await Store.open(f"sqlite:///{path.with_suffix('.db')}", "show", clock),
            clock=clock,
            new_id=new_id,
            secret=b"a signing key of this show alone",
            holder="the show",
            connectors=connectors,
        )
        hub = cls(environment, {})
        try:
            hub._syncs.update(await _compiled(config, environment))
        except BaseException:
            await hub.aclose()
            raise
        return hub

    async def aclose(self) -> None:
        for connector in self._environment.connectors.values():
            await connector.aclose()
        await self._environment.store.aclose()

    async def one_pass(
        self,
        sync: str,
        *,
        full: bool = False,
        meanwhile: Callable[[], Awaitable[object]] | None = None,
    ) -> Report:
        """One pass; `meanwhile` happens between its reading and its first write."""
        options = Options(full=full)
        async with open_pass(self._environment, self._syncs[sync], options) as one:
            await one.settle()
            await one.observe()
            await one.judge()
            if meanwhile is not None:
                await meanwhile()
            await one.carry_out()
            return await one.finish()


async def _compiled(config: Config, environment: Environment) -> dict[str, Sync]:
    schemas = {name: await one.describe() for name, one in environment.connectors.items()}
    capabilities = {name: one.capabilities for name, one in environment.connectors.items()}
    syncs = {}
    for name, settings in config.syncs.items():
        mappings = {}
        for side in config.side_names(name):
            mapping = mapping_of(config, side, settings.entity)
            assert mapping is not None
            mappings[side] = mapping
        syncs[name] = compile_sync(config, name, mappings, capabilities, schemas)
    return syncs
