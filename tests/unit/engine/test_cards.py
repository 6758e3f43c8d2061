"""Cards: each linked record shows the others to the people of its own tool, once."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from syncline.engine.spec import CommentPolicy
from syncline.sdk.errors import Retriable
from tests.support.world import World


async def showing(*sides: str, **options: Any) -> World:
    """Tools of a sync that shows links; `sides` are those that can."""
    world = await World.make(**{"a": {}, "b": {}, **options})
    specs = {n: replace(spec, cards=n in sides) for n, spec in world.spec.sides.items()}
    world.change(sides=specs)
    return world


def cards(world: World, side: str, id_: str) -> set[str]:
    """What a record shows: the addresses of its counterparts."""
    return {card.url for card in world.tools[side].item(id_).cards.values()}


def restarts(_: object) -> None:
    raise Retriable("it is being restarted; nothing was changed.")


async def test_each_record_shows_all_the_others_once() -> None:
    world = await showing("a", "b", "c", c={})
    world.a.create({"title": "One"})
    reports = await world.settled()
    assert sum(report.counts.get("cards", 0) for report in reports) == 6
    everything = {"a": "memory://a/A-1", "b": "memory://b/B-1", "c": "memory://c/C-1"}
    for side, own in everything.items():
        assert cards(world, side, f"{side.upper()}-1") == {*everything.values()} - {own}
    (card, *_) = world.b.item("B-1").cards.values()
    assert (card.connection, card.title, card.linked_id) == ("a", "One", "A-1")
    asked = world.b.log.count("show_links")
    world.a.edit("A-1", {"priority": "high"})
    await world.settled()
    assert world.b.log.count("show_links") == asked


async def test_a_tool_that_shows_no_links_is_shown_in_the_others() -> None:
    world = await showing("a")
    world.a.create({"title": "One"})
    await world.settled()
    assert cards(world, "a", "A-1") == {"memory://b/B-1"}
    assert cards(world, "b", "B-1") == set()
    assert world.b.log.count("show_links") == 0


@pytest.mark.parametrize("how", ["error", "retry", "drop_before"])
async def test_a_card_that_a_tool_cannot_take_now_is_shown_by_a_later_pass(how: str) -> None:
    world = await showing("a", "b")
    world.a.create({"title": "One"})
    world.b.faults.add("show_links", restarts if how == "error" else how)
    report = await world.sync()
    assert list(report.stopped) == (["b"] if how == "error" else [])
    assert cards(world, "a", "A-1") == {"memory://b/B-1"}
    assert cards(world, "b", "B-1") == set()
    await world.settled()
    assert cards(world, "b", "B-1") == {"memory://a/A-1"}


async def test_a_card_that_a_tool_refuses_is_said_once_and_not_sent_again() -> None:
    world = await showing("a", "b")
    world.a.create({"title": "One"})
    world.b.faults.add("show_links", "reject")
    report = await world.sync()
    assert report.notes == (
        "b: cards of linked records were refused (1) and are not sent again: the tool refuses it",
    )
    asked = world.b.log.count("show_links")
    assert (await world.sync()).notes == ()
    assert world.b.log.count("show_links") == asked


async def test_a_tool_that_stopped_earlier_in_the_pass_gets_its_card_in_the_next() -> None:
    world = await showing("a", "b", comments=CommentPolicy())
    world.a.create({"title": "One"})
    world.b.faults.add("comments", "down")
    assert list((await world.sync()).stopped) == ["b"]
    assert cards(world, "a", "A-1") == {"memory://b/B-1"}
    assert world.b.log.count("show_links") == 0
    await world.settled()
    assert cards(world, "b", "B-1") == {"memory://a/A-1"}


@pytest.mark.parametrize("a", ["well", "down", "busy"])
async def test_taking_a_record_away_takes_its_cards_off_or_says_that_it_could_not(a: str) -> None:
    world = await showing("a", "b")
    world.a.create({"title": "One"})
    run = (await world.sync()).run
    if a != "well":
        world.a.faults.add("show_links", restarts if a == "down" else "retry")
    undone = await world.undo(run, created="unlink")
    assert [one.fate for one in undone.created] == ["unlinked"]
    assert cards(world, "a", "A-1") == (set() if a == "well" else {"memory://b/B-1"})
    assert cards(world, "b", "B-1") == set()
    told = {
        "well": (),
        "down": ("a: it is being restarted; nothing was changed.",),
        "busy": ("a: not now",),
    }
    assert undone.report.notes == told[a]


async def test_only_tools_that_show_links_are_asked_to_take_cards_off() -> None:
    world = await showing("a")
    world.a.create({"title": "One"})
    run = (await world.sync()).run
    await world.undo(run, created="unlink")
    assert cards(world, "a", "A-1") == set()
    assert world.b.log.count("show_links") == 0


async def test_a_record_that_is_still_to_be_made_is_not_forgotten_over_the_others_cards() -> None:
    world = await showing("a", "b", c={})
    world.c.faults.add("create", restarts)
    world.a.create({"title": "One"})
    assert list((await world.sync()).stopped) == ["c"]
    assert cards(world, "a", "A-1") == {"memory://b/B-1"}
    await world.settled()
    assert [record["title"] for record in world.records("c")] == ["One"]
