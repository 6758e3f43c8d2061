"""A link follows its records: through moves, the bin, and ids given out twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from syncline.engine.commands import adopt
from syncline.engine.spec import DeletePolicy
from syncline.sdk.connector import Record
from syncline.simulation.connector import FULL, PLAIN, MemoryConnector
from syncline.simulation.tool import Item, State
from syncline.store import lookup
from syncline.store.findings import conflicts, tombstones
from tests.support.world import World
from tests.unit.engine.pairs import link_of, noticed, pairs, places

# The bin, moves, and the way back.


@pytest.mark.parametrize("full", [False, True])
async def test_a_record_out_of_the_bin_is_in_step_again_with_what_both_sides_edited(
    full: bool,
) -> None:
    world = await pairs(2, match=("reference", "marker", ("title",)))
    link = await link_of(world, "a", "A-1")
    world.a.archive("A-1")
    await world.sync(full=full)
    await world.settled()
    world.b.edit("B-1", {"priority": "high"})
    await world.settled()
    world.clock.advance(60)
    world.a.restore("A-1")
    world.a.edit("A-1", {"title": "Edited after the bin"})
    await world.sync(full=full)
    await world.settled()
    assert (await link_of(world, "a", "A-1")).id == link.id
    assert world.a.fields("A-1")["priority"] == "high"
    assert world.b.fields("B-1")["title"] == "Edited after the bin"
    assert (len(world.a.items), len(world.b.items)) == (2, 2)
    assert not await world.store.read(tombstones.list, "s")


async def test_two_edits_of_one_field_while_a_record_was_in_the_bin_are_a_conflict() -> None:
    world = await pairs(1)
    world.a.archive("A-1")
    await world.settled()
    world.b.edit("B-1", {"title": "From B"})
    await world.settled()
    world.clock.advance(60)
    world.a.restore("A-1")
    world.a.edit("A-1", {"title": "From A"})
    await world.settled()
    (kept,) = await world.store.read(conflicts.list, "s")
    assert {c["value"] for c in kept.candidates} == {"From A", "From B"}


async def test_an_edit_that_a_deletion_had_kept_is_delivered_when_the_record_returns() -> None:
    world = await pairs(1)
    world.a.archive("A-1")
    world.b.edit("B-1", {"title": "Never got there"})
    await world.sync()
    (kept,) = await world.store.read(conflicts.list, "s")
    assert kept.kind == "deleted"
    world.clock.advance(60)
    world.a.restore("A-1")
    await world.settled()
    assert world.a.fields("A-1")["title"] == "Never got there"
    assert not await world.store.read(conflicts.list, "s")


async def test_a_record_that_was_believed_deleted_and_answers_again_is_the_same_record() -> None:
    world = await pairs(2)
    item = world.a.items.pop("A-1")
    world.a._listed = None
    await world.sync(full=True)
    await world.sync()
    assert [t.record_id for t in await world.store.read(tombstones.list, "s")] == ["A-1"]
    world.clock.advance(60)
    world.a.items["A-1"] = item
    world.a.edit("A-1", {"priority": "high"})
    await world.settled()
    assert world.b.fields("B-1")["priority"] == "high"
    assert places(await link_of(world, "a", "A-1")) == {"a": "A-1", "b": "B-1"}


async def test_what_was_closed_for_a_deletion_is_asked_about_when_the_record_returns() -> None:
    world = await pairs(1)
    world.change(deletes=DeletePolicy(propagate="close"))
    world.a.archive("A-1")
    await world.settled()
    assert world.b.fields("B-1")["status"] == "cancelled"
    world.clock.advance(60)
    world.a.restore("A-1")
    await world.settled()
    assert world.a.fields("A-1")["status"] == "todo"
    (kept,) = await world.store.read(conflicts.list, "s")
    assert (kept.field, {c["value"] for c in kept.candidates}) == ("status", {"todo", "cancelled"})


async def test_a_status_chosen_on_return_is_kept_though_the_others_were_closed_with_it() -> None:
    world = await pairs(1)
    world.change(deletes=DeletePolicy(propagate="close"))
    world.a.archive("A-1")
    await world.settled()
    world.clock.advance(60)
    world.b.edit("B-1", {"status": "blocked"})
    world.a.restore("A-1")
    world.a.edit("A-1", {"status": "cancelled"})
    await world.settled()
    asked = await world.store.read(conflicts.list, "s")
    told = [{(c["side"], c["value"]) for c in one.candidates} for one in asked]
    assert told == [{("a", "cancelled"), ("b", "blocked")}]
    assert world.b.fields("B-1")["status"] == "blocked"


async def test_both_records_out_of_the_bin_are_in_step_again() -> None:
    world = await pairs(1)
    world.change(deletes=DeletePolicy(propagate="archive"))
    world.a.archive("A-1")
    await world.settled()
    assert not world.records("b")
    world.clock.advance(60)
    world.a.restore("A-1")
    world.b.restore("B-1")
    await world.settled()
    world.b.edit("B-1", {"title": "Back"})
    await world.settled()
    assert world.a.fields("A-1")["title"] == "Back"
    assert (len(world.a.items), len(world.b.items)) == (1, 1)


async def test_what_a_list_still_shows_of_a_record_that_we_put_into_the_bin_is_no_return() -> None:
    """Its other half came back meanwhile; taken for back too, it took that one with it again."""
    lag = timedelta(seconds=60)
    late = {"b": replace(FULL, search_lag=lag)}
    world = await pairs(1, b={"search_lag": lag}, capabilities=late)
    world.change(deletes=DeletePolicy(propagate="archive"))
    world.clock.advance(60)
    await world.settled()
    world.b.comment("B-1", "<p>Its list shows it anew for this, and late</p>")
    world.a.archive("A-1")
    await world.sync()
    assert not world.records("a")
    world.a.restore("A-1")
    for _ in range(20):
        await world.sync()
    assert [record["title"] for record in world.records("a")] == ["Ticket 1"]
    assert places(await link_of(world, "a", "A-1")) == {"a": "A-1"}


async def test_a_record_is_back_once_its_tool_can_be_asked_whether_it_is() -> None:
    world = await pairs(1)
    world.a.archive("A-1")
    await world.settled()
    world.clock.advance(60)
    world.a.restore("A-1")
    world.b.edit("B-1", {"title": "Edited meanwhile"})
    for method in ("fetch", "changes"):
        world.a.faults.add(method, "down")
        report = await world.sync()
        assert list(report.stopped) == ["a"]
        assert places(await link_of(world, "b", "B-1")) == {"b": "B-1"}
    await world.settled()
    assert places(await link_of(world, "b", "B-1")) == {"a": "A-1", "b": "B-1"}
    assert world.a.fields("A-1")["title"] == "Edited meanwhile"


async def test_a_record_that_moves_out_of_scope_and_back_keeps_its_link_and_loses_no_edit() -> None:
    world = await pairs(2, match=("reference", "marker", ("title",)))
    link = await link_of(world, "a", "A-1")
    world.clock.advance(60)
    world.a.move("A-1", in_scope=False)
    await noticed(world)
    assert (await link_of(world, "a", "A-1")).sides["a"].state == "out"
    world.a.edit("A-1", {"title": "Edited outside"})
    world.b.edit("B-1", {"priority": "high"})
    await noticed(world)
    assert world.a.fields("A-1")["priority"] == "low"
    assert world.b.fields("B-1")["title"] == "Ticket 1"
    world.clock.advance(60)
    world.a.move("A-1", in_scope=True)
    await world.settled()
    assert (await link_of(world, "a", "A-1")).id == link.id
    assert world.a.fields("A-1")["priority"] == "high"
    assert world.b.fields("B-1")["title"] == "Edited outside"
    assert (len(world.a.items), len(world.b.items)) == (2, 2)


async def test_a_record_that_leaves_the_filter_and_fits_again_keeps_its_link() -> None:
    world = await pairs(1)
    sides = dict(world.spec.sides)
    sides["a"] = replace(sides["a"], where=lambda values: values.get("status") != "done")
    world.change(sides=sides)
    world.a.edit("A-1", {"status": "done"})
    await world.settled()
    assert world.b.fields("B-1")["status"] == "done"
    world.b.edit("B-1", {"priority": "high"})
    await world.settled()
    assert world.a.fields("A-1")["priority"] == "low"
    world.a.edit("A-1", {"status": "todo", "title": "Open again"})
    await world.settled()
    assert (world.a.fields("A-1")["priority"], world.b.fields("B-1")["title"]) == (
        "high",
        "Open again",
    )
    assert (len(world.a.items), len(world.b.items)) == (1, 1)


async def test_a_record_with_a_new_key_is_the_same_one_and_is_found_by_it() -> None:
    world = await pairs(1)
    link = await link_of(world, "a", "A-1")
    rekeyed = Rekeyed(world.a, world.connectors["a"].capabilities)
    world.connectors["a"] = rekeyed
    world.clock.advance(60)
    world.a.comment("A-1", "Moved to another project")
    await world.settled()
    at = (await link_of(world, "a", "A-1")).sides["a"]
    assert (at.key, at.url) == ("NEW-7", "memory://a/NEW-7")
    assert await world.store.read(lookup.by_name, "s", "a", "NEW-7") == [link.id]
    assert (len(world.a.items), len(world.b.items)) == (1, 1)


class Rekeyed(MemoryConnector):
    """A tool that has given its records another key and another address."""

    def _record(self, item: Any, state: Any) -> Record:
        key = item.id.replace("A-1", "NEW-7")
        return replace(super()._record(item, state), key=key, url=f"memory://a/{key}")


# Ids given out twice.


def given_again(world: World, id_: str, **fields: Any) -> None:
    """The tool makes a new record under the id of one that was deleted."""
    world.clock.advance(60)
    made = world.a.create(fields)
    item = world.a.items.pop(made)
    item.id = id_
    world.a.items[id_] = item
    world.a._listed = None


@pytest.mark.parametrize("noticed_first", [True, False])
async def test_an_id_given_to_a_new_record_is_not_taken_for_the_old_one(
    noticed_first: bool,
) -> None:
    world = await pairs(2)
    world.a.delete("A-1")
    if noticed_first:
        await noticed(world)
    given_again(world, "A-1", title="Quite another thing")
    await noticed(world)
    assert world.b.fields("B-1")["title"] == "Ticket 1"
    new = await link_of(world, "a", "A-1")
    assert places(new) == {"a": "A-1", "b": "B-3"}
    assert world.b.fields("B-3")["title"] == "Quite another thing"
    world.b.edit("B-1", {"title": "Without a partner"})
    world.b.edit("B-3", {"title": "With one"})
    await world.settled()
    assert world.a.fields("A-1")["title"] == "With one"
    assert len(world.b.items) == 3


async def test_an_id_given_out_twice_does_to_the_old_counterpart_what_a_deletion_does() -> None:
    world = await pairs(2)
    world.change(deletes=DeletePolicy(propagate="close"))
    world.a.delete("A-1")
    given_again(world, "A-1", title="Quite another thing")
    await world.settled()
    assert world.b.fields("B-1")["status"] == "cancelled"


async def test_a_new_record_under_an_old_id_that_is_deleted_too_is_deleted() -> None:
    world = await pairs(2)
    world.a.delete("A-1")
    given_again(world, "A-1", title="Quite another thing")
    await world.settled()
    world.a.delete("A-1")
    await noticed(world)
    assert places(await link_of(world, "b", "B-3")) == {"b": "B-3"}
    assert not [i for i in world.a.items if i == "A-1"]


async def test_a_write_does_not_go_to_a_new_record_under_the_id_of_the_old_one() -> None:
    world = await pairs(2, capabilities={"a": PLAIN})
    world.b.edit("B-1", {"title": "For the old one"})

    def given_meanwhile(_: object) -> None:
        world.a.delete("A-1")
        given_again(world, "A-1", title="Ticket 1", priority="high")

    world.a.faults.add(method="fetch", action=given_meanwhile, times=1)
    await world.sync()
    await world.settled()
    assert world.a.fields("A-1")["title"] == "Ticket 1"
    assert world.a.fields("A-1")["priority"] == "high"
    assert world.b.fields("B-1")["priority"] == "low"


async def test_a_lost_write_is_not_settled_by_a_new_record_under_the_same_id() -> None:
    world = await pairs(2)
    world.b.edit("B-1", {"title": "For the old one"})
    world.a.faults.add(method="update", action="drop_before", times=1)
    await world.sync()
    world.a.delete("A-1")
    given_again(world, "A-1", title="Quite another thing")
    await world.settled()
    assert world.b.fields("B-1")["title"] == "For the old one"
    assert world.a.fields("A-1")["title"] == "Quite another thing"


class Undated(MemoryConnector):
    """A connector to a tool that does not say when a record was made."""

    def _record(self, item: Item, state: State) -> Record:
        return replace(super()._record(item, state), created_at=None)


async def test_a_record_that_may_be_another_under_the_old_id_is_neither_tied_nor_copied() -> None:
    world = await World.make(a={}, b={})
    world.connectors["a"] = Undated(world.a)
    world.a.create({"title": "One"})
    await world.settled()
    world.a.archive("A-1")
    await world.settled()
    world.a.restore("A-1")
    world.a.edit("A-1", {"title": "Two"})
    await world.settled()
    assert [record["title"] for record in world.records("b")] == ["One"]
    world.b.edit("B-1", {"title": "Three"})
    await world.settled()
    assert world.a.fields("A-1")["title"] == "Two"


async def test_a_record_out_of_the_bin_does_not_push_out_the_one_that_took_its_place() -> None:
    world = await pairs(1, create="never", match=(("title",),))
    world.b.create({"title": "Ticket 1", "status": "todo", "priority": "low"})
    await world.settled()
    world.a.archive("A-1")
    await world.settled()
    spare = world.a.create({"title": "Ticket 1", "status": "todo", "priority": "low"})
    await adopt(world.store, "s", [("a", spare), ("b", "B-1")], "unused", world.clock.now())
    world.a.restore("A-1")
    world.b.edit("B-1", {"title": "Two"})
    await world.settled()
    assert places(await link_of(world, "b", "B-1")) == {"a": spare, "b": "B-1"}
    assert world.a.fields(spare)["title"] == "Two"
    assert world.a.fields("A-1")["title"] == "Ticket 1"
