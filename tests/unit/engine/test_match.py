"""Which records are the same thing: one candidate links, several are a question, never a guess."""

from __future__ import annotations

import pytest

from syncline.engine.commands import adopt
from syncline.store.findings import conflicts
from tests.support.world import World

BY_TITLE = (("title",),)


async def titled(**titles: list[str]) -> World:
    world = await World.make(match=BY_TITLE, **{side: {} for side in titles})
    for side, found in titles.items():
        for title in found:
            world.tools[side].create({"title": title})
    return world


async def asked(world: World) -> list[set[str]]:
    """The records of each question that waits for a person."""
    found = await world.store.read(conflicts.list, "s")
    return [{c["value"] for c in one.candidates} for one in found if one.kind == "match"]


async def test_one_candidate_on_every_side_is_a_link() -> None:
    world = await titled(a=["T"], b=[" t "], c=["T"])
    report = await world.sync()
    assert report.links == 1
    assert all(len(world.records(side)) == 1 for side in "abc")


@pytest.mark.parametrize(("a", "b"), [(1, 2), (2, 1), (2, 2)])
async def test_several_candidates_are_a_question_and_nothing_is_made(a: int, b: int) -> None:
    world = await titled(a=["T"] * a, b=["T"] * b)
    await world.sync()
    await world.settled()
    assert await asked(world) == [{*world.a.items, *world.b.items}]
    assert (len(world.records("a")), len(world.records("b"))) == (a, b)


async def test_a_person_says_which_of_several_it_is() -> None:
    world = await titled(a=["T", "T"], b=["T"])
    await world.sync()
    await adopt(world.store, "s", [("a", "A-2"), ("b", "B-1")], "adopted", world.clock.now())
    world.a.edit("A-2", {"priority": "high"})
    await world.settled()
    assert world.b.fields("B-1")["priority"] == "high"


async def test_records_that_look_alike_on_one_side_alone_are_two_things() -> None:
    world = await titled(a=["T", "T"], b=[])
    await world.settled()
    assert len(world.records("b")) == 2
    assert not await asked(world)


async def test_a_record_that_lacks_a_field_to_match_by_matches_nothing() -> None:
    world = await World.make(match=(("title", "priority"),), a={}, b={})
    world.a.create({"title": "T"})
    world.b.create({"title": "T"})
    await world.settled()
    assert (len(world.records("a")), len(world.records("b"))) == (2, 2)


async def test_texts_in_two_formats_match_by_what_they_say() -> None:
    world = await World.make(match=(("body",),), a={"text_format": "html"}, b={})
    world.a.create({"title": "T", "body": "<p>It <b>burns</b></p>"})
    world.b.create({"title": "T", "body": "<p>it burns</p>"})
    assert (await world.sync()).links == 1
