"""Records that are made for another side: with what, and what their tool makes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from syncline.simulation.connector import MAPPING
from syncline.simulation.tool import FIELDS, FieldRule
from syncline.store.findings import parked
from tests.support.world import World


async def picky() -> World:
    """Side b requires a title and knows one priority."""
    fields = {**FIELDS, "priority": FieldRule("enum", options=("high",))}
    world = await World.make(a={}, b={"fields": fields})
    sides = world.spec.sides
    world.change(sides={**sides, "b": replace(sides["b"], required=("title",))})
    return world


async def test_a_record_is_made_without_what_its_tool_refuses_of_it() -> None:
    world = await picky()
    world.a.create({"title": "One", "priority": "low", "labels": ["bug"], "status": "done"})
    await world.sync()
    (item,) = world.b.items.values()
    shown = item.states[-1].fields
    assert (shown["title"], shown["status"], shown["labels"]) == ("One", "done", ["bug"])
    assert shown["priority"] is None
    (waiting,) = await world.store.read(parked.list, "s")
    assert (waiting.side, waiting.field, waiting.action) == ("b", "priority", "write")
    before = world.writes()
    await world.sync()
    assert world.writes() == before


async def test_a_record_that_its_tool_refuses_altogether_is_parked_and_not_sent_again() -> None:
    world = await picky()
    world.b.rules["title"] = FieldRule(required=True, max_length=3)
    world.a.create({"title": "Too long", "priority": "low"})
    await world.sync()
    assert not world.b.items
    (waiting,) = await world.store.read(parked.list, "s")
    assert (waiting.side, waiting.field, waiting.action) == ("b", "", "create")
    sent = world.b.log.count("create")
    await world.sync()
    assert world.b.log.count("create") == sent > 0


async def test_a_refused_record_that_is_made_after_all_waits_for_nobody() -> None:
    world = await picky()
    world.b.rules["title"] = FieldRule(required=True, max_length=3)
    made = world.a.create({"title": "Too long"})
    await world.sync()
    assert await world.store.read(parked.list, "s")
    world.a.edit(made, {"title": "One"})
    await world.sync()
    assert [item.now.fields["title"] for item in world.b.items.values()] == ["One"]
    assert not await world.store.read(parked.list, "s")


async def test_what_a_tool_fills_in_a_field_of_its_own_is_no_change_in_the_next_pass() -> None:
    """Else all records of a first pass had changed at once in the second, and it was refused."""
    lines = [line for line in MAPPING.splitlines() if "urgent" not in line]
    without = "\n".join(lines).replace("  priority:\n    path: priority\n", "")
    world = await World.make(a={}, b={}, c={}, mappings={"a": without})

    def fills(before: Mapping[str, Any], after: Mapping[str, Any]) -> Mapping[str, Any]:
        return {} if after.get("priority") else {"priority": "high"}

    for tool in (world.b, world.c):
        tool.automations.append(fills)
    for number in range(30):
        world.a.create({"title": f"Ticket {number}"})
    await world.sync()
    report = await world.sync()
    assert report.refused == ()
    assert (report.links, report.agreed) == (30, 30)


async def test_what_a_tool_refuses_stays_parked_while_the_rest_of_its_record_goes_on() -> None:
    world = await picky()
    world.a.create({"title": "One", "priority": "low"})
    await world.settled()
    (told,) = await world.store.read(parked.list, "s")
    world.a.edit("A-1", {"labels": ["x"]})
    await world.settled()
    assert world.b.fields("B-1")["labels"] == ["x"]
    assert await world.store.read(parked.list, "s") == [told]
