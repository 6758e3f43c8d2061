"""What is not there: nothing is deleted on suspicion, and a deletion does what the sync says."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from syncline.engine.commands import adopt, unlink
from syncline.engine.report import Report
from syncline.engine.spec import CommentPolicy, DeletePolicy
from syncline.sdk.connector import Visibility
from syncline.simulation.connector import BOT, FIELDS, FULL, FieldRule
from syncline.store import links
from syncline.store.findings import conflicts, tombstones
from syncline.store.rows import Link
from tests.support.world import World


async def many(count: int, **options: Any) -> World:
    """A world of two sides with `count` linked records."""
    world = await World.make(**{"a": {}, "b": {}, **options})
    for n in range(count):
        world.a.create({"title": f"Ticket {n}", "status": "todo"})
    await world.settled()
    return world


async def one(**options: Any) -> tuple[World, dict[str, str]]:
    """A world with one linked record on every side, and the record's ids."""
    world = await many(1, **options)
    return world, {side: next(iter(tool.items)) for side, tool in world.tools.items()}


async def the_link(world: World) -> Link:
    (link,) = await world.store.read(links.page, "s", None, 10)
    return link


async def noticed(world: World, **options: Any) -> Report:
    """A full pass that misses a record, and the later one that believes it."""
    await world.sync(full=True)
    return await world.sync(**options)


# Absence.


@pytest.mark.parametrize("links", [30, 100])
@pytest.mark.parametrize("percent", [10, 80, 100])
async def test_a_full_listing_that_leaves_records_out_deletes_nothing_and_says_so(
    links: int, percent: int
) -> None:
    world = await many(links)
    world.change(deletes=DeletePolicy(propagate="delete"))
    before = world.writes()
    world.a.faults.add(method="census", action=f"listing_loses:{percent}", times=1)
    report = await world.sync(full=True)
    said = [*report.refused, *report.notes]
    assert any("a" in line and "linked records" in line for line in said), said
    assert not await world.store.read(tombstones.list, "s")
    await world.sync(full=True)
    await world.sync()
    assert world.writes() == before
    assert len(world.records("a")) == len(world.records("b")) == links
    assert not await world.store.read(tombstones.list, "s")


@pytest.mark.parametrize("links", [30, 100])
@pytest.mark.parametrize("percent", [10, 80, 100])
async def test_a_normal_listing_that_leaves_records_out_means_nothing(
    links: int, percent: int
) -> None:
    world = await many(links)
    before = world.writes()
    world.b.faults.add(method="changes", action=f"listing_loses:{percent}", times=1)
    await world.sync()
    await world.settled()
    assert world.writes() == before
    assert len(world.records("a")) == len(world.records("b")) == links


async def test_records_we_may_no_longer_see_are_not_taken_as_deleted() -> None:
    world = await many(30)
    for id_ in list(world.a.items)[:3]:
        world.a.hide(id_)
    for _ in range(3):
        await world.sync(full=True)
    assert not await world.store.read(tombstones.list, "s")
    assert len(world.records("b")) == 30


async def test_a_record_missing_once_and_back_again_was_never_deleted() -> None:
    world, ids = await one()
    item = world.a.items.pop(ids["a"])
    world.a._listed = None
    await world.sync(full=True)
    world.a.items[ids["a"]] = item
    world.a._listed = None
    await world.sync(full=True)
    await world.sync()
    assert (await the_link(world)).sides["a"].state == "in"
    assert not await world.store.read(tombstones.list, "s")


async def test_a_suspected_record_is_not_written_to() -> None:
    world, ids = await one()
    world.a.delete(ids["a"])
    world.b.edit(ids["b"], {"title": "Two"})
    before = world.connectors["a"].requests()["write"]
    await world.sync(full=True)
    assert world.connectors["a"].requests()["write"] == before


