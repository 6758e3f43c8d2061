"""A deletion that is to be carried over, and what may happen on the way to the other tool."""

from __future__ import annotations

import asyncio
from typing import Any, Literal

import pytest

from syncline.engine.spec import DeletePolicy
from syncline.simulation.connector import MAPPING
from syncline.store import intents
from tests.support.world import World


async def deleting(propagate: str = "delete") -> World:
    """A record on both sides, deleted in a; b is to follow. One pass has missed it already."""
    world = await World.make(a={}, b={})
    world.change(deletes=DeletePolicy(propagate=propagate))
    id_ = world.a.create({"title": "Printer on fire"})
    world.a.create({"title": "Printer out of ink"})
    await world.settled()
    world.a.delete(id_)
    await world.sync(full=True)
    return world


def left(world: World) -> int:
    return sum(not item.now.deleted for item in world.b.items.values())


def die(_: object) -> None:
    raise asyncio.CancelledError


@pytest.mark.parametrize("propagate", ["delete", "archive"])
@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_pass_that_dies_over_a_removal_is_made_good_by_the_next(
    when: Literal["before", "after"], propagate: str
) -> None:
    world = await deleting(propagate)
    world.b.faults.add("remove", die, when=when)
    with pytest.raises(asyncio.CancelledError):
        await world.sync()
    world.clock.advance(60)
    await world.settled()
    assert left(world) == 1
    assert not await world.store.read(intents.open, "s")


@pytest.mark.parametrize("fault", ["drop_before", "drop_after_apply", "retry"])
async def test_a_removal_that_may_not_have_arrived_is_made_again(fault: str) -> None:
    world = await deleting()
    world.b.faults.add("remove", fault)
    await world.sync()
    world.clock.advance(60)
    await world.settled()
    assert left(world) == 1
    assert not await world.store.read(intents.open, "s")


async def test_a_removal_that_a_tool_refuses_is_not_asked_for_again() -> None:
    world = await deleting()
    world.b.faults.add("remove", "reject")
    await world.sync()
    asked = world.b.log.count("remove")
    await world.settled()
    assert world.b.log.count("remove") == asked
    assert left(world) == 2


async def closing(**options: Any) -> World:
    """A record on both sides, deleted in a; the one in b is to be closed. It was missed already."""
    world = await World.make(**{"a": {}, "b": {}, **options})
    world.change(deletes=DeletePolicy(propagate="close"))
    world.a.create({"title": "Printer on fire", "status": "todo"})
    world.a.create({"title": "Printer out of ink", "status": "todo"})
    await world.settled()
    return world


async def test_a_record_that_is_closed_already_is_not_closed_again() -> None:
    world = await closing()
    world.b.edit("B-1", {"status": "done"})
    await world.settled()
    asked = world.b.log.count("update")
    world.a.delete("A-1")
    await world.sync(full=True)
    await world.settled()
    assert world.b.fields("B-1")["status"] == "done"
    assert world.b.log.count("update") == asked


@pytest.mark.parametrize("mapped", ["no status", "no word for closed"])
async def test_a_record_that_cannot_be_closed_stays_as_it_is(mapped: str) -> None:
    if mapped == "no status":
        less = MAPPING[: MAPPING.index("  status:")] + MAPPING[MAPPING.index("  priority:") :]
    else:
        less = MAPPING.replace("done: [done]", "").replace("cancelled: [cancelled]", "")
    world = await closing(mappings={"a": less, "b": less})
    before = world.b.fields("B-1")
    world.a.delete("A-1")
    await world.sync(full=True)
    await world.settled()
    assert world.b.fields("B-1") == before
    assert (len(world.a.items), len(world.b.items)) == (1, 2)
