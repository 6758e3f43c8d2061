"""A create whose answer was lost in a tool without keys, while its history cannot be asked."""

from __future__ import annotations

from dataclasses import replace

from syncline.simulation.connector import FULL
from tests.support.world import World


async def test_a_record_that_may_be_ours_is_copied_nowhere_while_its_history_is_down() -> None:
    world = await World.make(a={}, b={}, capabilities={"b": replace(FULL, find_by_key=False)})
    world.a.create({"title": "One"})
    world.b.faults.add("create", "drop_after_apply")
    await world.sync()
    world.b.edit("B-1", {"title": "One, edited"})
    world.b.faults.add("history", "down")
    await world.sync()
    await world.settled()
    assert [record["title"] for record in world.records("a")] == ["One"]
