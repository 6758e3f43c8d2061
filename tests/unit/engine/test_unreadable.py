"""Words that a mapping does not know, or knows no more: nothing is guessed and nothing stops."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from syncline.engine.filters import compile_where
from syncline.sdk.connector import Outcome, Update
from syncline.simulation.connector import FULL, MAPPING, MemoryConnector
from syncline.store import journal
from syncline.store.findings import conflicts, deviations, parked
from tests.support.world import World
from tests.unit.engine.pairs import link_of

SHORTER = MAPPING.replace("urgent: [urgent], ", "")
"""The mapping without the word `urgent`."""

MOVED = MAPPING.replace("path: priority", "path: custom.priority")
"""The mapping with the priority elsewhere."""

LESS = MAPPING[: MAPPING.index("  priority:")] + "  labels: {path: labels}\n"
"""The mapping of a tool without priorities and people."""


async def urgent() -> World:
    """Two tools that show one urgent record."""
    world = await World.make(a={}, b={})
    world.a.create({"title": "One", "priority": "urgent"})
    await world.settled()
    return world


async def remapped(world: World, **mappings: str) -> None:
    """Another mapping of some sides, as if nobody had looked at it (`fingerprint` is the same)."""
    other = await World.make(a={}, b={}, mappings=mappings)
    world.change(units=other.spec.units)


def priorities(world: World) -> dict[str, Any]:
    return {
        side: tool.fields(f"{side.upper()}-1")["priority"] for side, tool in world.tools.items()
    }


async def test_the_story_keeps_in_the_tools_own_words_what_was_written_over() -> None:
    world = await urgent()
    await remapped(world, b=SHORTER)
    world.a.edit("A-1", {"priority": "low"})
    await world.settled()
    assert priorities(world) == {"a": "low", "b": "low"}
    story = await world.store.read(
        journal.of_field, [(await link_of(world, "a", "A-1")).id], "priority"
    )
    (write,) = [hop for hop in story if hop.kind == "write"]
    assert (write.before, write.after) == ({"priority": "urgent"}, "low")


async def test_a_word_that_replaces_a_forgotten_one_is_an_edit() -> None:
    world = await urgent()
    await remapped(world, b=SHORTER)
    world.b.edit("B-1", {"priority": "high"})
    await world.settled()
    assert priorities(world) == {"a": "high", "b": "high"}


async def test_a_forgotten_word_is_parked_and_stays_when_the_new_mapping_is_applied() -> None:
    world = await urgent()
    await remapped(world, b=SHORTER)
    world.change(fingerprint="f2")
    await world.sync(apply=True)
    assert priorities(world) == {"a": "urgent", "b": "urgent"}
    (told,) = await world.store.read(parked.list, "s")
    assert (told.side, told.field) == ("b", "priority")


async def test_a_field_that_has_moved_is_read_anew_and_nobody_is_asked() -> None:
    world = await urgent()
    await remapped(world, b=MOVED)
    world.change(fingerprint="f2")
    world.b.edit("B-1", {"custom": {"priority": "urgent"}})
    await world.sync(apply=True)
    await world.settled()
    world.a.edit("A-1", {"priority": "low"})
    await world.settled()
    assert world.b.fields("B-1")["custom"] == {"priority": "low"}
    assert priorities(world) == {"a": "low", "b": "urgent"}
    assert not await world.store.read(conflicts.list, "s")


async def test_a_field_that_a_tool_maps_no_more_goes_on_between_the_others() -> None:
    world = await World.make(a={}, b={}, c={})
    world.a.create({"title": "One", "priority": "urgent"})
    await world.settled()
    other = await World.make(a={}, b={}, c={}, mappings={"b": LESS})
    world.change(units=other.spec.units, fingerprint="f2")
    await world.sync(apply=True)
    world.a.edit("A-1", {"priority": "low"})
    await world.settled()
    assert priorities(world) == {"a": "low", "b": "urgent", "c": "low"}


async def test_a_tool_without_a_field_is_in_step_in_all_the_others() -> None:
    world = await World.make(a={}, b={}, c={}, mappings={"b": LESS})
    for tool in world.tools.values():
        tool.add_person("ann", "ann@example.test")
    world.a.create({"title": "One", "priority": "high", "assignee": "ann"})
    await world.settled()
    world.b.edit("B-1", {"title": "Two"})
    await world.settled()
    assert priorities(world) == {"a": "high", "b": None, "c": "high"}
    assert world.c.fields("C-1")["assignee"] == "ann"
    assert {tool.fields(f"{s.upper()}-1")["title"] for s, tool in world.tools.items()} == {"Two"}


@pytest.mark.parametrize("answers", [True, False])
async def test_a_tool_that_makes_something_unreadable_of_a_write_is_told(answers: bool) -> None:
    can = replace(FULL, answers_writes=answers)
    world = await World.make(a={}, b={}, capabilities={"b": can})
    world.a.create({"title": "One", "priority": "low"})
    await world.settled()

    def odd(before: Mapping[str, Any], after: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"priority": "p7"}

    world.b.automations.append(odd)
    world.a.edit("A-1", {"priority": "high"})
    await world.settled()
    assert priorities(world) == {"a": "high", "b": "p7"}
    (told,) = await world.store.read(deviations.list, "s")
    assert "the tool made something unreadable of it: priority 'p7'" in told.reason


async def test_what_takes_the_place_of_a_write_before_it_is_read_again_may_be_unreadable() -> None:
    silent = replace(FULL, answers_writes=False, history=False)
    world = await World.make(a={}, b={}, capabilities={"b": silent})
    world.a.create({"title": "One"})
    await world.settled()

    def meanwhile(_: object) -> None:
        world.b.edit("B-1", {"labels": {"no": "labels"}})

    world.a.edit("A-1", {"labels": ["ours"]})
    world.b.faults.add("fetch", meanwhile)
    await world.settled()
    assert world.a.fields("A-1")["labels"] == ["ours"]
    assert world.b.fields("B-1")["labels"] == {"no": "labels"}
    (told,) = await world.store.read(deviations.list, "s")
    assert (told.side, told.field) == ("b", "labels")
    assert told.reason.startswith("the tool made something unreadable of it: labels")
    world.b.edit("B-1", {"labels": ["ours", "theirs"]})
    await world.settled()
    assert sorted(world.a.fields("A-1")["labels"]) == ["ours", "theirs"]
    assert await world.store.read(deviations.list, "s") == []


async def test_what_a_tool_puts_into_a_new_record_may_be_a_word_that_nobody_knows() -> None:
    world = await World.make(a={}, b={}, c={}, mappings={"a": LESS})

    def odd(before: Mapping[str, Any], after: Mapping[str, Any]) -> Mapping[str, Any]:
        return {} if before else {"priority": "p7"}

    world.b.automations.append(odd)
    world.a.create({"title": "One"})
    await world.settled()
    assert priorities(world) == {"a": None, "b": "p7", "c": None}
    world.b.edit("B-1", {"priority": "high"})
    await world.settled()
    assert priorities(world) == {"a": None, "b": "high", "c": "high"}


async def test_a_record_with_an_unknown_word_fits_no_filter_until_it_is_mended() -> None:
    world = await World.make(a={}, b={})
    kinds = {"priority": world.spec.units["priority"].kind}
    where = compile_where({"priority": "high"}, kinds)
    sides = world.spec.sides
    world.change(sides={**sides, "a": replace(sides["a"], where=where)})
    world.a.create({"title": "One", "priority": "p7"})
    await world.settled()
    assert world.records("b") == []
    world.a.edit("A-1", {"priority": "high"})
    await world.settled()
    assert [record["priority"] for record in world.records("b")] == ["high"]


class Explaining(MemoryConnector):
    """A connector to a tool that says why it did less than it was asked for."""

    async def update(self, record: str, items: Sequence[Update]) -> Sequence[Outcome]:
        outcomes = await super().update(record, items)
        return [replace(one, reason="Only managers may raise it.") for one in outcomes]


async def test_a_tools_own_word_on_why_it_did_less_is_told_with_what_it_shows() -> None:
    world = await World.make(a={}, b={})
    world.connectors["b"] = Explaining(world.b)
    world.a.create({"title": "One", "priority": "low"})
    await world.settled()

    def junior(before: Mapping[str, Any], after: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"priority": "medium"}

    world.b.automations.append(junior)
    world.a.edit("A-1", {"title": "Two", "priority": "high"})
    await world.settled()
    assert world.b.fields("B-1")["title"] == "Two"
    (told,) = await world.store.read(deviations.list, "s")
    assert told.field == "priority"
    assert told.reason == "the tool made 'medium' of it. Only managers may raise it."