async def test_a_tool_in_which_nothing_can_be_read_any_more_confirms_no_deletion() -> None:
    world = await many(3)
    (first, *others) = list(world.a.items)
    world.a.delete(first)
    await world.sync(full=True)
    lost = {id_: world.a.items.pop(id_) for id_ in others}
    world.a._listed = None
    report = await world.sync()
    assert any(note.startswith("a: records known to exist cannot be") for note in report.notes)
    assert not await world.store.read(tombstones.list, "s", "confirmed")
    world.a.items.update(lost)
    world.a._listed = None
    await world.sync()
    assert [t.record_id for t in await world.store.read(tombstones.list, "s", "confirmed")] == [
        first
    ]


# Deletes.


@pytest.mark.parametrize(
    ("propagate", "left", "status"),
    [("unlink", 1, "todo"), ("close", 1, "cancelled"), ("archive", 0, None), ("delete", 0, None)],
)
async def test_a_deletion_does_to_the_other_side_what_the_sync_says(
    propagate: str, left: int, status: str | None
) -> None:
    world, ids = await one()
    world.change(deletes=DeletePolicy(propagate=propagate))
    world.a.delete(ids["a"])
    await noticed(world)
    await world.settled()
    shown = world.records("b")
    assert len(shown) == left
    assert [fields["status"] for fields in shown] == [status] * left
    assert not world.records("a")
    assert (propagate == "delete") == (ids["b"] not in world.b.items)


async def test_a_record_in_the_bin_is_a_deletion_the_tool_tells_of() -> None:
    world, ids = await one()
    world.a.archive(ids["a"])
    await world.sync()
    assert (await the_link(world)).sides["a"].state == "gone"
    assert len(world.records("b")) == 1


async def test_a_record_that_is_in_the_bin_by_itself_is_not_deleted_as_the_other_was() -> None:
    world, ids = await one()
    world.change(deletes=DeletePolicy(propagate="delete"))
    for side, tool in world.tools.items():
        tool.archive(ids[side])
    await world.settled()
    sides = (await the_link(world)).sides
    assert [at.state for at in sides.values()] == ["gone", "gone"]
    for side, tool in world.tools.items():
        assert tool.item(ids[side]).now.deleted
        assert not [deed for deed in tool.deeds if deed.by == BOT and deed.kind == "delete"]


async def test_a_record_that_is_restored_while_the_others_are_removed_stays() -> None:
    world, ids = await one()
    world.change(deletes=DeletePolicy(propagate="archive"))
    world.a.archive(ids["a"])
    world.b.faults.add(method="remove", action="drop_after_apply", times=1)
    await world.sync()
    assert world.b.item(ids["b"]).now.deleted
    world.a.restore(ids["a"])
    await world.settled()
    assert not world.a.item(ids["a"]).now.deleted
    assert (await the_link(world)).sides["b"].state == "gone"


async def test_a_question_is_over_where_the_record_that_raised_it_has_ended() -> None:
    short = {**FIELDS, "title": FieldRule(required=True, cut=8)}
    can = {"b": replace(FULL, history=False)}
    world = await World.make(a={}, b={"fields": short}, capabilities=can)
    world.a.create({"title": "A title that is long"})
    world.b.faults.add(method="create", action="drop_after_apply", times=1)
    await world.sync()
    await world.sync()
    (asked,) = await world.store.read(conflicts.list, "s")
    assert asked.field == "title"
    world.b.delete("B-1")
    await noticed(world)
    assert await world.store.read(conflicts.list, "s") == []
    assert world.records("a")[0]["title"] == "A title that is long"


async def test_a_tool_that_cannot_archive_keeps_its_record_and_says_so() -> None:
    world, ids = await one(capabilities={"b": replace(FULL, deletes=())})
    world.change(deletes=DeletePolicy(propagate="archive"))
    world.a.delete(ids["a"])
    report = await noticed(world)
    assert len(world.records("b")) == 1
    assert any(ids["b"] in note for note in report.notes)


@pytest.mark.parametrize(("on_edit", "left"), [("keep", 1), ("delete", 0)])
async def test_a_deletion_against_an_edit_keeps_the_record_unless_told_otherwise(
    on_edit: str, left: int
) -> None:
    world, ids = await one()
    world.change(deletes=DeletePolicy(propagate="delete", on_edit=on_edit))
    world.a.delete(ids["a"])
    world.b.edit(ids["b"], {"title": "Edited meanwhile"})
    await noticed(world)
    await world.settled()
    assert len(world.records("b")) == left
    kinds = [c.kind for c in await world.store.read(conflicts.list, "s")]
    assert kinds == (["deleted"] if on_edit == "keep" else [])


