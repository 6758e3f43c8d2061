"""A side that joins a sync at work: what was linked before reaches it too."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from syncline.engine.commands import adopt
from syncline.engine.spec import CommentPolicy
from syncline.sdk.connector import Visibility
from syncline.simulation.connector import FULL
from tests.support.world import World

POLICY = CommentPolicy(visibility=(Visibility.PUBLIC, Visibility.INTERNAL), as_="same")


async def two_of_three(**options: Any) -> World:
    """A record and what was said of it, linked in a and b; c is in the sync's configuration now."""
    world = await World.make(a={}, b={}, c={}, comments=POLICY, **options)
    whole = world.spec
    units = {
        name: replace(unit, lenses={s: one for s, one in unit.lenses.items() if s != "c"})
        for name, unit in whole.units.items()
    }
    sides = {side: whole.sides[side] for side in ("a", "b")}
    world.change(sides=sides, units=units, fingerprint="of two")
    world.a.create({"title": "One"})
    world.a.comment("A-1", "<p>before</p>", Visibility.PUBLIC)
    world.a.attach("A-1", "log.txt", b"line")
    await world.settled()
    assert world.c.listing() == []
    world.spec = whole
    return world


async def agreed(world: World) -> None:
    """The change of the configuration was planned, seen and allowed."""
    await world.sync(apply=True)
    await world.settled()


async def test_a_side_added_later_gets_the_records_and_all_that_was_said() -> None:
    world = await two_of_three()
    world.a.comment("A-1", "<p>after</p>", Visibility.PUBLIC)
    await agreed(world)
    assert world.c.fields("C-1")["title"] == "One"
    said = world.c.item("C-1").comments
    assert sorted("before" in one.body for one in said) == [False, True]
    shown = {"before" in one.body: one.visibility for one in said}
    assert shown == {True: Visibility.INTERNAL, False: Visibility.PUBLIC}
    assert [file.name for file, _ in world.c.item("C-1").files] == ["log.txt"]
    assert len(world.b.item("B-1").comments) == 2
    writes = world.writes()
    await world.settled()
    assert world.writes() == writes


@pytest.mark.parametrize("told", ["a", "b", "c"])
async def test_an_edit_of_an_old_comment_reaches_the_side_that_was_added(told: str) -> None:
    world = await two_of_three()
    await agreed(world)
    tool, id_ = world.tools[told], f"{told.upper()}-1"
    comment = tool.item(id_).comments[0]
    tool.edit_comment(id_, comment.id, comment.body.replace("before", "before, or so"))
    await world.settled()
    for name, tool in world.tools.items():
        (said,) = (one.body for one in tool.item(f"{name.upper()}-1").comments)
        assert "before, or so" in said


async def test_what_was_said_in_an_adopted_record_before_is_copied_as_internal() -> None:
    """Nothing is mailed to a customer for having been linked."""
    world = await two_of_three()
    world.c.create({"title": "One"})
    world.c.comment("C-1", "<p>Only here</p>", Visibility.PUBLIC)
    world.c.comment("C-1", "<p>before</p>", Visibility.PUBLIC)
    sides = {side: replace(spec, create="never") for side, spec in world.spec.sides.items()}
    world.change(sides=sides)
    await agreed(world)
    assert len(world.c.listing()) == 1
    await adopt(world.store, "s", [("a", "A-1"), ("c", "C-1")], "new", world.clock.now())
    await world.settled()
    assert len(world.c.item("C-1").comments) == 2
    for name in ("a", "b"):
        said = world.tools[name].item(f"{name.upper()}-1").comments
        assert sorted("Only here" in one.body for one in said) == [False, True]
        (copy,) = (one for one in said if "Only here" in one.body)
        assert copy.visibility is Visibility.INTERNAL


async def test_where_the_added_side_cannot_hide_what_was_said_it_gets_no_copy() -> None:
    open_ = replace(FULL, visibilities=(Visibility.PUBLIC,))
    world = await two_of_three(capabilities={"c": open_})
    await agreed(world)
    assert world.c.item("C-1").comments == []
    world.a.comment("A-1", "<p>after</p>", Visibility.PUBLIC)
    await world.settled()
    (said,) = world.c.item("C-1").comments
    assert "after" in said.body


async def test_a_tool_that_was_away_shows_a_comment_as_the_sync_says() -> None:
    world = await World.make(a={}, b={}, c={}, comments=POLICY)
    world.a.create({"title": "One"})
    await world.settled()
    world.a.comment("A-1", "<p>Is it hot?</p>", Visibility.PUBLIC)
    world.c.faults.add("changes", "down")
    assert list((await world.sync()).stopped) == ["c"]
    assert len(world.b.item("B-1").comments) == 1
    await world.settled()
    (said,) = world.c.item("C-1").comments
    assert said.visibility is Visibility.PUBLIC


@pytest.mark.parametrize("fault", ["changes", "comments"])
async def test_a_comment_waits_for_the_tool_that_has_it(fault: str) -> None:
    """b has no copy of it, and a is out of reach when c's record is tied to theirs."""
    open_ = replace(FULL, visibilities=(Visibility.PUBLIC,))
    world = await two_of_three(capabilities={"b": open_})
    assert world.b.item("B-1").comments == []
    world.c.create({"title": "One"})
    sides = {side: replace(spec, create="never") for side, spec in world.spec.sides.items()}
    world.change(sides=sides)
    await agreed(world)
    await adopt(world.store, "s", [("a", "A-1"), ("c", "C-1")], "new", world.clock.now())
    world.a.faults.add(fault, "down")
    assert list((await world.sync()).stopped) == ["a"]
    assert world.c.item("C-1").comments == []
    await world.settled()
    (said,) = world.c.item("C-1").comments
    assert "before" in said.body
    assert said.visibility is Visibility.INTERNAL
