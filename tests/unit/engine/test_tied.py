"""What tied records to one link: told in the journal, for ever."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from syncline.engine.commands import UNLINKED, adopt, unlink
from syncline.engine.identity import lineage
from syncline.simulation.connector import FULL
from syncline.store import journal
from tests.support.world import World
from tests.unit.engine.pairs import link_of, places
from tests.unit.engine.test_loose import PATH, lost_and_listed, record, referring


async def ties(world: World, side: str = "a", id_: str = "A-1") -> list[tuple[str, Any]]:
    """By what which records came into the link of one, oldest first."""
    ids = lineage(await link_of(world, side, id_))
    stories = await world.store.read(journal.of_links, ids)
    return [(hop.rule, hop.after) for id_ in ids for hop in stories[id_] if hop.kind == "link"]


async def test_a_record_without_a_counterpart_is_new() -> None:
    world = await World.make(a={}, b={})
    world.a.create({"title": "One"})
    await world.settled()
    assert await ties(world) == [("new", {"a": "A-1"})]


async def test_records_that_show_the_same_were_matched() -> None:
    world = await World.make(match=(("title",),), a={}, b={}, c={})
    for tool in world.tools.values():
        tool.create({"title": "One"})
    await world.settled()
    assert await ties(world) == [("match", {"a": "A-1", "b": "B-1", "c": "C-1"})]


async def test_a_record_that_shows_the_others_address_was_referred_to() -> None:
    world = await referring(match=("reference", ("title",)), c={}, create="never")
    world.a.create({"title": "One"})
    world.b.create(record("Two", "memory://a/A-1"))
    world.a.create({"title": "Three"})
    world.c.create({"title": "Three"})
    await world.settled()
    assert await ties(world) == [("reference", {"a": "A-1", "b": "B-1"})]
    assert await ties(world, "a", "A-2") == [("match", {"a": "A-2", "c": "C-1"})]
    world.b.create(record("Three", "memory://a/A-2"))
    await world.settled()
    assert (await ties(world, "a", "A-2"))[1:] == [("reference", {"b": "B-2"})]


async def test_a_lost_record_that_the_listing_showed_first_was_known_by_its_marker() -> None:
    can = {"b": replace(FULL, search_lag=timedelta(minutes=1))}
    world = await World.make(a={}, b={}, capabilities=can)
    await lost_and_listed(world)
    assert places(await link_of(world, "a", "A-1")) == {"a": "A-1", "b": "B-1"}
    assert await ties(world) == [("new", {"a": "A-1"}), ("marker", {"b": "B-1"})]


async def test_what_tied_each_of_several_that_came_together_is_told() -> None:
    can = {"b": replace(FULL, search_lag=timedelta(minutes=1))}
    world = await World.make(a={}, b={}, c={}, capabilities=can)
    only_b = {s: replace(world.spec.sides[s], create="never") for s in "ac"}
    only_b["c"] = replace(only_b["c"], references=(PATH,))
    world.change(sides={**world.spec.sides, **only_b})
    named = record("One", "memory://b/B-1")
    await lost_and_listed(world, meanwhile=lambda: world.c.create(named))
    assert await ties(world) == [
        ("new", {"a": "A-1"}),
        ("marker", {"b": "B-1"}),
        ("reference", {"c": "C-1"}),
    ]


async def test_who_cut_two_records_and_who_tied_them_again_is_told() -> None:
    world = await World.make(a={}, b={})
    world.a.create({"title": "One"})
    await world.settled()
    link = await link_of(world, "a", "A-1")
    await unlink(world.store, link, "b", world.clock.now(), "olga")
    both = [("a", "A-1"), ("b", "B-1")]
    await adopt(world.store, "s", both, "unused", world.clock.now(), "mei")
    story = (await world.store.read(journal.of_links, [link.id]))[link.id]
    told = [(hop.kind, hop.side, hop.record_id, hop.person, hop.rule) for hop in story]
    assert told[-2:] == [
        ("unlink", "b", "B-1", "olga", UNLINKED),
        ("link", "a", "A-1", "mei", "adopt"),
    ]
    assert (await ties(world))[-1] == ("adopt", dict(both))


async def test_a_record_that_is_restored_in_its_tool_returned() -> None:
    world = await World.make(a={}, b={})
    id_ = world.a.create({"title": "One"})
    await world.settled()
    world.a.archive(id_)
    await world.sync()
    await world.settled()
    world.a.restore(id_)
    await world.settled()
    assert await ties(world) == [("new", {"a": id_}), ("returned", {"a": id_})]
