"""A tool merges records while something else goes wrong: nothing is paired by guessing."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from syncline.engine.commands import adopt, unlink
from syncline.engine.passes import Options, open_pass
from syncline.engine.spec import CommentPolicy
from syncline.sdk.connector import Visibility
from syncline.simulation.connector import FULL
from syncline.simulation.tool import FIELDS, FieldRule
from syncline.store.findings import conflicts
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
        await adopt(world.store, "s", [("a", spare), ("b", "B-1")], "unused", world.clock.now())
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


async def test_a_merge_into_a_record_whose_create_was_lost_waits_until_that_is_settled() -> None:
    """Its tool's search does not show it yet, and only the lost create knows whose record it is."""
    lag = timedelta(seconds=90)
    late = {"b": replace(FULL, search_lag=lag, conditional_update=False)}
    world = await pairs(1, b={"search_lag": lag}, capabilities=late)
    world.b.faults.add("create", "drop_after_apply")
    world.a.create({"title": "Two"})
    await world.sync()
    world.b.merge("B-1", "B-2")
    world.a.edit("A-1", {"title": "Written to a record that was merged"})
    await world.sync()
    await world.sync()
    assert places(await link_of(world, "a", "A-1")) == {"a": "A-1", "b": "B-1"}
    world.clock.advance(120)
    await world.settled()
    assert places(await link_of(world, "b", "B-2")) == {"a": "A-2", "b": "B-2"}
    assert places(await link_of(world, "a", "A-1")) == {"a": "A-1"}
    assert world.b.fields("B-2")["title"] == world.a.fields("A-2")["title"] == "Two"


async def without_b_2(**options: Any) -> World:
    """A-1 with B-1, and A-2 for which no record could be made in b yet."""
    world = await pairs(1, comments=EVERYTHING, **options)
    world.b.faults.add("create", "retry", times=20)
    world.a.create({"title": "Two"})
    await world.sync()
    return world


def said(world: World, side: str, id_: str) -> list[str]:
    """The comments of a record, without the names of their authors."""
    return [c.body.rpartition("\n")[2] for c in world.tools[side].item(id_).comments]


@pytest.mark.parametrize("moves", [True, False])
async def test_what_was_said_about_a_record_goes_with_it_to_the_link_that_lacks_it(
    moves: bool,
) -> None:
    world = await without_b_2()
    world.b.comment("B-1", "<p>There</p>")
    world.a.comment("A-1", "<p>Here</p>")
    await world.sync()
    merge(world, "a", "A-1", "A-2")
    if moves:
        world.a.items["A-2"].comments += world.a.items["A-1"].comments
    await world.settled()
    world.b.edit_comment("B-1", "B-1/c1", "<p>There, edited</p>")
    await world.settled()
    assert places(await link_of(world, "b", "B-1")) == {"a": "A-2", "b": "B-1"}
    assert said(world, "b", "B-1") == ["<p>There, edited</p>", "<p>Here</p>"]
    assert sorted(said(world, "a", "A-2")) == sorted(
        ["<p>Here</p>", "<p>There, edited</p>"] if moves else []
    )


async def test_what_was_said_is_said_once_where_a_third_record_stays_behind() -> None:
    world = await without_b_2(c={})
    world.b.comment("B-1", "<p>There</p>")
    await world.sync()
    merge(world, "a", "A-1", "A-2")
    await world.settled()
    assert places(await link_of(world, "b", "B-1")) == {"a": "A-2", "b": "B-1", "c": "C-2"}
    assert [said(world, *place) for place in (("a", "A-2"), ("b", "B-1"), ("c", "C-2"))] == [
        ["<p>There</p>"]
    ] * 3
    world.b.comment("B-1", "<p>Later</p>")
    await world.settled()
    assert said(world, "c", "C-1") == ["<p>There</p>"]
    assert said(world, "c", "C-2") == ["<p>There</p>", "<p>Later</p>"]


