"""Records that name others by their address go where those go; where they go to two places, that
is a question."""

from __future__ import annotations

from dataclasses import replace

from syncline.engine.commands import adopt
from syncline.store import links
from syncline.store.findings import conflicts
from tests.support.world import World
from tests.unit.engine.pairs import link_of, places
from tests.unit.engine.test_loose import PATH, record, referring


async def linked_by_title(*sides: str) -> World:
    """Records of a and c are linked; b and the sides that are named have fields for addresses."""
    more = {side: {} for side in sides}
    world = await referring(c={}, **more, create="never", match=("reference", ("title",)))
    named = {s: replace(world.spec.sides[s], references=(PATH,)) for s in sides}
    world.change(sides={**world.spec.sides, **named})
    for title in ("One", "Two"):
        world.a.create({"title": title})
        world.c.create({"title": title})
    await world.settled()
    return world


async def test_a_record_that_names_one_that_joins_a_link_joins_it_as_well() -> None:
    world = await linked_by_title("d")
    world.b.create(record("In other words", "memory://a/A-1"))
    world.d.create(record("Said again", "memory://b/B-1"))
    await world.settled()
    linked = {"a": "A-1", "b": "B-1", "c": "C-1", "d": "D-1"}
    assert places(await link_of(world, "a", "A-1")) == linked


async def test_a_record_that_was_left_alone_joins_with_the_one_that_names_it() -> None:
    world = await linked_by_title("d")
    world.d.create(record("Left alone"))
    await world.settled()
    world.b.create(record("In other words", ["memory://a/A-1", "memory://d/D-1"]))
    await world.settled()
    linked = {"a": "A-1", "b": "B-1", "c": "C-1", "d": "D-1"}
    assert places(await link_of(world, "a", "A-1")) == linked


async def test_a_record_that_names_another_of_a_side_that_the_link_has_stays_alone() -> None:
    world = await linked_by_title("d")
    world.b.create(record("In other words", "memory://a/A-1"))
    await world.settled()
    world.d.create(record("Said again", "memory://b/B-1"))
    world.b.create(record("And again", "memory://d/D-1"))
    await world.settled()
    linked = {"a": "A-1", "b": "B-1", "c": "C-1", "d": "D-1"}
    assert places(await link_of(world, "a", "A-1")) == linked
    assert not await world.store.read(links.find, "s", "b", ["B-2"])


async def test_a_record_that_names_records_of_two_links_is_a_question() -> None:
    world = await linked_by_title("d")
    world.b.create(record("Both", ["memory://a/A-1", "memory://c/C-2"]))
    world.d.create(record("Of both", "memory://b/B-1"))
    await world.settled()
    for side, id_ in (("b", "B-1"), ("d", "D-1")):
        assert not await world.store.read(links.find, "s", side, [id_])
    asked = await world.store.read(conflicts.list, "s")
    both = {"A-1", "C-1", "A-2", "C-2"}
    assert {frozenset(c["value"] for c in one.candidates) for one in asked} == {
        frozenset({"B-1", *both}),
        frozenset({"D-1", *both}),
    }
    await adopt(world.store, "s", [("a", "A-2"), ("b", "B-1")], "unused", world.clock.now())
    await world.settled()
    assert places(await link_of(world, "b", "B-1")) == {"a": "A-2", "b": "B-1", "c": "C-2"}
