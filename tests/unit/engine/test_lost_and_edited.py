"""A create whose answer was lost in a tool without keys, and its record when nothing shows whose
it is: its history cannot be asked, its texts were cut off, or every one of them was edited."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from syncline.simulation.connector import FIELDS, FULL, FieldRule
from syncline.store.findings import conflicts
from tests.support.world import World


async def lost(b: dict[str, Any] | None = None, **can: Any) -> World:
    """A record of a, whose copy in b was made and not answered for."""
    keyless = replace(FULL, find_by_key=False, **can)
    world = await World.make(a={}, b=b or {}, capabilities={"b": keyless})
    world.a.create({"title": "One and more"})
    world.b.faults.add("create", "drop_after_apply")
    await world.sync()
    return world


async def told(world: World) -> None:
    """Nothing is made twice; a person is asked about the record that the create may have made."""
    await world.settled()
    assert (len(world.a.items), len(world.b.items)) == (1, 1)
    (asked,) = await world.store.read(conflicts.list, "s")
    assert {(c["side"], c["value"]) for c in asked.candidates} == {("a", "A-1"), ("b", "B-1")}


async def test_a_record_that_may_be_ours_is_copied_nowhere_while_its_history_is_down() -> None:
    world = await lost()
    world.b.edit("B-1", {"title": "One, edited"})
    world.b.faults.add("history", "down")
    await world.sync()
    await world.settled()
    assert [record["title"] for record in world.records("a")] == ["One and more"]


async def test_what_a_person_was_asked_about_is_asked_about_whatever_is_written_since() -> None:
    world = await lost(history=False)
    await world.settled()
    world.b.edit("B-1", {"title": "Two", "body": "<p>Other</p>"})
    await told(world)


async def test_a_record_whose_text_its_tool_cut_off_may_be_that_of_a_lost_create() -> None:
    await told(await lost({"fields": {**FIELDS, "title": FieldRule(required=True, cut=3)}}))


async def test_another_record_of_a_tool_with_a_lost_create_is_copied() -> None:
    world = await lost()
    world.b.create({"title": "Two"})
    await world.settled()
    assert [record["title"] for record in world.records("a")] == ["One and more", "Two"]
