"""A tool merges records while something else goes wrong: nothing is paired by guessing."""

from __future__ import annotations

import pytest

from syncline.engine.commands import adopt, unlink
from syncline.engine.passes import Options, open_pass
from syncline.engine.spec import CommentPolicy
from syncline.sdk.connector import Visibility
from tests.support.world import World
from tests.unit.engine.pairs import link_of, pairs, places

EVERYTHING = CommentPolicy((Visibility.PUBLIC, Visibility.INTERNAL), "same")


def merge(world: World, side: str, id_: str, into: str) -> None:
    """A person merges two records."""
    world.clock.advance(60)
    world.tools[side].merge(id_, into)


def let_through(_: object) -> None:
    """A call of the tool at which nothing happens yet."""


async def test_a_merge_waits_until_the_record_that_answers_for_both_can_be_read() -> None:
    world = await pairs(2)
    merge(world, "a", "A-1", "A-2")
    world.a.faults.add("fetch", let_through)
    world.a.faults.add("fetch", "down")
    report = await world.sync()
    assert list(report.stopped) == ["a"]
    assert places(await link_of(world, "a", "A-1")) == {"a": "A-1", "b": "B-1"}
    await world.settled()
    assert places(await link_of(world, "a", "A-2")) == {"a": "A-2", "b": "B-2"}
    assert places(await link_of(world, "b", "B-1")) == {"b": "B-1"}


async def test_a_counterpart_that_is_gone_too_leaves_nothing_of_the_merged_record() -> None:
    world = await pairs(2)
    merge(world, "a", "A-1", "A-2")
    world.b.delete("B-1")
    await world.settled()
    assert places(await link_of(world, "a", "A-2")) == {"a": "A-2", "b": "B-2"}
    assert list(world.b.items) == ["B-2"]


async def test_what_the_other_link_lacks_is_made_there_where_the_counterpart_is_gone() -> None:
    world = await pairs(1)
    world.b.faults.add("create", "retry", times=2)
    world.a.create({"title": "Two"})
    await world.sync()
    merge(world, "a", "A-1", "A-2")
    world.b.delete("B-1")
    await world.settled()
    link = await link_of(world, "a", "A-2")
    assert [world.b.fields(places(link)["b"])["title"]] == ["Two"]
    assert len(world.b.items) == 1


@pytest.mark.parametrize("chain", ["A-1 A-2 A-1", " ".join(f"A-{n}" for n in range(1, 15))])
async def test_merges_without_an_end_leave_the_counterpart_alone_and_hang_no_pass(
    chain: str,
) -> None:
    world = await pairs(1)
    ids = chain.split()
    for title in sorted(set(ids) - {"A-1"}):
        world.a.create({"title": title})
        world.a.hide(f"A-{len(world.a.items)}")
    for one, into in zip(ids, ids[1:], strict=False):
        world.a.hide(one, False)
        merge(world, "a", one, into)
    world.a.hide(ids[-1], False)
    await world.settled()
    assert places(await link_of(world, "b", "B-1")) == {"b": "B-1"}
    assert world.b.fields("B-1")["title"] == "Ticket 1"


async def test_a_record_that_an_operator_ties_while_a_merge_is_noticed_stays_tied() -> None:
    world = await pairs(2)
    spare = world.a.create({"title": "Spare"})
    world.change(match=())
    merge(world, "a", "A-1", "A-2")
    world.clock.advance(10)
    async with open_pass(world.environment(), world.spec, Options()) as one:
        await one.settle()
        await one.observe()
        await one.judge()
        link = await link_of(world, "a", "A-1")
        link = await unlink(world.store, link, "a", world.clock.now())
        await adopt(world.store, "s", [("a", spare), ("b", "B-1")], "unused")
        await one.carry_out()
        await one.finish()
    assert places(await link_of(world, "a", spare)) == {"a": spare, "b": "B-1"}
    await world.settled()
    assert places(await link_of(world, "a", spare)) == {"a": spare, "b": "B-1"}


async def test_comments_that_never_reached_the_merged_record_are_copied_to_the_other() -> None:
    world = await pairs(1, comments=EVERYTHING)
    world.a.comment("A-1", "<p>Of the merged one</p>")
    await world.settled()
    world.b.comment("B-1", "<p>Too late</p>")
    world.a.faults.add("comment", "retry")
    await world.sync()
    world.a.create({"title": "Ticket 1"})
    merge(world, "a", "A-1", "A-2")
    await world.sync()
    await world.settled()
    assert places(await link_of(world, "b", "B-1")) == {"a": "A-2", "b": "B-1"}
    late = [c.body for c in world.a.item("A-2").comments if "Too late" in c.body]
    assert len(late) == 1
    assert len(world.b.item("B-1").comments) == 2


async def test_a_write_lost_elsewhere_is_settled_after_its_record_lost_its_partner() -> None:
    world = await pairs(2, c={})
    world.c.edit("C-1", {"title": "New"})
    world.b.faults.add("update", "drop_after_apply")
    await world.sync()
    world.b.faults.add("fetch", "down")
    merge(world, "a", "A-1", "A-2")
    report = await world.sync()
    assert list(report.stopped) == ["b"]
    await world.settled()
    assert places(await link_of(world, "b", "B-1")) == {"b": "B-1", "c": "C-1"}
    assert world.b.fields("B-1")["title"] == world.c.fields("C-1")["title"] == "New"
    assert world.b.log.count("update") == 1


async def test_a_counterpart_whose_tool_cannot_be_asked_for_a_while_keeps_what_it_shows() -> None:
    world = await pairs(1)
    world.b.faults.add("create", "retry", times=2)
    world.a.create({"title": "Two"})
    await world.sync()
    world.b.edit("B-1", {"title": "Only here"})
    merge(world, "a", "A-1", "A-2")
    world.b.faults.clear()
    world.b.faults.add("fetch", "down")
    report = await world.sync()
    assert list(report.stopped) == ["b"]
    await world.settled()
    assert world.b.fields("B-1")["title"] == "Only here"
    assert world.a.fields("A-2")["title"] == "Two"


async def test_a_merge_while_the_counterparts_tool_is_down_makes_nothing_twice() -> None:
    world = await pairs(1)
    world.b.faults.add("create", "retry", times=2)
    world.a.create({"title": "Ticket 1", "status": "todo", "priority": "low"})
    await world.sync()
    merge(world, "a", "A-1", "A-2")
    world.b.faults.clear()
    world.b.faults.add("*", "down", times=1000)
    await world.sync()
    world.b.faults.clear()
    world.clock.advance(3600)
    await world.settled()
    assert places(await link_of(world, "a", "A-2")) == {"a": "A-2", "b": "B-1"}
    assert list(world.b.items) == ["B-1"]
