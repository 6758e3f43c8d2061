"""A record that its tool has closed for good: parked, or followed by a new one, once."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from syncline.engine.commands import retry_parked
from syncline.engine.identity import closed
from syncline.engine.spec import CommentPolicy
from syncline.sdk.connector import Visibility
from syncline.store import lookup
from syncline.store.findings import parked, tombstones
from tests.support.world import World
from tests.unit.engine.pairs import link_of, pairs, places


async def desk(on_closed: str = "follow_up", create: str = "never", **options: Any) -> World:
    """Two linked records, of which A-1 was closed for good; side a makes no records of its own."""
    world = await pairs(2, **options)
    sides = dict(world.spec.sides)
    sides["a"] = replace(sides["a"], on_closed=on_closed, create=create)
    world.change(sides=sides)
    world.a.closed["A-1"] = []
    return world


async def test_without_being_told_a_closed_record_parks_its_fields_and_nothing_is_made() -> None:
    world = await desk(on_closed="park")
    world.b.edit("B-1", {"title": "Not over yet", "priority": "high"})
    await world.settled()
    rows = await world.store.read(parked.list, "s")
    assert {(row.side, row.field) for row in rows} == {("a", "title"), ("a", "priority")}
    assert all("closed for good" in row.reason for row in rows)
    assert len(world.a.items) == 2


async def test_a_follow_up_takes_the_place_of_the_closed_record_which_is_its_history() -> None:
    world = await desk()
    link = await link_of(world, "a", "A-1")
    world.b.edit("B-1", {"title": "Not over yet"})
    await world.settled()
    assert world.a.closed["A-1"] == ["A-3"]
    after = await link_of(world, "a", "A-3")
    assert (after.id, places(after), closed(after, "a")) == (
        link.id,
        {"a": "A-3", "b": "B-1"},
        ("A-1",),
    )
    assert world.a.fields("A-3")["title"] == "Not over yet"
    assert world.a.fields("A-3")["priority"] == "low"
    assert world.a.fields("A-1")["title"] == "Ticket 1"
    (stone,) = await world.store.read(tombstones.list, "s")
    assert (stone.record_id, stone.reason, stone.state) == ("A-1", "closed", "confirmed")
    assert await world.store.read(lookup.by_name, "s", "a", "A-1") == [link.id]
    world.a.edit("A-3", {"priority": "high"})
    world.b.edit("B-1", {"labels": ["again"]})
    await world.settled()
    assert world.b.fields("B-1")["priority"] == "high"
    assert world.a.fields("A-3")["labels"] == ["again"]


async def test_a_closed_record_to_which_nothing_is_to_be_written_is_left_alone() -> None:
    world = await desk()
    world.a.edit("A-1", {"status": "done"})
    await world.settled()
    await world.sync(full=True)
    assert world.b.fields("B-1")["status"] == "done"
    assert len(world.a.items) == 2


@pytest.mark.parametrize("action", ["drop_before", "drop_after_apply"])
@pytest.mark.parametrize("create", ["never", "when_missing"])
async def test_a_follow_up_whose_answer_is_lost_is_made_once(action: str, create: str) -> None:
    world = await desk(create=create)
    world.b.edit("B-1", {"title": "Not over yet"})
    world.a.faults.add(method="create", action=action, times=1)
    await world.sync()
    await world.settled()
    assert len(world.a.closed["A-1"]) == 1
    assert len(world.a.items) == 3
    assert places(await link_of(world, "b", "B-1")) == {"a": "A-3", "b": "B-1"}


async def test_a_pass_that_dies_before_it_makes_the_follow_up_is_made_up_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = await desk()
    world.b.edit("B-1", {"title": "Not over yet"})

    class Died(BaseException):
        pass

    async def dies(*_: object) -> None:
        raise Died

    with monkeypatch.context() as patch:
        patch.setattr("syncline.engine.apply.Applier._creates", dies)
        with pytest.raises(BaseException):  # noqa: B017, PT011 (in a group)
            await world.sync()
    await world.settled()
    assert world.a.closed["A-1"] == ["A-3"]
    assert len(world.a.items) == 3


async def test_a_follow_up_that_is_closed_in_its_turn_is_followed_too() -> None:
    world = await desk()
    world.b.edit("B-1", {"title": "Not over yet"})
    await world.settled()
    world.a.closed["A-3"] = []
    world.b.edit("B-1", {"title": "Still not"})
    await world.settled()
    assert (world.a.closed["A-1"], world.a.closed["A-3"]) == (["A-3"], ["A-4"])
    assert closed(await link_of(world, "a", "A-4"), "a") == ("A-1", "A-3")
    assert world.a.fields("A-4")["title"] == "Still not"


async def test_a_record_of_ours_that_was_closed_is_not_taken_for_its_follow_up() -> None:
    """Its marker is the one that our first create had."""
    world = await pairs(1)
    sides = dict(world.spec.sides)
    sides["b"] = replace(sides["b"], on_closed="follow_up", create="never")
    world.change(sides=sides)
    world.b.closed["B-1"] = []
    world.a.edit("A-1", {"title": "Not over yet"})
    world.b.faults.add(method="create", action="drop_after_apply", times=1)
    await world.sync()
    world.b.comment("B-1", "Somebody looks at it")
    await world.settled()
    assert world.b.closed["B-1"] == ["B-2"]
    assert places(await link_of(world, "a", "A-1")) == {"a": "A-1", "b": "B-2"}
    keys = {world.b.item(id_).key for id_ in ("B-1", "B-2")}
    assert len(keys) == 2 and None not in keys


async def test_what_was_parked_before_goes_into_a_follow_up_when_it_is_tried_again() -> None:
    world = await desk(on_closed="park")
    world.b.edit("B-1", {"title": "Not over yet"})
    await world.settled()
    sides = dict(world.spec.sides)
    sides["a"] = replace(sides["a"], on_closed="follow_up")
    world.change(sides=sides)
    await world.settled()
    assert len(world.a.items) == 2
    (row,) = await world.store.read(parked.list, "s")
    await retry_parked(world.store, row.id, world.clock.now())
    await world.settled()
    assert world.a.fields("A-3")["title"] == "Not over yet"
    assert not await world.store.read(parked.list, "s")


async def test_a_field_that_the_side_only_tells_is_no_edit_when_its_follow_up_lacks_it() -> None:
    world = await desk(modes={("labels", "a"): "source"})
    world.a.closed.clear()
    world.a.edit("A-1", {"labels": ["told"]})
    await world.settled()
    world.a.closed["A-1"] = []
    world.b.edit("B-1", {"title": "Not over yet"})
    await world.settled()
    assert world.b.fields("B-1")["labels"] == ["told"]


async def test_comments_go_to_the_follow_up_and_old_ones_are_not_copied_again() -> None:
    everything = CommentPolicy((Visibility.PUBLIC, Visibility.INTERNAL), "internal")
    world = await desk(comments=everything)
    world.a.closed.clear()
    world.b.comment("B-1", "<p>Before</p>")
    await world.settled()
    world.a.closed["A-1"] = []
    world.b.edit("B-1", {"title": "Not over yet"})
    await world.settled()
    world.b.comment("B-1", "<p>After</p>")
    await world.settled()
    assert [len(world.a.item(id_).comments) for id_ in ("A-1", "A-3")] == [1, 1]
    assert "After" in world.a.item("A-3").comments[0].body
    assert len(world.b.item("B-1").comments) == 2
