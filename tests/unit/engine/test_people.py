"""Who is who: people are found in the other tool by their address, and nobody is guessed."""

from __future__ import annotations

import pytest

from syncline.store.findings import parked
from tests.support.world import World


async def known() -> World:
    """Ann is known to both tools, under names of their own."""
    world = await World.make(a={}, b={})
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