async def test_an_edit_made_just_before_its_record_is_deleted_keeps_the_record() -> None:
    world, ids = await one()
    world.change(deletes=DeletePolicy(propagate="delete"))
    world.a.delete(ids["a"])
    await world.sync(full=True)

    def edits(_: object) -> None:
        world.b.edit(ids["b"], {"title": "Edited meanwhile"})

    world.b.faults.add(method="fetch", action=edits)
    await world.sync()
    assert [fields["title"] for fields in world.records("b")] == ["Edited meanwhile"]
    assert [c.kind for c in await world.store.read(conflicts.list, "s")] == ["deleted"]


async def test_a_record_that_was_told_without_news_holds_no_edit_against_a_deletion() -> None:
    """Where comments are copied a record is looked at whenever its tool tells of it."""
    world, ids = await one(comments=CommentPolicy((Visibility.INTERNAL,), "internal"))
    world.change(deletes=DeletePolicy(propagate="delete"))
    world.a.delete(ids["a"])
    await world.sync(full=True)
    world.b.comment(ids["b"], "Nothing but a comment")
    await world.sync()
    assert ids["b"] not in world.b.items
    assert await world.store.read(conflicts.count, "s") == 0


async def test_records_deleted_on_both_sides_are_gone_on_both() -> None:
    world, ids = await one()
    world.a.delete(ids["a"])
    world.b.delete(ids["b"])
    await noticed(world)
    await world.settled()
    assert {at.state for at in (await the_link(world)).sides.values()} == {"gone"}


async def test_what_the_others_owe_each_other_outlives_a_deletion_beside_them() -> None:
    world, ids = await one(c={})
    world.change(deletes=DeletePolicy(on_edit="delete"))
    world.b.edit(ids["b"], {"title": "Two"})
    world.c.faults.add(method="update", action="retry", times=1)
    world.a.delete(ids["a"])
    await noticed(world)
    await world.settled()
    assert world.c.fields(ids["c"])["title"] == "Two"


async def test_a_deleted_record_is_not_made_again() -> None:
    world, ids = await one()
    world.a.delete(ids["a"])
    await noticed(world)
    world.b.edit(ids["b"], {"title": "Still here"})
    await world.sync(full=True)
    await world.settled()
    assert not world.records("a")


async def test_a_record_that_was_cut_off_stays_apart_until_it_is_adopted() -> None:
    world, ids = await one(match=("reference", "marker", ("title",)))
    await unlink(world.store, await the_link(world), "a", world.clock.now())
    world.a.archive(ids["a"])
    await world.sync()
    world.a.restore(ids["a"])
    world.a.edit(ids["a"], {"priority": "high"})
    await world.sync(full=True)
    await world.settled()
    link = await the_link(world)
    assert link.sides["a"].state == "cut"
    assert world.b.fields(ids["b"])["priority"] is None
    assert (len(world.records("a")), len(world.records("b"))) == (1, 1)
    await adopt(world.store, "s", [("a", ids["a"]), ("b", ids["b"])], "unused", world.clock.now())
    world.a.edit(ids["a"], {"labels": ["back"]})
    await world.settled()
    assert (await the_link(world)).id == link.id
    assert world.b.fields(ids["b"])["labels"] == ["back"]
    assert world.b.fields(ids["b"])["priority"] == "high"
    assert not await world.store.read(tombstones.list, "s")


async def test_an_unlinked_pair_is_not_matched_again_nor_copied() -> None:
    world, ids = await one(match=("reference", "marker", ("title",)))
    await unlink(world.store, await the_link(world), "b", world.clock.now())
    world.a.edit(ids["a"], {"priority": "high"})
    world.b.edit(ids["b"], {"priority": "low"})
    await world.sync(full=True)
    await world.settled()
    assert world.a.fields(ids["a"])["priority"] == "high"
    assert world.b.fields(ids["b"])["priority"] == "low"
    assert (len(world.records("a")), len(world.records("b"))) == (1, 1)
