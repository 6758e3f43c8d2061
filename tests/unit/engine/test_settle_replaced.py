"""What becomes of a write whose answer was lost when its record or its value moved on meanwhile."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from syncline.engine.commands import adopt, unlink
from syncline.sdk.connector import Missing, Record
from syncline.simulation.connector import MemoryConnector
from syncline.simulation.tool import BOT
from syncline.store import intents
from syncline.store.findings import conflicts, deviations, parked
from tests.support.world import World
from tests.unit.engine.pairs import link_of, pairs, places


async def at_rest(world: World) -> None:
    """Nothing is open, parked or asked."""
    assert not await world.store.read(intents.open, "s")
    assert not await world.store.read(parked.list, "s")
    assert not await world.store.read(conflicts.list, "s")


@pytest.mark.parametrize("lost", ["drop_before", "drop_after_apply"])
async def test_a_lost_write_says_nothing_of_the_record_that_an_operator_put_in_its_place(
    lost: str,
) -> None:
    world = await pairs(1)
    world.a.edit("A-1", {"title": "Two"})
    world.b.faults.add("update", lost)
    await world.sync()
    await unlink(world.store, await link_of(world, "b", "B-1"), "b", world.clock.now())
    world.change(match=())
    other = world.b.create({"title": "Two", "status": "todo", "priority": "low"})
    await adopt(world.store, "s", [("a", "A-1"), ("b", other)], "unused", world.clock.now())
    before = world.b.fields("B-1")
    await world.settled()
    world.a.edit("A-1", {"title": "Three"})
    await world.settled()
    assert places(await link_of(world, "a", "A-1")) == {"a": "A-1", "b": other}
    assert world.b.fields(other)["title"] == "Three"
    assert world.b.fields("B-1") == before
    await at_rest(world)


async def test_a_lost_create_is_not_made_beside_the_record_that_an_operator_tied() -> None:
    world = await World.make(a={}, b={}, match=())
    world.a.create({"title": "One"})
    world.b.faults.add("create", "drop_before")
    await world.sync()
    by_hand = world.b.create({"title": "One", "priority": "high"})
    await adopt(world.store, "s", [("a", "A-1"), ("b", by_hand)], "unused", world.clock.now())
    await world.settled()
    assert list(world.b.items) == [by_hand]
    assert world.a.fields("A-1")["priority"] == "high"
    await at_rest(world)


async def test_a_lost_write_that_the_tool_itself_changed_afterwards_is_told_and_not_fought() -> (
    None
):
    world = await pairs(1)
    world.a.edit("A-1", {"priority": "high"})

    def escalates(_: object) -> None:
        world.b.edit("B-1", {"priority": "urgent"}, by=BOT)

    world.b.faults.add("update", "drop_after_apply")
    world.b.faults.add("update", escalates, when="after")
    await world.sync()
    assert world.b.fields("B-1")["priority"] == "urgent"
    await world.settled()
    assert world.b.fields("B-1")["priority"] == "urgent"
    assert world.a.fields("A-1")["priority"] == "high"
    assert world.b.log.count("update") == 1
    assert await world.store.read(deviations.count, "s") == 1
    await at_rest(world)


async def test_a_newer_value_reaches_a_tool_that_made_something_else_of_the_lost_one() -> None:
    world = await pairs(1)
    world.a.edit("A-1", {"priority": "high"})

    def escalates(_: object) -> None:
        world.b.edit("B-1", {"priority": "urgent"}, by=BOT)

    world.b.faults.add("update", "drop_after_apply")
    world.b.faults.add("update", escalates, when="after")
    await world.sync()
    world.b.faults.add("fetch", "down")
    world.a.edit("A-1", {"priority": "medium"})
    assert list((await world.sync()).stopped) == ["b"]
    await world.settled()
    assert world.b.fields("B-1")["priority"] == world.a.fields("A-1")["priority"] == "medium"
    assert await world.store.read(deviations.count, "s") == 0
    await at_rest(world)


# Tools that do not say all that they are asked for.


class Forgetful(MemoryConnector):
    """A connector that leaves a record out of what it answers to one question."""

    forgets: str | None = None

    async def fetch(self, record: str, ids: Sequence[str]) -> Mapping[str, Record | Missing]:
        found = dict(await super().fetch(record, ids))
        if self.forgets in found:
            del found[self.forgets]
            self.forgets = None
        return found


async def forgotten() -> tuple[World, Forgetful]:
    """A write to A-1 whose answer was lost; a will say nothing of A-1 when it is asked."""
    world = await pairs(1)
    world.connectors["a"] = one = Forgetful(world.a)
    world.b.edit("B-1", {"title": "Two"})
    world.a.faults.add("update", "drop_before")
    await world.sync()
    one.forgets = "A-1"
    return world, one


async def test_a_tool_that_says_nothing_of_a_record_has_not_said_that_it_is_gone() -> None:
    world, _ = await forgotten()
    await world.sync()
    assert len(await world.store.read(intents.open, "s")) == 1
    assert world.a.log.count("update") == 1
    await world.settled()
    assert world.a.fields("A-1")["title"] == "Two"
    await at_rest(world)


async def test_a_write_that_nobody_knows_of_ends_with_the_record_that_was_merged_away() -> None:
    world, _ = await forgotten()
    world.a.create({"title": "Ticket 1", "status": "todo", "priority": "low"})
    world.clock.advance(60)
    world.a.merge("A-1", "A-2")
    await world.settled()
    assert places(await link_of(world, "b", "B-1")) == {"a": "A-2", "b": "B-1"}
    assert world.a.fields("A-2")["title"] == "Two"
    await at_rest(world)
