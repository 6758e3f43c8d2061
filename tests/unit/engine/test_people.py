"""Who is who: people are found in the other tool by their address, and nobody is guessed."""

from __future__ import annotations

from typing import Any

import pytest

from syncline.engine.spec import Policy
from syncline.store import journal
from syncline.store.findings import parked
from tests.support.world import World
from tests.unit.engine.pairs import link_of


async def known(**options: Any) -> World:
    """Ann is known to both tools, under names of their own."""
    world = await World.make(a={}, b={}, **options)
    world.a.add_person("ann", "Ann@example.test", "Ann Lee")
    world.b.add_person("lee7", "ann@example.test", "A. Lee")
    return world


async def test_a_person_is_found_in_the_other_tool_by_the_address() -> None:
    world = await known()
    world.a.create({"title": "One", "assignee": "ann"})
    await world.settled()
    assert world.b.fields("B-1")["assignee"] == "lee7"
    world.b.edit("B-1", {"assignee": None})
    await world.settled()
    world.b.edit("B-1", {"assignee": "lee7"})
    await world.settled()
    assert world.a.fields("A-1")["assignee"] == "ann"


async def test_who_is_known_is_not_asked_for_again() -> None:
    world = await known()
    world.a.create({"title": "One", "assignee": "ann"})
    await world.settled()
    asked = world.a.log.count("people") + world.b.log.count("people")
    world.a.create({"title": "Two", "assignee": "ann"})
    await world.settled()
    assert world.b.fields("B-2")["assignee"] == "lee7"
    assert world.a.log.count("people") + world.b.log.count("people") == asked


@pytest.mark.parametrize("side", ["a", "b"])
async def test_where_people_cannot_be_asked_for_now_the_record_waits_for_a_later_pass(
    side: str,
) -> None:
    world = await known()
    world.a.create({"title": "One"})
    await world.settled()
    world.a.edit("A-1", {"assignee": "ann"})
    world.tools[side].faults.add("people", "down")
    assert list((await world.sync()).stopped) == [side]
    assert world.b.fields("B-1")["assignee"] is None
    await world.settled()
    assert world.b.fields("B-1")["assignee"] == "lee7"
    assert not await world.store.read(parked.list, "s")


async def test_a_new_record_waits_while_nobody_can_be_asked_who_its_people_are() -> None:
    world = await known()
    world.a.create({"title": "One", "assignee": "ann"})
    world.a.faults.add("people", "down")
    assert list((await world.sync()).stopped) == ["a"]
    assert world.records("b") == []
    await world.settled()
    assert [record["assignee"] for record in world.records("b")] == ["lee7"]


async def test_who_set_a_person_is_told_where_two_set_one_and_the_newest_wins() -> None:
    world = await known(policies={"assignee": Policy("newest")})
    for tool, handle in ((world.a, "bob"), (world.b, "b0b")):
        tool.add_person(handle, "bob@example.test", "Bob")
    world.a.create({"title": "One", "assignee": "ann"})
    await world.settled()
    world.a.edit("A-1", {"assignee": None}, by="zoe")
    world.clock.advance(60)
    world.b.edit("B-1", {"assignee": "b0b"}, by="lee7")
    await world.settled()
    assert world.a.fields("A-1")["assignee"] == "bob"
    link = await link_of(world, "a", "A-1")
    story = (await world.store.read(journal.of_links, [link.id]))[link.id]
    edits = {
        hop.side: hop.person for hop in story if hop.kind == "edit" and hop.field == "assignee"
    }
    assert edits == {"a": "zoe", "b": "ann@example.test"}


async def test_an_undo_brings_a_person_back_under_the_name_each_tool_has() -> None:
    world = await known()
    world.a.add_person("bob", "bob@example.test", "Bob")
    world.b.add_person("b0b", "bob@example.test", "Bob")
    world.a.create({"title": "One", "assignee": "ann"})
    await world.settled()
    world.a.edit("A-1", {"assignee": "bob"})
    run = (await world.sync()).run
    assert world.b.fields("B-1")["assignee"] == "b0b"
    await world.undo(run)
    assert world.b.fields("B-1")["assignee"] == "lee7"
    assert world.a.fields("A-1")["assignee"] == "bob"
    before = world.writes()
    await world.settled()
    assert world.writes() == before
