"""Why an undo leaves a field alone: each reason, on a sync in which it holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from syncline.engine.commands import unlink
from syncline.engine.undone import UNDONE
from syncline.simulation.connector import MAPPING
from syncline.store import links
from syncline.store.findings import deviations
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


async def test_a_write_whose_outcome_is_not_known_is_left_for_another_undo() -> None:
    world, run, record = await edited()
    (first,) = world.b.items
    world.b.edit(first, {"title": "Three"})
    world.c.faults.add("update", "drop_after_apply")
    await world.sync()
    world.c.faults.add("fetch", "down")
    assert await left(world, run, record) == "the outcome of a write to it is not known yet"


async def test_a_newer_value_that_is_still_on_its_way_is_not_stopped() -> None:
    world, run, record = await edited()
    (first,) = world.b.items
    world.b.edit(first, {"title": "Three"})
    world.c.faults.add("update", "retry", times=3)
    await world.sync()
    reason = "another value was decided since, and is still on its way"
    assert await left(world, run, record) == reason
    world.c.faults.clear()
    await world.settled()
    assert world.c.fields(record)["title"] == "Three"


async def test_a_field_that_has_moved_in_its_tool_is_left_alone() -> None:
    world, run, record = await edited()
    moved = MAPPING.replace("path: title", "path: custom.title")
    other = await World.make(a={}, b={}, c={}, mappings={"c": moved})
    world.change(units=other.spec.units)
    assert await left(world, run, record) == "its mapping has changed since"


async def test_a_tool_that_does_not_take_a_value_back_is_told_in_its_own_words() -> None:
    world, run, record = await edited()
    world.c.faults.add("update", "reject")
    assert await left(world, run, record) == "c does not take it back: the tool refuses it"
    assert world.a.fields("A-1")["title"] == "One"


async def test_each_side_goes_back_to_what_it_showed_itself() -> None:
    world = await World.make(a={}, b={}, c={})

    def loud(before: Mapping[str, Any], after: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"title": after["title"].upper()}

    world.c.automations.append(loud)
    world.a.create(TITLE)
    await world.settled()
    assert world.c.fields("C-1")["title"] == "ONE"
    world.b.edit("B-1", {"title": "Two"})
    run = (await world.sync()).run
    assert world.c.fields("C-1")["title"] == "TWO"
    undone = await world.undo(run)
    assert world.a.fields("A-1")["title"] == "One"
    assert world.c.fields("C-1")["title"] == "ONE"
    assert not undone.report.counts.get("deviations")
    told = {one.side: one for one in await world.store.read(deviations.list, "s")}
    assert (told["c"].value, told["c"].shown) == ("One", {"title": "ONE"})
    assert told["c"].reason == UNDONE
    before = world.writes()
    await world.settled()
    assert world.writes() == before


async def test_a_record_that_never_holds_still_is_given_up_and_told() -> None:
    world, run, record = await edited()

    def moves(_: object) -> None:
        world.c.edit(record, {"title": "Mine"})
        world.c.faults.add("fetch", lambda _: world.c.edit(record, {"title": "Two"}))

    world.c.faults.add("update", moves, times=10)
    why = await left(world, run, record)
    assert why == "c has not confirmed it; the next pass goes on"
    assert world.c.log.count("update") == 1 + 3


@pytest.mark.parametrize("says", ["  title: {path: title, read_only: true}\n", ""])
async def test_an_edit_is_undone_whether_or_not_its_own_side_still_takes_the_field(
    says: str,
) -> None:
    world, run, record = await edited()
    mapping = MAPPING.replace("  title: {path: title}\n", says)
    other = await World.make(a={}, b={}, c={}, mappings={"b": mapping})
    world.change(units=other.spec.units)
    await world.undo(run)
    assert world.a.fields("A-1")["title"] == world.c.fields(record)["title"] == "One"
    assert world.b.fields(next(iter(world.b.items)))["title"] == "Two"


async def test_a_tool_that_is_down_is_told_with_what_it_said() -> None:
    world, run, record = await edited()
    world.c.faults.add("fetch", "down")
    why = await left(world, run, record)
    assert why == "c could not be asked (c did not answer fetch; it is asked again later.)"


async def test_what_a_tool_did_not_confirm_may_be_asked_for_again() -> None:
    world, run, _ = await edited()
    world.c.faults.add("update", "drop_before")
    undone = await world.undo(run)
    assert [(one.written.side, one.kind) for looked in undone.looked for one in looked.left] == [
        ("c", "again")
    ]
