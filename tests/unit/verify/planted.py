"""A world of `tests.support` with a verification of it, and ways to plant what it must find: in the
tools, where neither versions nor histories tell, and in the store."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from syncline.engine.passes import signer
from syncline.simulation.tool import MemoryTool
from syncline.store import links
from syncline.store.rows import Link
from syncline.store.sql import Tx
from syncline.verify.found import Verified
from syncline.verify.run import WINDOW, verify
from syncline.verify.sides import Ports
from tests.support.world import World

LONG = 3600
"""Seconds after which nothing of before is in flight any more."""


async def quiet(folder: Path, records: int = 3, **options: Any) -> World:
    """Two tools with some records of `a` copied to `b`; then an hour goes by and a pass."""
    world = await World.make(folder, **{"a": {}, "b": {}, **options})
    for n in range(records):
        world.tools["a"].create({"title": f"Ticket {n}", "labels": ["red"], "priority": "low"})
    await world.settled()
    return await rest(world)


async def rest(world: World) -> World:
    """An hour goes by, and a pass: what was made before is in flight no more."""
    world.clock.advance(LONG)
    await world.settled()
    world.clock.advance(LONG)
    await world.sync()
    return world


async def verified(
    world: World,
    window: timedelta = WINDOW,
    progress: Callable[[str, int], None] = lambda step, done: None,
) -> Verified:
    """What verify comes to now; it never writes to a tool."""
    before = world.writes()
    env = world.environment()
    sign = signer(env.secret, env.store.workspace)
    ports = Ports(
        world.spec, world.connectors, world.store, world.clock, env.new_id, sign, {}, progress
    )
    found = await verify(ports, window)
    assert world.writes() == before
    assert all(counts["write"] == 0 for counts in found.requests.values())
    return found


def slip(tool: MemoryTool, id_: str, **fields: Any) -> None:
    """Change a record behind everybody's back: no version, no moment, no history tells."""
    item = tool.item(id_)
    item.states[-1] = replace(item.now, fields={**item.now.fields, **fields})
    tool._listed = None


def pair(world: World, n: int = 0) -> tuple[str, str]:
    """The n-th record of `a`, and its copy."""
    a = list(world.tools["a"].items)[n]
    title = world.tools["a"].fields(a)["title"]
    (b,) = (i for i in world.tools["b"].items if world.tools["b"].fields(i)["title"] == title)
    return a, b


async def links_of(world: World) -> list[Link]:
    return await world.store.read(links.page, world.spec.name, None, 10_000)


async def rewrite(world: World, change: Callable[[Link], Mapping[str, Any]]) -> None:
    """Store other field states than the engine did, in every link."""

    def put(tx: Tx) -> None:
        page = links.page(tx, world.spec.name, None, 10_000)
        links.update(tx, [replace(link, fields=change(link)) for link in page])

    await world.store.write(put)
