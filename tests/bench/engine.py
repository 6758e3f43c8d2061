"""The engine as the benchmark runs it: both HTTP sides, matched by title, every field both ways."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Self
from uuid import uuid4

from syncline.engine.passes import Environment, Options, Report, open_pass
from syncline.engine.spec import Guards, SideSpec, Sync, Unit
from syncline.mapping.load import load_mapping
from syncline.mapping.units import units
from syncline.sdk.connector import Connector
from syncline.sdk.secrets import Secret
from syncline.simulation.connector import MAPPING, TokenAuth
from syncline.store.store import Store
from tests.bench.clock import WallClock
from tests.sides.feed import FeedConnector
from tests.sides.http_side import HttpSide, HttpSideConfig
from tests.sides.paged import PagedConnector

SIDES: Mapping[str, type[HttpSide]] = {"paged": PagedConnector, "feed": FeedConnector}


class Engine:
    """An engine with its store and connectors open, so that passes after the first run warm."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._sync = sync()

    @classmethod
    async def open(cls, workdir: Path, addresses: Mapping[str, str], token: str) -> Self:
        clock = WallClock()
        store = await Store.open(f"sqlite:///{workdir / 'state.db'}", "bench", clock)
        connectors = {name: _opened(name, addresses[name], token, clock) for name in SIDES}
        return cls(
            Environment(
                store=store,
                clock=clock,
                new_id=lambda: uuid4().hex,
                secret=b"the benchmark's own signing key",
                holder="bench",
                connectors=connectors,
            )
        )

    async def run(self) -> None:
        """One pass; anything but a clean one is an error of the benchmark."""
        report = await run_pass(self._environment, self._sync)
        if report.refused or report.stopped:
            raise RuntimeError(f"the pass did not go through: {report.refused} {report.stopped}")

    async def aclose(self) -> None:
        for connector in self._environment.connectors.values():
            await connector.aclose()
        await self._environment.store.aclose()


async def run_pass(environment: Environment, sync: Sync) -> Report:
    """A whole pass, as the scheduled flow does it."""
    async with open_pass(environment, sync, Options()) as one:
        await one.settle()
        await one.observe()
        await one.judge()
        await one.carry_out()
        return await one.finish()


def sync() -> Sync:
    """Tickets between both tools; what only the paged tool has is made in the feed tool."""
    mappings = {name: load_mapping(MAPPING) for name in SIDES}
    return Sync(
        name="bench",
        entity="ticket",
        sides={
            "paged": SideSpec("paged", "ticket", "html"),
            "feed": SideSpec("feed", "ticket", "html", create="when_missing"),
        },
        units={
            unit.name: Unit(
                unit.name, unit.fields, unit.kind, unit.lenses, dict.fromkeys(unit.lenses, "both")
            )
            for unit in units(mappings)
        },
        match=("marker", ("title",)),
        guards=Guards(max_changed_percent=100.0),
        fingerprint="bench",
    )


def _opened(name: str, address: str, token: str, clock: WallClock) -> Connector:
    config = HttpSideConfig(
        connector=name,
        base_url=address,
        private_network=True,
        auth=TokenAuth(token=Secret(token)),
    )
    return SIDES[name].open(name, config, clock)
