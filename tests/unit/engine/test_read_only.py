"""A side that is only read: the others hear it, and nothing of theirs ever reaches it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from syncline.config import ConfigError
from syncline.engine.compile import compile_sync
from syncline.engine.spec import CommentPolicy, DeletePolicy, Unit
from syncline.sdk.connector import Visibility
from syncline.simulation.connector import FULL
from tests.support.world import World
from tests.unit.engine.test_compile import A, B, config, made

POLICY = CommentPolicy(visibility=(Visibility.PUBLIC, Visibility.INTERNAL), as_="same")


async def linked(**options: Any) -> World:
    """A record of `a`, which is only read, linked with one in b."""
    world = await World.make(a={}, b={}, comments=POLICY, **options)
    spec = world.spec
    units: dict[str, Unit] = {
        name: replace(unit, modes={**unit.modes, "a": "source"})
        for name, unit in spec.units.items()
    }
    only_read = replace(spec.sides["a"], read_only=True, create="never")
    world.change(sides={**spec.sides, "a": only_read}, units=units, fingerprint="f1")
    world.a.create({"title": "One"})
    await world.settled()
    return world


def nothing_was_sent(world: World) -> bool:
    return world.connectors["a"].requests()["write"] == 0


async def test_records_and_edits_travel_away_from_it_alone() -> None:
    world = await linked()
    world.a.edit("A-1", {"title": "Two"})
    world.b.create({"title": "Only here"})
    await world.settled()
    assert world.b.fields("B-1")["title"] == "Two"
    world.b.edit("B-1", {"title": "Three"})
    await world.settled()
    assert world.a.fields("A-1")["title"] == "Two"
    assert nothing_was_sent(world)


async def test_what_is_said_and_attached_is_copied_from_it_and_not_to_it() -> None:
    world = await linked()
    world.a.comment("A-1", "<p>asked</p>", Visibility.PUBLIC)
    world.a.attach("A-1", "a.txt", b"line")
    world.b.comment("B-1", "<p>answered</p>", Visibility.PUBLIC)
    world.b.attach("B-1", "b.txt", b"line")
    await world.settled()
    assert len(world.b.item("B-1").comments) == 2
    assert len(world.b.item("B-1").files) == 2
    (own,) = world.a.item("A-1").comments
    world.a.edit_comment("A-1", own.id, "<p>asked again</p>")
    await world.settled()
    copy = next(one for one in world.b.item("B-1").comments if "asked again" in one.body)
    world.b.edit_comment("B-1", copy.id, "<p>bent</p>")
    await world.settled()
    assert nothing_was_sent(world)


@pytest.mark.parametrize("how", ["unlink", "close", "archive", "delete"])
async def test_a_deletion_elsewhere_leaves_it_alone(how: str) -> None:
    world = await linked()
    world.change(deletes=DeletePolicy(how, "delete"))
    world.b.delete("B-1")
    for _ in range(3):
        world.clock.advance(3600)
        await world.sync(full=True)
    assert [item.id for item, state in world.a.listing() if not state.deleted] == ["A-1"]
    assert nothing_was_sent(world)
    assert not (await world.sync(full=True)).counts.get("deleted")


def test_a_side_whose_connection_is_read_only_is_heard_and_takes_nothing() -> None:
    sync = made({"a": FULL, "b": FULL}, read_only=True)
    assert {unit.modes["b"] for unit in sync.units.values()} == {"source"}
    assert {unit.modes["a"] for unit in sync.units.values()} == {"both"}
    assert [spec.read_only for spec in sync.sides.values()] == [False, True]
    assert sync.sides["a"].cards
    assert not sync.sides["b"].cards


@pytest.mark.parametrize(
    ("sync", "told"),
    [
        ({"sides": {"a": {}, "b": {"create": "when_missing"}}}, "nothing is created there"),
        ({"sides": {"a": {}, "b": {"create": "ask"}}}, "nothing is created there"),
        ({"sides": {"a": {}, "b": {"on_closed": "follow_up"}}}, "follow-ups"),
        ({"sides": {"a": {}, "b": {"defaults": {"priority": "low"}}}}, "read-only there"),
        ({"fields": {"title": {"sides": {"b": "target"}}}}, "cannot be a target"),
    ],
)
def test_what_cannot_be_where_a_connection_is_read_only_is_named(
    sync: dict[str, Any], told: str
) -> None:
    with pytest.raises(ConfigError, match=told):
        made({"a": FULL, "b": FULL}, read_only=True, **sync)


def test_two_sides_that_are_only_read_have_nothing_to_sync() -> None:
    both = config(read_only=True)
    fixed = both.connections["b"]
    both = both.model_copy(update={"connections": {"a": fixed, "b": fixed}})
    with pytest.raises(ConfigError, match="nothing to keep in step"):
        compile_sync(both, "main", {"a": A, "b": B}, {})
