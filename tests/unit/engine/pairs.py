"""Linked pairs of records, and what became of their links."""

from __future__ import annotations

from typing import Any

from syncline.store import links
from syncline.store.rows import Link
from tests.support.world import World


async def pairs(count: int, **options: Any) -> World:
    """A world of two sides with linked records: A-1 with B-1, A-2 with B-2, …"""
    world = await World.make(**{"a": {}, "b": {}, **options})
    for n in range(count):
        world.a.create({"title": f"Ticket {n + 1}", "status": "todo", "priority": "low"})
        await world.settled()
    return world


async def link_of(world: World, side: str, id_: str) -> Link:
    """The link that has a record now."""
    found = await world.store.read(links.find, "s", side, [id_])
    return (await world.store.read(links.load, found.values()))[found[id_]]


def places(link: Link) -> dict[str, str]:
    """The records of a link that are kept in step."""
    return {s: at.record_id for s, at in link.sides.items() if at.state == "in"}


async def noticed(world: World) -> None:
    """A full pass, and the one after it."""
    await world.sync(full=True)
    await world.settled()
