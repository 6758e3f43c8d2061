"""What an operator decides about links, and what is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest

from syncline.engine.commands import adopt, answer_conflict, retry_parked, unlink
from syncline.simulation.connector import FULL
from syncline.store import journal, links
from syncline.store.findings import conflicts, parked
from tests.support.world import World


async def pairs() -> World:
    """Two links of two records each."""
    world = await World.make(a={}, b={})
    for title in ("One", "Two"):
        world.a.create({"title": title})
    await world.settled()
    return world


async def test_records_of_two_links_are_not_made_one() -> None:
    world = await pairs()
    first, second = await world.store.read(links.page, "s", None, 5)
    crossed = [("a", first.sides["a"].record_id), ("b", second.sides["b"].record_id)]
    with pytest.raises(ValueError, match="these records are in different links already"):
        await adopt(world.store, "s", crossed, "new", world.clock.now())
    assert await world.store.read(links.page, "s", None, 5) == [first, second]


async def test_a_link_does_not_take_a_second_record_of_a_side() -> None:
    world = await pairs()
    first, _ = await world.store.read(links.page, "s", None, 5)
    other = world.b.create({"title": "Three"})
    wanted = [("a", first.sides["a"].record_id), ("b", other)]
    with pytest.raises(ValueError, match=f"link {first.id} has b:.* already; `syncline unlink`"):
        await adopt(world.store, "s", wanted, "new", world.clock.now())
    assert (await world.store.read(links.load, [first.id]))[first.id] == first


async def test_a_conflict_is_answered_once() -> None:
    world = await pairs()
    link = (await world.store.read(links.page, "s", None, 5))[0]
    one, other = (link.sides[side].record_id for side in "ab")
    world.a.edit(one, {"title": "Mine"})
    world.b.edit(other, {"title": "Ours"})
    await world.sync()
    (asked,) = await world.store.read(conflicts.list, "s")
    assert await answer_conflict(world.store, asked.id, asked.digest, "Mine", "olga")
    await world.settled()
    assert {world.a.fields(one)["title"], world.b.fields(other)["title"]} == {"Mine"}
    assert not await answer_conflict(world.store, asked.id, asked.digest, "Ours", "olga")
    await world.settled()
    assert {world.a.fields(one)["title"], world.b.fields(other)["title"]} == {"Mine"}


async def test_what_waited_for_an_unlinked_record_waits_no_longer() -> None:
    world = await pairs()
    link = (await world.store.read(links.page, "s", None, 5))[0]
    world.a.edit(link.sides["a"].record_id, {"assignee": "nobody-knows"})
    await world.sync()
    (waiting,) = await world.store.read(parked.list, "s")
    (link,) = (await world.store.read(links.load, [link.id])).values()
    await unlink(world.store, link, waiting.side, world.clock.now())
    assert await world.store.read(parked.list, "s") == []


async def test_what_is_not_parked_cannot_be_tried_again() -> None:
    world = await pairs()
    assert not await retry_parked(world.store, "nothing", world.clock.now())


async def test_what_is_tried_again_in_one_tool_stays_parked_in_the_others() -> None:
    keyless = replace(FULL, find_by_key=False)
    world = await World.make(a={}, b={}, c={}, capabilities={"b": keyless, "c": keyless})
    world.a.create({"title": "One"})
    for tool in (world.b, world.c):
        tool.faults.add("create", "drop_before")
    await world.settled()
    waiting = {row.side: row.id for row in await world.store.read(parked.list, "s")}
    assert set(waiting) == {"b", "c"}
    assert await retry_parked(world.store, waiting["b"], world.clock.now())
    await world.settled()
    assert (len(world.b.items), len(world.c.items)) == (1, 0)
    assert [row.side for row in await world.store.read(parked.list, "s")] == ["c"]


async def test_a_lost_create_that_is_adopted_waits_no_longer_and_what_else_waits_stays() -> None:
    keyless = replace(FULL, find_by_key=False)
    world = await World.make(a={}, b={}, c={}, capabilities={"b": keyless, "c": keyless})
    one = world.a.create({"title": "One", "assignee": "nobody-knows"})
    world.b.faults.add("create", "drop_after_apply")
    world.c.faults.add("create", "drop_before")
    await world.settled()
    waiting = {(row.side, row.action) for row in await world.store.read(parked.list, "s")}
    (lost,) = world.b.items
    await adopt(world.store, "s", [("a", one), ("b", lost)], "new", world.clock.now())
    left = {(row.side, row.action) for row in await world.store.read(parked.list, "s")}
    assert left == waiting - {("b", "create")}
    assert {("c", "create"), ("a", "read")} <= left


async def test_a_second_conflict_of_a_record_is_asked_beside_the_first() -> None:
    world = await World.make(a={}, b={})
    one = world.a.create({"title": "One", "priority": "low"})
    await world.settled()
    (other,) = world.b.items
    world.a.edit(one, {"title": "Mine"})
    world.b.edit(other, {"title": "Ours"})
    await world.settled()
    world.a.edit(one, {"priority": "high"})
    world.b.edit(other, {"priority": "urgent"})
    await world.settled()
    asked = await world.store.read(conflicts.list, "s")
    assert sorted(row.field for row in asked) == ["priority", "title"]


async def test_a_question_and_its_answer_name_times_and_people() -> None:
    world = await pairs()
    link = (await world.store.read(links.page, "s", None, 5))[0]
    one, other = (link.sides[side].record_id for side in "ab")
    was = world.a.fields(one)["title"]
    world.a.edit(one, {"title": "Mine"}, by="ann")
    world.b.edit(other, {"title": "Ours"}, by="bob")
    await world.sync()
    (asked,) = await world.store.read(conflicts.list, "s")
    assert asked.created_at == world.clock.now()
    told = {c["side"]: (c["person"], c["at"] is not None) for c in asked.candidates if c["side"]}
    assert told == {"a": ("ann", True), "b": ("bob", True)}
    assert await answer_conflict(world.store, asked.id, asked.digest, "Mine", "olga")
    await world.settled()
    story = (await world.store.read(journal.of_links, [link.id]))[link.id]
    (answer,) = (hop for hop in story if hop.kind == "answer")
    assert (answer.before, answer.after, answer.person) == (was, "Mine", "olga")


async def test_a_record_that_is_tied_by_hand_counts_as_a_change_of_its_link() -> None:
    world = await World.make(a={}, b={}, create="never")
    one, other = world.a.create({"title": "One"}), world.b.create({"title": "Two"})
    await world.settled()
    await adopt(world.store, "s", [("a", one), ("b", other)], "new", world.clock.now())
    (made,) = await world.store.read(links.page, "s", None, 5)
    third = world.b.create({"title": "Three"})
    await unlink(world.store, made, "b", world.clock.now())
    await world.settled()
    (cut,) = await world.store.read(links.page, "s", None, 5)
    await adopt(world.store, "s", [("a", one), ("b", third)], "new", world.clock.now())
    (tied,) = await world.store.read(links.page, "s", None, 5)
    assert tied.sides["b"].record_id == third
    assert tied.revision > cut.revision > made.revision


async def test_that_something_was_tried_again_is_told() -> None:
    world = await World.make(a={}, b={}, capabilities={"b": replace(FULL, find_by_key=False)})
    world.a.create({"title": "One"})
    world.b.faults.add("create", "drop_before")
    await world.settled()
    (waiting,) = await world.store.read(parked.list, "s")
    assert await retry_parked(world.store, waiting.id, world.clock.now())
    story = (await world.store.read(journal.of_links, [waiting.link_id]))[waiting.link_id]
    assert [(hop.side, hop.rule) for hop in story if hop.kind == "retry"] == [
        ("b", "tried again by an operator")
    ]
