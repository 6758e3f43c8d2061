"""Why an undo leaves a field alone: each reason, on a sync in which it holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from syncline.engine.commands import unlink
from syncline.simulation.connector import MAPPING
from syncline.store import links
from tests.support.world import World

TITLE = {"title": "One"}


async def edited() -> tuple[World, str, str]:
    """Three tools that show "Two" since the run that is given, and the record of c."""
    world = await World.make(a={}, b={}, c={})
    world.a.create(TITLE)
    await world.settled()
    (first,), (record,) = world.b.items, world.c.items
    world.b.edit(first, {"title": "Two"})
    return world, (await world.sync()).run, record


async def left(world: World, run: str, record: str) -> str | None:
    """Why the title of c's record stays as it is."""
    shown = world.c.fields(record)["title"]
    undone = await world.undo(run)
    assert world.c.fields(record)["title"] == shown
    return undone.left.get(("c", record, "title"))


async def test_a_record_that_was_unlinked_since_is_left_alone() -> None:
    world, run, record = await edited()
    (link,) = await world.store.read(links.page, "s", None, 5)
    await unlink(world.store, link, "c", world.clock.now())
    assert await left(world, run, record) == "its record is not linked any more"


async def test_a_record_outside_the_scope_is_left_alone() -> None:
    world, run, record = await edited()
    world.c.move(record, in_scope=False)
    for _ in range(2):  # suspected first, believed when it is still so later
        world.clock.advance(3600)
        await world.sync(full=True)
    assert await left(world, run, record) == "its record has left the sync's scope"


async def test_a_field_that_the_sync_does_not_write_any_more_is_left_alone() -> None:
    world, run, record = await edited()
    units = dict(world.spec.units)
    modes = {**units["title"].modes, "c": "source"}
    units["title"] = replace(units["title"], modes=modes)
    world.change(units=units)
    reason = "the sync does not write this field there any more"
    assert await left(world, run, record) == reason


async def test_a_record_that_is_gone_by_now_is_told() -> None:
    world, run, record = await edited()
    world.c.delete(record)
    undone = await world.undo(run)
    assert undone.left["c", record, "title"] == "its record is gone"


async def test_a_field_with_a_conflict_that_waits_is_left_alone() -> None:
    world, run, record = await edited()
    (one,), (other,) = world.a.items, world.b.items
    world.a.edit(one, {"title": "Mine"})
    world.b.edit(other, {"title": "Ours"})
    await world.sync()
    reason = "a conflict of it waits for an answer: `syncline conflicts`"
    assert await left(world, run, record) == reason


async def test_a_write_that_its_tool_turned_into_what_it_was_needs_no_undo() -> None:
    world = await World.make(a={}, b={}, c={})
    world.a.create(TITLE)
    await world.settled()
    (first,), (record,) = world.b.items, world.c.items

    def stubborn(before: Mapping[str, Any], after: Mapping[str, Any]) -> Mapping[str, Any]:
        return TITLE

    world.c.automations.append(stubborn)
    world.b.edit(first, {"title": "Two"})
    run = (await world.sync()).run
    assert await left(world, run, record) == "it shows what it showed before"


async def test_a_word_that_the_mapping_has_forgotten_is_not_written_back() -> None:
    world = await World.make(a={}, b={}, c={})
    world.a.create({"title": "One", "priority": "urgent"})
    await world.settled()
    (one,), (record,) = world.a.items, world.c.items
    world.a.edit(one, {"priority": "low"})
    run = (await world.sync()).run
    shorter = MAPPING.replace("urgent: [urgent], ", "")
    other = await World.make(a={}, b={}, c={}, mappings={"c": shorter})
    world.change(units=other.spec.units)
    undone = await world.undo(run)
    reason = "what it showed before has no meaning in the mapping any more"
    assert undone.left["c", record, "priority"] == reason
    assert world.c.fields(record)["priority"] == "low"