async def test_what_both_links_know_a_comment_of_is_one_when_they_are() -> None:
    """The tool moves comments, and those were read with the other record before the merge was."""
    world = await without_b_2(c={})
    world.a.comment("A-1", "<p>Here</p>")
    await world.sync()
    merge(world, "a", "A-1", "A-2")
    world.a.move("A-1", in_scope=False)
    world.a.items["A-2"].comments += world.a.items["A-1"].comments
    world.a.edit("A-2", {"priority": "high"})
    await world.sync()
    assert said(world, "c", "C-2") == ["<p>Here</p>"]
    await world.sync(full=True)
    await world.settled()
    assert places(await link_of(world, "b", "B-1")) == {"a": "A-2", "b": "B-1", "c": "C-2"}
    assert said(world, "b", "B-1") == said(world, "c", "C-2") == ["<p>Here</p>"]
    world.a.edit_comment("A-2", "A-1/c1", "<p>Edited</p>")
    await world.settled()
    assert said(world, "b", "B-1") == said(world, "c", "C-2") == ["<p>Edited</p>"]


async def test_what_was_said_before_a_merge_is_internal_where_nobody_had_heard_of_it() -> None:
    short = {**FIELDS, "title": FieldRule(required=True, max_length=3)}
    world = await World.make(a={}, b={}, c={"fields": short}, comments=EVERYTHING)
    world.a.create({"title": "Refused in c"})
    await world.sync()
    world.b.faults.add("create", "retry", times=20)
    world.a.create({"title": "Two"})
    world.b.comment("B-1", "<p>Hello</p>", Visibility.PUBLIC)
    await world.sync()
    merge(world, "a", "A-1", "A-2")
    await world.settled()
    assert places(await link_of(world, "a", "A-2")) == {"a": "A-2", "b": "B-1", "c": "C-1"}
    assert [c.visibility for c in world.a.item("A-1").comments] == [Visibility.PUBLIC]
    assert [c.visibility for c in world.c.item("C-1").comments] == [Visibility.INTERNAL]


async def test_a_record_that_two_tools_merged_into_two_others_makes_those_not_one() -> None:
    world = await pairs(1)
    world.a.create({"title": "Here"})
    world.b.create({"title": "There"})
    merge(world, "a", "A-1", "A-2")
    merge(world, "b", "B-1", "B-2")
    report = await world.sync()
    await world.settled()
    assert (world.a.fields("A-2")["title"], world.b.fields("B-2")["title"]) == ("Here", "There")
    assert places(await link_of(world, "a", "A-2")) == {"a": "A-2"}
    assert places(await link_of(world, "b", "B-2")) == {"a": "A-3", "b": "B-2"}
    (kept,) = await world.store.read(conflicts.list, "s")
    holder, answers = kept.candidates
    assert (kept.kind, holder["value"], answers["value"]) == ("merged", "A-2", "B-2")
    assert holder["edits"]["title"] == "Here"
    (note,) = report.notes
    assert "B-1 was merged into B-2" in note and "a:A-2" in note


async def test_a_record_goes_to_no_link_whose_record_it_was_never_the_same_as() -> None:
    world = await pairs(1)
    world.a.faults.add("create", "retry", times=20)
    world.b.create({"title": "There"})
    await world.sync()
    world.a.create({"title": "Here"})
    merge(world, "a", "A-1", "A-2")
    merge(world, "b", "B-1", "B-2")
    await world.sync()
    world.a.faults.clear()
    await world.settled()
    assert (world.a.fields("A-2")["title"], world.b.fields("B-2")["title"]) == ("Here", "There")
    assert places(await link_of(world, "a", "A-2")) == {"a": "A-2"}


async def test_who_merges_a_record_that_shows_another_by_now_says_that_all_are_one() -> None:
    world = await pairs(1)
    world.a.create({"title": "Here"})
    merge(world, "a", "A-1", "A-2")
    await world.settled()
    assert world.b.fields("B-1")["title"] == "Here"
    world.b.create({"title": "There"})
    merge(world, "b", "B-1", "B-2")
    await world.settled()
    assert places(await link_of(world, "a", "A-2")) == {"a": "A-2", "b": "B-2"}
    assert world.a.fields("A-2")["title"] == world.b.fields("B-2")["title"] == "There"


async def test_a_merge_into_a_record_that_was_cut_off_ties_it_to_nothing() -> None:
    world = await pairs(2)
    await unlink(world.store, await link_of(world, "a", "A-2"), "a", world.clock.now())
    merge(world, "a", "A-1", "A-2")
    report = await world.sync()
    await world.settled()
    assert places(await link_of(world, "b", "B-1")) == {"b": "B-1"}
    assert places(await link_of(world, "b", "B-2")) == {"b": "B-2"}
    assert report.notes == ()
